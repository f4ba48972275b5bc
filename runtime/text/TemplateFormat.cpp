//===- TemplateFormat.cpp - Python's string formatting ----------*- C++ -*-===//
//
// str.format and the operator %, as far as chat templates go: fields with
// numbers, names, members and indices, and %s, %d and %r. Widths and precisions
// are refused, with which hostile templates make large strings of small ones.
//
//===----------------------------------------------------------------------===//

#include "text/TemplateRender.h"

#include <algorithm>
#include <charconv>

namespace quern::chat {

/// A number, if all of `text` is one.
static std::optional<int64_t> numberIn(std::string_view text) {
  int64_t out = 0;
  const char *end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, out);
  if (error != std::errc() || stop != end || text[0] == '-')
    return std::nullopt;
  return out;
}

static std::string_view cut(std::string_view &text, std::string_view ends) {
  size_t at = std::min(text.find_first_of(ends), text.size());
  std::string_view out = text.substr(0, at);
  text.remove_prefix(at);
  return out;
}

/// What a field such as "0.name[key]" stands for. `next` counts the fields
/// without a number, -1 once there was one with.
static Value fieldValue(Interpreter &in, std::string_view field,
                        const Arguments &arguments, int64_t &next) {
  std::string_view first = cut(field, ".[");
  std::optional<int64_t> number = first.empty() ? next : numberIn(first);
  const Value *found = nullptr;
  if (number) {
    bool automatic = first.empty();
    if (automatic ? next < 0 : next > 0)
      in.fail("fields with and without numbers are mixed");
    next = automatic ? next + 1 : -1;
    if (static_cast<uint64_t>(*number) < arguments.positional.size())
      found = &arguments.positional[static_cast<size_t>(*number)];
  } else {
    found = arguments.get(SIZE_MAX, first);
  }
  if (!found)
    in.fail("no argument for a field of the format");
  Value value = *found;
  while (!field.empty()) {
    bool member = field[0] == '.';
    field.remove_prefix(1);
    std::string_view key = cut(field, member ? ".[" : "]");
    if (!member && field.empty())
      in.fail("']' is missing in a format");
    if (!member)
      field.remove_prefix(1);
    if (key.empty())
      in.fail("empty attribute in a format");
    std::optional<int64_t> index = member ? std::nullopt : numberIn(key);
    value = index ? in.index(value, *index) : in.member(value, key);
  }
  return value;
}

Value Interpreter::formatText(std::string_view format,
                              const Arguments &arguments) {
  std::string out;
  int64_t next = 0;
  while (!format.empty()) {
    out += cut(format, "{}");
    if (format.empty())
      break;
    char brace = format[0];
    format.remove_prefix(1);
    if (format.starts_with(brace)) {
      out += brace;
      format.remove_prefix(1);
      continue;
    }
    size_t end = format.find('}');
    if (brace == '}' || end == format.npos)
      fail("single brace in a format");
    std::string_view field = format.substr(0, end);
    format.remove_prefix(end + 1);
    if (field.find_first_of("{:") != field.npos)
      fail("format specifications are not supported");
    std::string_view name = cut(field, "!");
    Value value = fieldValue(*this, name, arguments, next);
    if (!field.empty() && field != "!s" && field != "!r")
      fail("conversion in a format is not supported");
    out += field == "!r" ? repr(value) : text(value);
    bound(out);
  }
  return makeString(std::move(out));
}

Value Interpreter::percentText(std::string_view format, const Value &given) {
  bool tuple = given.isSequence(Value::Sequence::Tuple);
  Value::Array one;
  if (!tuple)
    one.push_back(given);
  const Value::Array &values = tuple ? given.asArray() : one;
  std::string out;
  size_t next = 0;
  while (!format.empty()) {
    out += cut(format, "%");
    if (format.empty())
      break;
    char kind = format.size() > 1 ? format[1] : '\0';
    format.remove_prefix(std::min<size_t>(2, format.size()));
    if (kind == '%') {
      out += '%';
      continue;
    }
    if (kind != 's' && kind != 'd' && kind != 'i' && kind != 'r')
      fail("only %s, %d, %i, %r and %% are supported in formats");
    if (next == values.size())
      fail("not enough arguments for the format");
    const Value &value = values[next++];
    if (kind == 's' || kind == 'r')
      out += kind == 's' ? text(value) : repr(value);
    else
      out += std::to_string(wantInt(value, "what %d prints"));
    bound(out);
  }
  // Python takes what has items for a dict of names that the format leaves out.
  bool named =
      given.kind() == Value::Kind::Object || given.isUndefined() ||
      (given.isArray() && !tuple && given.sequence() <= Value::Sequence::Range);
  if (next < values.size() && !(named && next == 0))
    fail("not all arguments converted by the format");
  return makeString(std::move(out));
}

} // namespace quern::chat
