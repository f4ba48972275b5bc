//===- Main.cpp - Where an artifact starts ----------------------*- C++ -*-===//
//
// The hardware is checked before anything of the model is looked at. This file and
// all of the runtime are compiled for the plain architecture, so that a CPU
// that is too old gets as far as the message.
//
//===----------------------------------------------------------------------===//
#include "Artifact.h"
#include "Commands.h"
#include "Variant.h"
#include <cstdio>
#include <exception>

int main(int argc, char **argv) {
  std::span<const quern_kernel_set> kernels;
  try {
    kernels = quern::chooseVariant(quern::kernelSets());
  } catch (const std::exception &error) {
    std::string_view program = quern::baseName(argc ? argv[0] : "model");
    fprintf(stderr, "%.*s: %s\n", int(program.size()), program.data(),
            error.what());
    return 1;
  }
  return quern::runCommandLine(argc, argv, kernels);
}
