//===- Runner.cpp - Kernels on this machine's CPU -------------------------===//
#include "test/conformance/Runner.h"
#include "test/unit/kernels/KernelHarness.h"
#include <map>

using namespace quern;
using namespace quern::test;

namespace {
class CpuRunner : public Runner {
public:
  CpuRunner() : chip(llvm::cantFail(cpu::chipOf("native"))) {}

  bool splitsAttention() const override { return true; }
  std::vector<std::string> integers() const override {
    return {"i16", "i16_words", "i8"};
  }
  llvm::Error run(const std::string &text, llvm::ArrayRef<Memory> buffers,
                  llvm::ArrayRef<int64_t> constants, Counts counts) override {
    auto found = compiled.find(text);
    if (found == compiled.end()) {
      auto made = JitKernel::compile(text, chip);
      if (!made)
        return made.takeError();
      found = compiled.emplace(text, std::move(*made)).first;
    }
    std::vector<void *> pointers;
    for (const Memory &buffer : buffers)
      pointers.push_back(buffer.data);
    // Workers share the work of a company, and a row alone has one.
    found->second.run(
        pointers, constants.vec(),
        {counts.rows, counts.tiles, counts.logitRows, counts.rows > 1 ? 3 : 1});
    return llvm::Error::success();
  }

private:
  cpu::Chip chip;
  std::map<std::string, JitKernel> compiled;
};
} // namespace

std::unique_ptr<Runner> quern::test::makeRunner() {
  return std::make_unique<CpuRunner>();
}
