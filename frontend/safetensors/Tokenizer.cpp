//===- Tokenizer.cpp - tokenizer.json to GGUF's keys -----------*- C++ -*-===//
//
// A special token may be named in several files. tokenizer_config.json comes
// first, because chat templates speak of its tokens; then config.json and
// generation_config.json. Every id that any of them calls an end is an end.
//
//===----------------------------------------------------------------------===//
#include "frontend/safetensors/Tokenizer.h"
#include "frontend/ReaderSupport.h"
#include "frontend/safetensors/PreTokenizer.h"
#include "frontend/safetensors/Vocabulary.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace quern;

namespace {

class Translator {
public:
  Translator(const TextFiles &files, const Vocabulary &vocabulary,
             MetaWriter &meta)
      : files(files), vocabulary(vocabulary), meta(meta) {}

  Error specialTokens();
  Error additions();
  Error chatTemplates();

private:
  using Ids = SmallVector<uint64_t>;
  Error appendNamed(StringRef key, Ids &ids);
  Error appendIds(const JsonObject &from, StringRef key, Ids &ids);
  Expected<Ids> collect(StringRef kind);
  Error added(StringRef kind, bool byTemplate);
  /// Tokens around a text.
  struct Around {
    SmallVector<StringRef> front, back;
  };
  Error readTemplate(const Json &rule, Around &around);
  Error namedTemplates(const Json &list);

  const TextFiles &files;
  const Vocabulary &vocabulary;
  MetaWriter &meta;
  std::optional<uint64_t> bos, eos;
};

/// Appends the token that tokenizer_config.json names: "bos_token": "<s>", or
/// an object with that as its "content".
Error Translator::appendNamed(StringRef key, Ids &ids) {
  const Json *value =
      files.tokenizerConfig ? files.tokenizerConfig->find(key) : nullptr;
  if (!value)
    return Error::success();
  if (value->is_object()) {
    auto content = value->find("content");
    value = content == value->end() ? value : &*content;
  }
  std::optional<StringRef> token = jsonString(*value);
  if (!token)
    return files.tokenizerConfig->error(key, "names no token");
  std::optional<uint64_t> id = vocabulary.find(*token);
  if (!id)
    return files.tokenizerConfig->error(
        key, "is " + inQuotes(*token) + ", which is not in the vocabulary");
  ids.push_back(*id);
  return Error::success();
}

/// Appends an id or a list of ids.
Error Translator::appendIds(const JsonObject &from, StringRef key, Ids &ids) {
  const Json *value = from.find(key);
  if (!value)
    return Error::success();
  auto append = [&](const Json &entry) -> Error {
    std::optional<uint64_t> id = jsonUInt(entry);
    if (!id)
      return from.error(key, "has an id that is no unsigned integer");
    if (*id >= vocabulary.size())
      return from.error(key, "is " + Twine(*id) + ", but there are " +
                                 Twine(vocabulary.size()) + " tokens");
    if (!is_contained(ids, *id))
      ids.push_back(*id);
    return Error::success();
  };
  if (!value->is_array())
    return append(*value);
  constexpr size_t most = 256; // comparing all with all stays cheap
  if (value->size() > most)
    return from.error(key, "has " + Twine(value->size()) + " ids, at most " +
                               Twine(most) + " are supported");
  for (const Json &entry : *value)
    if (Error error = append(entry))
      return error;
  return Error::success();
}

/// All ids for "bos", "eos", ..., the first source's first.
Expected<Translator::Ids> Translator::collect(StringRef kind) {
  Ids ids;
  if (Error error = appendNamed((kind + "_token").str(), ids))
    return error;
  std::string key = (kind + "_token_id").str();
  if (Error error = appendIds(files.config, key, ids))
    return error;
  if (files.generation)
    if (Error error = appendIds(*files.generation, key, ids))
      return error;
  return ids;
}

Error Translator::specialTokens() {
  struct Kind {
    StringLiteral source, target;
    std::optional<uint64_t> *id;
  };
  std::optional<uint64_t> unknown, padding;
  const Kind kinds[] = {{"bos", "bos_token_id", &bos},
                        {"eos", "eos_token_id", &eos},
                        {"unk", "unknown_token_id", &unknown},
                        {"pad", "padding_token_id", &padding}};
  for (const Kind &kind : kinds) {
    Expected<Ids> ids = collect(kind.source);
    if (!ids)
      return ids.takeError();
    if (ids->empty())
      continue;
    *kind.id = ids->front();
    meta.set("tokenizer.ggml." + kind.target, ids->front());
    if (kind.source == "eos" && ids->size() > 1)
      meta.set("tokenizer.ggml.eos_token_ids",
               std::vector<uint64_t>(ids->begin(), ids->end()));
  }
  return Error::success();
}

/// Appends what a post-processor does to the tokens; ByteLevel only moves
/// offsets. False if it is none that is known.
bool flatten(const Json &processor, SmallVectorImpl<const Json *> &parts) {
  if (!processor.is_object())
    return false;
  auto found = processor.find("type"), inner = processor.find("processors");
  if (found == processor.end())
    return false;
  std::optional<StringRef> type = jsonString(*found);
  if (type == "Sequence")
    return inner != processor.end() && inner->is_array() &&
           llvm::all_of(*inner,
                        [&](const Json &part) { return flatten(part, parts); });
  if (type == "TemplateProcessing" || type == "BertProcessing" ||
      type == "RobertaProcessing")
    parts.push_back(&processor);
  return type == "ByteLevel" || !parts.empty();
}

/// The token of {"SpecialToken": {"id": TOKEN}}, an entry of a template.
std::optional<StringRef> templateToken(const Json &entry) {
  if (!entry.is_object())
    return std::nullopt;
  auto special = entry.find("SpecialToken");
  if (special == entry.end() || !special->is_object())
    return std::nullopt;
  auto id = special->find("id");
  return id == special->end() ? std::nullopt : jsonString(*id);
}

/// Whether `kind` is added to a text: tokenizer_config.json may say it, else
/// the template of the post-processor does.
Error Translator::added(StringRef kind, bool byTemplate) {
  std::string key = ("add_" + kind + "_token").str();
  bool result = byTemplate;
  if (files.tokenizerConfig) {
    Expected<bool> said = files.tokenizerConfig->getBool(key, byTemplate);
    if (!said)
      return said.takeError();
    result = *said;
  }
  meta.set("tokenizer.ggml." + Twine(key), result);
  return Error::success();
}

/// The tokens that a post-processor puts in front of and behind one text, by
/// their text.
Error Translator::readTemplate(const Json &rule, Around &around) {
  auto wrong = [&](const Twine &what) {
    return files.tokenizer.error("post_processor", what);
  };
  auto single = rule.find("single");
  if (single == rule.end()) {
    // {"cls": [TOKEN, ID], "sep": [TOKEN, ID]}
    auto cls = rule.find("cls"), sep = rule.find("sep");
    for (auto [entry, list] :
         {std::pair(cls, &around.front), std::pair(sep, &around.back)}) {
      if (entry == rule.end() || !entry->is_array() || entry->empty() ||
          !(*entry)[0].is_string())
        return wrong("has a template without 'single'");
      list->push_back(*jsonString((*entry)[0]));
    }
    return Error::success();
  }
  if (!single->is_array())
    return wrong("has a template without 'single'");
  bool text = false;
  for (const Json &entry : *single) {
    if (std::optional<StringRef> token = templateToken(entry))
      (text ? around.back : around.front).push_back(*token);
    else if (std::exchange(text, true))
      return wrong("has a template with two texts, which is not supported");
  }
  return Error::success();
}

Error Translator::additions() {
  const Json *processor = files.tokenizer.find("post_processor");
  SmallVector<const Json *> rules;
  if (processor && !flatten(*processor, rules))
    return files.tokenizer.error("post_processor",
                                 "is of a kind that is not supported");
  Around around;
  for (const Json *rule : rules)
    if (Error error = readTemplate(*rule, around))
      return error;
  // Where no file names a token, the one that is added is it.
  auto is = [&](const SmallVector<StringRef> &list, std::optional<uint64_t> &id,
                const Twine &key) {
    if (list.size() != 1)
      return false;
    std::optional<uint64_t> token = vocabulary.find(list.front());
    if (token && !id) {
      id = token;
      meta.set(key, *id);
    }
    return token && token == id;
  };
  bool addsBos = is(around.front, bos, "tokenizer.ggml.bos_token_id");
  bool addsEos = is(around.back, eos, "tokenizer.ggml.eos_token_id");
  if (around.front.size() != size_t(addsBos) ||
      around.back.size() != size_t(addsEos))
    return files.tokenizer.error("post_processor",
                                 "adds tokens other than bos in front and eos "
                                 "behind, which is not supported");
  if (Error error = added("bos", addsBos))
    return error;
  return added("eos", addsEos);
}

/// [{"name": "default", "template": TEXT}, {"name": "tool_use", ...}]
Error Translator::namedTemplates(const Json &list) {
  for (const Json &entry : list) {
    std::optional<StringRef> name, text;
    if (entry.is_object()) {
      for (auto &[key, value] : entry.items()) {
        if (key == "name")
          name = jsonString(value);
        else if (key == "template")
          text = jsonString(value);
      }
    }
    if (!name || !text)
      return files.tokenizerConfig->error(
          "chat_template", "has an entry without a name and a template");
    if (*name != "default")
      meta.setString("tokenizer.chat_template." + *name, *text);
    else if (!files.chatTemplate)
      meta.setString("tokenizer.chat_template", *text);
  }
  return Error::success();
}

Error Translator::chatTemplates() {
  if (files.chatTemplate)
    meta.setString("tokenizer.chat_template", *files.chatTemplate);
  const Json *value = files.tokenizerConfig
                          ? files.tokenizerConfig->find("chat_template")
                          : nullptr;
  if (!value)
    return Error::success();
  if (value->is_array())
    return namedTemplates(*value);
  std::optional<StringRef> text = jsonString(*value);
  if (!text)
    return files.tokenizerConfig->error(
        "chat_template", "is neither a string nor a list of templates");
  if (!files.chatTemplate)
    meta.setString("tokenizer.chat_template", *text);
  return Error::success();
}

} // namespace

Error quern::translateTokenizer(const TextFiles &files,
                                std::optional<uint64_t> rows,
                                MetaWriter &meta) {
  Expected<bool> byteLevel = translatePreTokenizer(files.tokenizer, meta);
  if (!byteLevel)
    return byteLevel.takeError();
  Expected<Vocabulary> vocabulary =
      Vocabulary::read(files.tokenizer, rows, meta);
  if (!vocabulary)
    return vocabulary.takeError();
  meta.setString("tokenizer.ggml.model", vocabulary->unigram ? "t5"
                                         : *byteLevel        ? "gpt2"
                                                             : "bpe");
  meta.set("tokenizer.huggingface.ignore_merges", vocabulary->ignoreMerges);
  meta.set("tokenizer.huggingface.fuse_unk", vocabulary->fuseUnknown);
  if (vocabulary->unknown)
    meta.set("tokenizer.huggingface.unknown_token_id", *vocabulary->unknown);
  Translator translator(files, *vocabulary, meta);
  if (Error error = translator.specialTokens())
    return error;
  if (Error error = translator.additions())
    return error;
  if (Error error = translator.chatTemplates())
    return error;
  meta.set("tokenizer.ggml.tokens", std::move(vocabulary->tokens));
  meta.set("tokenizer.ggml.token_type", std::move(vocabulary->kinds));
  meta.set("tokenizer.huggingface.added", std::move(vocabulary->added));
  if (vocabulary->unigram)
    meta.set("tokenizer.ggml.scores", std::move(vocabulary->scores));
  else
    meta.set("tokenizer.ggml.merges", std::move(vocabulary->merges));
  return Error::success();
}
