//===- Falcon.cpp - Falcon's pre-tokenizer ----------------------*- C++ -*-===//
//
// Almazrouei et al. 2023. Runs of marks, then GPT-2's words. Digits are told
// from the rest after bytes have become printable characters, when bytes B2,
// B3, B9 and BC to BE of a longer character look like digits too (as
// superscripts and fractions of Latin-1): those two patterns are over bytes.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"falcon"};
static constexpr std::string_view patterns[] = {
    "[\\p{P}$+<=>^`|~]+", QUERN_GPT2,
    QUERN_BYTES "[0-9\\xb2\\xb3\\xb9\\xbc-\\xbe]+", QUERN_BYTES "[0-9]{3}"};

extern constinit const PreTokenizer preFalcon{names, patterns};

} // namespace quern::tokenizer
