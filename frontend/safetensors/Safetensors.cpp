//===- Safetensors.cpp - The reader of .safetensors files ------*- C++ -*-===//
//
// The header is parsed as JSON with limits; then every entry is checked by
// itself, and all together for overlaps.
//
//===----------------------------------------------------------------------===//
#include "frontend/safetensors/Safetensors.h"
#include "frontend/ReaderSupport.h"
#include "frontend/safetensors/Json.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"

using namespace llvm;
using namespace quern;

static constexpr uint64_t maxHeader = 100'000'000;
static constexpr uint64_t lengthBytes = 8;
static constexpr size_t maxRank = 8;

static uint64_t headerLength(ArrayRef<uint8_t> bytes) {
  return support::endian::read64le(bytes.data());
}

bool quern::isSafetensors(ArrayRef<uint8_t> bytes) {
  return bytes.size() > lengthBytes && bytes[lengthBytes] == '{' &&
         headerLength(bytes) <= bytes.size() - lengthBytes;
}

/// The header's text, without its length.
static Expected<StringRef> headerText(const MappedFile &file) {
  ArrayRef<uint8_t> bytes = file.bytes();
  if (bytes.size() < lengthBytes)
    return fileError(file.name(), "the file ends inside the header's length: " +
                                      Twine(bytes.size()) + " bytes of 8");
  uint64_t length = headerLength(bytes);
  if (length > bytes.size() - lengthBytes)
    return fileError(file.name(), "the header's length is " + Twine(length) +
                                      ", but only " +
                                      Twine(bytes.size() - lengthBytes) +
                                      " bytes are left at byte 8");
  if (length > maxHeader)
    return fileError(file.name(), "the header has " + Twine(length) +
                                      " bytes, at most " + Twine(maxHeader) +
                                      " are supported");
  StringRef text = toStringRef(bytes.slice(lengthBytes, length));
  if (!text.starts_with("{"))
    return fileError(file.name(), "the header does not begin with '{' at "
                                  "byte 8: not a safetensors file");
  return text;
}

static Error tensorError(const MappedFile &file, StringRef name,
                         const Twine &message) {
  return fileError(file.name(), "tensor " + inQuotes(name) + " " + message);
}

static Error readShape(const MappedFile &file, const JsonObject &entry,
                       Tensor &tensor) {
  Expected<const Json *> shape = entry.getArray("shape");
  if (!shape)
    return shape.takeError();
  if ((*shape)->size() > maxRank)
    return tensorError(file, tensor.name,
                       "has " + Twine((*shape)->size()) +
                           " dimensions, at most " + Twine(maxRank) +
                           " are supported");
  for (const Json &value : **shape) {
    std::optional<uint64_t> size = jsonUInt(value);
    if (!size)
      return tensorError(file, tensor.name,
                         "has a dimension that is no unsigned integer");
    tensor.shape.push_back(*size);
  }
  return Error::success();
}

/// Sets the format; the result is the bytes that shape and format ask for.
static Expected<uint64_t> readFormat(const MappedFile &file,
                                     const JsonObject &entry,
                                     const StorageTypes &types,
                                     Tensor &tensor) {
  Expected<StringRef> dtype = entry.getString("dtype");
  if (!dtype)
    return dtype.takeError();
  const StorageType *type = types.findSafetensors(*dtype);
  if (!type)
    return tensorError(file, tensor.name,
                       "has dtype " + inQuotes(*dtype) + ", expected " +
                           types.safetensorsNames());
  tensor.format = type->format;
  Expected<uint64_t> size = tensorBytes(tensor.shape, type->block);
  if (!size)
    return tensorError(file, tensor.name, toString(size.takeError()));
  return size;
}

static Expected<ByteRange>
readOffsets(const MappedFile &file, const JsonObject &entry, StringRef name) {
  Expected<const Json *> offsets = entry.getArray("data_offsets");
  if (!offsets)
    return offsets.takeError();
  std::optional<uint64_t> begin, end;
  if ((*offsets)->size() == 2) {
    begin = jsonUInt((**offsets)[0]);
    end = jsonUInt((**offsets)[1]);
  }
  if (begin && end)
    return ByteRange{*begin, *end};
  return tensorError(file, name,
                     "has data_offsets other than two unsigned integers");
}

/// Checks one entry against the data, and points the tensor at its bytes.
static Expected<ByteRange> readTensor(const MappedFile &file, uint64_t base,
                                      const JsonObject &entry,
                                      const StorageTypes &types,
                                      Tensor &tensor) {
  if (Error error = readShape(file, entry, tensor))
    return error;
  Expected<uint64_t> size = readFormat(file, entry, types, tensor);
  if (!size)
    return size.takeError();
  Expected<ByteRange> range = readOffsets(file, entry, tensor.name);
  if (!range)
    return range.takeError();
  uint64_t available = file.bytes().size() - base;
  std::string place =
      ("data_offsets " + Twine(range->begin) + " to " + Twine(range->end))
          .str();
  if (range->begin > range->end || range->end > available)
    return tensorError(file, tensor.name,
                       "has " + place + ", but the data begins at byte " +
                           Twine(base) + " and has " + Twine(available));
  if (range->end - range->begin != *size)
    return tensorError(file, tensor.name,
                       "has " + place + ", expected " + Twine(*size) +
                           " bytes by its shape and dtype");
  TensorPart part;
  part.fileOffset = base + range->begin;
  part.bytes = file.bytes().slice(part.fileOffset, *size);
  tensor.parts.push_back(std::move(part));
  return range;
}

Expected<std::vector<Tensor>>
quern::readSafetensors(const MappedFile &file, const StorageTypes &types) {
  Expected<StringRef> text = headerText(file);
  if (!text)
    return text.takeError();
  Expected<Json> header = parseJson(file.name(), *text, lengthBytes);
  if (!header)
    return header.takeError();
  Expected<JsonObject> root = JsonObject::root(file.name(), *header);
  if (!root)
    return root.takeError();
  std::vector<Tensor> tensors;
  std::vector<ByteRange> ranges;
  for (auto &[name, value] : header->items()) {
    if (name == "__metadata__") // free text; nothing in it is needed
      continue;
    if (name.empty())
      return fileError(file.name(), "a tensor has an empty name");
    Expected<JsonObject> entry = root->getObject(name);
    if (!entry)
      return entry.takeError();
    Tensor tensor;
    tensor.name = name;
    Expected<ByteRange> range =
        readTensor(file, lengthBytes + text->size(), *entry, types, tensor);
    if (!range)
      return range.takeError();
    range->tensor = tensors.size();
    ranges.push_back(*range);
    tensors.push_back(std::move(tensor));
  }
  if (Error error = checkOverlap(file.name(), ranges, tensors))
    return error;
  llvm::sort(tensors, [](const Tensor &a, const Tensor &b) {
    return a.parts[0].fileOffset < b.parts[0].fileOffset;
  });
  return tensors;
}
