//===- MetaWriter.h - Metadata made by translation -------------*- C++ -*-===//
//
// GGUF's keys and values, made from Hugging Face's. Their strings do not lie in
// a mapped file, so the checkpoint owns them, and this copies them there.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "frontend/Checkpoint.h"
#include "llvm/Support/StringSaver.h"

namespace quern {

class MetaWriter {
public:
  using Map = llvm::MapVector<llvm::StringRef, MetaValue>;

  /// Both belong to the checkpoint.
  MetaWriter(Map &meta, llvm::StringSaver &strings)
      : meta(meta), strings(strings) {}

  /// A copy that lives as long as the checkpoint.
  llvm::StringRef own(const llvm::Twine &text) { return strings.save(text); }

  /// Strings in `value` must be owned ones.
  void set(const llvm::Twine &key, MetaValue value) {
    meta[own(key)] = std::move(value);
  }
  void setString(const llvm::Twine &key, llvm::StringRef text) {
    set(key, own(text));
  }

private:
  Map &meta;
  llvm::StringSaver &strings;
};

} // namespace quern
