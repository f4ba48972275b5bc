//===- TokenizerRules.h - Rules of tokenizer.json --------------*- C++ -*-===//
//
// Internal to the tokenizer's builder: reads the parts of a tokenizer.json that
// say what happens to text (normalizer, pre_tokenizer, decoder) into steps.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/TextSteps.h"

#include <string_view>

namespace quern::tokenizer {

struct TextRules {
  std::vector<TextStep> steps;  ///< those that change text first
  bool byteLevel = false;       ///< the pre-tokenizer ends with ByteLevel
  bool markedSpaces = false;    ///< the model sees U+2581 for spaces
  bool decodesToSpaces = false; ///< U+2581 of tokens is a space
  bool dropsFirstSpace = false; ///< when decoding
  bool dropsSpaces = false;     ///< all of the first token, when decoding
};

/// Each is JSON, or empty for null. `cut` is false where the pre-tokenizer is
/// known by name, so that only `byteLevel` is asked of it. `literal`: the
/// normalized text must have U+2581 where `tokenizers` has it. Throws Error naming
/// the key: "tokenizer.json: key 'pre_tokenizer.type' is 'Bert', which is not
/// supported".
TextRules readTextRules(std::string_view normalizer,
                        std::string_view preTokenizer, std::string_view decoder,
                        bool cut, bool literal);

} // namespace quern::tokenizer
