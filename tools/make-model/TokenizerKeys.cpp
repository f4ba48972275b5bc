//===- TokenizerKeys.cpp - The tokenizer of another model -----------------===//
#include "TokenizerKeys.h"
#include "GgufHeader.h"
#include "frontend/gguf/Gguf.h"
#include "frontend/gguf/GgufValue.h"
#include <algorithm>

using namespace llvm;
using namespace quern;

namespace {
/// A list with one entry a token, and what it gets for an unused one.
struct TokenList {
  StringRef key;
  GgufType element;
  void (*addUnused)(GgufBytes &, uint64_t token);
};
} // namespace

static constexpr StringRef kTokens = "tokenizer.ggml.tokens";

/// Type and score are those that llama.cpp's converter gives to such tokens.
static const TokenList tokenLists[] = {
    {kTokens, GgufType::String,
     [](GgufBytes &out, uint64_t token) {
       out.string("<unused_" + std::to_string(token) + ">");
     }},
    {"tokenizer.ggml.token_type", GgufType::Int32,
     [](GgufBytes &out, uint64_t) { out.number(uint32_t{5}); }},
    {"tokenizer.ggml.scores", GgufType::Float32,
     [](GgufBytes &out, uint64_t) { out.number(-10000.0f); }},
};

/// `field` is the list's key, type and value. An array is its element type, a
/// count and the elements.
static Error addLengthened(GgufBytes &out, const TokenList &list,
                           StringRef file, ArrayRef<uint8_t> field,
                           uint64_t tokens, uint64_t vocabulary) {
  ByteCursor cursor(file, field);
  StringRef key;
  uint32_t type = 0, element = 0;
  uint64_t count = 0;
  if (Error error = cursor.readString(key, "a key"))
    return error;
  if (Error error = cursor.read(type, key))
    return error;
  if (Error error = cursor.read(element, key))
    return error;
  if (Error error = cursor.read(count, key))
    return error;
  if (GgufType(type) != GgufType::Array || GgufType(element) != list.element ||
      count != tokens)
    return fileError(file, "key " + inQuotes(key) +
                               " is not the usual list with an entry for each "
                               "of " +
                               Twine(tokens) + " tokens");
  out.string(key).type(GgufType::Array).type(list.element).number(vocabulary);
  out.raw(toStringRef(field.drop_front(cursor.offset())));
  for (uint64_t token = tokens; token < vocabulary; ++token)
    list.addUnused(out, token);
  return Error::success();
}

/// Behind what the reader has found good: tokens, and the keys one by one.
static Expected<TokenizerKeys> copyKeys(const MappedFile &file, uint64_t tokens,
                                        uint64_t vocabulary) {
  ByteCursor cursor(file.name(), file.bytes());
  uint64_t versioned = 0, tensors = 0, keys = 0;
  for (uint64_t *field : {&versioned, &tensors, &keys})
    if (Error error = cursor.read(*field, "the header"))
      return error;
  TokenizerKeys copied;
  GgufBytes out;
  for (uint64_t i = 0; i < keys; ++i) {
    uint64_t begin = cursor.offset();
    StringRef key;
    MetaValue value;
    if (Error error = cursor.readString(key, "a key"))
      return error;
    if (Error error = readGgufValue(cursor, key, value))
      return error;
    if (!key.starts_with("tokenizer."))
      continue;
    ++copied.count;
    ArrayRef<uint8_t> field =
        file.bytes().slice(begin, cursor.offset() - begin);
    auto *list = llvm::find_if(
        tokenLists, [&](const TokenList &list) { return list.key == key; });
    if (list == std::end(tokenLists))
      out.raw(toStringRef(field));
    else if (Error error = addLengthened(out, *list, file.name(), field, tokens,
                                         vocabulary))
      return error;
  }
  copied.bytes = std::move(out.bytes);
  return copied;
}

Expected<TokenizerKeys> quern::copyTokenizer(StringRef path,
                                             uint64_t vocabulary) {
  auto file = MappedFile::open(path);
  if (!file)
    return file.takeError();
  if (!isGguf(file->bytes()))
    return fileError(path, "is not a GGUF file");
  auto checkpoint = readGguf(MappedFile::view(file->name(), file->bytes()),
                             StorageTypes::builtin(), Extent::Header);
  if (!checkpoint)
    return checkpoint.takeError();
  const MetaValue *tokens = (*checkpoint)->findMeta(kTokens);
  auto *texts = tokens ? std::get_if<std::vector<StringRef>>(tokens) : nullptr;
  if (!texts)
    return fileError(path, "has no list of tokens in key " + inQuotes(kTokens));
  if (texts->size() > vocabulary)
    return fileError(path, "has " + Twine(texts->size()) +
                               " tokens, which are more than the model's " +
                               Twine(vocabulary));
  return copyKeys(*file, texts->size(), vocabulary);
}
