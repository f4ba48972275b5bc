//===- TemplateListFilters.cpp - Filters on lists ---------------*- C++ -*-===//

#include "text/TemplateFilters.h"
#include "text/TemplateText.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace quern::chat {

/// The member at a path such as "function.name" or "0". `missing` stands for
/// what is not there, at every step, unless it is null.
static Value attribute(Interpreter &in, Value v, const Value &path,
                       const Value *missing = nullptr) {
  auto orMissing = [&](const Value &found) {
    return found.isUndefined() && missing && !missing->isNull() ? *missing
                                                                : found;
  };
  if (!path.isString())
    return orMissing(in.index(v, path));
  std::string_view rest = path.asString();
  while (true) {
    size_t end = std::min(rest.find('.'), rest.size());
    std::string_view part = rest.substr(0, end);
    int64_t number = 0;
    auto [last, error] =
        std::from_chars(part.data(), part.data() + part.size(), number);
    bool isNumber = error == std::errc() && last == part.data() + part.size() &&
                    !part.empty();
    v = orMissing(isNumber ? in.index(v, number) : in.member(v, part));
    if (end == rest.size())
      return v;
    rest.remove_prefix(end + 1);
  }
}

Value joined(const FilterCall &c) {
  const Value *separator = c.get(0, "d"), *path = c.get(1, "attribute");
  std::string between = separator ? c.in.text(*separator) : "", out;
  bool first = true;
  for (const Value &item : c.in.iterate(c.v)) {
    if (!std::exchange(first, false))
      out += between;
    out += c.in.text(path && !path->isNull() ? attribute(c.in, item, *path)
                                             : item);
    c.in.charge(1 + between.size() / 32);
    c.in.bound(out);
  }
  return c.in.makeString(std::move(out));
}

Value endItem(const FilterCall &c, bool last) {
  if (last && c.v.isSequence(Value::Sequence::Iterator))
    c.in.fail("an iterator cannot be reversed");
  Value::Array items = c.in.iterate(c.v);
  return items.empty() ? Value::undefined() : last ? items.back() : items[0];
}

Value itemsOf(const FilterCall &c) {
  if (c.v.isUndefined())
    return Value::sequence({}, Value::Sequence::Iterator);
  if (c.v.kind() != Value::Kind::Object)
    c.in.fail("can only get item pairs from a mapping");
  Value pairs = *c.in.callMethod(c.v, "items", {});
  return Value::sequence(pairs.asArray(), Value::Sequence::Iterator);
}

/// select, reject, selectattr and rejectattr.
Value selected(const FilterCall &c, bool byAttribute, bool keep) {
  // As in Jinja: none and the like are empty here.
  if (!c.in.truth(c.v))
    return Value::sequence({}, Value::Sequence::Iterator);
  Arguments rest = c.arguments;
  Value path;
  if (byAttribute) {
    if (rest.positional.empty())
      c.in.fail("filter needs the name of an attribute");
    path = rest.positional[0];
    rest = rest.tail();
  }
  std::string test;
  if (!rest.positional.empty()) {
    test = c.in.wantString(rest.positional[0], "a test");
    rest = rest.tail();
  }
  Value::Array out;
  for (const Value &item : c.in.iterate(c.v)) {
    Value tested = byAttribute ? attribute(c.in, item, path) : item;
    bool holds =
        test.empty() ? c.in.truth(tested) : c.in.applyTest(test, tested, rest);
    if (holds == keep)
      out.push_back(item);
  }
  return c.in.makeArray(std::move(out), Value::Sequence::Iterator);
}

Value mapItems(const FilterCall &c) {
  const Value *path = c.get(SIZE_MAX, "attribute");
  const Value *missing = c.get(SIZE_MAX, "default");
  Value::Array out;
  if (!path && c.arguments.positional.empty())
    c.in.fail("filter 'map' needs a filter or an attribute");
  if (!c.in.truth(c.v))
    return Value::sequence({}, Value::Sequence::Iterator);
  for (const Value &item : c.in.iterate(c.v)) {
    if (path) {
      out.push_back(attribute(c.in, item, *path, missing));
    } else {
      const Value &name = c.arguments.positional[0];
      out.push_back(c.in.applyFilter(c.in.wantString(name, "a filter"), item,
                                     c.arguments.tail()));
    }
  }
  return c.in.makeArray(std::move(out), Value::Sequence::Iterator);
}

/// What sorting compares: strings without case unless asked otherwise.
static Value sortKey(const FilterCall &c, const Value &v, bool cased) {
  return !cased && v.isString() ? c.in.makeString(lower(v.asString())) : v;
}

static Value::Array sortBy(const FilterCall &c, Value::Array items,
                           const std::vector<Value> &keys, bool reverse) {
  std::vector<size_t> order(items.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    int sign = c.in.order(keys[a], keys[b]);
    return reverse ? sign > 0 : sign < 0;
  });
  Value::Array out;
  for (size_t i : order)
    out.push_back(items[i]);
  return out;
}

Value sorted(const FilterCall &c) {
  const Value *path = c.get(2, "attribute");
  bool cased = c.flag(1, "case_sensitive");
  Value::Array items = c.in.iterate(c.v);
  std::vector<Value> keys;
  for (const Value &item : items)
    keys.push_back(sortKey(
        c, path && !path->isNull() ? attribute(c.in, item, *path) : item,
        cased));
  return c.in.makeArray(
      sortBy(c, std::move(items), keys, c.flag(0, "reverse")));
}

/// Pairs of what the items of a group have in common, and those items.
Value grouped(const FilterCall &c) {
  const Value *path = c.get(0, "attribute"), *missing = c.get(1, "default");
  if (!path)
    c.in.fail("filter 'groupby' needs an attribute");
  bool cased = c.flag(2, "case_sensitive");
  Value::Array items = c.in.iterate(c.v), order;
  std::vector<Value> keys;
  for (size_t i = 0; i < items.size(); ++i) {
    Value key = attribute(c.in, items[i], *path, missing);
    order.push_back(Value::tuple({items[i], key}));
    keys.push_back(sortKey(c, key, cased));
  }
  order = sortBy(c, std::move(order), keys, false);
  Value::Array out, group;
  Value name;
  auto finish = [&] {
    if (!group.empty())
      out.push_back(
          c.in.makeArray({name, c.in.makeArray(std::exchange(group, {}))},
                         Value::Sequence::Group));
  };
  for (const Value &pair : order) {
    const Value &item = pair.asArray()[0], &key = pair.asArray()[1];
    if (!group.empty() &&
        !c.in.equal(sortKey(c, name, cased), sortKey(c, key, cased)))
      finish();
    if (group.empty())
      name = key;
    group.push_back(item);
  }
  finish();
  return c.in.makeArray(std::move(out));
}

Value sortedDict(const FilterCall &c) {
  const Value *by = c.get(1, "by");
  bool byValue = by && by->isString() && by->asString() == "value";
  if (c.v.isUndefined())
    c.in.fail("'" + c.v.undefinedName() + "' is undefined");
  Value pairs = itemsOf(c);
  Value::Array items = pairs.asArray();
  std::vector<Value> keys;
  for (const Value &item : items)
    keys.push_back(sortKey(c, item.asArray()[byValue ? 1 : 0],
                           c.flag(0, "case_sensitive")));
  return c.in.makeArray(
      sortBy(c, std::move(items), keys, c.flag(2, "reverse")));
}

Value uniqueItems(const FilterCall &c) {
  bool cased = c.flag(0, "case_sensitive");
  const Value *path = c.get(1, "attribute");
  Value::Array out, seen;
  for (const Value &item : c.in.iterate(c.v)) {
    Value key = sortKey(
        c, path && !path->isNull() ? attribute(c.in, item, *path) : item,
        cased);
    bool known = std::any_of(seen.begin(), seen.end(), [&](const Value &v) {
      return c.in.equal(v, key);
    });
    if (!known) {
      seen.push_back(key);
      out.push_back(item);
    }
  }
  return c.in.makeArray(std::move(out), Value::Sequence::Iterator);
}

Value reversed(const FilterCall &c) {
  if (c.v.isString())
    return c.in.slice(c.v, {}, {}, -1);
  bool once = c.v.isSequence(Value::Sequence::Iterator);
  Value::Array items = c.in.iterate(c.v);
  std::reverse(items.begin(), items.end());
  return c.in.makeArray(std::move(items), once ? Value::Sequence::List
                                               : Value::Sequence::Iterator);
}

Value extreme(const FilterCall &c, int wanted) {
  const Value *path = c.get(1, "attribute");
  bool cased = c.flag(0, "case_sensitive");
  Value best = Value::undefined(), bestKey;
  bool first = true;
  for (const Value &item : c.in.iterate(c.v)) {
    Value key = sortKey(
        c, path && !path->isNull() ? attribute(c.in, item, *path) : item,
        cased);
    if (std::exchange(first, false) || c.in.order(key, bestKey) == wanted)
      best = item, bestKey = key;
  }
  return best;
}

Value summed(const FilterCall &c) {
  const Value *path = c.get(0, "attribute"), *start = c.get(1, "start");
  Value out = start ? *start : Value(0);
  for (const Value &item : c.in.iterate(c.v))
    out = c.in.arithmetic(Op::Add, out,
                          path && !path->isNull() ? attribute(c.in, item, *path)
                                                  : item);
  return out;
}

} // namespace quern::chat
