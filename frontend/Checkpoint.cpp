//===- Checkpoint.cpp - A model file, whatever its container ---*- C++ -*-===//
//
// Typed access to metadata, and the choice of a reader by a file's content.
//
//===----------------------------------------------------------------------===//
#include "frontend/Checkpoint.h"
#include "frontend/MappedFile.h"
#include "frontend/ReaderSupport.h"
#include "frontend/gguf/Gguf.h"
#include "frontend/safetensors/Folder.h"
#include "frontend/safetensors/Safetensors.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <cmath>

using namespace llvm;
using namespace quern;

bool Checkpoint::tiesOutput() const {
  return outline ? findMeta("quern.output.tied") != nullptr
                 : !findTensor("output.weight");
}

const Tensor *Checkpoint::findTensor(StringRef name) const {
  auto found = tensorIndex.find(name);
  return found == tensorIndex.end() ? nullptr : &tensorList[found->second];
}

const MetaValue *Checkpoint::findMeta(StringRef key) const {
  auto found = meta.find(key);
  return found == meta.end() ? nullptr : &found->second;
}

Error Checkpoint::error(const Twine &message) const {
  return fileError(file, message);
}

//===----------------------------------------------------------------------===//
// Values of a type
//===----------------------------------------------------------------------===//

static std::optional<uint64_t> convert(const MetaValue &value, uint64_t *) {
  if (const auto *number = std::get_if<uint64_t>(&value))
    return *number;
  const auto *number = std::get_if<int64_t>(&value);
  if (number && *number >= 0)
    return static_cast<uint64_t>(*number);
  return std::nullopt;
}

static std::optional<double> convert(const MetaValue &value, double *) {
  if (const auto *number = std::get_if<double>(&value))
    return std::isfinite(*number) ? std::optional(*number) : std::nullopt;
  if (const auto *number = std::get_if<uint64_t>(&value))
    return static_cast<double>(*number);
  if (const auto *number = std::get_if<int64_t>(&value))
    return static_cast<double>(*number);
  return std::nullopt;
}

template <typename T>
static std::optional<T> convert(const MetaValue &value, T *) {
  if (const auto *same = std::get_if<T>(&value))
    return *same;
  return std::nullopt;
}

/// What a value is, in the words of an error.
static std::string describe(const MetaValue &value) {
  static constexpr StringLiteral kinds[] = {"the unsigned integer ",
                                            "the integer ",
                                            "the number ",
                                            "a boolean",
                                            "a string",
                                            "an array of unsigned integers",
                                            "an array of integers",
                                            "an array of numbers",
                                            "an array of booleans",
                                            "an array of strings"};
  static_assert(std::size(kinds) == std::variant_size_v<MetaValue>);
  std::string kind = kinds[value.index()].str();
  if (const auto *number = std::get_if<uint64_t>(&value))
    return kind + std::to_string(*number);
  if (const auto *number = std::get_if<int64_t>(&value))
    return kind + std::to_string(*number);
  if (const auto *number = std::get_if<double>(&value))
    return kind + std::to_string(*number);
  return kind;
}

template <typename T>
static Expected<T> get(const Checkpoint &checkpoint, StringRef key,
                       const T *fallback, const char *expected) {
  const MetaValue *value = checkpoint.findMeta(key);
  if (!value && fallback)
    return *fallback;
  if (!value)
    return checkpoint.error("key " + inQuotes(key) + " is missing, expected " +
                            expected);
  if (std::optional<T> converted = convert(*value, static_cast<T *>(nullptr)))
    return *converted;
  return checkpoint.error("key " + inQuotes(key) + " is " + describe(*value) +
                          ", expected " + expected);
}

static constexpr char anUInt[] = "an unsigned integer";
static constexpr char aFloat[] = "a finite number";
static constexpr char aBool[] = "a boolean";
static constexpr char aString[] = "a string";

Expected<uint64_t> Checkpoint::getUInt(StringRef key) const {
  return get<uint64_t>(*this, key, nullptr, anUInt);
}
Expected<double> Checkpoint::getFloat(StringRef key) const {
  return get<double>(*this, key, nullptr, aFloat);
}
Expected<bool> Checkpoint::getBool(StringRef key) const {
  return get<bool>(*this, key, nullptr, aBool);
}
Expected<StringRef> Checkpoint::getString(StringRef key) const {
  return get<StringRef>(*this, key, nullptr, aString);
}
Expected<uint64_t> Checkpoint::getUInt(StringRef key, uint64_t fallback) const {
  return get(*this, key, &fallback, anUInt);
}
Expected<double> Checkpoint::getFloat(StringRef key, double fallback) const {
  return get(*this, key, &fallback, aFloat);
}
Expected<bool> Checkpoint::getBool(StringRef key, bool fallback) const {
  return get(*this, key, &fallback, aBool);
}

//===----------------------------------------------------------------------===//
// Opening
//===----------------------------------------------------------------------===//

Expected<std::unique_ptr<Checkpoint>>
quern::openCheckpoint(StringRef path, const StorageTypes &types,
                      Extent extent) {
  if (sys::fs::is_directory(path)) {
    DiskFolder folder(path);
    if (!folder.has("config.json"))
      return fileError(path, "has no config.json; a folder is a model of "
                             "safetensors, a GGUF file is named itself");
    return readFolder(path, folder, types, "", extent);
  }
  Expected<MappedFile> file = MappedFile::open(path);
  if (!file)
    return file.takeError();
  if (isGguf(file->bytes()))
    return readGguf(std::move(*file), types, extent);
  // By its name alone only for a better error.
  bool isWeights =
      isSafetensors(file->bytes()) || path.ends_with(".safetensors");
  StringRef name = sys::path::filename(path),
            parent = sys::path::parent_path(path);
  DiskFolder folder(parent.empty() ? "." : parent);
  if (isWeights)
    return readFolder(path, folder, types, name, extent);
  if (name == "config.json") {
    if (extent == Extent::Header)
      return readFolder(path, folder, types, "", extent);
    return fileError(path,
                     "is not a model; its folder is named, with the weights");
  }
  if (toStringRef(file->bytes()).starts_with("\177ELF"))
    return fileError(path, "is a program, not a model");
  return fileError(path, "is neither a GGUF nor a safetensors file");
}
