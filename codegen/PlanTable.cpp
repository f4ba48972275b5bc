//===- PlanTable.cpp - A planned module as the runtime's tables -----------===//
#include "codegen/PlanTable.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/MemorySize.h"
#include "passes/Tails.h"
#include "runtime/Plan.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace quern;

static_assert(unsigned(RowsOf::Step) == plan::kRows &&
              unsigned(RowsOf::Logits) == plan::kLogitRows);

static int64_t integer(DictionaryAttr dictionary, StringRef name) {
  return cast<IntegerAttr>(dictionary.get(name)).getInt();
}

int64_t quern::planInteger(ModuleOp module, StringRef name) {
  return integer(module->getAttrOfType<DictionaryAttr>("quern.plan"), name);
}

namespace {
class TableBuilder {
public:
  TableBuilder(ModuleOp module, ArrayRef<PlanDevice> devices)
      : module(module), symbols(module), devices(devices),
        plan(module->getAttrOfType<DictionaryAttr>("quern.plan")),
        kernels(devices.size()), kernelOf(devices.size()) {}

  PlanTable build() {
    fillHeader();
    for (Attribute group : cast<ArrayAttr>(plan.get("groups")))
      addGroup(cast<DictionaryAttr>(group));
    for (auto program : module.getOps<func::FuncOp>())
      if (auto role = program->getAttrOfType<RoleAttr>("quern.role"))
        addProgram(program, role.getValue());
    return {serialize(), std::move(kernels)};
  }

private:
  int64_t at(StringRef name) { return integer(plan, name); }

  void fillHeader() {
    header.magic = plan::kMagic, header.version = plan::kVersion;
    header.context = at("context"), header.maxSequences = at("max_batch");
    header.vocabulary = at("vocabulary");
    header.maxTiles = at("max_tiles"), header.tileRows = at("tile_rows");
    header.maxLogitRows = at("logit_rows");
    header.arenaBytes = at("arena_bytes"), header.kvBytes = at("kv_bytes");
    header.tokens = at("tokens"), header.positions = at("positions");
    header.slots = at("slots"), header.tiles = at("tiles");
    header.select = at("select"), header.logits = at("logits");
    header.logitStride = at("logit_stride");
    header.ranked = at("ranked"), header.bestStride = at("best_stride");
    header.best = at("best");
    header.frontBytes = at("front_bytes");
  }

  void addGroup(DictionaryAttr g) {
    header.pageTokens = integer(g, "page_tokens");
    groups.push_back(
        {uint32_t(integer(g, "window")), uint32_t(integer(g, "layers")),
         uint32_t(integer(g, "pages")),
         uint32_t(integer(g, "pages_per_sequence")),
         uint64_t(integer(g, "page_bytes")), uint64_t(integer(g, "pool")),
         uint64_t(integer(g, "table"))});
  }

  void addProgram(func::FuncOp function, Role role) {
    plan::Program &program = header.programs[unsigned(role)];
    program.firstStage = stages.size();
    program.maxRows = at(role == Role::Prompt ? "chunk" : "max_batch");
    program.headStage = ~0u;
    const Tails tails = tailsOf(function);
    places.clear();
    for (Operation &op : function.getBody().front()) {
      auto launch = dyn_cast<LaunchOp>(op);
      if (auto copy = dyn_cast<CopyOp>(op)) {
        // In front of the first of the logits' launches it is not repeated with
        // them; what it copied lives on.
        addCopy(copy, program, role);
      } else if (launch) {
        auto kernel = symbols.lookup<KernelOp>(launch.getKernel());
        if (kernel.getRows() == RowsOf::Logits && program.headStage == ~0u)
          program.headStage = stages.size() - program.firstStage;
        if (launch == tails.rank)
          program.rankStage = stages.size() - program.firstStage;
        if (launch == tails.logits)
          program.logitsStage = stages.size() - program.firstStage;
        addStage(launch, kernel, program, role);
      }
    }
    program.stages = stages.size() - program.firstStage;
    if (!tails.rank)
      program.rankStage = program.logitsStage = program.stages;
    program.headStage = std::min(program.headStage, program.stages);
  }

  void addStage(LaunchOp launch, KernelOp kernel, const plan::Program &program,
                Role role) {
    plan::Stage stage{};
    stage.device = deviceOf(launch);
    stage.kernel = kernelIndex(stage.device, kernel.getSymName());
    stage.barrier = launch.getBarrier();
    stage.firstBuffer = buffers.size();
    stage.firstConstant = constants.size();
    stage.name = addString(launch.getName());
    Block &body = kernel.getBody().front();
    for (auto [v, argument] :
         llvm::zip(launch.getInputs(), body.getArguments())) {
      addOperand(v);
      bool fewRows = llvm::all_of(argument.getUsers(), [](Operation *user) {
        return user->hasTrait<ReadsNamedRows>();
      });
      if (auto get = v.getDefiningOp<GetOp>(); get && !fewRows)
        stage.bytes += streamedBytes(symbols.lookup(get.getSymbol()));
    }
    const bool logits = kernel.getRows() == RowsOf::Logits;
    stage.per = logits ? plan::kLogitRows : plan::kRows;
    for (Operation &op : body)
      if (isa<LinearOp, LinearPartsOp>(op))
        stage.products += uint64_t(rowsOfWeight(op.getOperand(1).getType())) *
                          uint64_t(columnsOf(op.getOperand(1).getType()));
    for (auto [v, offset] :
         llvm::zip(launch.getOutputs(), *launch.getOffsets())) {
      uint32_t rows = logits ? header.maxLogitRows : program.maxRows;
      plan::ArenaUse use{.offset = uint64_t(offset),
                         .rowBytes = uint64_t(activationRowBytes(v.getType())),
                         .rows = rows,
                         .per = stage.per,
                         .role = 1u << unsigned(role),
                         .device = stage.device,
                         .together = uint32_t(rowsTogether(v.getType())),
                         .reserved = 0};
      buffers.push_back(
          places[v] = {plan::Space::Arena, 0, use.offset, use.bytes(rows)});
      if (uint64_t(offset) != header.logits &&
          (!header.best || uint64_t(offset) != header.ranked))
        uses.push_back(use);
    }
    stage.buffers = buffers.size() - stage.firstBuffer;
    stage.constants = constants.size() - stage.firstConstant;
    stages.push_back(stage);
  }

  void addCopy(CopyOp copy, const plan::Program &program, Role role) {
    plan::Stage stage{};
    stage.kernel = plan::kCopy;
    stage.barrier = 1;
    stage.device = deviceOf(copy);
    stage.name = addString(copy.getName());
    stage.firstBuffer = buffers.size(), stage.buffers = 1;
    stage.firstConstant = constants.size(), stage.constants = 3;
    plan::Buffer place = places[copy] = places.lookup(copy.getInput());
    auto from = copy.getInput().getDefiningOp<LaunchOp>();
    auto rowBytes = activationRowBytes(copy.getType());
    bool logits = copy.getRows() == RowsOf::Logits;
    buffers.push_back(place);
    for (int64_t constant :
         {int64_t(deviceOf(from)),
          int64_t(logits ? plan::kLogitRows : plan::kRows), rowBytes})
      constants.push_back(constant);
    uses.push_back({place.offset, uint64_t(rowBytes),
                    logits ? header.maxLogitRows : program.maxRows,
                    logits ? plan::kLogitRows : plan::kRows,
                    1u << unsigned(role), stage.device, /*together=*/1, 0});
    stages.push_back(stage);
  }

  void addInArena(uint64_t offset, uint64_t bytes) {
    buffers.push_back({plan::Space::Arena, 0, offset, bytes});
  }

  void addOperand(Value v) {
    const uint64_t rowBytes = 4 * std::max(at("chunk"), at("max_batch"));
    if (auto get = v.getDefiningOp<GetOp>())
      return addSymbol(symbols.lookup(get.getSymbol()));
    if (isa<StepType>(v.getType())) {
      addInArena(header.positions, rowBytes);
      addInArena(header.slots, rowBytes);
      return addInArena(header.tiles, 8 * uint64_t(header.maxTiles));
    }
    auto argument = dyn_cast<BlockArgument>(v); // tokens or selected rows
    if (!argument)
      buffers.push_back(places.lookup(v));
    else if (argument.getArgNumber() == 0)
      addInArena(header.tokens, rowBytes);
    else
      addInArena(header.select, 4 * uint64_t(header.maxLogitRows));
  }

  void addSymbol(Operation *op) {
    if (auto cache = dyn_cast<KvCacheOp>(op)) {
      const plan::KvGroup &group = groups[*cache.getGroup()];
      uint64_t layer = group.pages * group.pageBytes;
      buffers.push_back({plan::Space::Kv, 0,
                         group.poolOffset + *cache.getIndex() * layer, layer});
      addInArena(group.tableOffset,
                 4 * uint64_t(header.maxSequences) * group.pagesPerSequence);
      constants.push_back(group.window);
      constants.push_back(group.pagesPerSequence);
      return;
    }
    auto weight = dyn_cast<WeightOp>(op);
    uint64_t offset =
        weight ? *weight.getOffset() : *cast<ConstantOp>(op).getOffset();
    buffers.push_back(
        {plan::Space::Weights, 0, offset, uint64_t(streamedBytes(op))});
  }

  /// Of a weight or constant; caches are not streamed whole.
  static uint64_t streamedBytes(Operation *op) {
    if (auto weight = dyn_cast<WeightOp>(op))
      return weightBytes(weight.getType());
    auto constant = dyn_cast<ConstantOp>(op);
    return constant ? weightBytes(constant.getValue().getType()) : 0;
  }

  uint32_t kernelIndex(unsigned device, StringRef name) {
    auto [it, added] =
        kernelOf[device].try_emplace(name, kernels[device].size());
    if (added)
      kernels[device].push_back(name.str());
    return it->second;
  }
  uint32_t addString(StringRef text) {
    uint32_t offset = strings.size();
    strings.insert(strings.end(), text.begin(), text.end());
    strings.push_back(0);
    return offset;
  }

  std::vector<uint8_t> serialize() {
    std::vector<uint8_t> bytes(sizeof header);
    auto append = [&](auto &list, uint64_t &offset, uint64_t &count) {
      bytes.resize(llvm::alignTo(bytes.size(), 8));
      offset = bytes.size(), count = list.size();
      auto *data = reinterpret_cast<const uint8_t *>(list.data());
      bytes.insert(bytes.end(), data, data + list.size() * sizeof(list[0]));
    };
    std::vector<plan::Device> list(devices.size());
    for (auto [device, entry] : llvm::zip_equal(devices, list)) {
      device.name.copy(entry.name, sizeof entry.name - 1);
      entry.ownMemory = device.ownMemory;
    }
    append(list, header.devicesAt, header.devices);
    append(stages, header.stagesAt, header.stages);
    append(buffers, header.buffersAt, header.buffers);
    append(constants, header.constantsAt, header.constants);
    append(groups, header.groupsAt, header.groups);
    append(uses, header.usesAt, header.uses);
    append(strings, header.stringsAt, header.strings);
    std::memcpy(bytes.data(), &header, sizeof header);
    return bytes;
  }

  ModuleOp module;
  SymbolTable symbols;
  ArrayRef<PlanDevice> devices;
  DictionaryAttr plan;
  plan::PlanHeader header{};
  std::vector<plan::Stage> stages;
  std::vector<plan::Buffer> buffers;
  std::vector<int64_t> constants;
  std::vector<plan::KvGroup> groups;
  std::vector<plan::ArenaUse> uses;
  std::vector<char> strings;
  std::vector<std::vector<std::string>> kernels; // by device
  std::vector<llvm::StringMap<uint32_t>> kernelOf;
  DenseMap<Value, plan::Buffer> places;
};
} // namespace

PlanTable quern::buildPlanTable(ModuleOp module, ArrayRef<PlanDevice> devices) {
  return TableBuilder(module, devices).build();
}

void quern::printPlan(ModuleOp module, ArrayRef<PlanDevice> devices,
                      llvm::raw_ostream &os) {
  for (auto program : module.getOps<func::FuncOp>()) {
    if (!program->hasAttr("quern.role"))
      continue;
    os << program.getName() << "\n";
    auto begin = [&](Operation &op, bool barrier, StringRef name,
                     StringRef what) {
      os << (barrier ? "  | " : "    ");
      if (devices.size() > 1)
        os << llvm::left_justify(devices[deviceOf(&op)].name, 8);
      os << llvm::left_justify(name, 28) << " " << llvm::left_justify(what, 28)
         << " ->";
    };
    DenseMap<Value, int64_t> places;
    for (Operation &op : program.getBody().front())
      if (auto copy = dyn_cast<CopyOp>(op)) {
        begin(op, true, copy.getName(), "copy");
        os << " " << places.lookup(copy.getInput()) << "\n";
      } else if (auto launch = dyn_cast<LaunchOp>(op)) {
        begin(op, launch.getBarrier(), launch.getName(), launch.getKernel());
        for (auto [v, offset] :
             llvm::zip(launch.getOutputs(), *launch.getOffsets())) {
          places[v] = offset;
          os << " " << offset;
        }
        os << "\n";
      }
  }
  if (devices.size() == 1)
    for (StringRef name : {"weights_bytes", "arena_bytes", "kv_bytes"})
      os << name << " " << planInteger(module, name) << "\n";
}
