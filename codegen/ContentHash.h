//===- ContentHash.h - A name for bytes -------------------------*- C++ -*-===//
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/xxhash.h"
#include <string>

namespace quern {

/// 32 hexadecimal digits that other bytes do not have, but for collisions of 128
/// bits (XXH3). Not for what somebody wants to collide.
inline std::string contentHash(llvm::ArrayRef<uint8_t> bytes) {
  llvm::XXH128_hash_t hash = llvm::xxh3_128bits(bytes);
  return llvm::formatv("{0:x-16}{1:x-16}", hash.high64, hash.low64).str();
}

} // namespace quern
