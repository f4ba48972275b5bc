//===- Link.h - Objects and the runtime to an executable -------*- C++ -*-===//
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace quern {

/// Where the bundle is: lib/quern/bundle beside the folder of this program.
std::string bundleFolder();

/// Links objects with the bundle to a static position-independent executable at
/// `output`, in this process, by lld: no toolchain is needed where quern runs.
llvm::Error linkExecutable(llvm::ArrayRef<std::string> objects,
                           llvm::StringRef output);

} // namespace quern
