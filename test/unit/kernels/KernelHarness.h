//===- KernelHarness.h - Compile a kernel and run it -----------*- C++ -*-===//
//
// Takes the text of one `quern.kernel`, sends it through the CPU target to an
// object, loads that into this process and calls it as the runtime would: the
// buffers and constants as codegen/cpu/Kernel.h lists them, one thread for each
// worker. Weights are written as in a file and packed as for a launch:
//
//     auto k = JitKernel::compile(R"(quern.kernel @k role generated rows step {
//         ^bb0(%x: tensor<?x64xf32>, %w: !quern.weight<8 x 64, "f16">): ...
//     })", chip);
//     k->run({x.data(), panels.data(), y.data()}, {}, {.rows = 4});
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/cpu/Chip.h"
#include "ir/Panel.h"
#include "mlir/IR/BuiltinOps.h"
#include "codegen/cpu/runtime/Executor.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace llvm::orc {
class LLJIT;
}

namespace quern::test {

class JitKernel {
public:
  static llvm::Expected<JitKernel> compile(llvm::StringRef kernel,
                                           const cpu::Chip &);
  JitKernel(JitKernel &&);
  ~JitKernel();

  struct Step {
    int64_t rows = 0, tiles = 0, logitRows = 0;
    int64_t workers = 1;
  };
  /// Buffers: those of each block argument, then those of each result.
  void run(std::vector<void *> buffers, std::vector<int64_t> constants,
           Step) const;
  /// One worker, in this thread.
  void runWorker(void *const *buffers, const int64_t *constants, Step,
                 int64_t worker) const;

  /// Assembly of a kernel; for people.
  static llvm::Expected<std::string> assembly(llvm::StringRef kernel,
                                              const cpu::Chip &);

private:
  JitKernel();
  std::unique_ptr<llvm::orc::LLJIT> jit;
  quern_kernel entry = nullptr;
};

/// Weights as in a file become panels of their format's groups.
void packWeights(mlir::ModuleOp, PanelOrder = PanelOrder::Vectors);

/// Memory aligned to 64 bytes, as kernels want it.
template <typename T> struct Aligned64 {
  using value_type = T;
  Aligned64() = default;
  template <typename U> Aligned64(const Aligned64<U> &) {}
  T *allocate(size_t n) {
    return static_cast<T *>(
        ::operator new(n * sizeof(T), std::align_val_t(64)));
  }
  void deallocate(T *p, size_t) { ::operator delete(p, std::align_val_t(64)); }
  template <typename U> bool operator==(const Aligned64<U> &) const {
    return true;
  }
};
template <typename T> using AlignedVector = std::vector<T, Aligned64<T>>;

} // namespace quern::test
