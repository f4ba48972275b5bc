//===- fuzz_template.cpp - Fuzzing chat templates --------------*- C++ -*-===//
//
// The input is a template. What compiles runs within small limits; a first byte
// of 0 says that the rest is a program instead, for the check of programs.
//
//===----------------------------------------------------------------------===//
#include "runtime/Error.h"
#include "runtime/text/Template.h"

#include <cstdlib>
#include <string_view>

using quern::Value;

static Value context() {
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

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const Value variables = context();
  quern::TemplateLimits limits;
  limits.steps = 100'000;
  limits.output = 1 << 20;
  try {
    std::vector<uint8_t> program;
    if (size > 0 && data[0] == 0)
      program.assign(data + 1, data + size);
    else
      program = quern::compileTemplate(
          {reinterpret_cast<const char *>(data), size}, "t");
    quern::renderTemplate(program, variables, limits);
  } catch (const quern::Error &error) {
    // One line that says where.
    std::string_view what = error.what();
    if (what.empty() || what.find_first_of("\n\r") != what.npos)
      std::abort();
  }
  return 0;
}
