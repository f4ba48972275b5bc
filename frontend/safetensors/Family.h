//===- Family.h - How a family of models is named --------------*- C++ -*-===//
//
// Hugging Face names hyper-parameters and tensors by family; GGUF's vocabulary
// is what importers read. A family is one file in families/, which defines
//
//     const Family &quern::families::NAME();   // in families/NAME.cpp
//
// CMake finds it there; nothing else names it.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "frontend/safetensors/Json.h"
#include "frontend/safetensors/MetaWriter.h"

namespace quern {

struct Family {
  llvm::StringLiteral name;

  /// Whether a config.json describes a model of this family.
  bool (*matches)(const JsonObject &config);

  /// config.json to GGUF's keys ("general.architecture", "llama.block_count").
  llvm::Error (*translateConfig)(const JsonObject &config, MetaWriter &meta);

  /// A tensor's name to GGUF's ("blk.0.attn_q.weight"). An unknown name comes
  /// back as it is, for the importer to diagnose; nothing, if the tensor is one
  /// that a model does not need.
  std::optional<std::string> (*translateName)(llvm::StringRef name);
};

/// The first family that matches; an error that names the file and what the
/// model calls itself if there is none.
llvm::Expected<const Family *> findFamily(const JsonObject &config);

/// True if "architectures" lists `architecture`.
bool hasArchitecture(const JsonObject &config, llvm::StringRef architecture);

} // namespace quern
