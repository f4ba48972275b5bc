//===- StorageTypes.h - Tensor types of containers -------------*- C++ -*-===//
//
// What a tensor's type in a model file means: a format's name and how large its
// blocks are, which is all that a reader needs to find a tensor's end. What the
// bits of a block mean is said in ir/formats/; openModel() of Arch.h adds those
// formats to this table, so a new one needs no line here.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <map>
#include <string>

namespace quern {

/// How many weights a block of a format has, in how many bytes.
struct BlockSize {
  uint32_t weights = 0, bytes = 0;
};

struct StorageType {
  std::string format;
  BlockSize block;
};

struct StorageTypes {
  /// Those of ggml (GgmlTypes.def, also such as no format describes, so that an
  /// error can name them), and F32, F16 and BF16 of safetensors.
  StorageTypes();

  /// By GGUF's number, and by safetensors' dtype.
  std::map<uint32_t, StorageType> gguf;
  std::map<std::string, StorageType, std::less<>> safetensors;

  /// Null if there is none.
  const StorageType *findGguf(uint32_t number) const;
  const StorageType *findSafetensors(llvm::StringRef dtype) const;
  /// "BF16, F16 or F32", for error messages.
  std::string safetensorsNames() const;

  static const StorageTypes &builtin();
};

} // namespace quern
