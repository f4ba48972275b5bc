//===- GgufHeader.cpp - What a GGUF file says before its data -------------===//
#include "GgufHeader.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace quern;

template <typename T> static void append(std::string &bytes, T value) {
  char field[sizeof(T)];
  llvm::support::endian::write<T, llvm::endianness::little>(field, value);
  bytes.append(field, sizeof(T));
}

GgufBytes &GgufBytes::number(uint32_t value) {
  append(bytes, value);
  return *this;
}
GgufBytes &GgufBytes::number(uint64_t value) {
  append(bytes, value);
  return *this;
}
GgufBytes &GgufBytes::number(float value) {
  append(bytes, llvm::bit_cast<uint32_t>(value));
  return *this;
}
GgufBytes &GgufBytes::string(llvm::StringRef text) {
  return number(uint64_t{text.size()}).raw(text);
}
GgufBytes &GgufBytes::raw(llvm::StringRef text) {
  bytes.append(text.data(), text.size());
  return *this;
}

GgufBytes &GgufHeader::key(llvm::StringRef name, GgufType type) {
  ++keyCount;
  return keys.string(name).type(type);
}

void GgufHeader::add(llvm::StringRef name, uint32_t value) {
  key(name, GgufType::UInt32).number(value);
}
void GgufHeader::add(llvm::StringRef name, float value) {
  key(name, GgufType::Float32).number(value);
}
void GgufHeader::add(llvm::StringRef name, llvm::StringRef value) {
  key(name, GgufType::String).string(value);
}
void GgufHeader::addKeys(uint64_t count, llvm::StringRef bytes) {
  keyCount += count;
  keys.raw(bytes);
}

void GgufHeader::addTensor(llvm::StringRef name, llvm::ArrayRef<uint64_t> shape,
                           uint32_t type, uint64_t size) {
  ++tensorCount;
  tensors.string(name).number(uint32_t(shape.size()));
  for (uint64_t dimension : llvm::reverse(shape))
    tensors.number(dimension);
  tensors.number(type).number(dataSize);
  dataSize += llvm::alignTo(size, kAlignment);
}

std::string GgufHeader::bytes() const {
  GgufBytes all;
  all.raw("GGUF").number(uint32_t{3}).number(tensorCount).number(keyCount);
  all.raw(keys.bytes).raw(tensors.bytes);
  all.bytes.resize(llvm::alignTo(all.bytes.size(), kAlignment));
  return std::move(all.bytes);
}
