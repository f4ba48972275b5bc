//===- Sidecar.cpp - Weights beside an executable -------------------------===//
#include "Sidecar.h"
#include "Digest.h"
#include "runtime/Artifact.h"
#include "runtime/Error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include <cstring>
#include <optional>

using namespace quern;

/// What `path` holds, if that is what would be written there.
static std::optional<plan::Sidecar> findSame(const std::string &path,
                                             llvm::StringRef source) {
  try {
    Artifact existing(path);
    auto its = existing.section("source");
    if (llvm::toStringRef(llvm::ArrayRef(its.data(), its.size())) != source)
      return std::nullopt;
    existing.verify();
    for (const plan::Section &section : existing.sections())
      if (!std::strcmp(section.name, "weights"))
        return plan::Sidecar{section.size, section.checksum, {}};
  } catch (const Error &) { // not there, damaged, or something else
  }
  return std::nullopt;
}

llvm::Expected<SidecarFile> SidecarFile::create(const std::string &executable,
                                                const std::string &model,
                                                const WeightsWriter &weights) {
  SidecarFile result;
  std::string path = executable + ".weights";
  llvm::StringRef name = llvm::sys::path::filename(path);
  if (name.size() >= sizeof(plan::Sidecar::name))
    return llvm::createStringError(path + ": is too long a name");
  Digest digest;
  digest.add(weights.source()); // reads the whole model
  if (auto error = digest.addProgram())
    return error;
  std::string source = digest.hex();
  if (auto same = findSame(path, source)) {
    result.sidecar = *same;
  } else {
    auto file = OutputFile::create(path, model);
    if (!file)
      return file.takeError();
    auto written = writeSidecar((*file)->temporary(), weights, source);
    if (!written)
      return (*file)->renamed(written.takeError());
    result.sidecar = *written;
    result.file = std::move(*file);
  }
  std::memcpy(result.sidecar.name, name.data(), name.size());
  return result;
}

llvm::Error SidecarFile::commit() {
  return file ? file->commit() : llvm::Error::success();
}
