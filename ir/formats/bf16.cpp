//===- bf16.cpp - The upper half of a single --------------------*- C++ -*-===//
#include "ir/Format.h"

namespace quern::formats {

/// One bf16 a weight.
Format bf16() {
  return {.name = "bf16", .gguf = 30, .safetensors = "BF16",
          .weights = 1, .bytes = 2,
          .codes = word(0, 16), .element = Codec::BF16};
}

} // namespace quern::formats
