//===- TemplateStringMethods.cpp - Rarer methods of strings -----*- C++ -*-===//
//
// Python's methods that test, pad and cut a string.
//
//===----------------------------------------------------------------------===//

#include "text/TemplateMethods.h"
#include "text/TemplateText.h"
#include "text/Utf8.h"

#include <algorithm>

namespace quern::chat {

Value Interpreter::padded(std::string text, int64_t width,
                          std::string_view fill, Align align) {
  auto size = static_cast<int64_t>(utf8::length(text));
  if (width <= size)
    return makeString(std::move(text));
  auto missing = static_cast<uint64_t>(width) - static_cast<uint64_t>(size);
  boundMore(text, missing);
  charge(missing * fill.size() / 32);
  // Python puts the odd one to the left where the width is odd.
  uint64_t left = align == Align::Left    ? 0
                  : align == Align::Right ? missing
                                          : missing / 2 + (missing & width & 1);
  std::string out;
  for (uint64_t i = 0; i < missing; ++i) {
    if (i == left)
      out += text;
    out += fill;
  }
  if (left == missing)
    out += text;
  return makeString(std::move(out));
}

Value padMethod(const MethodCall &c, Interpreter::Align align) {
  const Value *fill = c.get(1, "fillchar");
  std::string by = " ";
  if (fill)
    by = c.in.wantString(*fill, "a fill character");
  if (utf8::length(by) != 1)
    c.in.fail("the fill character must be exactly one character long");
  return c.in.padded(std::string(c.self()),
                     c.in.wantInt(c.need(0, "width"), "a width"), by, align);
}

Value zeroFill(const MethodCall &c) {
  int64_t width = c.in.wantInt(c.need(0, "width"), "a width");
  std::string_view text = c.self();
  bool sign = text.starts_with('-') || text.starts_with('+');
  if (!sign)
    return c.in.padded(std::string(text), width, "0",
                       Interpreter::Align::Right);
  Value rest =
      c.in.padded(std::string(text.substr(1)), std::max<int64_t>(width, 1) - 1,
                  "0", Interpreter::Align::Right);
  return c.in.makeString(text[0] + rest.asString());
}

Value swapCase(const MethodCall &c) {
  return c.in.makeString(mapped(c.self(), [](std::string &out, char32_t code) {
    std::string one;
    utf8::append(one, code);
    std::string low = lower(one);
    out += low == one ? upper(one) : low;
  }));
}

/// partition() and rpartition(): before, the separator, and after.
Value partition(const MethodCall &c, bool last) {
  std::string_view text = c.self(), by = c.needString(0, "sep");
  if (by.empty())
    c.in.fail("empty separator");
  size_t at = last ? text.rfind(by) : text.find(by);
  c.in.charge(text.size() / 16);
  if (at == text.npos)
    return last ? Value::tuple({"", "", text}) : Value::tuple({text, "", ""});
  return Value::tuple({text.substr(0, at), by, text.substr(at + by.size())});
}

/// islower() and isupper(): some character has a case, and none another.
Value allCased(const MethodCall &c, bool wantUpper) {
  bool any = false;
  for (std::string_view rest = c.self(); !rest.empty();) {
    utf8::Char ch = utf8::decode(rest);
    std::string one(rest.substr(0, ch.size));
    if (ch.valid && isCased(ch.code)) {
      if ((wantUpper ? upper(one) : lower(one)) != one)
        return false;
      any = true;
    }
    rest.remove_prefix(ch.size);
  }
  return any;
}

Value expandTabs(const MethodCall &c) {
  int64_t size = c.integerOr(0, "tabsize", 8);
  std::string out;
  int64_t column = 0;
  for (std::string_view rest = c.self(); !rest.empty();) {
    size_t bytes = utf8::decode(rest).size;
    if (rest[0] == '\t') {
      int64_t spaces = size > 0 ? size - column % size : 0;
      c.in.boundMore(out, static_cast<uint64_t>(spaces));
      c.in.charge(1 + static_cast<uint64_t>(spaces) / 32);
      out.append(static_cast<size_t>(spaces), ' ');
      column += spaces;
    } else {
      out += rest.substr(0, bytes);
      column = rest[0] == '\n' || rest[0] == '\r' ? 0 : column + 1;
    }
    rest.remove_prefix(bytes);
  }
  return c.in.makeString(std::move(out));
}

std::string_view MethodCall::part(size_t first, size_t &begin) const {
  const Value *start = get(first, ""), *stop = get(first + 1, "");
  std::string_view text = self();
  begin = 0;
  if (!start && !stop)
    return text;
  auto size = static_cast<int64_t>(utf8::length(text));
  in.charge(text.size() / 16);
  auto bound = [&](const Value *v, int64_t missing) {
    if (!v || v->isNull())
      return missing;
    int64_t at = in.wantInt(*v, "an argument");
    return at < 0 ? std::max<int64_t>(std::max(at, -size) + size, 0) : at;
  };
  int64_t from = bound(start, 0), to = std::min(bound(stop, size), size);
  if (from > size || from > to) {
    begin = std::string_view::npos;
    return {};
  }
  begin = utf8::offsetOf(text, static_cast<size_t>(from));
  size_t end = utf8::offsetOf(text, static_cast<size_t>(to));
  return text.substr(begin, end - begin);
}

} // namespace quern::chat
