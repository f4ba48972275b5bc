//===- AttentionRoot.h - Attention, whole or in parts -----------*- C++ -*-===//
#pragma once
#include "ir/Quern.h"
#include <optional>

namespace quern {

/// What quern.attention and quern.attention_parts both say.
struct AttentionRoot {
  /// The root of a kernel that has nothing else; false where it is another one.
  static AttentionRoot of(KernelOp);
  explicit operator bool() const { return op; }

  mlir::Operation *op = nullptr;
  mlir::Value query, step;
  mlir::TypedValue<KvType> cache;
  float scale = 0;
  std::optional<float> softcap;
  int64_t keys = 0, parts = 0; // 0: one phase

private:
  template <typename Op> static AttentionRoot from(Op);
};

} // namespace quern
