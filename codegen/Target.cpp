//===- Target.cpp - The list of targets -----------------------------------===//
#include "codegen/Target.h"

std::vector<quern::TargetInfo> quern::allTargets() {
  return {
#define TARGET(name) targets::name(),
#include "codegen/Targets.def"
  };
}
