//===- Ufakzeka.cpp - Qwen 2's words without contractions -------*- C++ -*-===//
//
// For Turkish, where what follows an apostrophe is a suffix.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"ufakzeka"};
static constexpr std::string_view patterns[] = {
    QUERN_WORD "|\\p{N}|" QUERN_MARKS "[\\r\\n]*" QUERN_TAIL};

extern constinit const PreTokenizer preUfakzeka{names, patterns};

} // namespace quern::tokenizer
