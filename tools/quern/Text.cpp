//===- Text.cpp - Tokenizer and template of a checkpoint ------------------===//
#include "Text.h"
#include "runtime/Error.h"
#include "runtime/text/Template.h"
#include "runtime/text/Tokenizer.h"
#include "llvm/ADT/STLExtras.h"
#include <utility>

using namespace quern;

namespace {
/// An integer array of either sign, or nothing if the key is absent.
llvm::Error readInts(const Checkpoint &c, llvm::StringRef key,
                     std::vector<int32_t> &out) {
  const MetaValue *v = c.findMeta(key);
  if (!v)
    return llvm::Error::success();
  auto copy = [&](const auto &list) -> llvm::Error {
    for (auto value : list)
      if (!std::in_range<int32_t>(value))
        return c.error("key '" + key + "' has the entry " + llvm::Twine(value) +
                       ", which is out of range");
    out.assign(list.begin(), list.end());
    return llvm::Error::success();
  };
  if (auto *list = std::get_if<std::vector<int64_t>>(v))
    return copy(*list);
  if (auto *list = std::get_if<std::vector<uint64_t>>(v))
    return copy(*list);
  return c.error("key '" + key + "' is no array of integers");
}

llvm::Error readStrings(const Checkpoint &c, llvm::StringRef key,
                        std::vector<std::string_view> &out) {
  const MetaValue *v = c.findMeta(key);
  if (!v)
    return llvm::Error::success();
  auto *list = std::get_if<std::vector<llvm::StringRef>>(v);
  if (!list)
    return c.error("key '" + key + "' is no array of strings");
  for (llvm::StringRef s : *list)
    out.push_back({s.data(), s.size()});
  return llvm::Error::success();
}

llvm::Error readScores(const Checkpoint &c, std::vector<double> &out) {
  const MetaValue *v = c.findMeta("tokenizer.ggml.scores");
  if (!v)
    return llvm::Error::success();
  auto *list = std::get_if<std::vector<double>>(v);
  if (!list)
    return c.error("key 'tokenizer.ggml.scores' is no array of numbers");
  out = *list;
  return llvm::Error::success();
}

/// An array of bytes, of either sign.
llvm::Error readBytes(const Checkpoint &c, llvm::StringRef key,
                      std::string &out) {
  std::vector<int32_t> bytes;
  if (auto error = readInts(c, key, bytes))
    return error;
  for (int32_t byte : bytes) {
    if (byte < -128 || byte > 255)
      return c.error("key '" + key + "' has the entry " + llvm::Twine(byte) +
                     ", which is no byte");
    out += static_cast<char>(byte);
  }
  return llvm::Error::success();
}

llvm::Error readText(const Checkpoint &c, llvm::StringRef key,
                     std::string &out) {
  if (!c.findMeta(key))
    return llvm::Error::success();
  auto v = c.getString(key);
  if (!v)
    return v.takeError();
  out = v->str();
  return llvm::Error::success();
}

/// An id, or -1 where the file names none.
llvm::Error readId(const Checkpoint &c, llvm::StringRef key, int32_t &id) {
  if (!c.findMeta(key))
    return llvm::Error::success();
  auto v = c.getUInt(key);
  if (!v)
    return v.takeError();
  // Some files say "none" by an id of all ones.
  id = *v >= 0x7fffffff ? -1 : int32_t(*v);
  return llvm::Error::success();
}

llvm::Error readFlag(const Checkpoint &c, llvm::StringRef key, bool &flag) {
  auto v = c.getBool(key, flag);
  if (!v)
    return v.takeError();
  flag = *v;
  return llvm::Error::success();
}

llvm::Error joined(llvm::MutableArrayRef<llvm::Error> errors) {
  llvm::Error all = llvm::Error::success();
  for (llvm::Error &error : errors)
    all = llvm::joinErrors(std::move(all), std::move(error));
  return all;
}

/// What the reader of tokenizer.json passes on.
llvm::Error readRules(const Checkpoint &c, TokenizerSource &s) {
  s.rules.emplace();
  s.unknown = -1;
  std::vector<int32_t> added;
  llvm::Error errors[] = {
      readText(c, "tokenizer.huggingface.normalizer", s.rules->normalizer),
      readText(c, "tokenizer.huggingface.pre_tokenizer", s.rules->preTokenizer),
      readText(c, "tokenizer.huggingface.decoder", s.rules->decoder),
      readInts(c, "tokenizer.huggingface.added", added),
      readId(c, "tokenizer.huggingface.unknown_token_id", s.unknown),
      readFlag(c, "tokenizer.huggingface.ignore_merges", s.rules->ignoreMerges),
      readFlag(c, "tokenizer.huggingface.fuse_unk", s.rules->fuseUnknown),
  };
  s.rules->added.assign(added.begin(), added.end());
  return joined(errors);
}

llvm::Error readSource(const Checkpoint &c, TokenizerSource &s) {
  if (!c.findMeta("tokenizer.ggml.model"))
    return c.error(
        "has no tokenizer: a GGUF file needs the key 'tokenizer.ggml.model', "
        "a folder the file tokenizer.json");
  auto model = c.getString("tokenizer.ggml.model");
  if (!model)
    return model.takeError();
  s.model = model->str();
  // What a file means that does not say: SentencePiece models add BOS and a
  // space, byte-level ones neither.
  s.addBos = s.addSpacePrefix = s.model == "llama";
  if (s.model == "t5")
    s.addEos = s.addSpacePrefix = true;
  bool rules = c.findMeta("tokenizer.huggingface.added");
  s.pre = rules ? "" : "default";
  if (c.findMeta("tokenizer.ggml.pre")) {
    auto pre = c.getString("tokenizer.ggml.pre");
    if (!pre)
      return pre.takeError();
    s.pre = pre->str();
  }
  llvm::Error errors[] = {
      readStrings(c, "tokenizer.ggml.tokens", s.tokens),
      readStrings(c, "tokenizer.ggml.merges", s.merges),
      readScores(c, s.scores),
      readInts(c, "tokenizer.ggml.token_type", s.types),
      readInts(c, "tokenizer.ggml.eos_token_ids", s.extraEnd),
      readId(c, "tokenizer.ggml.bos_token_id", s.bos),
      readId(c, "tokenizer.ggml.eos_token_id", s.eos),
      readId(c, "tokenizer.ggml.unknown_token_id", s.unknown),
      readId(c, "tokenizer.ggml.padding_token_id", s.padding),
      readFlag(c, "tokenizer.ggml.add_bos_token", s.addBos),
      readFlag(c, "tokenizer.ggml.add_eos_token", s.addEos),
      readFlag(c, "tokenizer.ggml.add_space_prefix", s.addSpacePrefix),
      readFlag(c, "tokenizer.ggml.remove_extra_whitespaces",
               s.removeExtraSpaces),
      readBytes(c, "tokenizer.ggml.precompiled_charsmap", s.charsMap),
      rules ? readRules(c, s) : llvm::Error::success(),
  };
  llvm::Error error = joined(errors);
  if (!error && s.bos < 0)
    s.addBos = false;
  return error;
}

/// The given template, or else the model's, or nothing.
llvm::Expected<std::vector<uint8_t>>
buildTemplate(const Checkpoint &c, const std::optional<ChatTemplate> &given) {
  try {
    if (given)
      return compileTemplate(given->source, given->name);
  } catch (const Error &error) {
    return llvm::createStringError(given->before + error.what());
  }
  if (!c.findMeta("tokenizer.chat_template"))
    return std::vector<uint8_t>();
  auto text = c.getString("tokenizer.chat_template");
  if (!text)
    return text.takeError();
  return compileTemplate({text->data(), text->size()},
                         "tokenizer.chat_template");
}
} // namespace

llvm::Expected<TextTables>
quern::buildText(const Checkpoint &checkpoint, uint64_t vocabulary,
                 const std::optional<ChatTemplate> &given) {
  TextTables tables;
  try {
    TokenizerSource source;
    if (auto error = readSource(checkpoint, source))
      return error;
    if (source.tokens.size() > vocabulary)
      return checkpoint.error("key 'tokenizer.ggml.tokens' has " +
                              llvm::Twine(source.tokens.size()) +
                              " tokens, the logits have " +
                              llvm::Twine(vocabulary));
    tables.tokenizer = buildTokenizer(source);
    if (source.model == "gpt2" && !source.rules &&
        !checkpoint.findMeta("tokenizer.ggml.pre"))
      tables.warnings.push_back(
          checkpoint.path() +
          ": has no key 'tokenizer.ggml.pre': words are cut "
          "as by 'default', and perhaps not as the model "
          "knows them");
    auto compiled = buildTemplate(checkpoint, given);
    if (!compiled)
      return compiled.takeError();
    tables.chatTemplate = std::move(*compiled);
  } catch (const Error &error) {
    return checkpoint.error(error.what());
  }
  return tables;
}

/// A short conversation as the model would read it.
static std::string renderSample(const TextTables &tables,
                                const Tokenizer &tokenizer) {
  auto message = [](const char *role, const char *content) {
    return Value::object({{"role", role}, {"content", content}});
  };
  return renderTemplate(
      tables.chatTemplate,
      Value::object({{"messages", Value::array({message("user", "a"),
                                                message("assistant", "b"),
                                                message("user", "c")})},
                     {"add_generation_prompt", true},
                     {"bos_token", tokenizer.piece(tokenizer.bos())},
                     {"eos_token", tokenizer.piece(tokenizer.eos())}}));
}

std::vector<std::string> quern::foreignTokens(const TextTables &tables) {
  Tokenizer tokenizer(tables.tokenizer);
  std::string sample;
  try {
    sample = renderSample(tables, tokenizer);
  } catch (const Error &) {
    return {}; // a template of another kind of conversation
  }
  std::vector<std::string> names;
  llvm::StringRef rest = sample;
  while (true) {
    rest = rest.drop_front(std::min(rest.find('<'), rest.size()));
    size_t end = rest.find_first_of("<> \n", 1);
    if (rest.empty())
      return names;
    llvm::StringRef name =
        end != rest.npos && rest[end] == '>' ? rest.take_front(end + 1) : "";
    if (name.size() > 2 && tokenizer.findSpecial(name) < 0 &&
        !llvm::is_contained(names, name))
      names.push_back(name.str());
    rest = rest.drop_front(1);
  }
}
