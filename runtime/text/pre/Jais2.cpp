//===- Jais2.cpp - Jais 2's pre-tokenizer -----------------------*- C++ -*-===//
//
// Llama 3's words; runs of white space in powers of two.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"jais-2"};
static constexpr std::string_view patterns[] = {
    QUERN_CONTRACTION
    "|" QUERN_WORD "|"
    "\\p{N}{1,3}"
    "|" QUERN_MARKS "[\\r\\n]*"
    "|" QUERN_S "*[\\r\\n]+"
    "|" QUERN_S "{512}" QUERN_NO_WORD "|" QUERN_S "{256}" QUERN_NO_WORD
    "|" QUERN_S "{128}" QUERN_NO_WORD "|" QUERN_S "{64}" QUERN_NO_WORD
    "|" QUERN_S "{32}" QUERN_NO_WORD "|" QUERN_S "{16}" QUERN_NO_WORD
    "|" QUERN_S "{8}" QUERN_NO_WORD "|" QUERN_S "{4}" QUERN_NO_WORD "|" QUERN_S
    "{1,2}" QUERN_NO_WORD "|" QUERN_S};

extern constinit const PreTokenizer preJais2{names, patterns};

} // namespace quern::tokenizer
