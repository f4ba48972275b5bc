//===- f16.cpp - IEEE half precision ----------------------------*- C++ -*-===//
#include "ir/Format.h"

namespace quern::formats {

/// One f16 a weight.
Format f16() {
  return {.name = "f16", .gguf = 1, .safetensors = "F16",
          .weights = 1, .bytes = 2,
          .codes = word(0, 16), .element = Codec::F16};
}

} // namespace quern::formats
