//===- Text.h - Tokenizer and template of a checkpoint ----------*- C++ -*-===//
#pragma once
#include "frontend/Checkpoint.h"

namespace quern {

/// The tables that the runtime opens (runtime/text/). The template is empty
/// where the model has none. An error if there are more tokens than logits.
struct TextTables {
  std::vector<uint8_t> tokenizer, chatTemplate;
};
llvm::Expected<TextTables> buildText(const Checkpoint &, uint64_t vocabulary);

} // namespace quern
