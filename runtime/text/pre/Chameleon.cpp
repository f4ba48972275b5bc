//===- Chameleon.cpp - Chameleon's pre-tokenizer ----------------*- C++ -*-===//
//
// Image tokens, indentation, digits and marks one by one, then GPT-2's words.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"chameleon"};
static constexpr std::string_view patterns[] = {
    "<sentinel:[0-9]+>",      "IMGIMG[A-I]{1,4}Z", "[\\t\\n]|    |  ", "\\p{N}",
    "[\\p{P}!-/:-@\\[-`{-~]", QUERN_GPT2};

extern constinit const PreTokenizer preChameleon{names, patterns};

} // namespace quern::tokenizer
