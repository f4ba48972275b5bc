//===- TemplateMethods.h - How methods are called --------------*- C++ -*-===//
//
// Internal: rarer methods of strings live in a file of their own.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/TemplateRender.h"

namespace quern::chat {

/// A call of a method on `v`.
struct MethodCall {
  Interpreter &in;
  const Value &v;
  const Arguments &arguments;

  std::string_view self() const { return v.asString(); }
  const Value *get(size_t index, std::string_view name) const {
    return arguments.get(index, name);
  }
  const Value &need(size_t index, std::string_view name) const {
    const Value *value = get(index, name);
    if (!value)
      in.fail("method needs argument '" + std::string(name) + "'");
    return *value;
  }
  std::string_view needString(size_t index, std::string_view name) const {
    return in.wantString(need(index, name), "an argument");
  }
  int64_t integerOr(size_t index, std::string_view name,
                    int64_t missing) const {
    const Value *value = get(index, name);
    return value ? in.wantInt(*value, "an argument") : missing;
  }
  /// The part of the text between the characters that the arguments `first` and
  /// `first` + 1 say, where they are given. `begin`: its place in the text, or
  /// npos if there is no such part, in which not even "" is found.
  std::string_view part(size_t first, size_t &begin) const;
};

// TemplateStringMethods.cpp
Value padMethod(const MethodCall &c, Interpreter::Align align);
Value zeroFill(const MethodCall &c);
Value swapCase(const MethodCall &c);
Value partition(const MethodCall &c, bool last);
Value allCased(const MethodCall &c, bool wantUpper);
Value expandTabs(const MethodCall &c);

} // namespace quern::chat
