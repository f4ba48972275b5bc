//===- Digest.cpp - A name for all that a result was made from ------------===//
#include "Digest.h"
#include "codegen/ContentHash.h"
#include "codegen/Link.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"
#include <vector>

using namespace quern;
namespace fs = llvm::sys::fs;

void Digest::add(llvm::StringRef bytes) {
  parts += contentHash(llvm::arrayRefFromStringRef(bytes)) + ";";
}

llvm::Error Digest::addFile(const std::string &name) {
  auto file = llvm::MemoryBuffer::getFile(name, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!file)
    return llvm::createStringError(name + ": " + file.getError().message());
  add((*file)->getBuffer());
  return llvm::Error::success();
}

llvm::Error Digest::addFolder(const std::string &folder,
                              llvm::ArrayRef<llvm::StringRef> endings) {
  std::vector<std::string> names;
  std::error_code code;
  for (fs::directory_iterator it(folder, code), end; it != end && !code;
       it.increment(code))
    if (llvm::any_of(endings, [&](llvm::StringRef ending) {
          return llvm::StringRef(it->path()).ends_with(ending);
        }))
      names.push_back(it->path());
  if (code)
    return llvm::createStringError(folder + ": " + code.message());
  llvm::sort(names);
  for (const std::string &name : names) {
    add(llvm::sys::path::filename(name));
    if (auto error = addFile(name))
      return error;
  }
  return llvm::Error::success();
}

/// A GGUF file is a model by itself; of others the rest lies beside them.
static llvm::Expected<bool> beginsAsGguf(const std::string &name) {
  auto begin = llvm::MemoryBuffer::getFileSlice(name, 4, 0);
  if (!begin)
    return llvm::createStringError(name + ": " + begin.getError().message());
  return (*begin)->getBuffer() == "GGUF";
}

llvm::Error Digest::addModel(const std::string &model) {
  auto addFiles = [&](llvm::StringRef folder) {
    return addFolder(folder.str(), {".safetensors", ".json", ".jinja"});
  };
  if (fs::is_directory(model))
    return addFiles(model);
  if (auto isGguf = beginsAsGguf(model); !isGguf)
    return isGguf.takeError();
  else if (*isGguf)
    return addFile(model);
  add(llvm::sys::path::filename(model));
  llvm::StringRef folder = llvm::sys::path::parent_path(model);
  return addFiles(folder.empty() ? "." : folder);
}

llvm::Error Digest::addProgram() { return addFile("/proc/self/exe"); }

llvm::Error Digest::addBundle(const Machine &machine) {
  return addFolder(bundleFolder(machine), {".o", ".a", ".ld", ".txt"});
}

std::string Digest::hex() const {
  return llvm::formatv("{0:x-16}", llvm::xxh3_64bits(parts)).str();
}
