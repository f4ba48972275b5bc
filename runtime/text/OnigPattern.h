//===- OnigPattern.h - Oniguruma's patterns in PCRE2's syntax --*- C++ -*-===//
//
// tokenizer.json holds patterns in the syntax of Oniguruma (its RE document,
// syntax "Ruby"), and PCRE2 reads some of the same text in another way:
//   \s \d      Unicode's properties of UTS 18, annex C
//   \w         those, and the numbers of Latin-1
//   \h \v      a hexadecimal digit, a vertical tab
//   ^ $        start and end of each line
//   {n,m}+     a quantifier of a quantifier, not a possessive one
//   [a[bc]]    a class in a class
// What cannot be said for sure in PCRE2's syntax is refused.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <string>
#include <string_view>

namespace quern::tokenizer {

/// The pattern in PCRE2's syntax. Throws Error with the offset and what is not
/// supported there: "offset 7: '\b' is not supported".
std::string translateOnigPattern(std::string_view pattern);

/// A pattern that matches `text` and nothing else.
std::string literalPattern(std::string_view text);

} // namespace quern::tokenizer
