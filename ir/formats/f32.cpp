//===- f32.cpp - IEEE single precision --------------------------*- C++ -*-===//
#include "ir/Format.h"

namespace quern::formats {

/// One f32 a weight.
Format f32() {
  return {.name = "f32", .gguf = 0, .safetensors = "F32",
          .weights = 1, .bytes = 4,
          .codes = word(0, 32), .element = Codec::F32};
}

} // namespace quern::formats
