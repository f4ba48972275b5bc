//===- TemplateJson.cpp - The tojson filter ---------------------*- C++ -*-===//
//
// Python's json.dumps() as Hugging Face calls it: members in their order, no
// escapes for HTML or beyond ASCII unless asked for.
//
//===----------------------------------------------------------------------===//

#include "text/TemplateRender.h"
#include "text/TemplateText.h"

#include <algorithm>
#include <utility>

namespace quern::chat {

using Kind = Value::Kind;

namespace {
/// json.dumps().
class JsonWriter {
public:
  JsonWriter(Interpreter &in, const Arguments &options);
  void write(const Value &v, unsigned level);
  std::string out;

private:
  void string(std::string_view text);
  void object(const Value &v, unsigned level);
  void newline(unsigned level);

  Interpreter &in;
  bool ascii = false, sorted = false, indented = false;
  std::string indent, comma = ", ", colon = ": ";
};
} // namespace

JsonWriter::JsonWriter(Interpreter &interpreter, const Arguments &options)
    : in(interpreter) {
  if (const Value *v = options.get(SIZE_MAX, "ensure_ascii"))
    ascii = in.truth(*v);
  if (const Value *v = options.get(SIZE_MAX, "sort_keys"))
    sorted = in.truth(*v);
  if (const Value *v = options.get(0, "indent"); v && !v->isNull()) {
    indented = true;
    if (v->isInt() && v->asInt() > 64)
      in.fail("indent is too wide");
    comma.assign(1, ',');
    if (v->isString())
      indent = v->asString();
    else
      indent.assign(static_cast<size_t>(
                        std::clamp<int64_t>(in.wantInt(*v, "indent"), 0, 64)),
                    ' ');
  }
  if (const Value *v = options.get(SIZE_MAX, "separators");
      v && v->isArray() && v->asArray().size() == 2) {
    comma = in.wantString(v->asArray()[0], "a separator");
    colon = in.wantString(v->asArray()[1], "a separator");
  }
}

void JsonWriter::newline(unsigned level) {
  if (!indented)
    return;
  out += '\n';
  for (unsigned i = 0; i < level; ++i) {
    out += indent;
    in.bound(out);
  }
}

void JsonWriter::string(std::string_view text) {
  in.charge(text.size() / 16);
  out += '"';
  out += mapped(text, [&](std::string &to, char32_t code) {
    constexpr std::string_view plain = "\"\\\n\r\t\f\b", letter = "\"\\nrtfb";
    size_t at = code < 0x80 ? plain.find(static_cast<char>(code)) : plain.npos;
    if (at != plain.npos)
      to += '\\', to += letter[at];
    else if (code < 0x20 || (ascii && code >= 0x7f && code < 0x10000))
      code == 0x7f ? to += '\x7f' : (appendHex(to, "\\u", code, 4), to);
    else if (ascii && code >= 0x10000) {
      appendHex(to, "\\u", 0xd800 + ((code - 0x10000) >> 10), 4);
      appendHex(to, "\\u", 0xdc00 + ((code - 0x10000) & 0x3ff), 4);
    } else {
      utf8::append(to, code);
    }
  });
  out += '"';
}

void JsonWriter::object(const Value &v, unsigned level) {
  std::vector<const Value::Member *> members;
  for (const Value::Member &member : v.asObject())
    members.push_back(&member);
  if (sorted)
    std::sort(members.begin(), members.end(),
              [](const auto *a, const auto *b) { return a->first < b->first; });
  out += '{';
  for (size_t i = 0; i < members.size(); ++i) {
    if (i > 0)
      out += comma;
    newline(level + 1);
    Value key = Interpreter::keyValue(members[i]->first);
    key.isString() ? string(key.asString())
                   : string(key.isNull() ? "null" : in.text(key));
    out += colon;
    write(members[i]->second, level + 1);
  }
  if (!members.empty())
    newline(level);
  out += '}';
}

void JsonWriter::write(const Value &v, unsigned level) {
  in.charge(1);
  in.bound(out);
  // One value may occur many times, so its text may be far larger than it.
  in.charge(indented ? level * indent.size() / 32 : 0);
  switch (v.kind()) {
  case Kind::Null:
    out += "null";
    return;
  case Kind::Bool:
    out += v.asBool() ? "true" : "false";
    return;
  case Kind::Float: {
    std::string text = floatText(v.asFloat());
    out += text == "nan"    ? "NaN"
           : text == "inf"  ? "Infinity"
           : text == "-inf" ? "-Infinity"
                            : text;
    return;
  }
  case Kind::Int:
    out += in.text(v);
    return;
  case Kind::String:
    return string(v.asString());
  case Kind::Object:
    return object(v, level);
  case Kind::Array: {
    if (v.sequence() > Value::Sequence::Group)
      break;
    out += '[';
    bool first = true;
    for (const Value &item : v.asArray()) {
      if (!std::exchange(first, false))
        out += comma;
      newline(level + 1);
      write(item, level + 1);
    }
    if (!first)
      newline(level);
    out += ']';
    return;
  }
  default:
    break;
  }
  in.fail(std::string("object of type ") + Interpreter::typeName(v) +
          " is not JSON serializable");
}

std::string Interpreter::json(const Value &v, const Arguments &options) {
  JsonWriter writer(*this, options);
  writer.write(v, 0);
  return std::move(writer.out);
}

} // namespace quern::chat
