//===- MappedFile.h - A file's bytes, read-only ----------------*- C++ -*-===//
//
// Weights are looked at where they lie in the page cache and never copied. The
// mapping is private and read-only; if somebody truncates the file meanwhile,
// the kernel ends the process (SIGBUS), as with every mapped file.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>

namespace quern {

class MappedFile {
public:
  /// Maps a regular file of at most `maxBytes` bytes; an error names the file.
  static llvm::Expected<MappedFile> open(llvm::StringRef path,
                                         uint64_t maxBytes = UINT64_MAX);
  /// Looks at bytes that are in memory already and outlive the result; `name`
  /// is what errors call them.
  static MappedFile view(llvm::StringRef name, llvm::ArrayRef<uint8_t> bytes);

  MappedFile() = default;
  MappedFile(MappedFile &&other) noexcept { *this = std::move(other); }
  MappedFile &operator=(MappedFile &&other) noexcept;
  ~MappedFile();

  const std::string &name() const { return fileName; }
  llvm::ArrayRef<uint8_t> bytes() const { return contents; }
  llvm::StringRef text() const { return llvm::toStringRef(contents); }

private:
  std::string fileName;
  llvm::ArrayRef<uint8_t> contents;
  bool owned = false; // contents is a mapping of ours
};

} // namespace quern
