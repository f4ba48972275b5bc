//===- ReaderSupport.h - What all readers check alike ----------*- C++ -*-===//
//
// Error texts and the checks every container needs: how many bytes a shape asks
// for, whether a range lies in the file, whether two ranges overlap. All sizes
// here come from files, so all arithmetic is overflow-checked.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "frontend/Checkpoint.h"
#include "llvm/ADT/Twine.h"

namespace quern {

/// The text in single quotes, with what is not printable ASCII escaped and what
/// is longer than 96 bytes cut: names come from files, an error is one line.
std::string inQuotes(llvm::StringRef text);

/// "FILE: MESSAGE" as an error. Control characters in the file's name are
/// escaped.
llvm::Error fileError(llvm::StringRef file, const llvm::Twine &message);

/// The bytes of a tensor of `shape` (outermost first) in blocks of `block`.
/// An error (without a file name: the caller adds its own) if a dimension is
/// zero, the columns are not whole blocks, or the size overflows.
llvm::Expected<uint64_t> tensorBytes(llvm::ArrayRef<uint64_t> shape,
                                     BlockSize block);

/// A tensor's bytes [begin, end) in its file, for checkOverlap.
struct ByteRange {
  uint64_t begin = 0, end = 0;
  size_t tensor = 0; // index into the list of tensors
};

/// An error naming two tensors of `file` that share bytes. Sorts `ranges`.
llvm::Error checkOverlap(llvm::StringRef file,
                         llvm::MutableArrayRef<ByteRange> ranges,
                         llvm::ArrayRef<Tensor> tensors);

} // namespace quern
