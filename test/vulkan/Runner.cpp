//===- Runner.cpp - Kernels on a device that Vulkan drives ----------------===//
#include "test/conformance/Runner.h"
#include "codegen/simt/Passes.h"
#include "codegen/vulkan/Chips.h"
#include "codegen/vulkan/LowerTile.h"
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
/// A kernel as the device takes it; the numbers are those of codegen/simt/Kernel.h.
struct Compiled {
  vulkan::Pipeline pipeline;
  int64_t tasks, of, rows, parts;
  int64_t panels = 0, panelsOfTask = 0;
  std::vector<int64_t> weights, panelBytes; // bindings
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
                        .integerDot = true,
                        .threads = uint32_t(chip.capabilities.threads),
                        .sharedBytes = uint32_t(chip.capabilities.sharedBytes),
                        .storageBufferRange = 1 << 27});
    } catch (const Error &error) {
      why = error.what();
    }
  }
  std::string missing() const override { return why; }
  PanelOrder order() const override { return PanelOrder::Lanes; }
  bool splitsAttention() const override { return true; }
  bool splitsLinears() const override { return true; }
  std::vector<std::string> integers() const override { return {"i16", "i8"}; }
  bool ranks() const override { return true; }
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
    return launch(*found->second, buffers, constants, counts);
  }

private:
  llvm::Expected<std::shared_ptr<const Compiled>>
  compile(const std::string &text, unsigned bindings);
  llvm::Error launch(const Compiled &, llvm::ArrayRef<Memory> buffers,
                     llvm::ArrayRef<int64_t> constants, Counts);
  void launchPanels(const Compiled &, const int32_t *step,
                    llvm::ArrayRef<vulkan::Buffer>,
                    llvm::ArrayRef<int64_t> constants, int64_t first,
                    int64_t count);

  const vulkan::Chip &chip = *vulkan::findChip(QUERN_TEST_CHIP);
  std::unique_ptr<vulkan::Device> device;
  std::string why;
  /// By the kernel's text; and by what it becomes, for texts that differ in nothing
  /// else than what a kernel is not told.
  std::map<std::string, std::shared_ptr<const Compiled>> compiled, different;
};

llvm::Expected<std::shared_ptr<const Compiled>>
VulkanRunner::compile(const std::string &text, unsigned bindings) {
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
  packWeights(*module, order());
  mlir::PassManager kernels(&context), spirv(&context);
  kernels.addPass(simt::createLowerKernelsPass(chip.capabilities));
  kernels.addPass(vulkan::createLowerTilePass());
  if (mlir::failed(kernels.run(*module)))
    return llvm::createStringError("cannot lower the kernel: " + message);
  vulkan::buildSpirvPasses(spirv);
  if (mlir::failed(spirv.run(*module)))
    return llvm::createStringError("cannot make SPIR-V: " + message);
  auto words =
      vulkan::binaryOf(*module->getOps<mlir::spirv::ModuleOp>().begin());
  if (!words)
    return words.takeError();
  if (const char *file = getenv("QUERN_KEEP_SPIRV")) // for people
    if (FILE *out = fopen(file, "wb")) {
      fwrite(words->data(), 4, words->size(), out);
      fclose(out);
    }
  auto described = (*module)
                       ->getAttrOfType<mlir::DictionaryAttr>(vulkan::kKernels)
                       .getAs<mlir::DictionaryAttr>("k");
  std::string key(reinterpret_cast<const char *>(words->data()),
                  words->size() * sizeof(uint32_t));
  llvm::raw_string_ostream(key) << described;
  std::shared_ptr<const Compiled> &known = different[key];
  if (known)
    return known;
  auto number = [](mlir::DictionaryAttr of, const char *name) {
    return of.getAs<mlir::IntegerAttr>(name).getInt();
  };
  auto grid = described.getAs<mlir::DictionaryAttr>("grid");
  Compiled result{device->pipeline(*words, "main", bindings, "k"),
                  number(grid, "tasks"),
                  number(grid, "of"),
                  number(grid, "rows"),
                  number(grid, "parts"),
                  0,
                  0,
                  {},
                  {}};
  if (auto panels = described.getAs<mlir::DictionaryAttr>("panels")) {
    result.panels = number(panels, "count");
    if (panels.get("task"))
      result.panelsOfTask = number(panels, "task");
    result.weights =
        panels.getAs<mlir::DenseI64ArrayAttr>("arguments").asArrayRef();
    result.panelBytes =
        panels.getAs<mlir::DenseI64ArrayAttr>("bytes").asArrayRef();
  }
  return known = std::make_shared<const Compiled>(std::move(result));
}

/// With `count` panels from `first` on bound, in a buffer of their own: the tests'
/// are smaller than what an offset must be a multiple of.
void VulkanRunner::launchPanels(const Compiled &kernel, const int32_t *step,
                                llvm::ArrayRef<vulkan::Buffer> memory,
                                llvm::ArrayRef<int64_t> constants,
                                int64_t first, int64_t count) {
  std::vector<int32_t> numbers(constants.begin(), constants.end());
  if (kernel.panels)
    numbers.insert(numbers.end(), {int32_t(first), int32_t(count)});
  numbers.resize(std::max<size_t>(numbers.size(), 1));
  vulkan::Buffer constantMemory =
      device->allocate(4 * numbers.size(), "constants");
  std::memcpy(constantMemory.data(), numbers.data(), constantMemory.size());
  vulkan::Bound bound{&kernel.pipeline, {}};
  for (const vulkan::Buffer &buffer : memory)
    bound.bindings.push_back({&buffer, 0, buffer.size()});
  bound.bindings[1] = {&constantMemory, 0, constantMemory.size()};
  std::vector<vulkan::Buffer> parts;
  parts.reserve(kernel.weights.size());
  for (auto [binding, bytes] :
       llvm::zip_equal(kernel.weights, kernel.panelBytes)) {
    parts.push_back(device->allocate(uint64_t(count * bytes), "panels"));
    std::memcpy(parts.back().data(),
                static_cast<char *>(memory[binding].data()) + first * bytes,
                parts.back().size());
    bound.bindings[binding] = {&parts.back(), 0, parts.back().size()};
  }
  vulkan::BindingSets sets = device->bind({&bound, 1});
  int64_t items = (step[kernel.of] + kernel.rows - 1) / kernel.rows;
  int64_t tasks = kernel.tasks;
  if (kernel.panelsOfTask)
    tasks = (count + kernel.panelsOfTask - 1) / kernel.panelsOfTask;
  vulkan::Dispatch dispatch{&sets, 0, {uint32_t(tasks), uint32_t(items), uint32_t(kernel.parts)}};
  device->run(device->record({&dispatch, 1}));
}

/// Once at a time, and once more with two thirds of the panels and the rest, which
/// must make no difference.
llvm::Error VulkanRunner::launch(const Compiled &kernel,
                                 llvm::ArrayRef<Memory> buffers,
                                 llvm::ArrayRef<int64_t> constants,
                                 Counts counts) {
  int32_t step[plan::kStepCounts] = {
      int32_t(counts.rows), int32_t(counts.tiles), int32_t(counts.logitRows)};
  int32_t none = 0;
  std::vector<Memory> all{{step, sizeof(step)}, {&none, sizeof(none)}};
  all.insert(all.end(), buffers.begin(), buffers.end());
  auto bytesOf = [](const Memory &m) { return (m.bytes + 3) / 4 * 4; };
  std::vector<vulkan::Buffer> memory;
  for (const Memory &m : all)
    memory.push_back(device->allocate(bytesOf(m), "a test's buffer"));
  auto run = [&](std::initializer_list<int64_t> counts) {
    for (auto [m, buffer] : llvm::zip_equal(all, memory))
      std::memcpy(buffer.data(), m.data, m.bytes);
    int64_t first = 0;
    for (int64_t count : counts) {
      launchPanels(kernel, step, memory, constants, first, count);
      first += count;
    }
  };
  std::vector<std::vector<char>> inParts;
  if (kernel.panels > 1) {
    int64_t most = (2 * kernel.panels + 2) / 3;
    run({most, kernel.panels - most});
    for (auto [m, buffer] : llvm::zip_equal(all, memory))
      inParts.emplace_back(static_cast<char *>(buffer.data()),
                           static_cast<char *>(buffer.data()) + m.bytes);
  }
  run({kernel.panels});
  for (size_t i = 0; i < inParts.size(); ++i)
    if (std::memcmp(inParts[i].data(), memory[i].data(), inParts[i].size()))
      return llvm::createStringError(
          "a launch in two parts makes other numbers than one");
  for (auto [m, buffer] : llvm::zip_equal(all, memory))
    std::memcpy(m.data, buffer.data(), m.bytes);
  return llvm::Error::success();
}
} // namespace

std::unique_ptr<Runner> quern::test::makeRunner() {
  return std::make_unique<VulkanRunner>();
}
