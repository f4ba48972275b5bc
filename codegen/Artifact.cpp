//===- Artifact.cpp - Writing the executable ------------------------------===//
#include "codegen/Artifact.h"
#include "codegen/Program.h"
#include "codegen/WriteAll.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

using namespace quern;

namespace {
llvm::Error systemError(const std::string &path) {
  return llvm::createStringError(path + ": " + std::strerror(errno));
}

class PayloadWriter {
public:
  PayloadWriter(const std::string &path)
      : path(path), file(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {}
  ~PayloadWriter() {
    if (file >= 0)
      ::close(file);
  }

  /// What is there already is the program.
  llvm::Error open() {
    struct stat status;
    if (file < 0 || fstat(file, &status) < 0)
      return systemError(path);
    end = status.st_size;
    return llvm::Error::success();
  }

  llvm::Error add(const char *name, llvm::ArrayRef<uint8_t> bytes) {
    plan::Section &section = begin(name, bytes.size());
    section.checksum = plan::checksum(bytes.data(), bytes.size());
    return put(bytes.data(), bytes.size(), section.offset);
  }

  llvm::Error add(const Payload &payload) {
    plan::Section program{}; // nobody looks for it; it is there to be verified
    std::strncpy(program.name, "program", sizeof program.name - 1);
    program.size = end;
    table.push_back(program);
    hasProgram = true;
    if (auto error = add("meta", llvm::arrayRefFromStringRef(payload.meta)))
      return error;
    for (auto [i, bytes] : llvm::enumerate(payload.plans)) {
      std::string name = i ? "plan." + std::to_string(i) : "plan";
      if (auto error = add(name.c_str(), bytes))
        return error;
    }
    if (auto error = add("tokenizer", payload.tokenizer))
      return error;
    return add("template", payload.chatTemplate);
  }

  llvm::Expected<plan::Section> addWeights(const WeightsWriter &weights) {
    plan::Section &section = begin("weights", weights.bytes());
    if (ftruncate(file, end) < 0)
      return systemError(path);
    if (auto code = weights.write(file, section.offset))
      return llvm::createStringError(path + ": " + code.message());
    if (auto error = sum(section))
      return error;
    return section;
  }

  /// Tells the program how long the file is, and writes the table of sections.
  llvm::Error finish() {
    plan::Trailer trailer{};
    trailer.magic = plan::kMagic, trailer.version = plan::kVersion;
    trailer.sections = table.size();
    trailer.sectionTable = llvm::alignTo(end, 8);
    uint64_t bytes = table.size() * sizeof(plan::Section);
    trailer.fileSize = trailer.sectionTable + bytes + sizeof trailer;
    if (hasProgram) {
      if (auto error = expectLength(file, path, trailer.fileSize))
        return error;
      if (auto error = sum(table.front()))
        return error;
    }
    trailer.checksum = plan::checksum(table.data(), bytes);
    if (auto error = put(table.data(), bytes, trailer.sectionTable))
      return error;
    if (auto error =
            put(&trailer, sizeof trailer, trailer.sectionTable + bytes))
      return error;
    return close();
  }

private:
  /// Some file systems say only now that they had no room. What will take the
  /// place of another file has to be on the disk before.
  llvm::Error close() {
    bool synced = fsync(file) == 0 || errno == EINVAL;
    int error = errno;
    if (::close(std::exchange(file, -1)) < 0 && synced)
      synced = false, error = errno;
    errno = error;
    return synced ? llvm::Error::success() : systemError(path);
  }

  plan::Section &begin(const char *name, uint64_t size) {
    plan::Section section{};
    std::strncpy(section.name, name, sizeof section.name - 1);
    section.offset = llvm::alignTo(end, plan::kPage);
    section.size = size;
    end = section.offset + size;
    return table.emplace_back(section);
  }

  llvm::Error put(const void *data, uint64_t size, uint64_t offset) {
    if (auto code = writeAll(file, data, size, offset))
      return llvm::createStringError(path + ": " + code.message());
    return llvm::Error::success();
  }

  /// The checksum of what the file has there.
  llvm::Error sum(plan::Section &section) {
    void *data = mmap(nullptr, section.size, PROT_READ, MAP_SHARED, file,
                      section.offset);
    if (data == MAP_FAILED)
      return systemError(path);
    section.checksum = plan::checksum(data, section.size);
    munmap(data, section.size);
    return llvm::Error::success();
  }

  std::string path;
  int file;
  uint64_t end = 0;
  bool hasProgram = false; // the first section, checked when it is finished
  std::vector<plan::Section> table;
};
} // namespace

llvm::Error quern::appendPayload(const std::string &path,
                                 const Payload &payload,
                                 const WeightsWriter &weights) {
  PayloadWriter writer(path);
  if (auto error = writer.open())
    return error;
  if (auto error = writer.add(payload))
    return error;
  if (auto section = writer.addWeights(weights); !section)
    return section.takeError();
  return writer.finish();
}

llvm::Error quern::appendPayload(const std::string &path,
                                 const Payload &payload,
                                 const plan::Sidecar &sidecar) {
  PayloadWriter writer(path);
  if (auto error = writer.open())
    return error;
  if (auto error = writer.add(payload))
    return error;
  auto *bytes = reinterpret_cast<const uint8_t *>(&sidecar);
  if (auto error = writer.add("sidecar", {bytes, sizeof sidecar}))
    return error;
  return writer.finish();
}

llvm::Expected<plan::Sidecar> quern::writeSidecar(const std::string &path,
                                                  const WeightsWriter &weights,
                                                  llvm::StringRef source) {
  PayloadWriter writer(path);
  if (auto error = writer.open())
    return error;
  auto section = writer.addWeights(weights);
  if (!section)
    return section.takeError();
  if (auto error = writer.add("source", llvm::arrayRefFromStringRef(source)))
    return error;
  if (auto error = writer.finish())
    return error;
  plan::Sidecar sidecar{};
  sidecar.size = section->size, sidecar.checksum = section->checksum;
  return sidecar;
}
