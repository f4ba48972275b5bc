//===- Default.cpp - Files that name no pre-tokenizer -----------*- C++ -*-===//
//
// What "default" means in GGUF files: runs of marks, then GPT-2's words, then
// runs of digits, in threes from the left. Close to Falcon's, whose files were
// the first.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"default", ""};
static constexpr std::string_view patterns[] = {"[\\p{P}$+<=>^~|]+", QUERN_GPT2,
                                                "\\p{N}+", "[0-9]{3}"};

extern constinit const PreTokenizer preDefault{names, patterns};

} // namespace quern::tokenizer
