//===- Runner.cpp - Kernels on a device that Vulkan drives ----------------===//
#include "test/conformance/Runner.h"
#include "codegen/simt/Passes.h"
#include "codegen/vulkan/Spirv.h"
#include "codegen/vulkan/runtime/Device.h"
#include "ir/tile/Tile.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Transforms/Passes.h"
#include "runtime/Error.h"
#include "runtime/Plan.h"
#include "test/unit/kernels/KernelHarness.h"
#include <cstdlib>
#include <cstring>
#include <map>

using namespace quern;
using namespace quern::test;

namespace {
/// A kernel as the device takes it.
struct Compiled {
  vulkan::Pipeline pipeline;
  int64_t tasks, of, rows; // see codegen/simt/Kernel.h
};

class VulkanRunner : public Runner {
public:
  VulkanRunner() {
    setenv("QUERN_VULKAN_VALIDATE", "1", /*overwrite=*/0);
    try {
      device = std::make_unique<vulkan::Device>(
          vulkan::Needs{.version = VK_API_VERSION_1_3,
                        .int8 = true,
                        .int16 = true,
                        .float16 = true,
                        .storage16 = true,
                        .threads = 128,
                        .sharedBytes = 16 << 10,
                        .storageBufferRange = 1 << 27});
    } catch (const Error &error) {
      why = error.what();
    }
  }
  std::string missing() const override { return why; }
  std::vector<std::string> complaints() const override {
    return device ? device->validationMessages() : std::vector<std::string>();
  }

  llvm::Error run(const std::string &text, llvm::ArrayRef<Memory> buffers,
                  llvm::ArrayRef<int64_t> constants, Counts counts) override {
    auto found = compiled.find(text);
    if (found == compiled.end()) {
      auto made = compile(text, unsigned(buffers.size() + 2));
      if (!made)
        return made.takeError();
      found = compiled.emplace(text, std::move(*made)).first;
    }
    launch(found->second, buffers, constants, counts);
    return llvm::Error::success();
  }

private:
  llvm::Expected<Compiled> compile(const std::string &text, unsigned bindings);
  void launch(const Compiled &, llvm::ArrayRef<Memory> buffers,
              llvm::ArrayRef<int64_t> constants, Counts);

  std::unique_ptr<vulkan::Device> device;
  std::string why;
  std::map<std::string, Compiled> compiled;
};

llvm::Expected<Compiled> VulkanRunner::compile(const std::string &text,
                                               unsigned bindings) {
  mlir::DialectRegistry registry;
  registry.insert<QuernDialect, tile::TileDialect>();
  vulkan::registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
    message += d.str() + "\n";
    return mlir::success();
  });
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return llvm::createStringError("cannot parse the kernel: " + message);
  packWeights(*module);
  mlir::PassManager kernels(&context), spirv(&context);
  kernels.addPass(simt::createLowerKernelsPass({}));
  kernels.addPass(simt::createLowerTilePass());
  if (mlir::failed(kernels.run(*module)))
    return llvm::createStringError("cannot lower the kernel: " + message);
  int64_t grid[3] = {};
  module->walk([&](mlir::gpu::GPUFuncOp function) {
    auto of = function->getAttrOfType<mlir::DictionaryAttr>("quern.grid");
    int64_t *next = grid;
    for (const char *key : {"tasks", "of", "rows"})
      *next++ = of.getAs<mlir::IntegerAttr>(key).getInt();
  });
  vulkan::buildSpirvPasses(spirv);
  if (mlir::failed(spirv.run(*module)))
    return llvm::createStringError("cannot make SPIR-V: " + message);
  auto words = vulkan::binaryOf(*module);
  if (!words)
    return words.takeError();
  if (const char *file = getenv("QUERN_KEEP_SPIRV")) // for people
    if (FILE *out = fopen(file, "wb")) {
      fwrite(words->data(), 4, words->size(), out);
      fclose(out);
    }
  return Compiled{device->pipeline(*words, "k", bindings), grid[0], grid[1],
                  grid[2]};
}

void VulkanRunner::launch(const Compiled &kernel,
                          llvm::ArrayRef<Memory> buffers,
                          llvm::ArrayRef<int64_t> constants, Counts counts) {
  int32_t step[plan::kStepCounts] = {
      int32_t(counts.rows), int32_t(counts.tiles), int32_t(counts.logitRows)};
  std::vector<int32_t> numbers(constants.begin(), constants.end());
  numbers.resize(std::max<size_t>(numbers.size(), 1));
  std::vector<Memory> all{{step, sizeof(step)},
                          {numbers.data(), 4 * numbers.size()}};
  all.insert(all.end(), buffers.begin(), buffers.end());
  std::vector<vulkan::Buffer> memory;
  for (const Memory &m : all) {
    memory.push_back(
        device->allocate((m.bytes + 3) / 4 * 4, "a test's buffer"));
    std::memcpy(memory.back().data(), m.data, m.bytes);
  }
  vulkan::Dispatch dispatch{&kernel.pipeline, {}, {}, false};
  for (const vulkan::Buffer &buffer : memory)
    dispatch.bindings.push_back({&buffer, 0, buffer.size()});
  int64_t items = (step[kernel.of] + kernel.rows - 1) / kernel.rows;
  dispatch.groups[0] = uint32_t(kernel.tasks);
  dispatch.groups[1] = uint32_t(items);
  dispatch.groups[2] = 1;
  device->run(device->record({&dispatch, 1}));
  for (size_t i = 0; i < all.size(); ++i)
    std::memcpy(all[i].data, memory[i].data(), all[i].bytes);
}
} // namespace

std::unique_ptr<Runner> quern::test::makeRunner() {
  return std::make_unique<VulkanRunner>();
}
