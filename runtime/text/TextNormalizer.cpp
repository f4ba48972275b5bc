//===- TextNormalizer.cpp - Changing text before it is cut ------*- C++ -*-===//

#include "text/TextNormalizer.h"

#include "Error.h"
#include "text/CharsMap.h"
#include "text/Utf8.h"

#include <cstdlib>
#include <memory>
#include <new>
#include <utf8proc.h>

namespace quern::tokenizer {

static utf8proc_category_t categoryOf(char32_t code) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(code));
}

static bool isMark(char32_t code) {
  utf8proc_category_t c = categoryOf(code);
  return c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_MC ||
         c == UTF8PROC_CATEGORY_ME;
}

bool isWordCharacter(char32_t code) {
  switch (categoryOf(code)) {
  case UTF8PROC_CATEGORY_LU:
  case UTF8PROC_CATEGORY_LL:
  case UTF8PROC_CATEGORY_LT:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_LO:
  case UTF8PROC_CATEGORY_MN:
  case UTF8PROC_CATEGORY_MC:
  case UTF8PROC_CATEGORY_ME:
  case UTF8PROC_CATEGORY_ND:
  case UTF8PROC_CATEGORY_NL:
  case UTF8PROC_CATEGORY_PC:
    return true;
  default:
    // Alphabetic by Other_Alphabetic alone (circled and squared letters), and
    // the two that join characters.
    return (code >= 0x24b6 && code <= 0x24e9) ||
           (code >= 0x1f130 && code <= 0x1f149) ||
           (code >= 0x1f150 && code <= 0x1f169) ||
           (code >= 0x1f170 && code <= 0x1f189) || code == 0x200c ||
           code == 0x200d;
  }
}

bool isWhiteSpace(char32_t code) {
  return (code >= 9 && code <= 13) || code == ' ' || code == 0x85 ||
         code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
         code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f ||
         code == 0x3000;
}

size_t spaceAhead(std::string_view text) {
  size_t pos = 0;
  while (pos < text.size()) {
    utf8::Char c = utf8::decode(text.substr(pos, 4));
    if (!isWhiteSpace(c.code))
      break;
    pos += c.size;
  }
  return pos;
}

size_t spaceBehind(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    size_t start = utf8::lastBegin(rest);
    if (!isWhiteSpace(utf8::decode(rest.substr(start)).code))
      break;
    rest = rest.substr(0, start);
  }
  return text.size() - rest.size();
}

/// Calls `each(Char, its bytes)` for every character.
template <typename Fn> static void forEach(std::string_view text, Fn &&each) {
  for (size_t pos = 0; pos < text.size();) {
    utf8::Char c = utf8::decode(text.substr(pos, 4));
    each(c.code, text.substr(pos, c.size));
    pos += c.size;
  }
}

static bool isAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }

/// A form of UAX 15. ASCII characters are the same in all of them and nothing
/// in front of one changes with it, so they are copied, but for the one that
/// marks may follow.
static void normalForm(std::string &text, int options) {
  std::string out;
  out.reserve(text.size());
  size_t pos = 0;
  while (pos < text.size()) {
    size_t wide = pos;
    while (wide < text.size() && isAscii(text[wide]))
      ++wide;
    size_t begin = wide > pos && wide < text.size() ? wide - 1 : wide;
    out.append(text, pos, begin - pos);
    size_t end = wide;
    while (end < text.size() && !isAscii(text[end]))
      ++end;
    if (end > begin) {
      utf8proc_uint8_t *mapped = nullptr;
      utf8proc_ssize_t size = utf8proc_map(
          reinterpret_cast<const utf8proc_uint8_t *>(text.data() + begin),
          static_cast<utf8proc_ssize_t>(end - begin), &mapped,
          static_cast<utf8proc_option_t>(UTF8PROC_STABLE | options));
      std::unique_ptr<utf8proc_uint8_t, void (*)(void *)> owned(mapped,
                                                                std::free);
      if (size == UTF8PROC_ERROR_NOMEM)
        throw std::bad_alloc();
      if (size < 0)
        throw Error(std::string("text to normalize: ") + utf8proc_errmsg(size));
      out.append(reinterpret_cast<const char *>(mapped),
                 static_cast<size_t>(size));
    }
    pos = end;
  }
  text = std::move(out);
}

static void lowercase(std::string &text) {
  std::string out;
  out.reserve(text.size());
  forEach(text, [&](char32_t code, std::string_view) {
    // The only character whose small form is two: i with a dot above.
    if (code == 0x130)
      out += "i\xcc\x87";
    else
      utf8::append(out, static_cast<char32_t>(utf8proc_tolower(
                            static_cast<utf8proc_int32_t>(code))));
  });
  text = std::move(out);
}

static void stripAccents(std::string &text) {
  std::string out;
  forEach(text, [&](char32_t code, std::string_view bytes) {
    if (!isMark(code))
      out += bytes;
  });
  text = std::move(out);
}

/// The rules that came before character maps (`Nmt` in `tokenizers`).
static void nmt(std::string &text) {
  std::string out;
  forEach(text, [&](char32_t c, std::string_view bytes) {
    if ((c >= 1 && c <= 8) || c == 0xb || (c >= 0xe && c <= 0x1f) ||
        c == 0x7f || c == 0x8f || c == 0x9f)
      return;
    bool space = c == 9 || c == 0xa || c == 0xc || c == 0xd || c == 0x1680 ||
                 (c >= 0x200b && c <= 0x200f) || c == 0x2028 || c == 0x2029 ||
                 c == 0x2581 || c == 0xfeff || c == 0xfffd;
    out += space ? std::string_view(" ") : bytes;
  });
  text = std::move(out);
}

static void replaceText(std::string &text, const TextStep &step) {
  size_t at = text.find(step.pattern), from = 0;
  if (step.pattern.empty() || at == text.npos)
    return;
  std::string out;
  for (; at != text.npos; at = text.find(step.pattern, from)) {
    out.append(text, from, at - from);
    out += step.content;
    from = at + step.pattern.size();
  }
  out.append(text, from);
  text = std::move(out);
}

static void replaceMatches(std::string &text, const TextStep &step,
                           const Pattern &pattern, Pattern::Scratch &scratch) {
  std::string out;
  Pattern::Walk walk;
  size_t done = 0, begin, end;
  while (pattern.next(text, walk, scratch, begin, end)) {
    out.append(text, done, begin - done);
    out += step.content;
    done = end;
  }
  out.append(text, done);
  text = std::move(out);
}

static void strip(std::string &text, uint32_t flags) {
  if (flags & StripLeft)
    text.erase(0, spaceAhead(text));
  if (flags & StripRight)
    text.resize(text.size() - spaceBehind(text));
}

static void mapCharacters(std::string &text, const TextStep &step) {
  CharsMap map(step.content);
  std::string out;
  if (step.kind == StepKind::CharsLongest)
    map.applyLongest(text, out);
  else
    map.applyClusters(text, out);
  // A map is bytes of the model file: what it puts in need not be characters,
  // and patterns are matched without a check of the text.
  text = utf8::validPrefix(out) == out.size() ? std::move(out)
                                              : utf8::replaceInvalid(out);
}

TextNormalizer::TextNormalizer(std::vector<TextStep> list)
    : steps(std::move(list)) {
  for (const TextStep &step : steps)
    patterns.emplace_back(step.pattern);
}

void TextNormalizer::apply(std::string &text, Pattern::Scratch &scratch) const {
  for (size_t i = 0; i < steps.size() && !text.empty(); ++i) {
    const TextStep &step = steps[i];
    switch (step.kind) {
    case StepKind::Nfc:
      normalForm(text, UTF8PROC_COMPOSE);
      break;
    case StepKind::Nfd:
      normalForm(text, UTF8PROC_DECOMPOSE);
      break;
    case StepKind::Nfkc:
      normalForm(text, UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
      break;
    case StepKind::Nfkd:
      normalForm(text, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
      break;
    case StepKind::Lowercase:
      lowercase(text);
      break;
    case StepKind::StripAccents:
      stripAccents(text);
      break;
    case StepKind::Nmt:
      nmt(text);
      break;
    case StepKind::Prepend:
      text.insert(0, step.content);
      break;
    case StepKind::ReplaceText:
      replaceText(text, step);
      break;
    case StepKind::ReplaceMatch:
      replaceMatches(text, step, patterns[i], scratch);
      break;
    case StepKind::Strip:
      strip(text, step.flags);
      break;
    case StepKind::CharsLongest:
    case StepKind::CharsCluster:
      mapCharacters(text, step);
      break;
    default:
      break;
    }
  }
}

} // namespace quern::tokenizer
