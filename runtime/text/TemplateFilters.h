//===- TemplateFilters.h - How filters are called --------------*- C++ -*-===//
//
// Internal: filters on lists live in a file of their own.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/TemplateRender.h"

namespace quern::chat {

struct FilterCall {
  Interpreter &in;
  const Value &v;
  const Arguments &arguments;

  const Value *get(size_t index, std::string_view name) const {
    return arguments.get(index, name);
  }
  bool flag(size_t index, std::string_view name) const {
    const Value *value = get(index, name);
    return value && in.truth(*value);
  }
  std::string text() const { return in.text(v); }
};

struct KnownFilter {
  std::string_view name;
  Value (*run)(const FilterCall &);
};

// TemplateListFilters.cpp
Value joined(const FilterCall &c);
Value endItem(const FilterCall &c, bool last);
Value itemsOf(const FilterCall &c);
Value selected(const FilterCall &c, bool byAttribute, bool keep);
Value mapItems(const FilterCall &c);
Value sorted(const FilterCall &c);
Value sortedDict(const FilterCall &c);
Value uniqueItems(const FilterCall &c);
Value reversed(const FilterCall &c);
Value extreme(const FilterCall &c, int wanted);
Value summed(const FilterCall &c);

Value grouped(const FilterCall &c);

// TemplateLayoutFilters.cpp
Value centered(const FilterCall &c);
Value wordCount(const FilterCall &c);
Value truncated(const FilterCall &c);
Value batched(const FilterCall &c);
Value sliced(const FilterCall &c);
Value attributeOf(const FilterCall &c);
Value forceEscaped(const FilterCall &c);
Value urlEncoded(const FilterCall &c);
Value xmlAttributes(const FilterCall &c);
Value fileSize(const FilterCall &c);

} // namespace quern::chat
