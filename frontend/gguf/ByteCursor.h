//===- ByteCursor.h - Reading little-endian fields -------------*- C++ -*-===//
//
// Walks over bytes and never past their end. Each read says what it reads, so
// that an error can name the field and its offset.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "frontend/ReaderSupport.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"

namespace quern {

class ByteCursor {
public:
  /// `file` names the bytes in errors; both outlive the cursor.
  ByteCursor(llvm::StringRef file, llvm::ArrayRef<uint8_t> bytes)
      : file(file), bytes(bytes) {}

  uint64_t offset() const { return position; }
  uint64_t remaining() const { return bytes.size() - position; }

  /// An integer or a float, little endian.
  template <typename T> llvm::Error read(T &out, const llvm::Twine &what) {
    if (remaining() < sizeof(T))
      return truncated(what, sizeof(T));
    out = llvm::support::endian::read<T, llvm::endianness::little>(
        bytes.data() + position);
    position += sizeof(T);
    return llvm::Error::success();
  }

  /// A string: a 64-bit length, then that many bytes, of which `out` is a view.
  llvm::Error readString(llvm::StringRef &out, const llvm::Twine &what,
                         uint64_t longest = UINT64_MAX) {
    uint64_t length = 0;
    if (llvm::Error error = read(length, "the length of " + what))
      return error;
    if (length > longest)
      return fail(8, what + " has " + llvm::Twine(length) + " bytes, at most " +
                         llvm::Twine(longest) + " are supported");
    if (length > remaining())
      return truncated(what, length);
    out = llvm::toStringRef(bytes.slice(position, length));
    position += length;
    return llvm::Error::success();
  }

  /// A count of elements that take at least `elementBytes` each, refused if the
  /// rest of the file cannot hold them: so it may be allocated for.
  llvm::Error checkCount(uint64_t count, uint64_t elementBytes,
                         const llvm::Twine &what) {
    if (count <= remaining() / elementBytes)
      return llvm::Error::success();
    return fail(0, what + " is " + llvm::Twine(count) + ", but only " +
                       llvm::Twine(remaining()) + " bytes are left");
  }

  /// "FILE: MESSAGE at byte N", N being `back` bytes before here.
  llvm::Error fail(uint64_t back, const llvm::Twine &message) const {
    return fileError(file,
                     message + " at byte " + llvm::Twine(position - back));
  }

private:
  llvm::Error truncated(const llvm::Twine &what, uint64_t size) const {
    return fail(0, "the file ends inside " + what + ": " + llvm::Twine(size) +
                       " bytes expected, " + llvm::Twine(remaining()) +
                       " left,");
  }

  llvm::StringRef file;
  llvm::ArrayRef<uint8_t> bytes;
  uint64_t position = 0; // <= bytes.size()
};

} // namespace quern
