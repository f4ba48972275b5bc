//===- CacheOf.h - Which KV cache a value is --------------------*- C++ -*-===//
#pragma once
#include "ir/Quern.h"

namespace quern {

/// A KV cache: its symbol, or the block argument that stands for it. Two values
/// may be of one symbol; they are one cache if this is equal.
using Cache = const void *;
inline Cache cacheOf(mlir::Value v) {
  auto get = v.getDefiningOp<GetOp>();
  return get ? get.getSymbolAttr().getAttr().getAsOpaquePointer()
             : v.getAsOpaquePointer();
}

} // namespace quern
