//===- Vocabulary.cpp - The vocabulary of a tokenizer.json -----*- C++ -*-===//
//
// Entries are collected by text first; only when all ids are known to be small
// and distinct are the tables by id allocated.
//
//===----------------------------------------------------------------------===//
#include "frontend/safetensors/Vocabulary.h"
#include "frontend/ReaderSupport.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace quern;

/// Ids may leave out this many, and the embedding may have as many more rows.
static constexpr uint64_t maxUnused = 1 << 16;

std::optional<uint64_t> Vocabulary::find(StringRef token) const {
  auto found = entries.find(token);
  if (found == entries.end())
    return std::nullopt;
  return found->second.id;
}

/// Adds a token, or changes the kind of one that is there under the same id.
Error Vocabulary::add(const JsonObject &where, StringRef key, StringRef token,
                      const Json &id, TokenKind kind) {
  std::optional<uint64_t> number = jsonUInt(id);
  if (!number)
    return where.error(key, "has token " + inQuotes(token) +
                                " with an id that is no unsigned integer");
  auto [entry, isNew] = entries.try_emplace(token, Entry{*number, kind});
  if (!isNew && entry->second.id != *number)
    return where.error(key, "has token " + inQuotes(token) + " with id " +
                                Twine(*number) + ", but it has id " +
                                Twine(entry->second.id) + " already");
  entry->second.kind = kind;
  return Error::success();
}

Error Vocabulary::readTokens(const JsonObject &model) {
  Expected<JsonObject> vocab = model.getObject("vocab");
  if (!vocab)
    return vocab.takeError();
  for (auto &[token, id] : vocab->json().items())
    if (Error error = add(model, "vocab", token, id, TokenKind::Normal))
      return error;
  return Error::success();
}

Error Vocabulary::readAddedToken(const JsonObject &tokenizer, const Json &entry,
                                 size_t index) {
  auto wrong = [&] {
    return tokenizer.error("added_tokens",
                           "has entry " + Twine(index) +
                               " without a string content, an id and a "
                               "boolean special");
  };
  if (!entry.is_object())
    return wrong();
  auto content = entry.find("content"), id = entry.find("id"),
       special = entry.find("special");
  if (content == entry.end() || !content->is_string() || id == entry.end() ||
      (special != entry.end() && !special->is_boolean()))
    return wrong();
  bool isSpecial = special != entry.end() && special->get<bool>();
  static constexpr std::pair<const char *, int64_t> attributes[] = {
      {"lstrip", AttributeLStrip},
      {"rstrip", AttributeRStrip},
      {"single_word", AttributeSingleWord},
      {"normalized", AttributeNormalized}};
  int64_t bits = 0;
  for (auto [key, bit] : attributes) {
    auto flag = entry.find(key);
    if (flag != entry.end() && !flag->is_boolean())
      return tokenizer.error("added_tokens", "has entry " + Twine(index) +
                                                 " with a " + key +
                                                 " that is no boolean");
    // Only text that is no special token is normalized by default.
    bool fallback = bit == AttributeNormalized && !isSpecial;
    if (flag != entry.end() ? flag->get<bool>() : fallback)
      bits |= bit;
  }
  StringRef text = *jsonString(*content);
  if (entries.contains(text))
    bits |= AttributeInModel;
  if (Error error =
          add(tokenizer, "added_tokens", text, *id,
              isSpecial ? TokenKind::Control : TokenKind::UserDefined))
    return error;
  entries.find(text)->second.added = bits;
  return Error::success();
}

Error Vocabulary::readAdded(const JsonObject &tokenizer) {
  if (!tokenizer.find("added_tokens"))
    return Error::success();
  Expected<const Json *> list = tokenizer.getArray("added_tokens");
  if (!list)
    return list.takeError();
  for (size_t i = 0; i < (*list)->size(); ++i)
    if (Error error = readAddedToken(tokenizer, (**list)[i], i))
      return error;
  return Error::success();
}

/// Fills the tables by id.
Error Vocabulary::place(const JsonObject &tokenizer,
                        std::optional<uint64_t> rows, MetaWriter &strings) {
  uint64_t limit = entries.size() + maxUnused;
  uint64_t size = 0;
  for (const auto &entry : entries) {
    uint64_t id = entry.second.id;
    if (rows && id >= *rows)
      return tokenizer.error(
          "model.vocab", "has token " + inQuotes(entry.first()) + " with id " +
                             Twine(id) + ", but the embedding has " +
                             Twine(*rows) + " rows");
    if (id >= limit)
      return tokenizer.error("model.vocab",
                             "has token " + inQuotes(entry.first()) +
                                 " with id " + Twine(id) + ", but only " +
                                 Twine(entries.size()) + " tokens");
    size = std::max(size, id + 1);
  }
  if (rows && *rows > limit)
    return tokenizer.error("model.vocab",
                           "has " + Twine(entries.size()) +
                               " tokens, but the embedding has " +
                               Twine(*rows) + " rows");
  size = rows.value_or(size);
  tokens.resize(size);
  kinds.resize(size, 0);
  added.resize(size, 0);
  scores.resize(unigram ? size : 0, 0.0);
  for (const auto &entry : entries) {
    uint64_t id = entry.second.id;
    if (kinds[id] != 0)
      return tokenizer.error("model.vocab", "has id " + Twine(id) +
                                                " twice, for " +
                                                inQuotes(tokens[id]) + " and " +
                                                inQuotes(entry.first()));
    tokens[id] = strings.own(entry.first());
    kinds[id] = static_cast<int64_t>(entry.second.kind);
    added[id] = entry.second.added;
    if (unigram)
      scores[id] = entry.second.score;
  }
  for (uint64_t id = 0; id < size; ++id) {
    if (kinds[id] != 0)
      continue;
    tokens[id] = strings.own("[PAD" + Twine(id) + "]");
    kinds[id] = static_cast<int64_t>(TokenKind::Unused);
  }
  return Error::success();
}

/// The two sides of a merge: "left right" in old files, a pair in new ones.
static std::optional<std::pair<StringRef, StringRef>>
splitMerge(const Json &merge) {
  StringRef left, right;
  if (std::optional<StringRef> text = jsonString(merge)) {
    std::tie(left, right) = text->split(' ');
  } else if (merge.is_array() && merge.size() == 2) {
    left = jsonString(merge[0]).value_or("");
    right = jsonString(merge[1]).value_or("");
  }
  // GGUF's form could not hold spaces; no token has one, as they are written as
  // U+0120 or U+2581.
  if (left.empty() || right.empty() || left.contains(' ') ||
      right.contains(' '))
    return std::nullopt;
  return std::pair(left, right);
}

Error Vocabulary::readMerges(const JsonObject &model, MetaWriter &strings) {
  Expected<const Json *> list = model.getArray("merges");
  if (!list)
    return list.takeError();
  merges.reserve((*list)->size());
  SmallString<64> merged;
  for (const Json &merge : **list) {
    auto sides = splitMerge(merge);
    if (!sides)
      return model.error("merges", "has entry " + Twine(merges.size()) +
                                       " that is no pair of tokens without "
                                       "spaces");
    (sides->first + sides->second).toVector(merged);
    for (StringRef token : {sides->first, sides->second, StringRef(merged)})
      if (!find(token))
        return model.error("merges", "has entry " + Twine(merges.size()) +
                                         " with " + inQuotes(token) +
                                         ", which is not in the vocabulary");
    merged.clear();
    merges.push_back(strings.own(sides->first + " " + sides->second));
  }
  return Error::success();
}

/// Makes byte tokens of <0xXX>, if the model falls back to bytes.
Error Vocabulary::readByteFallback(const JsonObject &model) {
  Expected<bool> fallback = model.getBool("byte_fallback", false);
  if (!fallback)
    return fallback.takeError();
  if (!*fallback)
    return Error::success();
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::string name = "<0x" + utohexstr(byte, /*LowerCase=*/false, 2) + ">";
    auto found = entries.find(name);
    if (found == entries.end())
      return model.error("byte_fallback",
                         "is true, but there is no token " + inQuotes(name));
    found->second.kind = TokenKind::Byte;
  }
  return Error::success();
}

Error Vocabulary::readBpe(const JsonObject &model, MetaWriter &strings) {
  for (StringRef key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    Expected<StringRef> affix = model.getString(key, "");
    if (!affix)
      return affix.takeError();
    if (!affix->empty())
      return model.error(key,
                         "is " + inQuotes(*affix) + ", which is not supported");
  }
  // Dropout is for training: what it drops is up to chance.
  Expected<double> dropout = model.getFloat("dropout", 0.0);
  if (!dropout)
    return dropout.takeError();
  if (*dropout != 0)
    return model.error("dropout", "is not 0, which is not supported");
  for (auto [key, flag] : {std::pair("ignore_merges", &ignoreMerges),
                           std::pair("fuse_unk", &fuseUnknown)}) {
    Expected<bool> value = model.getBool(key, false);
    if (!value)
      return value.takeError();
    *flag = *value;
  }
  if (Error error = readTokens(model))
    return error;
  if (model.find("unk_token")) {
    Expected<StringRef> token = model.getString("unk_token");
    if (!token)
      return token.takeError();
    // It may be among the added tokens only, where the model does not see it.
    unknown = find(*token);
  }
  return readMerges(model, strings);
}

/// "vocab": [[TOKEN, SCORE], ...], the ids in order.
Error Vocabulary::readUnigram(const JsonObject &model) {
  Expected<const Json *> list = model.getArray("vocab");
  if (!list)
    return list.takeError();
  fuseUnknown = true;
  for (size_t id = 0; id < (*list)->size(); ++id) {
    const Json &entry = (**list)[id];
    std::optional<StringRef> token;
    std::optional<double> score;
    if (entry.is_array() && entry.size() == 2) {
      token = jsonString(entry[0]);
      score = jsonFloat(entry[1]);
    }
    if (!token || !score)
      return model.error("vocab", "has entry " + Twine(id) +
                                      " that is no token with a score");
    auto [found, isNew] =
        entries.try_emplace(*token, Entry{id, TokenKind::Normal, 0, *score});
    if (!isNew)
      return model.error("vocab", "has token " + inQuotes(*token) + " twice");
  }
  if (!model.find("unk_id"))
    return Error::success();
  Expected<uint64_t> id = model.getUInt("unk_id");
  if (!id)
    return id.takeError();
  if (*id >= (*list)->size())
    return model.error("unk_id", "is " + Twine(*id) + ", but there are " +
                                     Twine((*list)->size()) + " tokens");
  unknown = *id;
  return Error::success();
}

Expected<Vocabulary> Vocabulary::read(const JsonObject &tokenizer,
                                      std::optional<uint64_t> rows,
                                      MetaWriter &strings) {
  Expected<JsonObject> model = tokenizer.getObject("model");
  if (!model)
    return model.takeError();
  Expected<StringRef> type = model->getString("type", "BPE");
  if (!type)
    return type.takeError();
  if (*type != "BPE" && *type != "Unigram")
    return model->error("type", "is " + inQuotes(*type) +
                                    ", expected 'BPE' or 'Unigram'");
  Vocabulary result;
  result.unigram = *type == "Unigram";
  if (Error error = result.unigram ? result.readUnigram(*model)
                                   : result.readBpe(*model, strings))
    return error;
  if (Error error = result.readByteFallback(*model))
    return error;
  if (Error error = result.readAdded(tokenizer))
    return error;
  if (Error error = result.place(tokenizer, rows, strings))
    return error;
  return result;
}
