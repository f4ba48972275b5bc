//===- Json.cpp - JSON that somebody else wrote ----------------*- C++ -*-===//
//
// A SAX handler that builds the document and stops where a limit is passed,
// before anything is allocated for what lies beyond it.
//
//===----------------------------------------------------------------------===//
#include "frontend/safetensors/Json.h"
#include "frontend/ReaderSupport.h"
#include "llvm/ADT/SmallVector.h"
#include <cmath>

using namespace llvm;
using namespace quern;

namespace {

constexpr size_t maxDepth = 64;
constexpr size_t maxValues = 1 << 23;

/// The events of nlohmann::json::sax_parse; false stops the parser.
class Builder {
public:
  using number_integer_t = Json::number_integer_t;
  using number_unsigned_t = Json::number_unsigned_t;
  using number_float_t = Json::number_float_t;
  using string_t = Json::string_t;
  using binary_t = Json::binary_t;

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(number_integer_t value) { return add(value); }
  bool number_unsigned(number_unsigned_t value) { return add(value); }
  bool number_float(number_float_t value, const string_t &) {
    return add(value);
  }
  bool string(string_t &value) { return add(std::move(value)); }
  bool binary(binary_t &) { return false; } // not in JSON

  bool start_object(size_t) { return open(Json::value_t::object); }
  bool start_array(size_t) { return open(Json::value_t::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(string_t &name) {
    auto &members = containers.back()->get_ref<Json::object_t &>();
    auto [member, isNew] = members.emplace(std::move(name), nullptr);
    if (!isNew)
      return stop("has key " + inQuotes(member->first) +
                  " twice in one object");
    slot = &member->second;
    return true;
  }

  bool parse_error(size_t position, const std::string &,
                   const Json::exception &) {
    badByte = position;
    return false;
  }

  Json root;
  std::string problem;           // a limit that was passed, or empty
  std::optional<size_t> badByte; // one-based, of bad syntax

private:
  bool stop(std::string why) {
    problem = std::move(why);
    return false;
  }

  template <typename T> bool add(T &&value) { return place(value) != nullptr; }

  /// Where the value now lies. Containers stay where they are while they are
  /// open, because nothing is added to what is around them.
  template <typename T> Json *place(T &value) {
    if (++values > maxValues) {
      stop("has more than " + std::to_string(maxValues) + " values");
      return nullptr;
    }
    if (containers.empty())
      return &(root = std::move(value));
    if (Json::array_t *array = containers.back()->get_ptr<Json::array_t *>())
      return &array->emplace_back(std::move(value));
    return &(*slot = std::move(value));
  }

  bool open(Json::value_t type) {
    if (containers.size() == maxDepth)
      return stop("is nested deeper than " + std::to_string(maxDepth) +
                  " levels");
    Json container(type);
    Json *placed = place(container);
    if (!placed)
      return false;
    containers.push_back(placed);
    return true;
  }

  bool close() {
    containers.pop_back();
    return true;
  }

  SmallVector<Json *> containers; // that are open
  Json *slot = nullptr;           // of the last key
  size_t values = 0;
};

} // namespace

Expected<Json> quern::parseJson(StringRef file, StringRef text, uint64_t base) {
  Builder builder;
  if (Json::sax_parse(text.begin(), text.end(), &builder))
    return std::move(builder.root);
  if (!builder.problem.empty())
    return fileError(file, "the json " + builder.problem);
  return fileError(file, "malformed json at byte " +
                             Twine(base + builder.badByte.value_or(0)));
}

//===----------------------------------------------------------------------===//
// Typed access
//===----------------------------------------------------------------------===//

std::optional<uint64_t> quern::jsonUInt(const Json &value) {
  if (const auto *number = value.get_ptr<const Json::number_unsigned_t *>())
    return *number;
  const auto *number = value.get_ptr<const Json::number_float_t *>();
  constexpr double exact = 9007199254740992.0; // 2^53: all integers up to here
  if (number && *number >= 0 && *number <= exact &&
      std::floor(*number) == *number)
    return static_cast<uint64_t>(*number);
  return std::nullopt;
}

std::optional<double> quern::jsonFloat(const Json &value) {
  if (const auto *number = value.get_ptr<const Json::number_float_t *>())
    return std::isfinite(*number) ? std::optional(*number) : std::nullopt;
  if (const auto *number = value.get_ptr<const Json::number_unsigned_t *>())
    return static_cast<double>(*number);
  if (const auto *number = value.get_ptr<const Json::number_integer_t *>())
    return static_cast<double>(*number);
  return std::nullopt;
}

std::optional<StringRef> quern::jsonString(const Json &value) {
  if (const auto *text = value.get_ptr<const Json::string_t *>())
    return StringRef(*text);
  return std::nullopt;
}

static std::optional<bool> jsonBool(const Json &value) {
  if (const auto *truth = value.get_ptr<const Json::boolean_t *>())
    return *truth;
  return std::nullopt;
}

Expected<JsonObject> JsonObject::root(StringRef file, const Json &value) {
  if (value.is_object())
    return JsonObject(file, "", value);
  return fileError(file, "the json is of type " + Twine(value.type_name()) +
                             ", expected an object");
}

const Json *JsonObject::find(StringRef key) const {
  auto found = object->find(key.str());
  return found == object->end() || found->is_null() ? nullptr : &*found;
}

Error JsonObject::error(StringRef key, const Twine &message) const {
  return fileError(fileName,
                   "key " + inQuotes(prefix + key.str()) + " " + message);
}

template <typename T, typename Convert>
Expected<T> JsonObject::get(StringRef key, const T *fallback,
                            StringRef expected, Convert convert) const {
  const Json *value = find(key);
  if (!value && fallback)
    return *fallback;
  if (!value)
    return error(key, "is missing, expected " + expected);
  if (std::optional<T> converted = convert(*value))
    return *converted;
  if (value->is_number())
    return error(key,
                 "is the number " + value->dump() + ", expected " + expected);
  return error(key, "is of type " + Twine(value->type_name()) + ", expected " +
                        expected);
}

static constexpr StringLiteral anUInt = "an unsigned integer";
static constexpr StringLiteral aFloat = "a finite number";
static constexpr StringLiteral aBool = "a boolean";
static constexpr StringLiteral aString = "a string";

Expected<uint64_t> JsonObject::getUInt(StringRef key) const {
  return get<uint64_t>(key, nullptr, anUInt, jsonUInt);
}
Expected<double> JsonObject::getFloat(StringRef key) const {
  return get<double>(key, nullptr, aFloat, jsonFloat);
}
Expected<StringRef> JsonObject::getString(StringRef key) const {
  return get<StringRef>(key, nullptr, aString, jsonString);
}
Expected<uint64_t> JsonObject::getUInt(StringRef key, uint64_t fallback) const {
  return get(key, &fallback, anUInt, jsonUInt);
}
Expected<double> JsonObject::getFloat(StringRef key, double fallback) const {
  return get(key, &fallback, aFloat, jsonFloat);
}
Expected<bool> JsonObject::getBool(StringRef key, bool fallback) const {
  return get(key, &fallback, aBool, jsonBool);
}
Expected<StringRef> JsonObject::getString(StringRef key,
                                          StringRef fallback) const {
  return get(key, &fallback, aString, jsonString);
}

Expected<JsonObject> JsonObject::getObject(StringRef key) const {
  auto asObject = [&](const Json &value) -> std::optional<JsonObject> {
    if (value.is_object())
      return JsonObject(fileName, prefix + key.str() + ".", value);
    return std::nullopt;
  };
  return get<JsonObject>(key, nullptr, "an object", asObject);
}

Expected<const Json *> JsonObject::getArray(StringRef key) const {
  auto asArray = [](const Json &value) -> std::optional<const Json *> {
    return value.is_array() ? std::optional(&value) : std::nullopt;
  };
  return get<const Json *>(key, nullptr, "an array", asArray);
}

Expected<std::optional<JsonObject>>
JsonObject::findObject(StringRef key) const {
  if (!find(key))
    return std::optional<JsonObject>();
  Expected<JsonObject> found = getObject(key);
  if (!found)
    return found.takeError();
  return std::optional(std::move(*found));
}
