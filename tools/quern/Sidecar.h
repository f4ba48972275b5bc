//===- Sidecar.h - Weights beside an executable -----------------*- C++ -*-===//
#pragma once
#include "OutputFile.h"
#include "codegen/Artifact.h"

namespace quern {

/// The file EXECUTABLE.weights. If it is there already, undamaged, and this
/// program made it of the same weights, it stays: so kernels or the template are
/// compiled again without packing.
class SidecarFile {
public:
  static llvm::Expected<SidecarFile> create(const std::string &executable,
                                            const std::string &model,
                                            const WeightsWriter &);
  /// What the executable has to know of it.
  const plan::Sidecar &contents() const { return sidecar; }
  llvm::Error commit();

private:
  plan::Sidecar sidecar{};
  std::unique_ptr<OutputFile> file; // null if it stays
};

} // namespace quern
