//===- AnswerOptions.h - How long an answer is ------------------*- C++ -*-===//
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace quern {

struct AnswerOptions {
  int64_t tokens = -1; ///< most tokens; < 0: no limit
  std::vector<std::string> stops;
};

} // namespace quern
