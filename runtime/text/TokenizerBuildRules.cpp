//===- TokenizerBuildRules.cpp - What a table does with text ----*- C++ -*-===//
//
// The builder's part that is not about tokens: model, flags, the steps that text
// goes through, and the special tokens that it is searched for.
//
//===----------------------------------------------------------------------===//

#include "Error.h"
#include "text/CharsMap.h"
#include "text/TextNormalizer.h"
#include "text/TokenizerBuilder.h"
#include "text/TokenizerRules.h"

#include <algorithm>
#include <deque>

namespace quern::tokenizer {

void Builder::chooseFamily() {
  pre = findPreTokenizer(source.pre);
  if (pre)
    return;
  std::string known;
  for (std::string_view name : preTokenizerNames())
    if (!name.empty())
      known += (known.empty() ? "" : ", ") + std::string(name);
  throw Error("tokenizer.ggml.pre: unknown pre-tokenizer '" + source.pre +
              "', expected one of " + known);
}

void Builder::chooseModel() {
  std::memcpy(header.magic, tableMagic, sizeof(tableMagic));
  if (source.model == "gpt2") {
    header.model = Model::ByteBpe;
    if (!source.rules || !source.pre.empty())
      chooseFamily();
    if (pre && pre->characters)
      header.model = Model::CharacterBpe;
  } else if (source.model == "llama") {
    header.model = Model::SentencePiece;
  } else if (source.model == "t5") {
    header.model = Model::Unigram;
  } else if (source.model == "bpe") {
    header.model = Model::CharacterBpe;
  } else if ((pre = findPreTokenizer(source.model)) && pre->characters) {
    header.model = Model::CharacterBpe;
  } else {
    throw Error("tokenizer.ggml.model: unknown tokenizer '" + source.model +
                "'");
  }
  header.flags =
      (source.addBos ? FlagAddBos : 0u) | (source.addEos ? FlagAddEos : 0u);
  if (source.rules) {
    readRules();
  } else if (header.model != Model::ByteBpe) {
    // Byte BPE has no marker for a space to put in front of text.
    header.flags |= FlagMarked;
    if (source.addSpacePrefix)
      header.flags |= FlagSpacePrefix | FlagDropSpace;
    if (source.removeExtraSpaces)
      header.flags |= FlagMergeSpaces;
  }
  header.tokenCount = static_cast<uint32_t>(source.tokens.size());
  header.bos = source.bos;
  header.eos = source.eos;
  header.unknown = source.unknown;
  header.padding = source.padding;
}

void Builder::readRules() {
  const TokenizerRules &rules = *source.rules;
  bool literal =
      std::any_of(rules.added.begin(), rules.added.end(), [](uint8_t bits) {
        return (bits & AddedNormalized) && (bits & (AddedLStrip | AddedRStrip));
      });
  TextRules text = readTextRules(rules.normalizer, rules.preTokenizer,
                                 rules.decoder, !pre, literal);
  bool byteBpe = header.model == Model::ByteBpe;
  if (text.byteLevel != byteBpe)
    throw Error(std::string("tokenizer.json: key 'pre_tokenizer' has ") +
                (byteBpe ? "no" : "a") +
                " ByteLevel, which is not supported with this model");
  if (byteBpe && text.markedSpaces)
    throw Error("tokenizer.json: key 'pre_tokenizer' has a ByteLevel and "
                "U+2581 for spaces, which is not supported");
  header.flags |= FlagRules;
  if (text.markedSpaces)
    header.flags |= FlagMarked;
  if (text.dropsFirstSpace)
    header.flags |= FlagDropSpace;
  if (text.dropsSpaces)
    header.flags |= FlagDropSpaces;
  if (!rules.fuseUnknown && header.model != Model::Unigram)
    header.flags |= FlagEachUnknown;
  if (byteBpe && source.unknown >= 0)
    header.flags |= FlagUnknownBytes;
  if (rules.ignoreMerges && header.model == Model::CharacterBpe)
    header.flags |= FlagIgnoreMerges;
  steps = std::move(text.steps);
}

void Builder::addSteps() {
  if (!source.rules && !source.charsMap.empty()) {
    try {
      CharsMap::check(source.charsMap);
    } catch (const Error &error) {
      throw Error(std::string("tokenizer.ggml.precompiled_charsmap: ") +
                  error.what());
    }
    steps.push_back({StepKind::CharsLongest, 0, "", source.charsMap});
  }
  if (pre)
    for (std::string_view pattern : pre->patterns)
      steps.push_back({StepKind::Split, Isolated, std::string(pattern), ""});
  for (const TextStep &step : steps) {
    auto add = [&](const std::string &text) {
      auto at = static_cast<uint32_t>(stepText.size());
      stepText += text;
      return at;
    };
    if (step.pattern.size() > (1u << 28) || step.content.size() > (1u << 28) ||
        stepText.size() > (1u << 30))
      throw Error("tokenizer: more than 2^30 bytes of rules");
    uint32_t pattern = add(step.pattern), content = add(step.content);
    stepRefs.push_back({step.kind, step.flags, pattern,
                        static_cast<uint32_t>(step.pattern.size()), content,
                        static_cast<uint32_t>(step.content.size())});
  }
}

void Builder::addSpecials() {
  std::vector<TextStep> changes;
  for (const TextStep &step : steps)
    if (isNormalizing(step.kind))
      changes.push_back(step);
  TextNormalizer normalizer(changes);
  Pattern::Scratch scratch;
  std::deque<std::string> texts;
  std::vector<SpecialKey> keys[2];
  for (uint32_t i = 0; i < vocabulary.texts.size(); ++i) {
    TokenType type = vocabulary.types[i];
    bool user = type == TokenType::UserDefined;
    if (!user && type != TokenType::Control && type != TokenType::Unknown)
      continue;
    uint8_t added = source.rules && !source.rules->added.empty()
                        ? source.rules->added[i]
                        : 0;
    bool normalized = added & AddedNormalized;
    texts.emplace_back(source.rules ? std::string(source.tokens[i])
                                    : vocabulary.texts[i]);
    if (normalized)
      normalizer.apply(texts.back(), scratch);
    if (!texts.back().empty())
      keys[normalized].push_back({texts.back(), i, added, user});
  }
  buildTrie(std::move(keys[0]), nodes, edges);
  if (!keys[1].empty())
    header.normalizedRoot = buildTrie(std::move(keys[1]), nodes, edges);
}

} // namespace quern::tokenizer
