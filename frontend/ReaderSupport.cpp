//===- ReaderSupport.cpp - What all readers check alike --------*- C++ -*-===//
//
// See the header.
//
//===----------------------------------------------------------------------===//
#include "frontend/ReaderSupport.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace llvm;
using namespace quern;

static void appendEscaped(std::string &out, unsigned char c) {
  out += "\\x";
  out += hexdigit(c >> 4, /*LowerCase=*/true);
  out += hexdigit(c & 15, /*LowerCase=*/true);
}

std::string quern::inQuotes(StringRef text) {
  constexpr size_t longest = 96;
  std::string out = "'";
  for (unsigned char c : text.take_front(longest)) {
    if (isPrint(c) && c != '\'' && c != '\\')
      out += c;
    else
      appendEscaped(out, c);
  }
  return out + (text.size() > longest ? "...'" : "'");
}

Error quern::fileError(StringRef file, const Twine &message) {
  std::string out;
  for (unsigned char c : file) {
    if (c < 0x20 || c == 0x7f)
      appendEscaped(out, c);
    else
      out += c;
  }
  return createStringError(inconvertibleErrorCode(),
                           Twine(out) + ": " + message);
}

Expected<uint64_t> quern::tensorBytes(ArrayRef<uint64_t> shape,
                                      BlockSize block) {
  auto wrong = [](const Twine &message) {
    return createStringError(inconvertibleErrorCode(), message);
  };
  if (block.weights == 0 || block.bytes == 0)
    return wrong("has a format of empty blocks");
  for (auto [i, size] : enumerate(shape))
    if (size == 0)
      return wrong("has dimension " + Twine(i) + " of size 0");
  uint64_t columns = shape.empty() ? 1 : shape.back();
  if (columns % block.weights != 0)
    return wrong("has " + Twine(columns) + " columns, expected a multiple of " +
                 Twine(block.weights));
  std::optional<uint64_t> bytes =
      checkedMulUnsigned<uint64_t>(columns / block.weights, block.bytes);
  for (uint64_t size : shape.empty() ? shape : shape.drop_back())
    if (bytes)
      bytes = checkedMulUnsigned<uint64_t>(*bytes, size);
  if (!bytes)
    return wrong("has a size that overflows 64 bits");
  return *bytes;
}

Error quern::checkOverlap(StringRef file, MutableArrayRef<ByteRange> ranges,
                          ArrayRef<Tensor> tensors) {
  llvm::sort(ranges, [](const ByteRange &a, const ByteRange &b) {
    return std::tie(a.begin, a.end, a.tensor) <
           std::tie(b.begin, b.end, b.tensor);
  });
  // As long as no neighbours overlap, the ends ascend like the begins do, so
  // that nobody else can overlap either.
  for (size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i].begin < ranges[i - 1].end)
      return fileError(
          file, "tensors " + inQuotes(tensors[ranges[i - 1].tensor].name) +
                    " and " + inQuotes(tensors[ranges[i].tensor].name) +
                    " overlap at byte " + Twine(ranges[i].begin));
  return Error::success();
}
