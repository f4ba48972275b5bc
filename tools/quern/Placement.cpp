//===- Placement.cpp - What a device's memory has room for ----------------===//
#include "Placement.h"
#include "cli/Text.h"
#include "codegen/PlanTable.h"
#include "runtime/Memory.h"
#include "runtime/Team.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace quern;

double Figures::load(llvm::ArrayRef<uint64_t> memory) const {
  double most = 0;
  for (auto [device, bytes] : llvm::zip_equal(devices, memory))
    most = std::max(most, double(device.total()) / double(bytes));
  return most;
}

static uint64_t bytesPerToken(const PlanView &view, uint32_t device) {
  uint64_t bytes = 0;
  for (KvLayer layer : layersOf(view, device))
    bytes += layer.group->pageBytes / view->pageTokens;
  return bytes;
}

/// Of the section, `weights` bytes, a single device has all, its padding too. What is
/// the process's own is counted with the last device that works in it.
static Figures figuresIn(const PlanView &view, uint64_t weights) {
  Figures figures;
  for (const plan::Stage &stage : view.stages(plan::kGenerated))
    figures.streamed += stage.bytes;
  DeviceFigures *host = nullptr;
  figures.devices.resize(view.devices().size());
  for (auto [index, figure] : llvm::enumerate(figures.devices)) {
    const plan::Device &device = view.devices()[index];
    figure = {memoryOf(view, index), std::string(view.name(device)),
              bytesPerToken(view, index)};
    if (device.ownMemory)
      continue;
    HostMemory shared = hostMemoryOf(view, index, 0);
    figure.activations = shared.activations, figure.kv = shared.kv;
    figure.overhead = 0;
    if (figures.devices.size() == 1)
      figure.weights = weights;
    host = &figure;
  }
  if (host)
    for (const MemoryPlan::Item &item :
         planMemory(view, 0, {0, allowedCpus()}).items)
      if (item.name != "activations" && item.name != "keys and values")
        host->overhead += item.reserved;
  return figures;
}

llvm::Expected<Figures> quern::planFigures(Session &session,
                                           const CompileRequest &request,
                                           int64_t context, int64_t sequences,
                                           int64_t layersOnFirst) {
  CompileOptions options =
      session.options(request, context, sequences, layersOnFirst);
  OwningOpRef<ModuleOp> module = session.module->clone();
  PassManager pm(&session.context);
  buildGraphPasses(pm, options);
  buildStagePasses(pm, options);
  buildPlanPasses(pm, options);
  if (auto error = session.run(pm, *module, /*trial=*/true))
    return error;
  return figuresOf(session, *module);
}

llvm::Expected<Figures> quern::figuresOf(Session &session, ModuleOp planned) {
  PlanTable table = buildPlanTable(planned, session.devices());
  uint64_t weights = planInteger(planned, "weights_bytes");
  std::vector<uint64_t> kernels;
  for (const std::vector<std::string> &names : table.kernels)
    kernels.push_back(names.size());
  try {
    return figuresIn(PlanView(table.bytes, kernels, weights), weights);
  } catch (const std::exception &error) {
    return session.checkpoint->error(error.what());
  }
}

/// Away from the guess in growing steps, until one fits and one does not; between them
/// a guess by their loads is soon right.
llvm::Expected<int64_t>
quern::largest(int64_t most, int64_t guess,
               llvm::function_ref<llvm::Expected<double>(int64_t)> loadOf) {
  int64_t fits = 0, fails = most + 1, step = guess < most ? 1 : most;
  double fitting = 0, failing = 0; // their loads
  for (bool halve = false; fails - fits > 1; halve = !halve) {
    guess = std::clamp(guess, fits + 1, fails - 1);
    auto load = loadOf(guess);
    if (!load)
      return load.takeError();
    if (*load <= 1)
      fits = guess, fitting = *load;
    else
      fails = guess, failing = *load;
    guess = fits + (fails - fits) / 2;
    if ((fits == 0 || fails > most) && step < fails - fits) {
      guess = fits == 0 ? fails - step : fits + step;
      step *= 8;
    } else if (!halve && fits > 0 && failing > fitting) {
      guess = fits + int64_t(double(fails - fits) * (1 - fitting) /
                             (failing - fitting));
    }
  }
  return fits;
}

llvm::Expected<int64_t> quern::mostLayers(Session &session,
                                          const CompileRequest &request,
                                          int64_t context, int64_t sequences,
                                          uint64_t memory) {
  int64_t numbers = layerCount(*session.module) + 1;
  auto most = largest(
      numbers, numbers,
      [&](int64_t count) -> llvm::Expected<double> { // of numbers from 0 on
        auto figures =
            planFigures(session, request, context, sequences, count - 1);
        if (!figures)
          return figures.takeError();
        return double(figures->devices[0].total()) / double(memory);
      });
  if (!most)
    return most.takeError();
  return *most - 1;
}

std::string quern::placementText(const Session &session, int64_t onFirst,
                                 unsigned device) {
  int64_t layers = layerCount(*session.module);
  int64_t first = device ? 0 : layers - onFirst;
  int64_t end = device ? layers - onFirst : layers;
  // A pattern goes before layers, so neither says all of it.
  auto isHere = [&](StringRef rule) {
    return rule.ends_with(llvm::formatv("={0}", device).str());
  };
  if (first == end)
    return llvm::any_of(session.tensors, isHere) ? "tensors by name" : "nothing";
  std::string text = first == 0 ? "embedding, " : "";
  text += end - first == 1 ? llvm::formatv("layer {0}", first).str()
                           : llvm::formatv("layers {0} to {1}", first, end - 1).str();
  text += end == layers ? ", output" : "";
  return text +
         (session.tensors.empty() ? "" : ", but for tensors placed by name");
}

/// What of the first device's memory there is too little of.
static llvm::Error checkRoom(Session &session, const CompileRequest &request,
                             int64_t context, int64_t sequences,
                             int64_t layers) {
  auto shown = cli::formatBytes;
  auto figures = planFigures(session, request, context, sequences, layers);
  if (!figures)
    return figures.takeError();
  const DeviceFigures &device = figures->devices[0];
  if (device.total() <= request.deviceMemory)
    return llvm::Error::success();
  std::string remedy;
  if (session.targets.size() > 1) {
    auto most = mostLayers(session, request, context, sequences,
                           request.deviceMemory);
    if (!most)
      return most.takeError();
    remedy = *most < 0
                 ? std::string("--place has to put less there")
                 : llvm::formatv("--gpu-layers {0} would fit", *most).str();
  } else {
    remedy = "a smaller --ctx or --max-batch takes less";
  }
  return llvm::createStringError(llvm::formatv(
      "--device-memory {0}: on {1} it takes {2}, {3} more: weights {4}, keys and "
      "values {5}, activations {6}, overhead {7}; {8}",
      shown(request.deviceMemory), device.name, shown(device.total()),
      shown(device.total() - request.deviceMemory), shown(device.weights),
      shown(device.kv), shown(device.activations), shown(device.overhead),
      remedy));
}

bool quern::isAutomatic(const CompileRequest &request) {
  return request.gpuLayers.empty() || request.gpuLayers == "auto";
}

llvm::Expected<int64_t> quern::layersOnFirst(Session &session,
                                             const CompileRequest &request,
                                             int64_t context,
                                             int64_t sequences, bool mustFit) {
  int64_t all = layerCount(*session.module), layers = 0;
  bool split = session.targets.size() > 1;
  if (!split && !request.gpuLayers.empty())
    return llvm::createStringError(
        "--gpu-layers " + request.gpuLayers +
        ": needs two targets, --target FIRST,SECOND, to place layers on");
  if (split && isAutomatic(request)) {
    if (!request.deviceMemory)
      return llvm::createStringError(
          "--target " + request.target +
          ": how many layers go to the first, say --gpu-layers N; or say how "
          "much memory it has, --device-memory SIZE");
    auto most =
        mostLayers(session, request, context, sequences, request.deviceMemory);
    if (!most)
      return most.takeError();
    if (*most >= 0 || !mustFit)
      return std::max<int64_t>(*most, 0);
  } else if (split && (StringRef(request.gpuLayers).getAsInteger(10, layers) ||
                       layers < 0 || layers > all)) {
    return llvm::createStringError(
        llvm::formatv("--gpu-layers {0}: the model has {1} layers",
                      request.gpuLayers, all));
  }
  if (mustFit && request.deviceMemory)
    if (auto error = checkRoom(session, request, context, sequences, layers))
      return error;
  return layers;
}
