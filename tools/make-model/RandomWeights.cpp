//===- RandomWeights.cpp - Matrices of any format, at random --------------===//
#include "RandomWeights.h"
#include <cmath>

using namespace quern;

//===----------------------------------------------------------------------===//
// Codecs
//===----------------------------------------------------------------------===//

static uint32_t highestBit(Codec codec) {
  return 1u << (8 * codecBytes(codec) - 1);
}

static bool hasSign(Codec codec) {
  return std::signbit(decodeScalar(codec, highestBit(codec)));
}

/// The largest number of a codec that is not above `x`, which is not negative:
/// bits of positive numbers are in the order of the numbers, so it is found bit
/// by bit.
static uint32_t encodeBelow(Codec codec, double x) {
  uint32_t bits = 0;
  for (uint32_t bit = highestBit(codec); bit != 0; bit >>= 1) {
    float value = decodeScalar(codec, bits | bit);
    if (value <= x && value > decodeScalar(codec, bits))
      bits |= bit;
  }
  return bits;
}

namespace {
/// A number in a codec that may be coarse (powers of two): its two neighbours
/// in turns, each so often that their mean square is that of the number.
class Neighbours {
public:
  Neighbours(Codec codec, double number)
      : sign(number < 0 ? highestBit(codec) : 0),
        below(encodeBelow(codec, std::abs(number))) {
    double low = decodeScalar(codec, below);
    double high = decodeScalar(codec, below + 1);
    if (std::isfinite(high) && high > low && low < std::abs(number))
      share = (number * number - low * low) / (high * high - low * low);
  }

  uint32_t next() {
    owed += share;
    if (owed < 1)
      return sign | below;
    owed -= 1;
    return sign | (below + 1);
  }

private:
  uint32_t sign, below;
  double share = 0, owed = 0; // of the upper neighbour
};

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

/// What words of consecutive blocks are: random bits where `random` has ones,
/// else those of `fixed`.
struct Pattern {
  std::vector<uint64_t> random, fixed;
  void fill(Random &stream, llvm::MutableArrayRef<uint64_t> words) const;
};
} // namespace

/// As many are a whole number of words, and neighbours take turns over them.
static constexpr unsigned kPatternBlocks = 64;

void Pattern::fill(Random &stream,
                   llvm::MutableArrayRef<uint64_t> words) const {
  Random local = stream; // in registers: words might alias it
  for (size_t begin = 0; begin < words.size(); begin += random.size())
    for (size_t i = 0; i < random.size(); ++i)
      words[begin + i] = (local.next() & random[i]) | fixed[i];
  stream = local;
}

/// Blocks with these super-scales.
static Pattern patternOf(const Format &format, double scale, double offset) {
  size_t words = kPatternBlocks * format.bytes / 8;
  Pattern pattern{std::vector<uint64_t>(words, ~uint64_t{0}),
                  std::vector<uint64_t>(words, 0)};
  auto *random = reinterpret_cast<uint8_t *>(pattern.random.data());
  auto *fixed = reinterpret_cast<uint8_t *>(pattern.fixed.data());
  auto set = [&](const Factor &factor, double number, uint32_t freeBits) {
    Neighbours neighbours(factor.codec, number);
    for (unsigned block = 0; block < kPatternBlocks; ++block)
      for (unsigned i = 0; i < factor.super.count; ++i) {
        size_t at = block * format.bytes;
        writeBits(random + at, factor.super, i, freeBits);
        writeBits(fixed + at, factor.super, i, neighbours.next());
      }
  };
  // Codes are seldom symmetric (-8 to 7). Where no offset makes up for that,
  // the signs of scales do.
  const Factor &factor = format.scale;
  bool anySign = !format.offset && hasSign(factor.codec);
  set(factor, scale, anySign ? highestBit(factor.codec) : 0);
  if (format.offset)
    set(*format.offset, offset, 0);
  return pattern;
}

namespace {
struct Moments {
  double mean = 0, deviation = 0;
};
} // namespace

/// Of the weights of a sample of blocks with these super-scales.
static Moments measure(const Format &format, double scale, double offset) {
  constexpr unsigned sample = 1 << 19;
  Pattern pattern = patternOf(format, scale, offset);
  Random random(0, format.name);
  std::vector<uint64_t> words(pattern.fixed.size());
  std::vector<float> weights(format.weights);
  double count = 0, sum = 0, squares = 0;
  while (count < sample) {
    pattern.fill(random, words);
    auto *block = reinterpret_cast<const uint8_t *>(words.data());
    for (unsigned i = 0; i < kPatternBlocks; ++i, block += format.bytes) {
      dequantize(format, block, weights.data());
      for (double weight : weights)
        sum += weight, squares += weight * weight;
    }
    count += kPatternBlocks * format.weights;
  }
  double mean = sum / count;
  return {mean, std::sqrt(squares / count - mean * mean)};
}

//===----------------------------------------------------------------------===//
// Plain floats
//===----------------------------------------------------------------------===//

static bool isPlainFloat(const Format &format) {
  return format.element && format.weights == 1 && format.groups() == 0;
}

/// One of 4096 numbers each, evenly over the range that has the deviation.
static Filler floatFiller(Codec codec, double deviation) {
  constexpr unsigned indexBits = 12, count = 1 << indexBits;
  std::vector<uint32_t> table(count);
  for (unsigned i = 0; i < count; ++i) {
    double x = ((2 * i + 1.0) / count - 1) * std::sqrt(3.0) * deviation;
    table[i] =
        encodeBelow(codec, std::abs(x)) | (x < 0 ? highestBit(codec) : 0);
  }
  unsigned width = 8 * codecBytes(codec);
  auto fill = [table, width](Random &stream,
                             llvm::MutableArrayRef<uint64_t> words) {
    Random local = stream;
    for (uint64_t &word : words) {
      uint64_t bits = local.next();
      word = 0;
      for (unsigned at = 0; at < 64; at += width, bits >>= indexBits)
        word |= uint64_t{table[bits % count]} << at;
    }
    stream = local;
  };
  return {1, fill};
}

//===----------------------------------------------------------------------===//
// RandomWeights
//===----------------------------------------------------------------------===//

llvm::Expected<RandomWeights> RandomWeights::create(const Format &format) {
  RandomWeights made(format);
  if (format.gguf < 0)
    return llvm::createStringError("has no number in GGUF files");
  if (isPlainFloat(format) && codecBytes(*format.element) > 1 &&
      hasSign(*format.element))
    return made;
  if (format.element)
    return llvm::createStringError(
        "has codes that are floats, which random bits are not");
  if (format.offset)
    made.offsetPerScale =
        -measure(format, 1, 0).mean / measure(format, 0, 1).mean;
  Moments moments = measure(format, 1, made.offsetPerScale);
  made.deviationPerScale = moments.deviation;
  if (!(std::abs(moments.mean) < 0.1 * moments.deviation)) // also if not finite
    return llvm::createStringError(
        "has weights whose mean is not 0, whatever its scales are");
  return made;
}

Filler RandomWeights::filler(double deviation) const {
  if (isPlainFloat(*format))
    return floatFiller(*format->element, deviation);
  double scale = deviation / deviationPerScale;
  Pattern pattern = patternOf(*format, scale, scale * offsetPerScale);
  size_t period = pattern.fixed.size();
  return {period, [pattern = std::move(pattern)](
                      Random &stream, llvm::MutableArrayRef<uint64_t> words) {
            pattern.fill(stream, words);
          }};
}
