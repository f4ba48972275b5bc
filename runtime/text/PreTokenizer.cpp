//===- PreTokenizer.cpp - Cutting text into words ---------------*- C++ -*-===//

#include "text/PreTokenizer.h"

#include "Error.h"
#include "text/Tokenizer.h"
#include "text/Utf8.h"

#include <algorithm>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

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

WordSplitter::WordSplitter(std::vector<std::string> p)
    : patterns(std::move(p)) {}

WordSplitter::~WordSplitter() { freeCodes(); }

void WordSplitter::freeCodes() const {
  for (void *code : codes)
    pcre2_code_free(static_cast<pcre2_code *>(code));
  codes.clear();
}

WordSplitter::Scratch::Scratch() {
  match = pcre2_match_data_create(1, nullptr);
  auto *ctx = pcre2_match_context_create(nullptr);
  context = ctx;
  // The limits count steps of one match. Patterns are the model's and known to
  // be linear; a run of a hundred million spaces must not hit a limit.
  if (ctx)
    pcre2_set_match_limit(ctx, UINT32_MAX);
}

WordSplitter::Scratch::~Scratch() {
  pcre2_match_data_free(static_cast<pcre2_match_data *>(match));
  pcre2_match_context_free(static_cast<pcre2_match_context *>(context));
}

static std::string messageOf(int code) {
  char buffer[256] = {};
  pcre2_get_error_message(code, reinterpret_cast<PCRE2_UCHAR *>(buffer),
                          sizeof(buffer));
  return buffer;
}

void WordSplitter::compileOnce() const {
  std::call_once(once, [this] {
    freeCodes(); // of a try before this one that threw
    for (const std::string &pattern : patterns) {
      int error = 0;
      PCRE2_SIZE offset = 0;
      uint32_t text =
          pattern.starts_with(QUERN_BYTES) ? 0u : PCRE2_UTF | PCRE2_UCP;
      pcre2_code *code = pcre2_compile(
          reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
          text | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr);
      if (!code)
        throw Error("tokenizer pattern: offset " + std::to_string(offset) +
                    ": " + messageOf(error));
      codes.push_back(code);
      // Machine code where the system lets us have it, else the interpreter:
      // the matches are the same.
      pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    }
  });
}

bool WordSplitter::next(size_t pattern, std::string_view text, size_t from,
                        Scratch &scratch, size_t &begin, size_t &end) const {
  auto *code = static_cast<const pcre2_code *>(codes[pattern]);
  auto *data = static_cast<pcre2_match_data *>(scratch.match);
  auto *context = static_cast<pcre2_match_context *>(scratch.context);
  auto subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  if (!data || !context)
    throw std::bad_alloc();
  while (true) {
    int rc = pcre2_match(code, subject, text.size(), from, PCRE2_NO_UTF_CHECK,
                         data, context);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
      rc = pcre2_match(code, subject, text.size(), from,
                       PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data, context);
    if (rc == PCRE2_ERROR_NOMATCH)
      return false;
    if (rc < 0)
      throw Error("tokenizer pattern: " + messageOf(rc));
    const PCRE2_SIZE *match = pcre2_get_ovector_pointer(data);
    begin = match[0], end = match[1];
    if (begin < end)
      return true;
    // An empty match is no word; look again one character on.
    if (end >= text.size())
      return false;
    from = end + utf8::decode(text.substr(end)).size;
  }
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
