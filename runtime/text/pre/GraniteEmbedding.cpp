//===- GraniteEmbedding.cpp - Granite's multilingual embeddings -*- C++ -*-===//
//
// o200k_base's words, where one that is a token is not merged.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

#define SUFFIX QUERN_CONTRACTION "?"

static constexpr std::string_view names[] = {"granite-embed-multi-97m"};
static constexpr std::string_view patterns[] = {
    "[^\\r\\n\\p{L}\\p{N}]?" QUERN_UPPER "*" QUERN_LOWER "+" SUFFIX
    "|[^\\r\\n\\p{L}\\p{N}]?" QUERN_UPPER "+" QUERN_LOWER "*" SUFFIX
    "|\\p{N}{1,3}|" QUERN_MARKS "[\\r\\n/]*" QUERN_TAIL};

extern constinit const PreTokenizer preGraniteEmbedding{names, patterns,
                                                        /*ignoreMerges=*/true};

} // namespace quern::tokenizer
