//===- tokenizer_folder.cpp - A folder's tokenizer as a table --------------===//
//
//   tokenizer_folder FOLDER TABLE
//
// Reads a Hugging Face folder as the compiler does and writes the table of its
// tokenizer, for text_driver. On a broken folder, one line and status 1.
//
//===----------------------------------------------------------------------===//
#include "frontend/Checkpoint.h"
#include "tools/quern/Text.h"
#include <cstdio>
#include <fstream>

static int fail(llvm::Error error) {
  std::fprintf(stderr, "%s\n", llvm::toString(std::move(error)).c_str());
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 3)
    return std::fputs("usage: tokenizer_folder FOLDER TABLE\n", stderr), 2;
  auto checkpoint = quern::openCheckpoint(argv[1]);
  if (!checkpoint)
    return fail(checkpoint.takeError());
  auto tables = quern::buildText(**checkpoint, 1u << 30, std::nullopt);
  if (!tables)
    return fail(tables.takeError());
  std::ofstream out(argv[2], std::ios::binary);
  out.write(reinterpret_cast<const char *>(tables->tokenizer.data()),
            static_cast<std::streamsize>(tables->tokenizer.size()));
  return out ? 0 : 1;
}
