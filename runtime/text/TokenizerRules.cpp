//===- TokenizerRules.cpp - Rules of tokenizer.json -------------*- C++ -*-===//
//
// The names and defaults are those of the `tokenizers` package, whose crate has
// a file for each. What is not known here is an error: a tokenizer that is
// nearly right is worse than none.
//
//===----------------------------------------------------------------------===//

#include "text/TokenizerRules.h"

#include "Error.h"
#include "text/CharsMap.h"
#include "text/OnigPattern.h"
#include "text/Pattern.h"
#include "text/PreTokenizer.h"
#include "text/TokenizerTable.h"

#include <nlohmann/json.hpp>

namespace quern::tokenizer {

using Json = nlohmann::json;

namespace {
/// One rule, a JSON object, and where it stands.
class Rule {
public:
  Rule(const Json &json, std::string path) : json(json), path(std::move(path)) {
    if (!json.is_object())
      throw Error("tokenizer.json: key '" + this->path + "' is no object");
  }

  [[noreturn]] void fail(const std::string &key,
                         const std::string &what) const {
    throw Error("tokenizer.json: key '" + path + "." + key + "' " + what);
  }
  [[noreturn]] void refuse(const std::string &key) const {
    std::string value = text(key);
    for (char &c : value)
      c = static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    fail(key, "is '" + value.substr(0, 40) + "', which is not supported");
  }

  bool has(const char *key) const {
    auto found = json.find(key);
    return found != json.end() && !found->is_null();
  }
  std::string text(const std::string &key) const {
    auto found = json.find(key);
    if (found == json.end() || !found->is_string())
      fail(key, "is no string");
    return found->get<std::string>();
  }
  std::string text(const std::string &key, std::string fallback) const {
    return has(key.c_str()) ? text(key) : std::move(fallback);
  }
  bool flag(const char *key, bool fallback) const {
    if (!has(key))
      return fallback;
    auto found = json.find(key);
    if (!found->is_boolean())
      fail(key, "is no boolean");
    return found->get<bool>();
  }
  std::string type() const { return text("type"); }
  Rule child(const char *key) const {
    auto found = json.find(key);
    if (found == json.end())
      fail(key, "is missing");
    return Rule(*found, path + "." + key);
  }
  std::vector<Rule> children(const char *key) const {
    auto found = json.find(key);
    if (found == json.end() || !found->is_array())
      fail(key, "is no list");
    std::vector<Rule> out;
    for (size_t i = 0; i < found->size(); ++i)
      out.emplace_back((*found)[i],
                       path + "." + key + "[" + std::to_string(i) + "]");
    return out;
  }

private:
  const Json &json;
  std::string path;
};

class Reader {
public:
  explicit Reader(bool cut) : cut(cut) {}
  TextRules out;

  void normalizer(const Rule &rule, unsigned depth);
  void preTokenizer(const Rule &rule, unsigned depth);
  void decoder(const Rule &rule, unsigned depth);

private:
  TextStep patternStep(const Rule &rule, StepKind kind) const;
  void replace(const Rule &rule);
  void charsMap(const Rule &rule);
  void split(const Rule &rule);
  void byteLevel(const Rule &rule);
  void metaspace(const Rule &rule);
  void addSplit(std::string pattern, uint32_t flags) {
    if (cut)
      out.steps.push_back({StepKind::Split, flags, std::move(pattern), ""});
  }

  bool cut;
  bool done = false;       // nothing may follow
  bool onlySimple = false; // nothing that looks at spaces may follow
};
} // namespace

static void checkDepth(const Rule &rule, unsigned depth) {
  if (depth > 8)
    rule.fail("type", "is nested too deeply");
}

static uint32_t behaviorOf(const Rule &rule, std::string fallback) {
  std::string name = rule.text("behavior", std::move(fallback));
  static constexpr std::pair<std::string_view, Behavior> known[] = {
      {"Isolated", Isolated},
      {"Removed", Removed},
      {"Contiguous", Contiguous},
      {"MergedWithPrevious", MergedWithPrevious},
      {"MergedWithNext", MergedWithNext}};
  for (auto [text, behavior] : known)
    if (name == text)
      return behavior;
  rule.refuse("behavior");
}

/// Base64 (RFC 4648, section 4) without line breaks.
static std::string decodeBase64(const Rule &rule, const std::string &key) {
  std::string in = rule.text(key), out;
  while (!in.empty() && in.back() == '=')
    in.pop_back();
  out.reserve(in.size() / 4 * 3 + 3);
  uint32_t bits = 0, count = 0;
  for (char c : in) {
    int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                : c >= 'a' && c <= 'z' ? c - 'a' + 26
                : c >= '0' && c <= '9' ? c - '0' + 52
                : c == '+'             ? 62
                : c == '/'             ? 63
                                       : -1;
    if (value < 0)
      rule.fail(key, "is no base64");
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xff);
    }
  }
  return out;
}

/// {"pattern": {"Regex": TEXT}} or {"String": TEXT}.
TextStep Reader::patternStep(const Rule &rule, StepKind kind) const {
  Rule pattern = rule.child("pattern");
  TextStep step{kind, 0, "", ""};
  bool literal = pattern.has("String");
  const char *key = literal ? "String" : "Regex";
  std::string text = pattern.text(key);
  try {
    step.pattern = literal ? literalPattern(text) : translateOnigPattern(text);
    Pattern(step.pattern).compile();
  } catch (const Error &error) {
    pattern.fail(key, std::string("has a pattern with ") + error.what());
  }
  if (literal && kind == StepKind::ReplaceMatch) {
    step.kind = StepKind::ReplaceText;
    step.pattern = std::move(text);
  }
  return step;
}

/// Whether the step writes U+2581 for spaces.
static bool isMarking(const TextStep &step) {
  return step.kind == StepKind::ReplaceText && step.pattern == " " &&
         step.content == spaceMarker;
}

void Reader::replace(const Rule &rule) {
  TextStep step = patternStep(rule, StepKind::ReplaceMatch);
  step.content = rule.text("content");
  out.markedSpaces |= isMarking(step);
  out.steps.push_back(std::move(step));
}

void Reader::charsMap(const Rule &rule) {
  const char *key = "precompiled_charsmap";
  TextStep step{StepKind::CharsCluster, 0, "", decodeBase64(rule, key)};
  try {
    CharsMap::check(step.content);
  } catch (const Error &error) {
    rule.fail(key, std::string("is no character map: ") + error.what());
  }
  out.steps.push_back(std::move(step));
}

void Reader::normalizer(const Rule &rule, unsigned depth) {
  checkDepth(rule, depth);
  std::string type = rule.type();
  static constexpr std::pair<std::string_view, StepKind> plain[] = {
      {"NFC", StepKind::Nfc},
      {"NFD", StepKind::Nfd},
      {"NFKC", StepKind::Nfkc},
      {"NFKD", StepKind::Nfkd},
      {"Lowercase", StepKind::Lowercase},
      {"StripAccents", StepKind::StripAccents},
      {"Nmt", StepKind::Nmt}};
  for (auto [name, kind] : plain)
    if (type == name)
      return out.steps.push_back({kind, 0, "", ""});
  if (type == "Sequence") {
    for (const Rule &part : rule.children("normalizers"))
      normalizer(part, depth + 1);
  } else if (type == "Prepend") {
    out.steps.push_back({StepKind::Prepend, 0, "", rule.text("prepend")});
  } else if (type == "Replace") {
    replace(rule);
  } else if (type == "Strip") {
    uint32_t flags = (rule.flag("strip_left", true) ? StripLeft : 0u) |
                     (rule.flag("strip_right", true) ? StripRight : 0u);
    out.steps.push_back({StepKind::Strip, flags, "", ""});
  } else if (type == "Precompiled") {
    charsMap(rule);
  } else {
    rule.refuse("type");
  }
}

void Reader::split(const Rule &rule) {
  TextStep step = patternStep(rule, StepKind::Split);
  uint32_t flags = behaviorOf(rule, "") |
                   (rule.flag("invert", false) ? uint32_t{Inverted} : 0u);
  // Behind a normalizer that leaves no spaces this cuts nothing.
  bool marked = !out.steps.empty() && isMarking(out.steps.back());
  if (marked && rule.child("pattern").has("String") &&
      rule.child("pattern").text("String") == " " && !(flags & Inverted))
    return;
  addSplit(std::move(step.pattern), flags);
}

void Reader::byteLevel(const Rule &rule) {
  if (rule.flag("add_prefix_space", true) && cut)
    out.steps.push_back({StepKind::PrefixSpace, 0, "", ""});
  if (rule.flag("use_regex", true))
    addSplit(QUERN_GPT2, Isolated);
  out.byteLevel = done = true;
}

void Reader::metaspace(const Rule &rule) {
  if (rule.text("replacement", std::string(spaceMarker)) != spaceMarker)
    rule.refuse("replacement");
  std::string scheme = rule.text("prepend_scheme", "always");
  if (!rule.flag("add_prefix_space", true))
    scheme = "never";
  uint32_t flags = scheme == "always"  ? uint32_t{PrefixAlways}
                   : scheme == "first" ? uint32_t{PrefixFirst}
                                       : 0u;
  if (!flags && scheme != "never")
    rule.refuse("prepend_scheme");
  if (rule.flag("split", true))
    flags |= CutAtSpaces;
  out.steps.push_back({StepKind::Metaspace, flags, "", ""});
  out.markedSpaces = onlySimple = true;
}

void Reader::preTokenizer(const Rule &rule, unsigned depth) {
  checkDepth(rule, depth);
  std::string type = rule.type();
  if (done && cut)
    rule.fail("type", "is '" + type.substr(0, 40) +
                          "' behind ByteLevel, which is not supported");
  bool simple = type == "Digits" || type == "Punctuation";
  if (onlySimple && !simple && type != "Sequence")
    rule.fail("type", "is '" + type.substr(0, 40) +
                          "' behind Metaspace, which is not supported");
  constexpr const char *word =
      "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]+|"
      "[^\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}" QUERN_SPACE "]+";
  if (type == "Sequence") {
    for (const Rule &part : rule.children("pretokenizers"))
      preTokenizer(part, depth + 1);
  } else if (type == "Split") {
    split(rule);
  } else if (type == "ByteLevel") {
    byteLevel(rule);
  } else if (type == "Digits") {
    addSplit("\\p{N}",
             rule.flag("individual_digits", false) ? Isolated : Contiguous);
  } else if (type == "Punctuation") {
    addSplit("[!-/:-@\\[-`{-~\\p{P}]", behaviorOf(rule, "Isolated"));
  } else if (type == "Whitespace") {
    addSplit(word, uint32_t{Removed} | Inverted);
  } else if (type == "WhitespaceSplit") {
    addSplit(QUERN_S, Removed);
  } else if (type == "Metaspace") {
    metaspace(rule);
  } else {
    rule.refuse("type");
  }
}

/// Decoders only say how tokens print; what they do beyond the usual is not
/// looked at, but they must be of a kind that quern's tables can follow.
void Reader::decoder(const Rule &rule, unsigned depth) {
  checkDepth(rule, depth);
  std::string type = rule.type();
  if (type == "Sequence") {
    for (const Rule &part : rule.children("decoders"))
      decoder(part, depth + 1);
  } else if (type == "Replace") {
    if (rule.child("pattern").text("String") != spaceMarker ||
        rule.text("content") != " ")
      rule.fail("pattern", "replaces something other than U+2581 by a space, "
                           "which is not supported");
    out.decodesToSpaces = true;
  } else if (type == "Metaspace") {
    out.decodesToSpaces = true;
    out.dropsSpaces = rule.flag("add_prefix_space", true) &&
                      rule.text("prepend_scheme", "always") != "never";
  } else if (type == "Strip") {
    if (rule.text("content") != " ")
      rule.refuse("content");
    out.dropsFirstSpace = true;
  } else if (type != "ByteLevel" && type != "ByteFallback" && type != "Fuse") {
    rule.refuse("type");
  }
}

static Json parse(std::string_view text, const char *key) {
  Json out = text.empty() ? Json() : Json::parse(text, nullptr, false);
  if (out.is_discarded())
    throw Error(std::string("tokenizer.json: key '") + key + "' is no JSON");
  return out;
}

TextRules readTextRules(std::string_view normalizer,
                        std::string_view preTokenizer, std::string_view decoder,
                        bool cut, bool literal) {
  Reader reader(cut);
  Json first = parse(normalizer, "normalizer"),
       second = parse(preTokenizer, "pre_tokenizer"),
       third = parse(decoder, "decoder");
  if (!first.is_null())
    reader.normalizer(Rule(first, "normalizer"), 0);
  size_t changes = reader.out.steps.size();
  if (!second.is_null())
    reader.preTokenizer(Rule(second, "pre_tokenizer"), 0);
  // The vocabulary is stored with spaces. Where nothing looks at them behind
  // the step that replaces them, it may as well go the other way.
  std::vector<TextStep> &steps = reader.out.steps;
  if (changes > 0 && isMarking(steps[changes - 1]) && !literal &&
      (changes == steps.size() || steps[changes].kind == StepKind::Metaspace))
    std::swap(steps[changes - 1].pattern, steps[changes - 1].content);
  if (!third.is_null())
    reader.decoder(Rule(third, "decoder"), 0);
  return std::move(reader.out);
}

} // namespace quern::tokenizer
