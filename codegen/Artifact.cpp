//===- Artifact.cpp - Writing the executable ------------------------------===//
#include "codegen/Artifact.h"
#include "codegen/PlanTable.h"
#include "codegen/Weights.h"
#include "runtime/Plan.h"
#include "llvm/Support/MathExtras.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace quern;

namespace {
llvm::Error systemError(const std::string &path) {
  return llvm::createStringError(path + ": " + std::strerror(errno));
}

class PayloadWriter {
public:
  PayloadWriter(const std::string &path)
      : path(path), file(open(path.c_str(), O_RDWR | O_CLOEXEC)) {}
  ~PayloadWriter() {
    if (file >= 0)
      close(file);
  }

  llvm::Error write(const Payload &payload, mlir::ModuleOp module,
                    const Checkpoint &checkpoint, unsigned threads) {
    struct stat status;
    if (file < 0 || fstat(file, &status) < 0)
      return systemError(path);
    end = status.st_size;
    if (auto error = addProgram())
      return error;
    if (auto error =
            add("meta", {reinterpret_cast<const uint8_t *>(payload.meta.data()),
                         payload.meta.size()}))
      return error;
    if (auto error = add("plan", payload.plan))
      return error;
    if (auto error = add("tokenizer", payload.tokenizer))
      return error;
    if (auto error = add("template", payload.chatTemplate))
      return error;
    if (auto error = addWeights(module, checkpoint, threads))
      return error;
    return finish();
  }

private:
  plan::Section &begin(const char *name, uint64_t size) {
    plan::Section section{};
    std::strncpy(section.name, name, sizeof section.name - 1);
    section.offset = llvm::alignTo(end, plan::kPage);
    section.size = size;
    end = section.offset + size;
    return table.emplace_back(section);
  }

  llvm::Error put(const void *data, uint64_t size, uint64_t offset) {
    const char *bytes = static_cast<const char *>(data);
    while (size) {
      ssize_t n = pwrite(file, bytes, size, offset);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return systemError(path);
      bytes += n, size -= n, offset += n;
    }
    return llvm::Error::success();
  }

  llvm::Error add(const char *name, llvm::ArrayRef<uint8_t> bytes) {
    plan::Section &section = begin(name, bytes.size());
    section.checksum = plan::checksum(bytes.data(), bytes.size());
    return put(bytes.data(), bytes.size(), section.offset);
  }

  /// What is there already: runtime and kernels. Nobody looks for this section;
  /// it is there to be verified.
  llvm::Error addProgram() {
    plan::Section section{};
    std::strncpy(section.name, "program", sizeof section.name - 1);
    section.size = end;
    void *data = mmap(nullptr, end, PROT_READ, MAP_SHARED, file, 0);
    if (data == MAP_FAILED)
      return systemError(path);
    section.checksum = plan::checksum(data, end);
    munmap(data, end);
    table.push_back(section);
    return llvm::Error::success();
  }

  llvm::Error addWeights(mlir::ModuleOp module, const Checkpoint &checkpoint,
                         unsigned threads) {
    plan::Section &section =
        begin("weights", planInteger(module, "weights_bytes"));
    if (ftruncate(file, end) < 0)
      return systemError(path);
    if (auto error =
            writeWeights(module, checkpoint, file, section.offset, threads))
      return error;
    void *data = mmap(nullptr, section.size, PROT_READ, MAP_SHARED, file,
                      section.offset);
    if (data == MAP_FAILED)
      return systemError(path);
    section.checksum = plan::checksum(data, section.size);
    munmap(data, section.size);
    return llvm::Error::success();
  }

  llvm::Error finish() {
    plan::Trailer trailer{};
    trailer.magic = plan::kMagic, trailer.version = plan::kVersion;
    trailer.sections = table.size();
    trailer.sectionTable = llvm::alignTo(end, 8);
    uint64_t bytes = table.size() * sizeof(plan::Section);
    trailer.checksum = plan::checksum(table.data(), bytes);
    trailer.fileSize = trailer.sectionTable + bytes + sizeof trailer;
    if (auto error = put(table.data(), bytes, trailer.sectionTable))
      return error;
    return put(&trailer, sizeof trailer, trailer.sectionTable + bytes);
  }

  std::string path;
  int file;
  uint64_t end = 0;
  std::vector<plan::Section> table;
};
} // namespace

llvm::Error quern::appendPayload(const std::string &path,
                                 const Payload &payload, mlir::ModuleOp module,
                                 const Checkpoint &checkpoint,
                                 unsigned threads) {
  return PayloadWriter(path).write(payload, module, checkpoint, threads);
}
