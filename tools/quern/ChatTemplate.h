//===- ChatTemplate.h - What --chat-template names --------------*- C++ -*-===//
#pragma once
#include "llvm/Support/Error.h"
#include <string>

namespace quern {

/// A chat template as Jinja source. The artifact knows it by its name alone;
/// messages of the compiler put `before` in front: the file's folder.
struct ChatTemplate {
  std::string before, name, source;
};

/// The template of a file, or the one of ours that has this name. A name that is
/// both means ours; "./NAME" the file.
llvm::Expected<ChatTemplate> findChatTemplate(const std::string &fileOrName);

} // namespace quern
