//===- Report.cpp - Kernels of threads, by their code ---------------------===//
#include "codegen/simt/Report.h"
#include "codegen/simt/Trace.h"
#include "runtime/Plan.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

namespace {
/// What holds a workgroup's threads: an SM, a CU. From the vendors' programming
/// guides: "CUDA C++ Programming Guide", table of compute capabilities 8.6 and 8.9;
/// "RDNA 2 Instruction Set Architecture", 2.2 (32 waves of 32 lanes a CU, 64 KiB).
struct Unit {
  const char *chip;
  int64_t threads, sharedBytes, workgroups;
};
constexpr Unit kUnits[] = {
    {"GeForce RTX 30 (8.6)", 1536, 100 << 10, 16},
    {"GeForce RTX 40 (8.9)", 1536, 100 << 10, 24},
    {"Radeon RX 6000 (RDNA 2)", 1024, 64 << 10, 32},
};

/// Positions of the step's rows: deep enough for several blocks of keys.
constexpr int64_t kPosition = 300;

/// A kernel's arguments, by what they are.
class Arguments {
public:
  explicit Arguments(KernelOp kernel);

  StringRef name(unsigned argument) const { return names[argument]; }
  /// Of a step of `rows` rows: integers that kernels find in memory.
  std::optional<int64_t> integer(unsigned argument, int64_t index,
                                 int64_t rows) const;

private:
  enum class Kind {
    Other,
    Step,
    Constants,
    Positions,
    Slots,
    Tiles,
    Table,
    Ids
  };
  void add(Kind kind, StringRef name) {
    kinds.push_back(kind), names.push_back(name.str());
  }
  SmallVector<Kind> kinds;
  SmallVector<std::string> names;
  SmallVector<int64_t> constants;
};
} // namespace

Arguments::Arguments(KernelOp kernel) {
  add(Kind::Step, "counts"), add(Kind::Constants, "constants");
  int64_t panels = 0;
  for (Type type : kernel.getBody().front().getArgumentTypes()) {
    if (isa<StepType>(type)) {
      add(Kind::Positions, "step"), add(Kind::Slots, "step");
      add(Kind::Tiles, "step");
    } else if (isa<KvType>(type)) {
      add(Kind::Other, "keys and values"), add(Kind::Table, "page table");
      constants.append({0, 64}); // window, entries of a table row
    } else if (auto packed = dyn_cast<PanelsType>(type)) {
      add(Kind::Other, "weights");
      panels = (packed.getRows() + kLanes - 1) / kLanes;
    } else if (isa<RowsType>(type)) {
      add(Kind::Other, "activations");
    } else {
      auto tensor = cast<RankedTensorType>(type);
      bool ids = tensor.getElementType().isInteger(32);
      add(ids ? Kind::Ids : Kind::Other, ids ? "ids" : "activations");
    }
  }
  for (Type type :
       kernel.getBody().front().getTerminator()->getOperandTypes()) {
    (void)type;
    add(Kind::Other, "results");
  }
  constants.append({0, panels});
}

std::optional<int64_t> Arguments::integer(unsigned argument, int64_t index,
                                          int64_t rows) const {
  switch (kinds[argument]) {
  case Kind::Step:
    return index == plan::kTiles ? 1 : rows;
  case Kind::Constants:
    if (index < int64_t(constants.size()))
      return constants[index];
    return std::nullopt;
  case Kind::Positions:
    return kPosition + index;
  case Kind::Slots:
    return 0;
  case Kind::Tiles:
    return index % 2 ? rows : 0;
  case Kind::Table:
  case Kind::Ids:
    return index;
  case Kind::Other:
    return std::nullopt;
  }
  llvm_unreachable("all kinds are there");
}

/// Bytes of the panels of the first workgroup; by argument.
static DenseMap<unsigned, int64_t> bytesOfPanels(gpu::GPUFuncOp function) {
  DenseMap<unsigned, int64_t> bytes;
  auto panels = function->getAttrOfType<DictionaryAttr>("quern.panels");
  auto ofTask = panels ? panels.getAs<IntegerAttr>("task") : nullptr;
  if (!ofTask)
    return bytes;
  const int64_t count =
      std::min(ofTask.getInt(), panels.getAs<IntegerAttr>("count").getInt());
  for (auto [argument, size] : llvm::zip_equal(
           panels.getAs<DenseI64ArrayAttr>("arguments").asArrayRef(),
           panels.getAs<DenseI64ArrayAttr>("bytes").asArrayRef()))
    bytes[unsigned(argument)] = count * size;
  return bytes;
}

static double occupancy(const Unit &unit, int64_t threads, int64_t shared) {
  int64_t groups = std::min(unit.workgroups, unit.threads / threads);
  if (shared)
    groups = std::min(groups, unit.sharedBytes / shared);
  return double(groups * threads) / double(unit.threads);
}

/// The first task and item in all of its parts: what they touch together.
static FailureOr<Trace> traceParts(gpu::GPUFuncOp function, int64_t parts,
                                   Integers integers) {
  Trace all;
  for (int64_t part = 0; part < parts; ++part) {
    auto trace =
        traceWorkgroup(function, integers, /*task=*/0, /*item=*/0, part);
    if (failed(trace))
      return failure();
    all.barriers = std::max(all.barriers, trace->barriers);
    all.memory.resize(trace->memory.size());
    for (auto [sum, one] : llvm::zip_equal(all.memory, trace->memory))
      sum += one;
  }
  return all;
}

LogicalResult quern::simt::report(KernelOp kernel, gpu::GPUFuncOp function,
                                  std::vector<KernelReport> &reports) {
  Arguments arguments(kernel);
  auto grid = function->getAttrOfType<DictionaryAttr>("quern.grid");
  auto of = [&](StringRef name) {
    return grid.getAs<IntegerAttr>(name).getInt();
  };
  const int64_t shared = sharedBytes(function);
  DenseMap<unsigned, int64_t> least = bytesOfPanels(function);
  SmallVector<int64_t> counts{1};
  const bool ofTiles = of("of") == plan::kTiles; // of which there is one
  if (ofTiles || of("rows") > 1)
    counts.push_back(ofTiles ? int64_t(plan::kTileRows) : of("rows"));
  for (int64_t rows : counts) {
    auto trace = traceParts(function, of("parts"),
                            [&](unsigned argument, int64_t index) {
                              return arguments.integer(argument, index, rows);
                            });
    if (failed(trace))
      return failure();
    KernelReport entry;
    entry.kernel = kernel.getSymName().str();
    entry.rows = rows;
    entry.workgroups = of("tasks") * of("parts") *
                       (ofTiles ? 1 : (rows + of("rows") - 1) / of("rows"));
    entry.threads = (*function.getKnownBlockSize())[0];
    entry.sharedBytes = shared;
    entry.barriers = trace->barriers;
    for (unsigned i = 0; i + 1 < trace->memory.size(); ++i) {
      const MemoryTrace &memory = trace->memory[i];
      if (memory.loads)
        entry.accesses.push_back(
            {arguments.name(i).str(), memory.uniqueBytes, memory.requestedBytes,
             least.count(i) ? least.lookup(i) : -1, memory.loadsOfWidth,
             memory.sectors, memory.fewestSectors});
    }
    for (const Unit &unit : kUnits)
      entry.occupancy[unit.chip] = occupancy(unit, entry.threads, shared);
    reports.push_back(std::move(entry));
  }
  return success();
}
