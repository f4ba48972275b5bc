//===- Random.h - Random bits, the same everywhere --------------*- C++ -*-===//
//
// xoshiro256++ of Blackman and Vigna (2021, doi:10.1145/3460772), its state
// made by splitmix64 as they advise. What <random> makes of bits is each
// library's own; nothing of it is used.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <bit>
#include <cstdint>
#include <string_view>

namespace quern {

class Random {
public:
  /// Each seed and name has a stream of its own.
  Random(uint64_t seed, std::string_view name) {
    uint64_t hash = 0xcbf29ce484222325; // FNV-1a
    for (unsigned char c : name)
      hash = (hash ^ c) * 0x100000001b3;
    uint64_t mixed = splitmix(seed) ^ hash;
    for (uint64_t &word : state)
      word = splitmix(mixed);
  }

  uint64_t next() {
    auto &[a, b, c, d] = state;
    uint64_t result = std::rotl(a + d, 23) + a, shifted = b << 17;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = std::rotl(d, 45);
    return result;
  }

private:
  static uint64_t splitmix(uint64_t &at) {
    uint64_t z = at += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }

  uint64_t state[4];
};

} // namespace quern
