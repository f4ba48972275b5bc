//===- Weights.h - Writing the weights section ------------------*- C++ -*-===//
#pragma once
#include "frontend/Checkpoint.h"
#include "mlir/IR/BuiltinOps.h"
#include <functional>
#include <system_error>

namespace quern {

/// What lies where in the weights section of a planned module, and packed how. Plans in
/// which that is equal can use one section.
std::string weightLayout(mlir::ModuleOp module);

/// Packs every weight of a planned module to its place. Works through pieces of
/// a few megabytes on `threads` threads, so that the model never exists in
/// memory a second time. Module and checkpoint must outlive it.
class WeightsWriter {
public:
  /// Called with the bytes just written, by any of the threads.
  using Progress = std::function<void(uint64_t bytes)>;

  WeightsWriter(mlir::ModuleOp module, const Checkpoint &checkpoint,
                unsigned threads, Progress progress = {})
      : module(module), checkpoint(checkpoint), threads(threads),
        progress(std::move(progress)) {}

  /// Of the whole section.
  uint64_t bytes() const;

  /// Writes the section at `offset` of the open file.
  std::error_code write(int file, uint64_t offset) const;

  /// A name for all that the section's bytes are made from: if it is equal, so
  /// is what the same packer makes of it (but for collisions of 128 bits). Reads
  /// every tensor that is used, which is quick beside packing it.
  std::string source() const;

private:
  mlir::ModuleOp module;
  const Checkpoint &checkpoint;
  unsigned threads;
  Progress progress;
};

} // namespace quern
