//===- KvMemory.h - Memory of a KV cache, and of a step ---------*- C++ -*-===//
#pragma once
#include "codegen/kernel/LoopBuilder.h"
#include "ir/Quern.h"

namespace quern {

/// Memory of a KV cache. Page p is elements [p * pageElements, ...); see
/// Types.td for what is in it.
struct KvMemory {
  mlir::Value pages;  // memref<?xT>
  mlir::Value table;  // memref<?xi32>: physical page of [slot][logical page]
  mlir::Value window; // index; 0: no window
  mlir::Value tableEntries; // index: logical pages of a slot
};

struct StepMemory {
  mlir::Value positions, slots; // memref<?xi32>, by row
  mlir::Value tiles;            // memref<?xi32>: first row, rows
};

/// Where keys and values of one token and head are, in elements of the pages:
/// key column d at `key + 16 d`, value column d at `value + d`.
struct KvPlace {
  mlir::Value key, value;
};
KvPlace placeOf(LoopBuilder &, KvType, const KvMemory &, mlir::Value slot,
                mlir::Value position, mlir::Value head);

} // namespace quern
