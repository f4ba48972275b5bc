//===- Pattern.cpp - A regular expression over UTF-8 ------------*- C++ -*-===//

#include "text/Pattern.h"

#include "Error.h"
#include "text/Utf8.h"

#include <algorithm>
#include <cassert>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace quern::tokenizer {

Pattern::~Pattern() { pcre2_code_free(static_cast<pcre2_code *>(code)); }

Pattern::Scratch::Scratch() {
  match = pcre2_match_data_create(1, nullptr);
  context = pcre2_match_context_create(nullptr);
}

Pattern::Scratch::~Scratch() {
  pcre2_match_data_free(static_cast<pcre2_match_data *>(match));
  pcre2_match_context_free(static_cast<pcre2_match_context *>(context));
}

static std::string messageOf(int code) {
  char buffer[256] = {};
  pcre2_get_error_message(code, reinterpret_cast<PCRE2_UCHAR *>(buffer),
                          sizeof(buffer));
  return buffer;
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

void Pattern::compile() const {
  std::call_once(once, [this] {
    int error = 0;
    PCRE2_SIZE offset = 0;
    uint32_t mode = text.starts_with(QUERN_BYTES) ? 0u : PCRE2_UTF | PCRE2_UCP;
    pcre2_code *compiled =
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                      mode | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr);
    if (!compiled)
      throw Error("offset " + std::to_string(offset) + ": " + messageOf(error));
    code = compiled;
    // Machine code where the system lets us have it, else the interpreter:
    // the matches are the same.
    pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
  });
}

bool Pattern::next(std::string_view subject, Walk &walk, Scratch &scratch,
                   size_t &begin, size_t &end) const {
  try {
    compile();
  } catch (const Error &error) {
    throw Error(std::string("tokenizer pattern: ") + error.what());
  }
  assert((walk.from > 0 || text.starts_with(QUERN_BYTES) ||
          utf8::validPrefix(subject) == subject.size()) &&
         "PCRE2 is told that this is UTF-8");
  auto *data = static_cast<pcre2_match_data *>(scratch.match);
  auto *context = static_cast<pcre2_match_context *>(scratch.context);
  auto chars = reinterpret_cast<PCRE2_SPTR>(subject.data());
  if (!data || !context)
    throw std::bad_alloc();
  limitMatch(context, subject.size());
  while (walk.from <= subject.size()) {
    auto match = [&](uint32_t options) {
      return pcre2_match(static_cast<const pcre2_code *>(code), chars,
                         subject.size(), walk.from,
                         PCRE2_NO_UTF_CHECK | options, data, context);
    };
    int rc = match(0);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
      rc = match(PCRE2_NO_JIT);
    if (rc == PCRE2_ERROR_NOMATCH)
      break;
    if (rc < 0)
      throw Error("tokenizer pattern: " + messageOf(rc));
    const PCRE2_SIZE *found = pcre2_get_ovector_pointer(data);
    begin = found[0], end = found[1];
    if (begin == end && end == walk.lastEnd) {
      // One character on, or past the end.
      walk.from += walk.from < subject.size()
                       ? utf8::decode(subject.substr(walk.from)).size
                       : 1;
      continue;
    }
    walk.from = walk.lastEnd = end;
    return true;
  }
  walk.from = subject.size() + 1;
  return false;
}

} // namespace quern::tokenizer
