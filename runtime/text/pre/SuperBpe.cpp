//===- SuperBpe.cpp - SuperBPE's pre-tokenizer ------------------*- C++ -*-===//
//
// Liu et al. 2025: tokens may span words, only numbers are cut out, and those
// in front of digits in threes from the right:
//   \p{N}+   and then   (?=(\d{3})+(?!\d))
// The second would look at the rest of a number from each of its digits. Here
// one match is all up to the next cut: three digits, or one or two at the start
// of a run of digits, of which one look at the rest says how many, and then
// numbers that are no digits.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

#define LEAD "\\p{Nd}{1,2}(?=(?:\\p{Nd}{3})*+(?!\\p{Nd}))"

static constexpr std::string_view names[] = {"superbpe"};
static constexpr std::string_view patterns[] = {
    "\\p{N}+", "\\G(?=\\p{N})(?:\\A" LEAD "|\\p{Nd}{3}|(?=[^\\p{Nd}]))"
               "(?:[^\\p{Nd}]++(?:" LEAD ")?+)*+"};

extern constinit const PreTokenizer preSuperBpe{names, patterns};

} // namespace quern::tokenizer
