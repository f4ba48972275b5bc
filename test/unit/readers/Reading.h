//===- Reading.h - Opening a model file in a test --------------*- C++ -*-===//
//
// What every test of the readers expects of a success and of an error.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "AllocationMeter.h"
#include "ModelWriter.h"
#include "frontend/Checkpoint.h"
#include "frontend/gguf/Gguf.h"
#include "llvm/ADT/StringExtras.h"
#include "gtest/gtest.h"

namespace quern::test {

constexpr size_t mostGrowth = 16 << 20;

/// The checkpoint, or a failed test and null.
inline std::unique_ptr<Checkpoint> openGood(const std::string &path) {
  llvm::Expected<std::unique_ptr<Checkpoint>> checkpoint = openCheckpoint(path);
  if (checkpoint)
    return std::move(*checkpoint);
  ADD_FAILURE() << llvm::toString(checkpoint.takeError());
  return nullptr;
}

/// The error of `open`, or "" if there is none. Whatever the file is, it must
/// not make the reader allocate much, and an error is one line that begins with
/// the name of the file, or of the folder whose file it is.
template <typename Open>
std::string errorOf(const std::string &name, Open open) {
  AllocationMeter meter;
  std::string message;
  {
    llvm::Expected<std::unique_ptr<Checkpoint>> checkpoint = open();
    if (!checkpoint)
      message = llvm::toString(checkpoint.takeError());
  }
  EXPECT_LT(meter.peak(), mostGrowth) << message;
  if (!message.empty()) {
    EXPECT_EQ(message.rfind(name, 0), 0u) << message;
    EXPECT_EQ(message.find_first_of("\n\r"), std::string::npos) << message;
    EXPECT_NE(message.back(), '.') << message;
  }
  return message;
}

inline std::string openBad(const std::string &path) {
  return errorOf(path, [&] { return openCheckpoint(path); });
}

/// The same for a GGUF file in memory, for tests that try thousands.
inline std::string readBadGguf(const std::string &bytes) {
  return errorOf("bad.gguf: ", [&] {
    llvm::StringRef text(bytes);
    return readGguf(
        MappedFile::view("bad.gguf", llvm::arrayRefFromStringRef(text)));
  });
}

template <typename T> T good(llvm::Expected<T> value) {
  if (value)
    return std::move(*value);
  ADD_FAILURE() << llvm::toString(value.takeError());
  return T();
}

template <typename T> std::string bad(llvm::Expected<T> value) {
  return value ? "" : llvm::toString(value.takeError());
}

/// A value of that alternative, or a failed test and a default one.
template <typename T>
T meta(const Checkpoint &checkpoint, llvm::StringRef key) {
  const MetaValue *value = checkpoint.findMeta(key);
  const T *typed = value ? std::get_if<T>(value) : nullptr;
  if (typed)
    return *typed;
  ADD_FAILURE() << "no " << key.str() << " of that type";
  return T();
}

} // namespace quern::test
