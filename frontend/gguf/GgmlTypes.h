//===- GgmlTypes.h - Tensor types of ggml ----------------------*- C++ -*-===//
//
// What a tensor's type number in a GGUF file means: a format's name and how
// large its blocks are, which is all that a reader needs to find a tensor's
// end. What the bits of a block mean is said in ir/formats/.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "frontend/Checkpoint.h"

namespace quern {

struct GgmlType {
  uint32_t id;
  llvm::StringLiteral name;
  BlockSize block;
};

/// All known types, by ascending id.
llvm::ArrayRef<GgmlType> allGgmlTypes();

/// Null if there is none.
const GgmlType *findGgmlType(uint32_t id);

} // namespace quern
