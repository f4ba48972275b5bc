//===- Fit.cpp - quern fit ------------------------------------------------===//
//
// The passes that plan memory run on the model's header, once for each set of
// limits that is asked for or tried: what is printed is the plan, not an estimate
// of it.
//
//===----------------------------------------------------------------------===//
#include "Driver.h"
#include "Mixture.h"
#include "Placement.h"
#include "Session.h"
#include "cli/Text.h"
#include "runtime/Cgroup.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <nlohmann/json.hpp>

using namespace mlir;
using namespace quern;
using Json = nlohmann::ordered_json;

namespace {
class Fit {
public:
  explicit Fit(const FitRequest &request) : request(request) {}
  llvm::Error run();

private:
  llvm::Error import(const std::string &quantization);
  llvm::Expected<double> load(int64_t context, int64_t sequences);
  void findMemory();
  bool automatic() const {
    return session.targets.size() > 1 && isAutomatic(request.compile);
  }
  llvm::Error findLayers();
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
  int64_t layers = 0;           // on the first of two devices
  int64_t near = 0;             // ones that did for the last limits tried
  std::vector<uint64_t> memory; // of each device
  Figures figures;
  int64_t maxContext = 0, maxSequences = 0, maxLayers = 0; // the last line's, too
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

/// With the layers where they are, or, for --gpu-layers auto, with any number of them
/// that both devices have room for: more are for the first one to bear, fewer for the
/// second. It is mostly near the last one found.
llvm::Expected<double> Fit::load(int64_t context, int64_t sequences) {
  int64_t least = automatic() ? 0 : layers;
  int64_t most = automatic() ? layerCount(*session.module) : layers;
  for (int64_t guess = near, step = 1;; step *= 2) {
    guess = std::clamp(guess, least, most);
    auto planned =
        planFigures(session, request.compile, context, sequences, guess);
    if (!planned)
      return planned.takeError();
    bool many = planned->devices.front().total() > memory.front();
    bool few = planned->devices.back().total() > memory.back();
    (many ? most : least) = many ? guess - 1 : guess + 1;
    if (many == few || least > most) {
      near = guess;
      return planned->load(memory);
    }
    guess += many ? -step : step;
  }
}

/// What is said of the first device; the rest is in this machine's memory.
void Fit::findMemory() {
  uint64_t here = allowedMemory();
  uint64_t given = request.compile.deviceMemory;
  for (size_t device = 0; device < session.targets.size(); ++device)
    memory.push_back(given && memory.empty() ? given : here);
}

/// Most layers on the first device. Where it is the only one, those beside which the
/// rest would be in the process.
llvm::Error Fit::findLayers() {
  maxLayers = 0;
  bool alone = session.targets.size() == 1;
  if (alone && !session.devices()[0].ownMemory)
    return llvm::Error::success();
  if (alone) {
    const CompileRequest process;
    if (auto error = session.openTarget(process.target, process.chip,
                                        process.activations))
      return error;
  }
  auto most = mostLayers(session, request.compile, context, sequences, memory[0]);
  if (alone)
    session.targets.pop_back();
  if (!most)
    return most.takeError();
  maxLayers = std::max<int64_t>(*most, 0);
  return llvm::Error::success();
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
  auto placed = layersOnFirst(session, request.compile, context, sequences,
                              /*mustFit=*/false);
  if (!placed)
    return placed.takeError();
  layers = *placed;
  auto planned =
      planFigures(session, request.compile, context, sequences, layers);
  if (!planned)
    return planned.takeError();
  figures = std::move(*planned);
  near = layers;
  auto longest = largest(own, maxContext ? maxContext : own,
                         [&](int64_t n) { return load(n, sequences); });
  if (!longest)
    return longest.takeError();
  maxContext = *longest;
  near = layers;
  auto most =
      largest(kMostSequences, maxSequences ? maxSequences : kMostSequences,
              [&](int64_t n) { return load(context, n); });
  if (!most)
    return most.takeError();
  maxSequences = *most;
  maxLayers = layers; // as many as can be
  return automatic() ? llvm::Error::success() : findLayers();
}

Json Fit::json() const {
  Json devices = Json::array();
  for (auto [device, bytes] : llvm::zip_equal(figures.devices, memory))
    devices.push_back({{"name", device.name},
                       {"memory_bytes", bytes},
                       {"weights_bytes", device.weights},
                       {"kv_bytes", device.kv},
                       {"kv_bytes_per_token", device.kvPerToken},
                       {"activation_bytes", device.activations},
                       {"overhead_bytes", device.overhead}});
  Json object = {{"fits", figures.load(memory) <= 1},
                 {"devices", devices},
                 {"context", context},
                 {"sequences", sequences},
                 {"max_context", maxContext},
                 {"max_sequences", maxSequences},
                 {"max_gpu_layers", maxLayers}};
  if (session.targets.size() > 1)
    object["gpu_layers"] = layers;
  if (!request.compile.place.empty())
    object["place"] = request.compile.place;
  if (request.bandwidth > 0)
    object["most_tokens_per_second"] = mostTokensPerSecond();
  return object;
}

static std::string counted(int64_t n, const char *what) {
  return llvm::formatv("{0} {1}{2}", n, what, n == 1 ? "" : "s");
}

std::string Fit::verdict() const {
  std::string missing;
  for (auto [device, bytes] : llvm::zip_equal(figures.devices, memory))
    if (device.total() > bytes)
      missing += (missing.empty() ? " by " : ", and by ") +
                 cli::formatBytes(device.total() - bytes) +
                 (memory.size() > 1 ? " on " + device.name : "");
  return missing.empty() ? "It fits." : "It does not fit," + missing + ".";
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
  for (auto [index, device, bytes] :
       llvm::enumerate(figures.devices, memory)) {
    if (memory.size() > 1)
      os << device.name << ": " << placementText(session, layers, index)
         << "\n";
    line("weights", device.weights, "");
    line("keys and values", device.kv,
         cli::formatBytes(device.kvPerToken) + " a token");
    line("activations", device.activations, "");
    line("overhead", device.overhead, "");
    line("together", device.total(), "of " + cli::formatBytes(bytes));
  }
  if (!request.compile.place.empty())
    os << "placed by name: " << llvm::join(request.compile.place, ", ") << "\n";
  os << verdict();
  if (automatic() && layers == 0)
    os << " Not one layer fits on " << figures.devices[0].name << ".";
  if (maxContext)
    os << " The longest context of " << counted(sequences, "sequence") << ": "
       << counted(maxContext, "token")
       << (maxContext == own ? ", the model's own limit." : ".");
  if (maxSequences)
    os << " The most sequences of " << counted(context, "token") << ": "
       << maxSequences
       << (maxSequences == kMostSequences ? ", quern's own limit." : ".");
  if (memory.size() > 1)
    os << " The most layers on " << figures.devices[0].name << ": " << maxLayers
       << " of " << layerCount(*session.module) << ".";
  else if (maxLayers && figures.load(memory) > 1)
    os << " " << maxLayers << " of its " << layerCount(*session.module)
       << " layers would: --target " << request.compile.target << ","
       << CompileRequest().target << " --gpu-layers " << maxLayers << ".";
  os << "\n";
  if (request.bandwidth > 0)
    os << llvm::formatv("Reading {0} a token at {1} GB/s, a sequence gets at "
                        "most {2:F1} tokens per second.\n",
                        cli::formatBytes(figures.streamed), request.bandwidth,
                        mostTokensPerSecond());
}

llvm::Error Fit::printTable() {
  Json list = Json::array();
  bool split = session.targets.size() > 1;
  if (!request.json)
    llvm::outs()
        << "quantization     weights    together  fits  longest context"
           "  most sequences"
        << (split ? "  layers on " + session.targets[0].info.name : "") << "\n";
  for (const std::string &name : quantizationNames()) {
    if (auto error = measure(name))
      return error;
    Json object = json();
    object["quantization"] = name;
    list.push_back(object);
    uint64_t weights = 0, total = 0;
    for (const DeviceFigures &device : figures.devices)
      weights += device.weights, total += device.total();
    if (!request.json)
      llvm::outs() << llvm::formatv(
                          "{0,-12} {1,11} {2,11}  {3,-4}  {4,15}  {5,14}", name,
                          cli::formatBytes(weights), cli::formatBytes(total),
                          figures.load(memory) <= 1 ? "yes" : "no", maxContext,
                          maxSequences)
                   << (split ? llvm::formatv("  {0} of {1}", layers,
                                             layerCount(*session.module))
                                   .str()
                             : "")
                   << "\n";
  }
  if (request.json)
    llvm::outs() << list.dump(2) << "\n";
  return flushOutput();
}

llvm::Error Fit::run() {
  if (auto error = session.openTargets(request.compile))
    return error;
  if (session.variants() > 1)
    return llvm::createStringError("--mcpu " + request.compile.chip +
                                   ": needs one chip");
  if (!request.compile.deviceMemory && session.devices()[0].ownMemory)
    return llvm::createStringError("--target " + request.compile.target +
                                   ": a device with memory of its own: how "
                                   "much, say --device-memory SIZE");
  findMemory();
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
