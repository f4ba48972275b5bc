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
  std::vector<std::string> warnings; // of what the file leaves to chance
};
llvm::Expected<TextTables> buildText(const Checkpoint &, uint64_t vocabulary,
                                     const std::optional<ChatTemplate> &given);

/// What looks like a control token, <|im_end|>, in conversations by the template
/// and is none of the tokenizer's: the model would read it as ordinary text.
std::vector<std::string> foreignTokens(const TextTables &);

} // namespace quern
