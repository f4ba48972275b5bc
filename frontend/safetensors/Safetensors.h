//===- Safetensors.h - The reader of .safetensors files --------*- C++ -*-===//
//
// A .safetensors file is the length of a JSON header (u64, little endian), the
// header, and the data that offsets count from:
//
//   {"NAME": {"dtype": "F16", "shape": [4096, 4096],
//             "data_offsets": [BEGIN, END]}, ..., "__metadata__": {...}}
//
// Format: the README of the safetensors repository. Data need not be aligned:
// whoever reads a tensor's bytes as floats copies them out first.
//
// Refused, besides what does not fit into the file: headers beyond 100 MB (the
// limit of the reference implementation), names twice, dtypes that `types` does not have,
// F16 and BF16, sizes that differ from shape and type, tensors that overlap.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "frontend/Checkpoint.h"
#include "frontend/MappedFile.h"

namespace quern {

/// True if the bytes begin as a safetensors file does.
bool isSafetensors(llvm::ArrayRef<uint8_t> bytes);

/// The tensors of one file in the order of their data, under the file's own
/// names. Their parts view `file`.
llvm::Expected<std::vector<Tensor>> readSafetensors(const MappedFile &file,
                                                    const StorageTypes &types);

} // namespace quern
