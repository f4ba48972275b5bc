//===- DeviceTest.cpp - What a device does and what it refuses ------------===//
#include "codegen/vulkan/runtime/Device.h"
#include "codegen/simt/Passes.h"
#include "codegen/vulkan/Spirv.h"
#include "mlir/Parser/Parser.h"
#include "runtime/Error.h"
#include "gtest/gtest.h"
#include <cstdlib>
#include <functional>

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

/// x to y to z, each twice the one before.
TEST_F(VulkanDevice, ListsAreRunInOrderAndOften) {
  Pipeline twice = device->pipeline(doubling(), "main", 4, "k");
  Buffer step = device->allocate(12, "counts"),
         constants = device->allocate(4, "none");
  Buffer x = device->allocate(4 * kRows * kColumns, "x"),
         y = device->allocate(x.size(), "y"),
         z = device->allocate(x.size(), "z");
  static_cast<int32_t *>(step.data())[0] = kRows;
  auto bound = [&](const Buffer &from, const Buffer &to) {
    Bound launch{&twice, {}};
    for (const Buffer *b :
         std::initializer_list<const Buffer *>{&step, &constants, &from, &to})
      launch.bindings.push_back({b, 0, b->size()});
    return launch;
  };
  Bound pairs[] = {bound(x, y), bound(y, z)};
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
