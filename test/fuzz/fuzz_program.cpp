//===- fuzz_program.cpp - Fuzzing compiled chat templates ------*- C++ -*-===//
//
// The input is a program, as an artifact carries it. Its bytes are not trusted:
// they are refused, or run within their limits.
//
//===----------------------------------------------------------------------===//
#include "ChatContext.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  try {
    quern::test::runProgram({data, size});
  } catch (const quern::Error &error) {
    quern::test::checkMessage(error);
  }
  return 0;
}
