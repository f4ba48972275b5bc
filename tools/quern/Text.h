//===- Text.h - Tokenizer and template of a checkpoint ----------*- C++ -*-===//
#pragma once
#include "ChatTemplate.h"
#include "frontend/Checkpoint.h"
#include <optional>

namespace quern {

/// The tables that the runtime opens (runtime/text/). The template is empty
/// where the model has none and none is given. An error if there are more tokens
/// than logits.
struct TextTables {
  std::vector<uint8_t> tokenizer, chatTemplate;
};
llvm::Expected<TextTables> buildText(const Checkpoint &, uint64_t vocabulary,
                                     const std::optional<ChatTemplate> &given);

} // namespace quern
