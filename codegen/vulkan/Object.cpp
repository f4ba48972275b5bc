//===- Object.cpp - Kernels of SPIR-V as an object to link ----------------===//
#include "codegen/vulkan/Object.h"
#include "codegen/host/Host.h"
#include "codegen/vulkan/Spirv.h"
#include "llvm/IR/Constants.h"

using namespace mlir;
using namespace quern;

namespace {
class ObjectBuilder {
public:
  explicit ObjectBuilder(llvm::Module &module)
      : module(module),
        pointer(llvm::PointerType::get(module.getContext(), 0)) {}

  /// Defines a quern_vulkan_kernel.
  void addKernel(StringRef name, DictionaryAttr launch,
                 ArrayRef<uint32_t> words);
  /// The one of that name, here or in another object.
  llvm::Constant *kernel(StringRef name) {
    return module.getOrInsertGlobal(symbol(name), pointer);
  }

private:
  static std::string symbol(StringRef name) {
    return ("quern_vulkan_kernel." + name).str();
  }
  llvm::Constant *integer(unsigned bits, int64_t value) {
    return llvm::ConstantInt::get(
        llvm::Type::getIntNTy(module.getContext(), bits), uint64_t(value));
  }
  llvm::Constant *u32(int64_t value) { return integer(32, value); }
  llvm::Constant *u64(int64_t value) { return integer(64, value); }
  llvm::Constant *panels(DictionaryAttr described);

  llvm::Module &module;
  llvm::PointerType *pointer;
};
} // namespace

static int64_t integerOf(DictionaryAttr attributes, StringRef name) {
  return cast<IntegerAttr>(attributes.get(name)).getInt();
}

/// An array of quern_vulkan_panels.
llvm::Constant *ObjectBuilder::panels(DictionaryAttr described) {
  SmallVector<llvm::Constant *> list;
  for (auto [argument, bytes] : llvm::zip_equal(
           described.getAs<DenseI64ArrayAttr>("arguments").asArrayRef(),
           described.getAs<DenseI64ArrayAttr>("bytes").asArrayRef()))
    list.push_back(
        llvm::ConstantStruct::getAnon({u32(argument), u32(0), u64(bytes)}));
  return definePrivate(
      module, llvm::ConstantArray::get(
                  llvm::ArrayType::get(list[0]->getType(), list.size()), list));
}

void ObjectBuilder::addKernel(StringRef name, DictionaryAttr launch,
                              ArrayRef<uint32_t> words) {
  auto grid = launch.getAs<DictionaryAttr>("grid");
  auto weights = launch.getAs<DictionaryAttr>("panels");
  llvm::Constant *none = llvm::ConstantPointerNull::get(pointer);
  // In the order of the struct.
  llvm::Constant *value = llvm::ConstantStruct::getAnon({
      defineText(module, name),
      definePrivate(module,
                    llvm::ConstantDataArray::get(module.getContext(), words)),
      u64(int64_t(words.size())),
      u32(integerOf(launch, "bindings")),
      u32(integerOf(launch, "threads")),
      u32(integerOf(launch, "shared")),
      u32(integerOf(grid, "tasks")),
      u32(integerOf(grid, "of")),
      u32(integerOf(grid, "rows")),
      u32(weights ? integerOf(weights, "count") : 0),
      u32(integerOf(launch, "constants")),
      u32(weights && weights.get("task") ? integerOf(weights, "task") : 0),
      u32(integerOf(grid, "parts")),
      u32(0),
      u32(weights ? weights.getAs<DenseI64ArrayAttr>("bytes").size() : 0),
      weights ? panels(weights) : none,
  });
  new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true,
                           llvm::GlobalValue::ExternalLinkage, value,
                           symbol(name));
}

llvm::Expected<llvm::SmallVector<char, 0>>
quern::vulkan::emitObject(ModuleOp kernels,
                          std::optional<KernelNames> table,
                          StringRef chip) {
  llvm::LLVMContext context;
  llvm::Module module("quern", context);
  auto machine = targetMachine(machines::x86_64);
  if (!machine)
    return machine.takeError();
  module.setTargetTriple((*machine)->getTargetTriple());
  module.setDataLayout((*machine)->createDataLayout());
  ObjectBuilder object(module);
  auto launches = kernels->getAttrOfType<DictionaryAttr>(kKernels);
  for (auto spirv : kernels.getOps<spirv::ModuleOp>()) {
    auto words = binaryOf(spirv);
    if (!words)
      return words.takeError();
    StringRef name = kernelNameOf(spirv);
    object.addKernel(name, launches.getAs<DictionaryAttr>(name), *words);
  }
  if (table) {
    SmallVector<llvm::Constant *> list;
    for (const std::string &name : table->kernels)
      list.push_back(object.kernel(name));
    defineKernelSet(module, "quern_vulkan_executor", list, table->variant,
                    chip, kFeatures);
  }
  return emitMachineCode(module, **machine);
}
