//===- fuzz_safetensors.cpp - Fuzzing Hugging Face folders -----*- C++ -*-===//
//
// The input is a folder: the files of `names` in that order, each after its
// length as four bytes, little endian. A length beyond the rest means the rest,
// and a file of length 0 does not exist.
//
//===----------------------------------------------------------------------===//
#include "Touch.h"
#include "frontend/ReaderSupport.h"
#include "frontend/safetensors/Folder.h"
#include <map>

using namespace quern;

static constexpr const char *names[] = {"config.json",
                                        "model.safetensors",
                                        "model.safetensors.index.json",
                                        "model-00001-of-00002.safetensors",
                                        "model-00002-of-00002.safetensors",
                                        "tokenizer.json",
                                        "tokenizer_config.json",
                                        "generation_config.json",
                                        "chat_template.jinja"};

namespace {

class MemoryFolder : public ModelFolder {
public:
  explicit MemoryFolder(llvm::ArrayRef<uint8_t> input) {
    for (const char *name : names) {
      uint32_t size = 0;
      for (unsigned i = 0; i < 4 && !input.empty(); ++i) {
        size |= uint32_t(input.front()) << (8 * i);
        input = input.drop_front();
      }
      llvm::ArrayRef<uint8_t> file =
          input.take_front(std::min<size_t>(size, input.size()));
      if (!file.empty())
        files[name] = file;
      input = input.drop_front(file.size());
    }
  }

  bool has(llvm::StringRef name) const override {
    return files.count(name.str());
  }

  llvm::Expected<MappedFile> open(llvm::StringRef name,
                                  uint64_t) const override {
    auto found = files.find(name.str());
    if (found == files.end())
      return fileError(name, "cannot be opened");
    return MappedFile::view(name, found->second);
  }

private:
  std::map<std::string, llvm::ArrayRef<uint8_t>> files;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  MemoryFolder folder({data, size});
  test::touch(readFolder("input", folder));
  return 0;
}
