//===- GgufValue.h - Metadata values of GGUF -------------------*- C++ -*-===//
//
// The thirteen types of a value, widened to those of MetaValue.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "frontend/gguf/ByteCursor.h"

namespace quern {

/// Reads a type and a value of that type. Strings view the cursor's bytes.
llvm::Error readGgufValue(ByteCursor &cursor, llvm::StringRef key,
                          MetaValue &value);

} // namespace quern
