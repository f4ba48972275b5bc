//===- Folder.h - A Hugging Face model folder ------------------*- C++ -*-===//
//
// config.json, weights in model.safetensors or in the shards that
// model.safetensors.index.json lists, and the tokenizer's files, translated to
// the vocabulary of GGUF.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "frontend/Checkpoint.h"
#include "frontend/MappedFile.h"

namespace quern {

/// Files by name: a folder, or what a test puts in its place.
class ModelFolder {
public:
  virtual ~ModelFolder() = default;
  virtual bool has(llvm::StringRef name) const = 0;
  virtual llvm::Expected<MappedFile> open(llvm::StringRef name,
                                          uint64_t maxBytes) const = 0;
};

/// A folder of the file system.
class DiskFolder : public ModelFolder {
public:
  explicit DiskFolder(llvm::StringRef path) : path(path.str()) {}
  bool has(llvm::StringRef name) const override;
  llvm::Expected<MappedFile> open(llvm::StringRef name,
                                  uint64_t maxBytes) const override;

private:
  std::string path;
};

/// Reads the model in `folder`; `path` is what the checkpoint calls itself. If
/// a weights file is named, the weights are its alone, or those of all shards
/// if the index lists it. For a header, a folder without any weights will do.
llvm::Expected<std::unique_ptr<Checkpoint>>
readFolder(llvm::StringRef path, const ModelFolder &folder,
           const StorageTypes &types = StorageTypes::builtin(),
           llvm::StringRef weightsFile = "", Extent extent = Extent::Whole);

} // namespace quern
