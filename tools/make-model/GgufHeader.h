//===- GgufHeader.h - What a GGUF file says before its data -----*- C++ -*-===//
//
// Version 3, as frontend/gguf/Gguf.h describes it, data aligned to 32 bytes.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>

namespace quern {

/// Numbers of the types of metadata.
enum class GgufType : uint32_t {
  UInt32 = 4,
  Int32 = 5,
  Float32 = 6,
  String = 8,
  Array = 9
};

/// Fields of a GGUF file, one after the other.
class GgufBytes {
public:
  GgufBytes &number(uint32_t);
  GgufBytes &number(uint64_t);
  GgufBytes &number(float);
  GgufBytes &type(GgufType type) { return number(uint32_t(type)); }
  /// A string with its length before it.
  GgufBytes &string(llvm::StringRef);
  /// What has this form already.
  GgufBytes &raw(llvm::StringRef);

  std::string bytes;
};

class GgufHeader {
public:
  static constexpr uint64_t kAlignment = 32;

  void add(llvm::StringRef key, uint32_t value);
  void add(llvm::StringRef key, float value);
  void add(llvm::StringRef key, llvm::StringRef value);
  /// Keys with their types and values.
  void addKeys(uint64_t count, llvm::StringRef bytes);
  /// Dimensions are outermost first; the data of tensors is in the same order,
  /// each padded to the alignment.
  void addTensor(llvm::StringRef name, llvm::ArrayRef<uint64_t> shape,
                 uint32_t type, uint64_t size);

  /// All of it, padded.
  std::string bytes() const;

private:
  GgufBytes &key(llvm::StringRef name, GgufType type);

  GgufBytes keys, tensors;
  uint64_t keyCount = 0, tensorCount = 0, dataSize = 0;
};

} // namespace quern
