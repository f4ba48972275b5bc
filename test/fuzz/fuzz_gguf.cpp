//===- fuzz_gguf.cpp - Fuzzing the reader of GGUF files --------*- C++ -*-===//
//
// The input is a file. What the reader accepts is read to the last byte.
//
//===----------------------------------------------------------------------===//
#include "Touch.h"
#include "frontend/gguf/Gguf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  quern::MappedFile file = quern::MappedFile::view("input", {data, size});
  quern::test::touch(quern::readGguf(std::move(file)));
  return 0;
}
