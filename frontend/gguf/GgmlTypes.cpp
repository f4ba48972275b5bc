//===- GgmlTypes.cpp - Tensor types of ggml --------------------*- C++ -*-===//
//
// The table of GgmlTypes.def.
//
//===----------------------------------------------------------------------===//
#include "frontend/gguf/GgmlTypes.h"

using namespace llvm;
using namespace quern;

static constexpr GgmlType types[] = {
#define GGML_TYPE(id, name, weights, bytes) {id, name, {weights, bytes}},
#include "frontend/gguf/GgmlTypes.def"
#undef GGML_TYPE
};

ArrayRef<GgmlType> quern::allGgmlTypes() { return types; }

const GgmlType *quern::findGgmlType(uint32_t id) {
  for (const GgmlType &type : types)
    if (type.id == id)
      return &type;
  return nullptr;
}
