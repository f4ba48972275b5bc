//===- Digest.h - A name for all that a result was made from ----*- C++ -*-===//
#pragma once
#include "codegen/host/Machine.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace quern {

/// A hash of texts and files in the order in which they were added.
class Digest {
public:
  void add(llvm::StringRef bytes);
  llvm::Error addFile(const std::string &name);
  /// A GGUF file, or the files of a folder that a compiler reads for a model in
  /// it: of the folder itself, or of one of its files.
  llvm::Error addModel(const std::string &model);
  /// This program: another build may make something else of the same model.
  llvm::Error addProgram();
  /// The runtime that artifacts are linked with.
  llvm::Error addBundle(const Machine &);

  /// 16 hexadecimal digits.
  std::string hex() const;

private:
  llvm::Error addFolder(const std::string &folder,
                        llvm::ArrayRef<llvm::StringRef> endings);

  std::string parts;
};

} // namespace quern
