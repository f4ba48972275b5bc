//===- Viking.cpp - Viking's pre-tokenizer ----------------------*- C++ -*-===//
//
// BLOOM's words, with digits one by one.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"viking"};
static constexpr std::string_view patterns[] = {
    " ?[^(" QUERN_SPACE
    "|.,!?\\x{2026}\\x{3002}\\x{ff0c}\\x{3001}\\x{964}\\x{6d4}\\x{60c})]+",
    "\\p{N}"};

extern constinit const PreTokenizer preViking{names, patterns};

} // namespace quern::tokenizer
