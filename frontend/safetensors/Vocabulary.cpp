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
  return add(tokenizer, "added_tokens", *jsonString(*content), *id,
             isSpecial ? TokenKind::Control : TokenKind::UserDefined);
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
  for (const auto &entry : entries) {
    uint64_t id = entry.second.id;
    if (kinds[id] != 0)
      return tokenizer.error("model.vocab", "has id " + Twine(id) +
                                                " twice, for " +
                                                inQuotes(tokens[id]) + " and " +
                                                inQuotes(entry.first()));
    tokens[id] = strings.own(entry.first());
    kinds[id] = static_cast<int64_t>(entry.second.kind);
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
  // Byte-level tokens have no spaces, which GGUF's form could not hold.
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

/// Only BPE over the byte-level alphabet, which GGUF calls "gpt2".
static Error checkModel(const JsonObject &model) {
  Expected<StringRef> type = model.getString("type", "BPE");
  if (!type)
    return type.takeError();
  if (*type != "BPE")
    return model.error("type", "is " + inQuotes(*type) + ", expected 'BPE'");
  Expected<bool> fallback = model.getBool("byte_fallback", false);
  if (!fallback)
    return fallback.takeError();
  if (*fallback)
    return model.error("byte_fallback", "is true, which is not supported");
  for (StringRef key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    Expected<StringRef> affix = model.getString(key, "");
    if (!affix)
      return affix.takeError();
    if (!affix->empty())
      return model.error(key,
                         "is " + inQuotes(*affix) + ", which is not supported");
  }
  return Error::success();
}

Expected<Vocabulary> Vocabulary::read(const JsonObject &tokenizer,
                                      std::optional<uint64_t> rows,
                                      MetaWriter &strings) {
  Expected<JsonObject> model = tokenizer.getObject("model");
  if (!model)
    return model.takeError();
  if (Error error = checkModel(*model))
    return error;
  Vocabulary result;
  if (Error error = result.readTokens(*model))
    return error;
  if (Error error = result.readMerges(*model, strings))
    return error;
  if (Error error = result.readAdded(tokenizer))
    return error;
  if (Error error = result.place(tokenizer, rows, strings))
    return error;
  return result;
}
