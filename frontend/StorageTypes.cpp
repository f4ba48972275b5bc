//===- StorageTypes.cpp - Tensor types of containers -----------*- C++ -*-===//
#include "frontend/StorageTypes.h"

using namespace llvm;
using namespace quern;

StorageTypes::StorageTypes() {
#define GGML_TYPE(number, name, weights, bytes)                                \
  gguf[number] = {name, {weights, bytes}};
#include "frontend/gguf/GgmlTypes.def"
#undef GGML_TYPE
  safetensors["F32"] = {"f32", {1, 4}};
  safetensors["F16"] = {"f16", {1, 2}};
  safetensors["BF16"] = {"bf16", {1, 2}};
}

const StorageTypes &StorageTypes::builtin() {
  static const StorageTypes types;
  return types;
}

const StorageType *StorageTypes::findGguf(uint32_t number) const {
  auto found = gguf.find(number);
  return found == gguf.end() ? nullptr : &found->second;
}

const StorageType *StorageTypes::findSafetensors(StringRef dtype) const {
  auto found = safetensors.find(std::string_view(dtype));
  return found == safetensors.end() ? nullptr : &found->second;
}

std::string StorageTypes::safetensorsNames() const {
  std::string names;
  size_t left = safetensors.size();
  for (const auto &entry : safetensors) {
    names += entry.first;
    if (--left)
      names += left > 1 ? ", " : " or ";
  }
  return names;
}
