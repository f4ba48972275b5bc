//===- DeviceTest.cpp - What a device does and what it refuses ------------===//
#include "codegen/vulkan/runtime/Upload.h"
#include "codegen/simt/Passes.h"
#include "codegen/vulkan/Spirv.h"
#include "mlir/Parser/Parser.h"
#include "runtime/Error.h"
#include "gtest/gtest.h"
#include <cstdlib>
#include <functional>
#include <numeric>

using namespace quern;
using namespace quern::vulkan;

namespace {
constexpr uint32_t kColumns = 32, kRows = 64;

Needs needs() {
  return {.int8 = true, .int16 = true, .float16 = true, .storage16 = true};
}

/// SPIR-V of y = 2 x.
llvm::SmallVector<uint32_t, 0> doubling() {
  mlir::DialectRegistry registry;
  registry.insert<QuernDialect>();
  registerDialects(registry);
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      "quern.kernel @k role prompt rows step {\n"
      "^bb0(%x: tensor<?x32xf32>):\n"
      "  %y = quern.scale %x by 2.0 : tensor<?x32xf32>\n"
      "  quern.yield %y : tensor<?x32xf32>\n}\n",
      &context);
  mlir::PassManager pm(&context);
  pm.addPass(simt::createLowerKernelsPass({}));
  buildSpirvPasses(pm);
  if (!module || mlir::failed(pm.run(*module)))
    llvm::report_fatal_error("cannot lower the kernel");
  return llvm::cantFail(
      binaryOf(*module->getOps<mlir::spirv::ModuleOp>().begin()));
}

class VulkanDevice : public testing::Test {
protected:
  void SetUp() override {
    setenv("QUERN_VULKAN_VALIDATE", "1", 0);
    try {
      device = std::make_unique<Device>(needs());
    } catch (const Error &error) {
      GTEST_SKIP() << error.what();
    }
  }
  std::unique_ptr<Device> device;
};

std::string messageOf(std::function<void()> act) {
  try {
    act();
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

/// A kernel's four buffers, whole.
Bound bindingsOf(const Pipeline &pipeline,
                 std::initializer_list<const Buffer *> buffers) {
  Bound launch{&pipeline, {}};
  for (const Buffer *b : buffers)
    launch.bindings.push_back({b, 0, b->size()});
  return launch;
}

/// x to y to z, each twice the one before.
TEST_F(VulkanDevice, ListsAreRunInOrderAndOften) {
  Pipeline twice = device->pipeline(doubling(), "main", 4, "k");
  Buffer step = device->allocate(12, "counts"),
         constants = device->allocate(4, "none");
  Buffer x = device->allocate(4 * kRows * kColumns, "x"),
         y = device->allocate(x.size(), "y"),
         z = device->allocate(x.size(), "z");
  static_cast<int32_t *>(step.data())[0] = kRows;
  Bound pairs[] = {bindingsOf(twice, {&step, &constants, &x, &y}),
                   bindingsOf(twice, {&step, &constants, &y, &z})};
  BindingSets sets = device->bind(pairs);
  Dispatch chain[] = {{&sets, 0, {1, kRows, 1}, false},
                      {&sets, 1, {1, kRows, 1}, true}};
  CommandList list = device->record(chain);
  for (float first : {1.0f, -3.0f}) {
    for (uint32_t i = 0; i < kRows * kColumns; ++i)
      static_cast<float *>(x.data())[i] = first + float(i);
    device->run(list);
    for (uint32_t i = 0; i < kRows * kColumns; ++i)
      ASSERT_EQ(static_cast<float *>(z.data())[i], 4 * (first + float(i))) << i;
  }
  EXPECT_EQ(device->validationMessages(), std::vector<std::string>());
  // The same without the barrier is what the layer is there to find.
  chain[1].barrier = false;
  device->run(device->record(chain));
  EXPECT_FALSE(device->validationMessages().empty());
}

/// Where the host sees the memory, and where it takes copies: of pieces that fit, that
/// do not, and of a last one that is shorter. Two writes meet at an odd byte.
TEST_F(VulkanDevice, WhatIsUploadedIsWhatKernelsRead) {
  llvm::SmallVector<uint32_t, 0> spirv = doubling();
  std::vector<float> values(kRows * kColumns);
  const uint64_t bytes = 4 * values.size(), first = 1001;
  auto *data = reinterpret_cast<const std::byte *>(values.data());
  struct {
    bool hidden;
    const char *most; // of a staging buffer
  } ways[] = {{false, "100000"}, {false, "700"}, {true, "100000"},
              {true, "8192"},    {true, "700"},  {true, "333"}};
  for (auto [hidden, most] : ways) {
    SCOPED_TRACE(testing::Message() << most << (hidden ? " hidden" : ""));
    hidden ? setenv("QUERN_VULKAN_HIDE_MEMORY", "1", 1)
           : unsetenv("QUERN_VULKAN_HIDE_MEMORY");
    setenv("QUERN_VULKAN_MOST_STAGED", most, 1);
    Device other(needs());
    Pipeline twice = other.pipeline(spirv, "main", 4, "k");
    Buffer step = other.allocate(12, "counts"),
           constants = other.allocate(4, "none"),
           x = other.allocate(bytes, "x", Memory::Device),
           y = other.allocate(bytes, "y");
    uint64_t allocated = other.allocatedBytes();
    ASSERT_EQ(allocated, 16 + 2 * bytes);
    if (hidden) {
      ASSERT_EQ(x.data(), nullptr);
    }
    static_cast<int32_t *>(step.data())[0] = kRows;
    Bound pair[] = {bindingsOf(twice, {&step, &constants, &x, &y})};
    BindingSets sets = other.bind(pair);
    Dispatch dispatch[] = {{&sets, 0, {1, kRows, 1}}};
    CommandList list = other.record(dispatch);
    for (float begin : {1.0f, -7.0f}) {
      std::iota(values.begin(), values.end(), begin);
      Upload upload(other);
      upload.write(x, 0, data, first);
      upload.write(x, first, data + first, bytes - first);
      upload.finish();
      other.run(list);
      for (size_t i = 0; i < values.size(); ++i)
        ASSERT_EQ(static_cast<float *>(y.data())[i], 2 * values[i]) << i;
    }
    EXPECT_EQ(other.allocatedBytes(), allocated) << "staging is the host's";
    EXPECT_EQ(other.validationMessages(), std::vector<std::string>());
  }
  unsetenv("QUERN_VULKAN_HIDE_MEMORY");
  unsetenv("QUERN_VULKAN_MOST_STAGED");
}

TEST_F(VulkanDevice, AnUploadThatIsLeftIsWaitedFor) {
  setenv("QUERN_VULKAN_HIDE_MEMORY", "1", 1);
  setenv("QUERN_VULKAN_MOST_STAGED", "1000", 1);
  Device other(needs());
  std::vector<std::byte> data(5000);
  Buffer x = other.allocate(data.size(), "x", Memory::Device);
  Upload(other).write(x, 0, data.data(), data.size());
  EXPECT_EQ(other.validationMessages(), std::vector<std::string>());
  unsetenv("QUERN_VULKAN_HIDE_MEMORY");
  unsetenv("QUERN_VULKAN_MOST_STAGED");
}

TEST_F(VulkanDevice, WhatIsLackingIsNamed) {
  Needs much = needs();
  much.threads = 1 << 20;
  much.sharedBytes = 1 << 30;
  std::string message = messageOf([&] { Device other(much); });
  EXPECT_NE(message.find(device->name() +
                         ": lacks workgroups of 1048576 threads, "
                         "1073741824 bytes of shared memory"),
            message.npos)
      << message;
}

TEST_F(VulkanDevice, ThereIsNoRoomForEverything) {
  std::string message = messageOf(
      [&] { device->allocate(uint64_t(1) << 50, "keys and values"); });
  EXPECT_NE(message.find("1125899906842624 bytes for keys and values: out of "
                         "the device's memory"),
            message.npos)
      << message;
}

TEST_F(VulkanDevice, ADeviceIsChosenByName) {
  setenv("QUERN_VULKAN_DEVICE", device->name().substr(0, 6).c_str(), 1);
  EXPECT_EQ(Device(needs()).name(), device->name());
  setenv("QUERN_VULKAN_DEVICE", "abacus", 1);
  std::string message = messageOf([] { Device other(needs()); });
  EXPECT_EQ(message.find("no Vulkan device is called 'abacus' "
                         "(QUERN_VULKAN_DEVICE); there is "),
            0u)
      << message;
  EXPECT_NE(message.find(device->name()), message.npos) << message;
}

TEST(VulkanLoader, NoDriverIsOneLine) {
  for (const char *name : {"VK_ICD_FILENAMES", "VK_DRIVER_FILES"})
    setenv(name, "/nowhere.json", 1);
  std::string message = messageOf([] { Device device(needs()); });
  EXPECT_FALSE(message.empty());
  EXPECT_EQ(message.find('\n'), message.npos);
  EXPECT_NE(message.find("Vulkan"), message.npos) << message;
}
} // namespace
