//===- TokenizerKeys.h - The tokenizer of another model ---------*- C++ -*-===//
#pragma once
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>

namespace quern {

/// The keys "tokenizer.*" of a GGUF file, byte for byte as they are there.
struct TokenizerKeys {
  uint64_t count = 0;
  std::string bytes; // of all keys, with types and values
};

/// With tokens "<unused_N>" that no text becomes, so many that there are
/// `vocabulary` of them. Nothing else is changed, nor looked at.
llvm::Expected<TokenizerKeys> copyTokenizer(llvm::StringRef path,
                                            uint64_t vocabulary);

} // namespace quern
