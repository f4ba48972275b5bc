//===- MakeToy.cpp - Writes an artifact of the toy model --------*- C++ -*-===//
#include "ToyModel.h"
#include <cstdio>
#include <cstring>
#include <filesystem>

using namespace quern::test;

/// quern-make-toy EXECUTABLE OUTPUT [small|large|raw]
int main(int argc, char **argv) {
  if (argc < 3)
    return 1;
  ToyOptions options;
  if (argc > 3 && !strcmp(argv[3], "raw"))
    options.chatTemplate = false;
  if (argc > 3 && !strcmp(argv[3], "large")) {
    // Megabytes of everything, for the memory plan.
    options.context = 1024;
    options.pageTokens = 16;
    options.promptRows = 128;
    options.logitRows = 16;
    options.window = 100;
    options.tokenBytes = 8192;
    options.hidden = 16384;
    options.tileRows = 16;
  }
  writeBytes(argv[2], appendPayload(readBytes(argv[1]), toySections(options)));
  std::filesystem::permissions(argv[2], std::filesystem::perms(0755));
  return 0;
}
