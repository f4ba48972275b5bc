//===- fuzz_template.cpp - Fuzzing chat templates --------------*- C++ -*-===//
//
// The input is a template. What compiles runs within small limits.
//
//===----------------------------------------------------------------------===//
#include "ChatContext.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  try {
    quern::test::runProgram(quern::compileTemplate(
        {reinterpret_cast<const char *>(data), size}, "t"));
  } catch (const quern::Error &error) {
    quern::test::checkMessage(error);
  }
  return 0;
}
