//===- ChatContext.h - What fuzzed templates see ---------------*- C++ -*-===//
//
// A conversation with every kind of message, and the limits of a run.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "Message.h"
#include "runtime/text/Template.h"

namespace quern::test {

inline Value chatContext() {
  auto message = [](const char *role, Value content) {
    return Value::object({{"role", role}, {"content", std::move(content)}});
  };
  Value call = Value::object(
      {{"function", Value::object({{"name", "f"}, {"arguments", "{}"}})}});
  return Value::object(
      {{"messages",
        Value::array({message("system", "s"), message("user", nullptr),
                      Value::object({{"role", "assistant"},
                                     {"content", "<think>a</think>b"},
                                     {"tool_calls", Value::array({call})}}),
                      message("tool", Value::array({Value::object(
                                          {{"type", "text"}, {"text", "ü"}})})),
                      message("user", "q")})},
       {"tools", Value::array({Value::object({{"name", "f"}, {"x", 1.5}})})},
       {"add_generation_prompt", true},
       {"bos_token", "<s>"},
       {"strftime_now", int64_t{1'700'000'000}}});
}

/// Runs a program within small limits.
inline void runProgram(std::span<const uint8_t> program) {
  static const Value variables = chatContext();
  TemplateLimits limits;
  limits.steps = 100'000;
  limits.output = 1 << 20;
  renderTemplate(program, variables, limits);
}

} // namespace quern::test
