//===- Fit.cpp - quern fit ------------------------------------------------===//
//
// The passes that plan memory run on the model's header, once for each set of
// limits that is asked for or tried: what is printed is the plan, not an estimate
// of it.
//
//===----------------------------------------------------------------------===//
#include "Driver.h"
#include "Mixture.h"
#include "Session.h"
#include "cli/Text.h"
#include "codegen/PlanTable.h"
#include "passes/Passes.h"
#include "runtime/Memory.h"
#include "runtime/Team.h"
#include "llvm/Support/FormatVariadic.h"
#include <nlohmann/json.hpp>
#include <unistd.h>

using namespace mlir;
using namespace quern;
using Json = nlohmann::ordered_json;

namespace {
/// Bytes that an artifact takes when its context and its sequences are full.
struct Figures {
  uint64_t weights = 0, kv = 0, kvPerToken = 0, activations = 0, overhead = 0;
  /// Of weights, that one generated token of one sequence makes it read.
  uint64_t streamed = 0;

  uint64_t total() const { return weights + kv + activations + overhead; }
};

class Fit {
public:
  explicit Fit(const FitRequest &request) : request(request) {}
  llvm::Error run();

private:
  llvm::Error import(const std::string &quantization);
  llvm::Expected<Figures> plan(int64_t context, int64_t sequences);
  llvm::Expected<int64_t>
  largest(int64_t most, llvm::function_ref<llvm::Expected<Figures>(int64_t)>);
  llvm::Error measure(const std::string &quantization);
  Json json() const;
  double mostTokensPerSecond() const {
    return request.bandwidth * 1e9 / double(figures.streamed);
  }
  std::string verdict() const;
  void printText() const;
  llvm::Error printTable();

  const FitRequest &request;
  Session session;
  int64_t own = 0; // the model's longest context
  int64_t context = 0, sequences = 0;
  uint64_t memory = 0;
  Figures figures;
  int64_t maxContext = 0, maxSequences = 0;
};
} // namespace

/// With the formats of a quantization, or, if there is none, of the file.
llvm::Error Fit::import(const std::string &quantization) {
  const Checkpoint &c = *session.checkpoint;
  const Mixture *mixture = findMixture(
      quantization.empty() && c.isOutline() ? "BF16" : quantization);
  if (!mixture)
    return session.import();
  auto architecture = c.getString("general.architecture");
  if (!architecture)
    return architecture.takeError();
  auto layers = c.getUInt((*architecture + ".block_count").str());
  if (!layers)
    return layers.takeError();
  auto heads = c.getUInt((*architecture + ".attention.head_count").str());
  if (!heads)
    return heads.takeError();
  auto kvHeads =
      c.getUInt((*architecture + ".attention.head_count_kv").str(), *heads);
  if (!kvHeads)
    return kvHeads.takeError();
  return session.import(formatsOf(
      *mixture, {.architecture = *architecture,
                 .layers = *layers,
                 .queriesPerKey = *heads / std::max<uint64_t>(*kvHeads, 1),
                 .output = c.tiesOutput() ? "token_embd" : "output"}));
}

static uint64_t bytesPerToken(const PlanView &view) {
  uint64_t bytes = 0;
  for (const plan::KvGroup &group : view.groups())
    bytes += group.layers * group.pageBytes / view->pageTokens;
  return bytes;
}

llvm::Expected<Figures> Fit::plan(int64_t context, int64_t sequences) {
  CompileOptions options = session.options(request.compile, context, sequences);
  OwningOpRef<ModuleOp> module = session.module->clone();
  PassManager pm(&session.context);
  buildGraphPasses(pm, options);
  buildStagePasses(pm, options);
  buildPlanPasses(pm, options);
  if (auto error = session.run(pm, *module))
    return error;
  PlanTable table = buildPlanTable(
      *module, {request.compile.target, options.traits.ownMemory});
  Figures figures;
  figures.weights = planInteger(*module, "weights_bytes");
  try {
    PlanView view(table.bytes, table.kernels.size(), figures.weights);
    figures.kvPerToken = bytesPerToken(view);
    for (const plan::Stage &stage : view.stages(plan::kGenerated))
      figures.streamed += stage.bytes;
    MemoryPlan memory = planMemory(view, 0, {0, allowedCpus()});
    if (!memory.devices.empty()) {
      const DeviceMemory &device = memory.devices[0].memory;
      figures.weights = device.weights, figures.kv = device.kv;
      figures.activations = device.activations;
      figures.overhead = device.overhead;
      return figures;
    }
    for (const MemoryPlan::Item &item : memory.items)
      (item.name == "activations"       ? figures.activations
       : item.name == "keys and values" ? figures.kv
                                        : figures.overhead) += item.reserved;
  } catch (const std::exception &error) {
    return session.checkpoint->error(error.what());
  }
  return figures;
}

/// The largest n up to `most` whose figures fit, or 0. They grow almost in
/// proportion to n, so that a guess by the last two is soon right.
llvm::Expected<int64_t>
Fit::largest(int64_t most,
             llvm::function_ref<llvm::Expected<Figures>(int64_t)> of) {
  int64_t fits = 0, fails = most + 1, guess = most;
  double fitting = 0, failing = 0; // their bytes
  for (bool halve = false; fails - fits > 1; halve = !halve) {
    auto figures = of(guess);
    if (!figures)
      return figures.takeError();
    double bytes = double(figures->total());
    if (bytes <= double(memory))
      fits = guess, fitting = bytes;
    else
      fails = guess, failing = bytes;
    guess = fits + (fails - fits) / 2;
    if (!halve && fits > 0 && failing > fitting)
      guess = fits + int64_t(double(fails - fits) * (double(memory) - fitting) /
                             (failing - fitting));
    if (fails - fits > 1)
      guess = std::clamp(guess, fits + 1, fails - 1);
  }
  return fits;
}

llvm::Error Fit::measure(const std::string &quantization) {
  if (auto error = import(quantization))
    return error;
  own = session.integer("quern.context");
  auto wanted = session.contextOf(request.compile);
  if (!wanted)
    return wanted.takeError();
  context = *wanted;
  sequences = request.compile.maxBatch;
  auto planned = plan(context, sequences);
  if (!planned)
    return planned.takeError();
  figures = *planned;
  auto longest = largest(own, [&](int64_t n) { return plan(n, sequences); });
  if (!longest)
    return longest.takeError();
  maxContext = *longest;
  auto most =
      largest(kMostSequences, [&](int64_t n) { return plan(context, n); });
  if (!most)
    return most.takeError();
  maxSequences = *most;
  return llvm::Error::success();
}

Json Fit::json() const {
  Json object = {{"fits", figures.total() <= memory},
                 {"devices",
                  {{{"name", request.compile.target},
                    {"memory_bytes", memory},
                    {"weights_bytes", figures.weights},
                    {"kv_bytes", figures.kv},
                    {"kv_bytes_per_token", figures.kvPerToken},
                    {"activation_bytes", figures.activations},
                    {"overhead_bytes", figures.overhead}}}},
                 {"context", context},
                 {"sequences", sequences},
                 {"max_context", maxContext},
                 {"max_sequences", maxSequences}};
  if (request.bandwidth > 0)
    object["most_tokens_per_second"] = mostTokensPerSecond();
  return object;
}

static std::string counted(int64_t n, const char *what) {
  return llvm::formatv("{0} {1}{2}", n, what, n == 1 ? "" : "s");
}

std::string Fit::verdict() const {
  if (figures.total() <= memory)
    return "It fits.";
  return "It does not fit, by " + cli::formatBytes(figures.total() - memory) +
         ".";
}

void Fit::printText() const {
  llvm::raw_ostream &os = llvm::outs();
  auto line = [&](const char *name, uint64_t bytes, const std::string &more) {
    os << llvm::formatv("  {0,-18}{1,12}", name, cli::formatBytes(bytes))
       << (more.empty() ? "" : "  ") << more << "\n";
  };
  os << request.compile.target << ", " << counted(sequences, "sequence")
     << " of up to " << counted(context, "token") << ", keys and values in "
     << request.compile.kvType << "\n";
  line("weights", figures.weights, "");
  line("keys and values", figures.kv,
       cli::formatBytes(figures.kvPerToken) + " a token");
  line("activations", figures.activations, "");
  line("overhead", figures.overhead, "");
  line("together", figures.total(), "of " + cli::formatBytes(memory));
  os << verdict();
  if (maxContext)
    os << " The longest context of " << counted(sequences, "sequence") << ": "
       << counted(maxContext, "token")
       << (maxContext == own ? ", the model's own limit." : ".");
  if (maxSequences)
    os << " The most sequences of " << counted(context, "token") << ": "
       << maxSequences
       << (maxSequences == kMostSequences ? ", quern's own limit." : ".");
  os << "\n";
  if (request.bandwidth > 0)
    os << llvm::formatv("Reading {0} a token at {1} GB/s, a sequence gets at "
                        "most {2:F1} tokens per second.\n",
                        cli::formatBytes(figures.streamed), request.bandwidth,
                        mostTokensPerSecond());
}

llvm::Error Fit::printTable() {
  Json list = Json::array();
  if (!request.json)
    llvm::outs()
        << "quantization     weights    together  fits  longest context"
           "  most sequences\n";
  for (const std::string &name : quantizationNames()) {
    if (auto error = measure(name))
      return error;
    Json object = json();
    object["quantization"] = name;
    list.push_back(object);
    if (!request.json)
      llvm::outs() << llvm::formatv(
          "{0,-12} {1,11} {2,11}  {3,-4}  {4,15}  {5,14}\n", name,
          cli::formatBytes(figures.weights), cli::formatBytes(figures.total()),
          figures.total() <= memory ? "yes" : "no", maxContext, maxSequences);
  }
  if (request.json)
    llvm::outs() << list.dump(2) << "\n";
  return flushOutput();
}

llvm::Error Fit::run() {
  if (auto error = session.openTarget(request.compile.target, "native"))
    return error;
  memory = request.deviceMemory;
  if (!memory && session.target->traits().ownMemory)
    return llvm::createStringError("--target " + request.compile.target +
                                   ": a device with memory of its own: how "
                                   "much, say --device-memory SIZE");
  if (!memory)
    memory =
        uint64_t(sysconf(_SC_PHYS_PAGES)) * uint64_t(sysconf(_SC_PAGESIZE));
  if (auto error = session.read(request.compile.model, Extent::Header))
    return error;
  if (request.table)
    return printTable();
  if (auto error = measure(request.quantization))
    return error;
  if (request.json)
    llvm::outs() << json().dump(2) << "\n";
  else
    printText();
  return flushOutput();
}

int quern::fitModel(const FitRequest &request) {
  return report(Fit(request).run());
}

std::vector<std::string> quern::quantizationNames() {
  std::vector<std::string> names;
  for (const Mixture &mixture : allMixtures())
    names.push_back(mixture.name.str());
  return names;
}
