//===- Runner.h - How a target runs one kernel ------------------*- C++ -*-===//
//
// The suite asks a target for no more than this. Its test program links the suite
// and defines makeRunner().
//
//===----------------------------------------------------------------------===//
#pragma once
#include "ir/Panel.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <memory>
#include <string>

namespace quern::test {

/// Memory of the host. What lies in it beforehand is what the kernel finds there,
/// and what the kernel leaves lies in it afterwards.
struct Memory {
  void *data;
  size_t bytes;
};

struct Counts {
  int64_t rows = 0, tiles = 0, logitRows = 0; // as of runtime/Plan.h
};

class Runner {
public:
  virtual ~Runner() = default;

  /// Why nothing can be run here, such as a device that is missing; else empty.
  virtual std::string missing() const { return ""; }
  /// How the target wants its weights packed.
  virtual PanelOrder order() const { return PanelOrder::Vectors; }
  /// Whether it asks for attention, and for linears, in two phases (quern-split-stages).
  virtual bool splitsAttention() const { return false; }
  virtual bool splitsLinears() const { return false; }
  /// Numbers of integer rows that its linears take.
  virtual std::vector<std::string> integers() const { return {"i16"}; }
  /// Whether it asks for ranked logits (TargetTraits) and has kernels of their ops.
  virtual bool ranks() const { return false; }
  /// Runs the one quern.kernel in `text` with the buffers and constants that
  /// runtime/Plan.h says a stage has. An error says what the target lacks.
  virtual llvm::Error run(const std::string &text,
                          llvm::ArrayRef<Memory> buffers,
                          llvm::ArrayRef<int64_t> constants, Counts) = 0;
  /// What else was noticed so far, such as by a validation layer; a line each.
  virtual std::vector<std::string> complaints() const { return {}; }
};

std::unique_ptr<Runner> makeRunner();

} // namespace quern::test
