//===- Gguf.h - The reader of GGUF files -----------------------*- C++ -*-===//
//
// GGUF versions 2 and 3, little endian:
//
//   "GGUF" version:u32 tensors:u64 keys:u64
//   keys     x { key:string type:u32 value }
//   tensors  x { name:string rank:u32 dims:u64[rank] type:u32 offset:u64 }
//   padding to general.alignment (32), then the data that offsets count from
//
// A string is a u64 length and its bytes; an array is an element type:u32, a
// count:u64 and the elements. Dimensions are innermost first in the file and
// outermost first in a Tensor. Format: docs/gguf.md of the ggml repository.
//
// Refused, besides what does not fit into the file: keys or names twice, arrays
// of arrays (nobody writes them), booleans other than 0 and 1, alignments that
// are no power of two up to 2^20, tensors that overlap, files of a split model.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "frontend/Checkpoint.h"
#include "frontend/MappedFile.h"

namespace quern {

/// True if the bytes begin with GGUF's magic number.
bool isGguf(llvm::ArrayRef<uint8_t> bytes);

/// Reads a GGUF file; the checkpoint keeps `file` and views it. `types` is only
/// read during the call.
llvm::Expected<std::unique_ptr<Checkpoint>>
readGguf(MappedFile file, const StorageTypes &types = StorageTypes::builtin(),
         Extent extent = Extent::Whole);

} // namespace quern
