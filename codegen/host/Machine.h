//===- Machine.h - What artifacts run on ------------------------*- C++ -*-===//
#pragma once

namespace quern {

/// A kind of machine that artifacts run on.
struct Machine {
  const char *name;   // of the bundle's folder with its runtime
  const char *triple; // LLVM's
  const char *cpu;    // the plain architecture, in LLVM's names
  void (*registerBackend)();
};
namespace machines {
extern const Machine x86_64, aarch64;
}

} // namespace quern
