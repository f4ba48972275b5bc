//===- Bloom.cpp - BLOOM's pre-tokenizer ------------------------*- C++ -*-===//
//
// BigScience 2022: everything up to white space or the punctuation of many
// languages, with one space in front.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"bloom", "poro-chat",
                                             "gpt3-finnish"};
static constexpr std::string_view patterns[] = {
    " ?[^(" QUERN_SPACE
    "|.,!?\\x{2026}\\x{3002}\\x{ff0c}\\x{3001}\\x{964}\\x{6d4}\\x{60c})]+"};

extern constinit const PreTokenizer preBloom{names, patterns};

} // namespace quern::tokenizer
