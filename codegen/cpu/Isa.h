//===- Isa.h - A family of instruction sets ---------------------*- C++ -*-===//
//
// A folder of isa/, which CMake finds: what its chips are called and have (Isa.cpp), and
// how they say the ops of the tile dialect (To*.cpp).
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/cpu/Chip.h"
#include "codegen/host/Machine.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include <optional>

namespace quern::cpu {

struct Isa {
  const Machine *machine; // that artifacts run on (codegen/host/Host.h)
  /// Of --mcpu: the words before a '+', those behind one, the chips worth a name.
  std::vector<llvm::StringRef> levels, extensions;
  std::vector<std::string> chips;
  /// The chip of a level with extensions, each of them known; nothing where they do not
  /// go together.
  std::optional<Chip> (*make)(llvm::StringRef level,
                              llvm::ArrayRef<llvm::StringRef> extensions);
  /// The best chip that a machine of this kind with these features (LLVM's) is. An error
  /// if it is none.
  llvm::Expected<Chip> (*best)(const llvm::StringMap<bool> &features);
  /// Whether the system lets a process use what the chip has; it may have to be asked.
  bool (*granted)(const Chip &);
  /// What the chip has instructions for. Benefit above 1.
  void (*populateTilePatterns)(mlir::RewritePatternSet &, const Chip &);
};

namespace isas {
#define ISA(name) extern const Isa name;
#include "codegen/cpu/Isas.def"
} // namespace isas

} // namespace quern::cpu
