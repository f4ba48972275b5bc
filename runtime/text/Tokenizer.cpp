//===- Tokenizer.cpp - A tokenizer over a table -----------------*- C++ -*-===//

#include "text/Tokenizer.h"

#include "Error.h"
#include "text/TokenizerImpl.h"

#include <algorithm>
#include <utility>

namespace quern {
using namespace tokenizer;

struct Tokenizer::Impl {
  explicit Impl(std::span<const uint8_t> bytes)
      : table(bytes), normalizer(table.steps(/*normalizing=*/true)),
        splitter(table.steps(/*normalizing=*/false)) {}
  TableView table;
  TextNormalizer normalizer;
  WordSplitter splitter;

  bool has(int32_t id) const {
    return id >= 0 && static_cast<size_t>(id) < table.size();
  }
};

Tokenizer::Tokenizer(std::span<const uint8_t> table)
    : impl(std::make_unique<Impl>(table)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer &&) noexcept = default;
Tokenizer &Tokenizer::operator=(Tokenizer &&) noexcept = default;

std::vector<int32_t> Tokenizer::encode(std::string_view text, bool parseSpecial,
                                       bool addBos) const {
  if (text.size() >= UINT32_MAX)
    throw Error("text to tokenize: 4 GiB or more");
  std::vector<int32_t> out = encodeText(impl->table, impl->normalizer,
                                        impl->splitter, text, parseSpecial);
  if (addBos && addsBos())
    out.insert(out.begin(), bos());
  if (addBos && addsEos())
    out.push_back(eos());
  return out;
}

std::string_view Tokenizer::piece(int32_t id) const {
  return impl->has(id) ? impl->table.text(static_cast<uint32_t>(id))
                       : std::string_view();
}

std::string Tokenizer::decode(std::span<const int32_t> ids,
                              bool special) const {
  std::string out;
  bool first = true;
  for (int32_t id : ids) {
    if (!impl->has(id) || (!special && isControl(id)))
      continue;
    std::string_view text = piece(id);
    if (first && !isControl(id)) {
      if ((impl->table.header().flags & FlagDropSpace) && text.starts_with(' '))
        text.remove_prefix(1);
      bool added =
          impl->table.type(static_cast<uint32_t>(id)) == TokenType::UserDefined;
      if (std::exchange(first, false) && !added &&
          (impl->table.header().flags & FlagDropSpaces)) {
        std::remove_copy(text.begin(), text.end(), std::back_inserter(out),
                         ' ');
        continue;
      }
    }
    out += text;
  }
  return out;
}

bool Tokenizer::isEnd(int32_t id) const {
  return impl->has(id) &&
         (impl->table.flags(static_cast<uint32_t>(id)) & FlagEnd);
}

std::span<const int32_t> Tokenizer::endTokens() const {
  return impl->table.endTokens();
}

bool Tokenizer::isControl(int32_t id) const {
  if (!impl->has(id))
    return false;
  TokenType type = impl->table.type(static_cast<uint32_t>(id));
  return type == TokenType::Control || type == TokenType::Unknown;
}

int32_t Tokenizer::findSpecial(std::string_view text) const {
  uint32_t id = impl->table.findSpecial(text);
  return id == none ? -1 : static_cast<int32_t>(id);
}

bool Tokenizer::startsWithControl(std::string_view text) const {
  for (bool normalized : {false, true}) {
    if (!impl->table.anySpecial(/*all=*/true, normalized))
      continue;
    uint32_t id = impl->table.matchSpecial(text, /*all=*/true, normalized).id;
    if (id != none && isControl(static_cast<int32_t>(id)))
      return true;
  }
  return false;
}

int32_t Tokenizer::bos() const { return impl->table.header().bos; }
int32_t Tokenizer::eos() const { return impl->table.header().eos; }
int32_t Tokenizer::unknown() const { return impl->table.header().unknown; }
int32_t Tokenizer::padding() const { return impl->table.header().padding; }
bool Tokenizer::addsBos() const {
  return (impl->table.header().flags & FlagAddBos) && bos() >= 0;
}
bool Tokenizer::addsEos() const {
  return (impl->table.header().flags & FlagAddEos) && eos() >= 0;
}
size_t Tokenizer::size() const { return impl->table.size(); }

} // namespace quern
