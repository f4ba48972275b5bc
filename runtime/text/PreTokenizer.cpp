//===- PreTokenizer.cpp - Cutting text into words ---------------*- C++ -*-===//

#include "text/PreTokenizer.h"

#include "Error.h"
#include "text/Tokenizer.h"
#include "text/Utf8.h"

#include <algorithm>
#include <utility>

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
}

/// Bounds one match. The families' patterns take a few steps for each byte, so
/// that a run of a hundred million spaces passes; what takes more is no pattern
/// of theirs, and could take for ever.
static void limitMatch(pcre2_match_context *context, size_t bytes) {
  uint64_t steps = 10'000 + 64 * uint64_t{bytes};
  uint64_t kilobytes = (64 << 10) + uint64_t{bytes};
  pcre2_set_match_limit(
      context, static_cast<uint32_t>(std::min<uint64_t>(steps, UINT32_MAX)));
  pcre2_set_heap_limit(context, static_cast<uint32_t>(
                                    std::min<uint64_t>(kilobytes, UINT32_MAX)));
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
    if (patterns.size() > mostPatterns)
      throw Error("tokenizer pattern: more than " +
                  std::to_string(mostPatterns) + " of them");
    freeCodes(); // of a try before this one that threw
    bool bytes = false;
    for (const std::string &pattern : patterns) {
      int error = 0;
      PCRE2_SIZE offset = 0;
      // What bytes are cut by need not be UTF-8 any more, which matching by
      // characters relies on.
      bool before = std::exchange(bytes, pattern.starts_with(QUERN_BYTES));
      if (before && !bytes)
        throw Error("tokenizer pattern: one over characters after one over "
                    "bytes");
      uint32_t text = bytes ? 0u : PCRE2_UTF | PCRE2_UCP;
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
  limitMatch(context, text.size());
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
