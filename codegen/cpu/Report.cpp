//===- Report.cpp - What was chosen for each kernel -----------------------===//
#include "codegen/cpu/Report.h"
#include "ir/Quern.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace quern;

/// "4-bit codes, groups of 32, with offsets"
static std::string groupText(GroupAttr group) {
  const GroupShape shape = groupShape(group);
  if (shape.kind == GroupShape::Kind::Floats)
    return llvm::formatv("floats of {0} bits", 8 * codecBytes(shape.element));
  std::string text =
      llvm::formatv("{0}-bit codes, groups of {1}", shape.codeBits, shape.group);
  if (!shape.table.empty())
    text += ", by table";
  if (shape.scale.subBits)
    text += llvm::formatv(", {0}-bit scales", shape.scale.subBits);
  if (shape.offset)
    text += ", offsets";
  return text;
}

namespace {
/// Of the kernel's operands: the first of each kind says it.
struct Operands {
  std::string numbers = "f32", weights;
  int64_t rows = 0, columns = 0, matrices = 0;

  explicit Operands(KernelOp kernel) {
    for (Type type : kernel.getBody().front().getArgumentTypes())
      llvm::TypeSwitch<Type>(type)
          .Case<RowsType>([&](RowsType t) { numbers = stringifyNumber(t.getNumber()).str(); })
          .Case<KvType>([&](KvType t) {
            llvm::raw_string_ostream os(weights);
            os << "keys and values, " << t.getStored() << ", pages of " << t.getPage();
          })
          .Case<PanelsType>([&](PanelsType t) {
            weights = groupText(t.getGroup());
            rows = t.getRows(), columns = t.getColumns(), ++matrices;
          });
  }
  std::string shape() const {
    if (!matrices)
      return "";
    std::string one = llvm::formatv("{0} x {1}", rows, columns);
    return matrices > 1 ? llvm::formatv("{0} of {1}", matrices, one).str() : one;
  }
};
} // namespace

Report quern::cpu::reportOf(ModuleOp kernels, ModuleOp lowered) {
  constexpr const char *kLine = "{0,-28} {1,-10} {2,-18} {3,-50} {4,-42} {5}\n";
  Report report{llvm::formatv(kLine, "kernel", "numbers", "weights",
                              "layout, panels of 16 rows", "tile", "why")
                    .str(),
                {}};
  for (auto kernel : kernels.getOps<KernelOp>()) {
    auto function = lowered.lookupSymbol<func::FuncOp>(kernel.getSymName());
    auto said = [&](StringRef name) {
      auto text = function->getAttrOfType<StringAttr>(name);
      return text ? text.getValue().str() : std::string();
    };
    const Operands operands(kernel);
    const std::string tile = said("quern.tile"), why = said("quern.why");
    auto orDash = [](std::string text) { return text.empty() ? "-" : text; };
    report.text += llvm::formatv(kLine, kernel.getSymName(), operands.numbers,
                                 orDash(operands.shape()), orDash(operands.weights),
                                 orDash(tile), orDash(why));
    llvm::json::Object entry{{"kernel", kernel.getSymName()},
                             {"numbers", operands.numbers},
                             {"layout", operands.weights},
                             {"tile", tile},
                             {"why", why}};
    if (operands.matrices)
      entry["weights"] = llvm::json::Object{{"matrices", operands.matrices},
                                            {"rows", operands.rows},
                                            {"columns", operands.columns}};
    report.kernels.push_back(std::move(entry));
  }
  return report;
}
