//===- Link.h - Objects and the runtime to an executable -------*- C++ -*-===//
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace quern {

/// What an artifact takes of the machine that it runs on: nothing but the kernel,
/// or also glibc (2.28 or later), which is what opens libraries by name.
enum class Linking { Static, Dynamic };

/// Where the bundle is: lib/quern/bundle beside the folder of this program.
std::string bundleFolder();

/// Links objects with the bundle to a position-independent executable at `output`,
/// in this process, by lld: no toolchain is needed where quern runs.
llvm::Error linkExecutable(llvm::ArrayRef<std::string> objects, Linking,
                           llvm::StringRef output);

} // namespace quern
