//===- SamplerBreakers.cpp - Strings that end repetitions -------*- C++ -*-===//
//
// Text can be cut into tokens in more than one way, so a breaker like "\n" is
// not one token: it hides in all that contain it, and a longer one may begin at
// the end of one token and go on in the next.
//
//===----------------------------------------------------------------------===//

#include "text/SamplerOptions.h"
#include "text/Tokenizer.h"

#include <algorithm>
#include <string_view>

namespace quern {

static constexpr size_t mostBytes = 40, mostRest = 20;

std::span<const char *const> defaultDryBreakers() {
  static constexpr const char *strings[] = {"\n", ":", "\"", "*"};
  return strings;
}

/// Adds the sequences that begin with token `id` and hold `text`. `rests[n]` is
/// the tokens of `text` without its first n bytes.
static void addSequences(int32_t id, std::string_view piece,
                         std::string_view text,
                         const std::vector<std::vector<int32_t>> &rests,
                         std::vector<std::vector<int32_t>> &out) {
  if (piece.find(text) != piece.npos) {
    out.push_back({id});
    return;
  }
  size_t first = out.size();
  for (size_t n = std::min(text.size() - 1, piece.size()); n > 0; --n) {
    if (!piece.ends_with(text.substr(0, n)))
      continue;
    std::vector<int32_t> sequence = {id};
    sequence.insert(sequence.end(), rests[n].begin(), rests[n].end());
    if (std::find(out.begin() + static_cast<ptrdiff_t>(first), out.end(),
                  sequence) == out.end())
      out.push_back(std::move(sequence));
  }
}

std::vector<std::vector<int32_t>>
dryBreakers(const Tokenizer &tokenizer, std::span<const std::string> strings) {
  std::vector<std::vector<int32_t>> out;
  for (const std::string &string : strings) {
    std::string_view text = std::string_view(string).substr(0, mostBytes);
    if (text.empty())
      continue;
    std::vector<std::vector<int32_t>> rests(text.size());
    for (size_t n = 1; n < text.size(); ++n) {
      rests[n] = tokenizer.encode(text.substr(n), /*parseSpecial=*/false,
                                  /*addBos=*/false);
      if (rests[n].size() > mostRest)
        rests[n].resize(mostRest);
    }
    for (size_t id = 0; id < tokenizer.size(); ++id)
      addSequences(static_cast<int32_t>(id),
                   tokenizer.piece(static_cast<int32_t>(id)), text, rests, out);
  }
  return out;
}

} // namespace quern
