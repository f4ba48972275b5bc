//===- PreTokenizer.cpp - Cutting text into words ---------------*- C++ -*-===//

#include "text/PreTokenizer.h"

#include "text/Tokenizer.h"

#include <algorithm>
#include <utility>

namespace quern {
namespace tokenizer {

// The families are declared and listed by a file that CMake writes.
#define QUERN_PRE_TOKENIZER(name) extern const PreTokenizer pre##name;
#include "text/PreTokenizers.def"

static const PreTokenizer *const families[] = {
#define QUERN_PRE_TOKENIZER(name) &pre##name,
#include "text/PreTokenizers.def"
};

const PreTokenizer *findPreTokenizer(std::string_view name) {
  for (const PreTokenizer *family : families)
    for (std::string_view known : family->names)
      if (known == name)
        return family;
  return nullptr;
}

} // namespace tokenizer

std::vector<std::string_view> preTokenizerNames() {
  std::vector<std::string_view> out;
  for (const tokenizer::PreTokenizer *family : tokenizer::families)
    out.insert(out.end(), family->names.begin(), family->names.end());
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace quern
