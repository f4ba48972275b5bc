//===- Gguf.cpp - The reader of GGUF files ---------------------*- C++ -*-===//
//
// Header, metadata, tensor list, then the place of every tensor's bytes, in
// the order of the file.
//
//===----------------------------------------------------------------------===//
#include "frontend/gguf/Gguf.h"
#include "frontend/ReaderSupport.h"
#include "frontend/gguf/ByteCursor.h"
#include "frontend/gguf/GgufValue.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace quern;

namespace {

constexpr uint32_t maxRank = 4;
constexpr uint64_t longestKey = 65535; // by the format's specification
constexpr uint64_t longestName = 1024; // ggml writes at most 63
constexpr uint64_t maxAlignment = 1 << 20;
constexpr uint64_t defaultAlignment = 32;
// The least bytes of a key with a one-byte value, and of a vector's entry.
constexpr uint64_t leastKeyBytes = 8 + 1 + 4 + 1;
constexpr uint64_t leastTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;

class GgufCheckpoint : public Checkpoint {
public:
  GgufCheckpoint(MappedFile mapped, const StorageTypes &types, Extent extent)
      : mapped(std::move(mapped)), types(types), extent(extent),
        cursor(this->mapped.name(), this->mapped.bytes()) {
    file = this->mapped.name();
  }

  Error read();

private:
  Error readHeader(uint64_t &tensorCount, uint64_t &keyCount);
  Error readKeys(uint64_t count);
  Error readTensor();
  Error readShape(Tensor &tensor);
  Error readType(Tensor &tensor, BlockSize &block);
  Error readAlignment(uint64_t &alignment) const;
  Error refuseSplit() const;
  Error placeTensors();

  MappedFile mapped;
  const StorageTypes &types;
  Extent extent;
  ByteCursor cursor;
  std::vector<ByteRange> ranges; // of tensors, counted from the data's begin
};

Error GgufCheckpoint::readHeader(uint64_t &tensorCount, uint64_t &keyCount) {
  uint32_t magic = 0, version = 0;
  if (Error error = cursor.read(magic, "the magic number"))
    return error;
  if (!isGguf(mapped.bytes()))
    return cursor.fail(4, "no GGUF magic number");
  if (Error error = cursor.read(version, "the version"))
    return error;
  if (version != 2 && version != 3 && (version & 0xffff) == 0 && version != 0)
    return cursor.fail(4, "big-endian GGUF is not supported");
  if (version != 2 && version != 3)
    return cursor.fail(4, "GGUF version " + Twine(version) +
                              " is not supported, expected 2 or 3");
  if (Error error = cursor.read(tensorCount, "the tensor count"))
    return error;
  if (Error error =
          cursor.checkCount(tensorCount, leastTensorBytes, "the tensor count"))
    return error;
  if (Error error = cursor.read(keyCount, "the key count"))
    return error;
  return cursor.checkCount(keyCount, leastKeyBytes, "the key count");
}

Error GgufCheckpoint::readKeys(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    StringRef key;
    if (Error error = cursor.readString(key, "key " + Twine(i), longestKey))
      return error;
    if (key.empty())
      return cursor.fail(0, "key " + Twine(i) + " is empty");
    if (meta.contains(key))
      return cursor.fail(key.size(), "key " + inQuotes(key) + " comes twice");
    MetaValue value;
    if (Error error = readGgufValue(cursor, key, value))
      return error;
    meta.insert({key, std::move(value)});
  }
  return Error::success();
}

/// Reads the dimensions, innermost first, into a shape, outermost first.
Error GgufCheckpoint::readShape(Tensor &tensor) {
  std::string what = "tensor " + inQuotes(tensor.name);
  uint32_t rank = 0;
  if (Error error = cursor.read(rank, "the rank of " + what))
    return error;
  if (rank < 1 || rank > maxRank)
    return cursor.fail(4, what + " has " + Twine(rank) +
                              " dimensions, expected 1 to " + Twine(maxRank));
  tensor.shape.resize(rank);
  for (uint64_t &size : llvm::reverse(tensor.shape)) {
    if (Error error = cursor.read(size, "the dimensions of " + what))
      return error;
    if (size == 0)
      return cursor.fail(8, what + " has a dimension of size 0");
  }
  return Error::success();
}

Error GgufCheckpoint::readType(Tensor &tensor, BlockSize &block) {
  uint32_t id = 0;
  if (Error error =
          cursor.read(id, "the type of tensor " + inQuotes(tensor.name)))
    return error;
  const StorageType *type = types.findGguf(id);
  if (!type)
    return cursor.fail(4, "tensor " + inQuotes(tensor.name) +
                              " has the unknown type " + Twine(id));
  tensor.format = type->format;
  block = type->block;
  return Error::success();
}

/// Reads one entry of the tensor list. Where the data begins is only known
/// after the last one; until placeTensors, a part has no bytes.
Error GgufCheckpoint::readTensor() {
  Tensor tensor;
  StringRef name;
  std::string what = ("the name of tensor " + Twine(tensorList.size())).str();
  if (Error error = cursor.readString(name, what, longestName))
    return error;
  if (name.empty())
    return cursor.fail(0, what + " is empty");
  if (!tensorIndex.try_emplace(name, tensorList.size()).second)
    return cursor.fail(name.size(),
                       "tensor " + inQuotes(name) + " comes twice");
  tensor.name = name.str();
  BlockSize block;
  if (Error error = readShape(tensor))
    return error;
  if (Error error = readType(tensor, block))
    return error;
  uint64_t begin = 0;
  if (Error error =
          cursor.read(begin, "the offset of tensor " + inQuotes(name)))
    return error;
  Expected<uint64_t> size = tensorBytes(tensor.shape, block);
  if (!size)
    return cursor.fail(0, "tensor " + inQuotes(name) + " of format " +
                              tensor.format + " " + toString(size.takeError()) +
                              ", in the entry that ends");
  std::optional<uint64_t> end = checkedAddUnsigned(begin, *size);
  if (!end)
    return cursor.fail(8, "tensor " + inQuotes(name) + " ends beyond 64 bits");
  ranges.push_back({begin, *end, tensorList.size()});
  tensor.parts.resize(1);
  tensorList.push_back(std::move(tensor));
  return Error::success();
}

Error GgufCheckpoint::readAlignment(uint64_t &alignment) const {
  Expected<uint64_t> value = getUInt("general.alignment", defaultAlignment);
  if (!value)
    return value.takeError();
  alignment = *value;
  if (isPowerOf2_64(alignment) && alignment <= maxAlignment)
    return Error::success();
  return error("key 'general.alignment' is " + Twine(alignment) +
               ", expected a power of two up to " + Twine(maxAlignment));
}

Error GgufCheckpoint::refuseSplit() const {
  Expected<uint64_t> parts = getUInt("split.count", 1);
  if (!parts)
    return parts.takeError();
  if (*parts <= 1)
    return Error::success();
  return error("key 'split.count' is " + Twine(*parts) +
               ": a model split over several files is not supported, merge "
               "them first");
}

Error GgufCheckpoint::placeTensors() {
  uint64_t alignment = defaultAlignment;
  if (Error error = readAlignment(alignment))
    return error;
  // Neither can overflow: a file's length is far from 2^64.
  uint64_t base = alignTo(cursor.offset(), alignment);
  uint64_t available = mapped.bytes().size();
  available = available < base ? 0 : available - base;
  for (const ByteRange &range : ranges) {
    Tensor &tensor = tensorList[range.tensor];
    std::string what = "tensor " + inQuotes(tensor.name);
    if (range.begin % alignment != 0)
      return error(what + " has offset " + Twine(range.begin) +
                   ", expected a multiple of " + Twine(alignment));
    tensor.parts[0].fileOffset = base + range.begin;
    if (range.end > available && extent == Extent::Header)
      continue;
    if (range.end > available)
      return error(what + " lies in bytes " + Twine(range.begin) + " to " +
                   Twine(range.end) + " of the data, which begins at byte " +
                   Twine(base) + " and has " + Twine(available));
    tensor.parts[0].bytes =
        mapped.bytes().slice(base + range.begin, range.end - range.begin);
  }
  return checkOverlap(file, ranges, tensorList);
}

Error GgufCheckpoint::read() {
  uint64_t tensorCount = 0, keyCount = 0;
  if (Error error = readHeader(tensorCount, keyCount))
    return error;
  if (Error error = readKeys(keyCount))
    return error;
  if (Error error =
          cursor.checkCount(tensorCount, leastTensorBytes, "the tensor count"))
    return error;
  for (uint64_t i = 0; i < tensorCount; ++i)
    if (Error error = readTensor())
      return error;
  if (Error error = refuseSplit())
    return error;
  return placeTensors();
}

} // namespace

bool quern::isGguf(ArrayRef<uint8_t> bytes) {
  return toStringRef(bytes).starts_with("GGUF");
}

Expected<std::unique_ptr<Checkpoint>>
quern::readGguf(MappedFile file, const StorageTypes &types, Extent extent) {
  auto checkpoint =
      std::make_unique<GgufCheckpoint>(std::move(file), types, extent);
  if (Error error = checkpoint->read())
    return error;
  return std::unique_ptr<Checkpoint>(std::move(checkpoint));
}
