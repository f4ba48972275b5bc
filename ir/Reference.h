//===- Reference.h - Running a model by its references ---------*- C++ -*-===//
//
// A ReferenceFrame holds the values of one step while a graph is run op by op
// in scalar code: activations as rows of floats, weights as a function that
// decodes one row, KV caches as plain f32 rows by slot and position. It is the
// oracle: short, slow and obviously right.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "llvm/ADT/DenseMap.h"
#include "mlir/IR/Value.h"
#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace quern {

/// Rows of activations: data[row * columns + column].
struct HostRows {
  int64_t rows = 0, columns = 0;
  std::vector<float> data;

  HostRows() = default;
  HostRows(int64_t rows, int64_t columns)
      : rows(rows), columns(columns), data(rows * columns) {}
  float *row(int64_t r) { return data.data() + r * columns; }
  const float *row(int64_t r) const { return data.data() + r * columns; }
};

/// Decodes row `row` of a weight to `columns` floats.
struct HostWeight {
  int64_t rows = 0, columns = 0;
  std::function<void(int64_t row, float *out)> decode;
};

/// Keys and values of one layer by (slot, position).
struct HostKv {
  std::map<std::pair<int32_t, int32_t>,
           std::pair<std::vector<float>, std::vector<float>>>
      rows;
};

/// Whose token each row is.
struct HostStep {
  std::vector<int32_t> positions, slots;
};

class ReferenceFrame {
public:
  HostRows &rows(mlir::Value v) { return activations[v]; }
  std::vector<int32_t> &indices(mlir::Value v) { return integers[v]; }
  HostWeight &weight(mlir::Value v) { return weights[v]; }
  HostKv *&kv(mlir::Value v) { return caches[v]; }
  HostStep &step(mlir::Value v) { return steps[v]; }
  /// Forgets an activation that is not needed any more.
  void drop(mlir::Value v) { activations.erase(v); }

private:
  // std::map: references stay valid while results are added.
  struct Less {
    bool operator()(mlir::Value a, mlir::Value b) const {
      return a.getAsOpaquePointer() < b.getAsOpaquePointer();
    }
  };
  std::map<mlir::Value, HostRows, Less> activations;
  std::map<mlir::Value, std::vector<int32_t>, Less> integers;
  std::map<mlir::Value, HostWeight, Less> weights;
  std::map<mlir::Value, HostKv *, Less> caches;
  std::map<mlir::Value, HostStep, Less> steps;
};

} // namespace quern
