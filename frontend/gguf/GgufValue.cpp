//===- GgufValue.cpp - Metadata values of GGUF -----------------*- C++ -*-===//
//
// A type's number picks the C++ type that lies in the file and the one it is
// widened to, once; scalars and arrays are then the same few lines for all.
//
//===----------------------------------------------------------------------===//
#include "frontend/gguf/GgufValue.h"

using namespace llvm;
using namespace quern;

namespace {

/// More than any vocabulary: bounds what widening a large file's bytes to
/// 64-bit elements can allocate.
constexpr uint64_t maxElements = 1 << 24;
constexpr uint32_t arrayType = 9;

/// How elements of one type are read: `Stored` lies in the file.
template <typename Stored, typename Widened> struct Number {
  using Element = Widened;
  static constexpr uint64_t leastBytes = sizeof(Stored);
  static Error read(ByteCursor &cursor, const Twine &what, Widened &out) {
    Stored stored = 0;
    if (Error error = cursor.read(stored, what))
      return error;
    out = stored;
    return Error::success();
  }
};

struct Boolean {
  using Element = bool;
  static constexpr uint64_t leastBytes = 1;
  static Error read(ByteCursor &cursor, const Twine &what, bool &out) {
    uint8_t stored = 0;
    if (Error error = cursor.read(stored, what))
      return error;
    if (stored > 1)
      return cursor.fail(1, what + " is " + Twine(unsigned(stored)) +
                                ", expected 0 or 1 for a boolean");
    out = stored;
    return Error::success();
  }
};

struct String {
  using Element = StringRef;
  static constexpr uint64_t leastBytes = 8;
  static Error read(ByteCursor &cursor, const Twine &what, StringRef &out) {
    return cursor.readString(out, what);
  }
};

/// Calls `use` with the reader of a type; false if there is no such scalar.
template <typename Use> bool withReader(uint32_t type, Use use) {
  switch (type) {
  case 0:
    return use(Number<uint8_t, uint64_t>()), true;
  case 1:
    return use(Number<int8_t, int64_t>()), true;
  case 2:
    return use(Number<uint16_t, uint64_t>()), true;
  case 3:
    return use(Number<int16_t, int64_t>()), true;
  case 4:
    return use(Number<uint32_t, uint64_t>()), true;
  case 5:
    return use(Number<int32_t, int64_t>()), true;
  case 6:
    return use(Number<float, double>()), true;
  case 7:
    return use(Boolean()), true;
  case 8:
    return use(String()), true;
  case 10:
    return use(Number<uint64_t, uint64_t>()), true;
  case 11:
    return use(Number<int64_t, int64_t>()), true;
  case 12:
    return use(Number<double, double>()), true;
  default:
    return false;
  }
}

Error unknownType(ByteCursor &cursor, const Twine &what, uint32_t type) {
  return cursor.fail(4, what + " has the unknown type " + Twine(type));
}

template <typename Reader>
Error readElements(ByteCursor &cursor, const Twine &what, uint64_t count,
                   MetaValue &value) {
  std::vector<typename Reader::Element> elements;
  elements.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    typename Reader::Element element{};
    if (Error error = Reader::read(
            cursor, "element " + Twine(i) + " of " + what, element))
      return error;
    elements.push_back(element);
  }
  value = std::move(elements);
  return Error::success();
}

Error readArray(ByteCursor &cursor, const Twine &what, MetaValue &value) {
  uint32_t type = 0;
  uint64_t count = 0;
  if (Error error = cursor.read(type, "the element type of " + what))
    return error;
  if (type == arrayType)
    return cursor.fail(4, what + " is an array of arrays, not supported");
  if (!withReader(type, [](auto) {}))
    return unknownType(cursor, "the array in " + what, type);
  if (Error error = cursor.read(count, "the element count of " + what))
    return error;
  Error result = Error::success();
  withReader(type, [&](auto reader) {
    using Reader = decltype(reader);
    consumeError(std::move(result));
    result = cursor.checkCount(count, Reader::leastBytes,
                               "the element count of " + what);
    if (!result && count > maxElements)
      result =
          cursor.fail(8, what + " has " + Twine(count) + " elements, at most " +
                             Twine(maxElements) + " are supported");
    if (!result)
      result = readElements<Reader>(cursor, what, count, value);
  });
  return result;
}

} // namespace

Error quern::readGgufValue(ByteCursor &cursor, StringRef key,
                           MetaValue &value) {
  std::string what = "key " + inQuotes(key);
  uint32_t type = 0;
  if (Error error = cursor.read(type, "the type of " + what))
    return error;
  if (type == arrayType)
    return readArray(cursor, what, value);
  Error result = Error::success();
  bool known = withReader(type, [&](auto reader) {
    typename decltype(reader)::Element element{};
    consumeError(std::move(result));
    result = decltype(reader)::read(cursor, "the value of " + what, element);
    if (!result)
      value = element;
  });
  if (!known) {
    consumeError(std::move(result));
    return unknownType(cursor, what, type);
  }
  return result;
}
