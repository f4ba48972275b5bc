//===- Link.h - Objects and the runtime to an executable -------*- C++ -*-===//
#pragma once
#include "codegen/host/Machine.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace quern {

/// What an artifact takes of the machine that it runs on: nothing but the kernel,
/// or also glibc (2.28 or later), which is what opens libraries by name.
enum class Linking { Static, Dynamic };

/// Where the machine's bundle is: in lib/quern/bundle beside the folder of this program.
std::string bundleFolder(const Machine &);
/// Whether this build has the runtime for it; an Error says what is missing.
llvm::Error checkBundle(const Machine &, Linking);

/// Links objects with the machine's bundle to a position-independent executable at `output`,
/// in this process, by lld: no toolchain is needed where quern runs.
llvm::Error linkExecutable(const Machine &, llvm::ArrayRef<std::string> objects,
                           Linking, llvm::StringRef output);

} // namespace quern
