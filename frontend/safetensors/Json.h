//===- Json.h - JSON that somebody else wrote ------------------*- C++ -*-===//
//
// Parsing with limits, and typed access to the members of an object, with
// errors that name the file and the key. Nothing throws.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace quern {

using Json = nlohmann::json;

/// Parses all of `text`, UTF-8. Refused: nesting beyond 64 levels, more than
/// 2^23 values (a value costs up to 30 times its text), a key twice in one
/// object. Errors name `file` and, for bad syntax, the byte in it, given that
/// `text` begins at byte `base`.
llvm::Expected<Json> parseJson(llvm::StringRef file, llvm::StringRef text,
                               uint64_t base = 0);

/// An object within a JSON file, e.g. "rope_scaling" of config.json. Views the
/// Json and the file's name. A member that is null counts as absent.
class JsonObject {
public:
  /// The root of a file; an error if it is not an object.
  static llvm::Expected<JsonObject> root(llvm::StringRef file,
                                         const Json &value);

  llvm::StringRef file() const { return fileName; }
  const Json &json() const { return *object; }
  const Json *find(llvm::StringRef key) const;

  /// "FILE: key 'path.key' MESSAGE".
  llvm::Error error(llvm::StringRef key, const llvm::Twine &message) const;

  llvm::Expected<uint64_t> getUInt(llvm::StringRef key) const;
  llvm::Expected<double> getFloat(llvm::StringRef key) const;
  llvm::Expected<llvm::StringRef> getString(llvm::StringRef key) const;
  llvm::Expected<JsonObject> getObject(llvm::StringRef key) const;
  llvm::Expected<const Json *> getArray(llvm::StringRef key) const;
  llvm::Expected<uint64_t> getUInt(llvm::StringRef key,
                                   uint64_t fallback) const;
  llvm::Expected<double> getFloat(llvm::StringRef key, double fallback) const;
  llvm::Expected<bool> getBool(llvm::StringRef key, bool fallback) const;
  llvm::Expected<llvm::StringRef> getString(llvm::StringRef key,
                                            llvm::StringRef fallback) const;
  llvm::Expected<std::optional<JsonObject>>
  findObject(llvm::StringRef key) const;

private:
  JsonObject(llvm::StringRef file, std::string prefix, const Json &object)
      : fileName(file), prefix(std::move(prefix)), object(&object) {}

  template <typename T, typename Convert>
  llvm::Expected<T> get(llvm::StringRef key, const T *fallback,
                        llvm::StringRef expected, Convert convert) const;

  llvm::StringRef fileName;
  std::string prefix; // "rope_scaling." or empty
  const Json *object;
};

/// Conversions of a value; nothing if it is of another type or out of range. A
/// number such as 10000.0 is an unsigned integer too.
std::optional<uint64_t> jsonUInt(const Json &value);
std::optional<double> jsonFloat(const Json &value);
std::optional<llvm::StringRef> jsonString(const Json &value);

} // namespace quern
