//===- Compile.cpp - quern compile ----------------------------------------===//
#include "Driver.h"
#include "OutputFile.h"
#include "Phases.h"
#include "Placement.h"
#include "Session.h"
#include "Sidecar.h"
#include "Text.h"
#include "codegen/Artifact.h"
#include "codegen/Link.h"
#include "codegen/PlanTable.h"
#include "mlir/IR/Threading.h"
#include "passes/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/ToolOutputFile.h"
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>
#include <unistd.h>

using namespace mlir;
using namespace quern;

namespace {
class Compilation {
public:
  explicit Compilation(const CompileRequest &request)
      : request(request), session(threads(), request.printIrAfterAll),
        phases(request.verbose           ? Phases::Show::Times
               : request.printIrAfterAll ? Phases::Show::Nothing
                                         : Phases::Show::Bar) {}

  llvm::Error run() {
    if (auto error = open())
      return error;
    if (session.variants() > 1)
      return writeBinary();
    if (auto error = lowerToPlan())
      return error;
    if (request.emit == "quern" || request.emit == "stages")
      return print([&](llvm::raw_ostream &os) { session.module->print(os); });
    if (request.emit == "plan")
      return printPlanned();
    if (!request.report.empty())
      return printReport();
    if (request.emit != "binary")
      return printKernels();
    return writeBinary();
  }

private:
  llvm::Error open() {
    if (auto error = session.openTargets(request))
      return error;
    if (auto error = checkPhase())
      return error;
    if (!request.chatTemplate.empty()) {
      auto found = findChatTemplate(request.chatTemplate);
      if (!found)
        return found.takeError();
      chatTemplate = std::move(*found);
    }
    phases.begin("import", "reading the model");
    if (auto error = session.open(request.model))
      return error;
    auto context = session.contextOf(request);
    if (!context)
      return context.takeError();
    auto layers = layersOnFirst(session, request, *context, request.maxBatch,
                                /*mustFit=*/true);
    if (!layers)
      return layers.takeError();
    options = session.options(request, *context, request.maxBatch, *layers);
    if (session.targets.size() == 1 || !isAutomatic(request))
      return llvm::Error::success();
    const std::string &first = session.targets[0].info.name;
    if (*layers == 0)
      warnings.push_back("--device-memory: not one layer fits, so " +
                         std::string(request.place.empty()
                                         ? "nothing runs"
                                         : "only what --place says is") +
                         " on " + first);
    else
      placed = llvm::formatv("{0} of {1} layers on {2}", *layers,
                             layerCount(*session.module), first);
    return llvm::Error::success();
  }

  /// Whether the targets have what is asked for; a phase of both is no one's.
  llvm::Error checkPhase() {
    if (!request.report.empty() && request.emit != "binary")
      return llvm::createStringError("--report and --emit exclude each other");
    if (session.variants() > 1 &&
        (!request.report.empty() || request.emit != "binary"))
      return llvm::createStringError(
          (request.report.empty() ? "--emit " + request.emit
                                  : std::string("--report")) +
          ": needs one chip, not --mcpu " + request.chip);
    if (llvm::is_contained(commonPhases(), request.emit))
      return llvm::Error::success();
    SmallVector<std::string> names;
    for (const Session::Opened &opened : session.targets)
      for (const Phase &phase : opened.info.phases)
        names.push_back(phase.name);
    if (llvm::count(names, request.emit) == 1)
      return llvm::Error::success();
    if (llvm::is_contained(names, request.emit))
      return llvm::createStringError("--emit " + request.emit +
                                     ": needs one target, not " +
                                     request.target);
    return llvm::createStringError("--emit " + request.emit + ": the target '" +
                                   request.target + "' has " +
                                   (names.empty()
                                        ? "no phase of its own"
                                        : "only " + llvm::join(names, ", ")));
  }

  llvm::Error lowerToPlan() {
    PassManager pm(&session.context);
    if (request.emit == "quern")
      return llvm::Error::success();
    buildGraphPasses(pm, options);
    buildStagePasses(pm, options);
    if (request.emit != "stages")
      buildPlanPasses(pm, options);
    phases.begin("plan", "planning");
    return session.run(pm);
  }

  /// A kernel as its target takes it: which device it is for has been said.
  KernelOp alone(KernelOp kernel) {
    KernelOp clone = kernel.clone();
    setDevice(clone, 0);
    clone.setSymName(symbolOf(kernel.getSymName()));
    return clone;
  }
  /// Of kernels: the plans of variants call theirs by the same names.
  std::string symbolOf(StringRef kernel) const {
    return (variant ? "v" + std::to_string(variant) + "." : "") + kernel.str();
  }
  SmallVector<KernelOp> kernelsOf(unsigned device) {
    return llvm::to_vector(llvm::make_filter_range(
        session.module->getOps<KernelOp>(),
        [&](KernelOp kernel) { return deviceOf(kernel) == device; }));
  }

  /// The kernels of a device, in a module of their own.
  OwningOpRef<ModuleOp> kernelsAlone(unsigned device) {
    OwningOpRef<ModuleOp> kernels = ModuleOp::create(session.module->getLoc());
    for (KernelOp kernel : kernelsOf(device))
      kernels->push_back(alone(kernel));
    return kernels;
  }

  PlanTable planTable() {
    PlanTable table = buildPlanTable(*session.module, session.devices());
    for (std::vector<std::string> &device : table.kernels)
      for (std::string &kernel : device)
        kernel = symbolOf(kernel);
    return table;
  }

  /// With several devices each one's own part of the memory, as `info` says it.
  llvm::Error printPlanned() {
    std::vector<PlanDevice> devices = session.devices();
    auto figures = figuresOf(session, *session.module);
    if (!figures)
      return figures.takeError();
    return print([&](llvm::raw_ostream &os) {
      printPlan(*session.module, devices, os);
      if (devices.size() == 1)
        return;
      for (auto [device, has] : llvm::zip_equal(devices, figures->devices)) {
        os << device.name << "\n"
           << "    weights_bytes " << has.weights << "\n"
           << "    kv_bytes " << has.kv << "\n"
           << "    activation_bytes " << has.activations << "\n";
        if (device.ownMemory) // else the process's, whatever the plan
          os << "    overhead_bytes " << has.overhead << "\n";
      }
    });
  }

  /// Of every target that has kernels and says something of them; one must.
  llvm::Error printReport() {
    phases.begin("report", "reading kernels");
    std::vector<Report> reports;
    std::string failure;
    for (auto [device, opened] : llvm::enumerate(session.targets)) {
      if (kernelsOf(device).empty())
        continue;
      auto report = opened.target->report(*kernelsAlone(device));
      if (report) {
        for (llvm::json::Value &kernel : report->kernels)
          (*kernel.getAsObject())["target"] = opened.info.name;
        reports.push_back(std::move(*report));
      } else
        failure = "--report: target '" + opened.info.name +
                  "': " + llvm::toString(report.takeError());
    }
    if (reports.empty())
      return llvm::createStringError(failure);
    return print([&](llvm::raw_ostream &os) {
      if (request.report == "json") {
        llvm::json::Array list;
        for (Report &report : reports)
          for (llvm::json::Value &kernel : report.kernels)
            list.push_back(std::move(kernel));
        os << llvm::formatv("{0:2}\n", llvm::json::Value(std::move(list)));
        return;
      }
      for (auto [i, report] : llvm::enumerate(reports))
        os << (i ? "\n" : "") << report.text;
    });
  }

  /// A module of every target, or what the one makes of its kernels that has such a
  /// phase.
  llvm::Error printKernels() {
    std::string text;
    PlanTable table = planTable();
    for (auto [device, opened] : llvm::enumerate(session.targets)) {
      bool ours = llvm::any_of(opened.info.phases, [&](const Phase &phase) {
        return phase.name == request.emit;
      });
      if (!ours && request.emit != "kernels")
        continue;
      if (ours && kernelsOf(device).empty())
        return llvm::createStringError("--emit " + request.emit +
                                       ": nothing runs on " + opened.info.name);
      OwningOpRef<ModuleOp> kernels = kernelsAlone(device);
      PassManager pm(&session.context);
      opened.target->buildKernelPasses(pm);
      if (ours)
        opened.target->buildObjectPasses(pm);
      if (auto error = session.run(pm, *kernels))
        return error;
      llvm::raw_string_ostream os(text);
      if (!ours) {
        kernels->print(os);
        continue;
      }
      auto bytes =
          opened.target->emit(*kernels, KernelNames{table.kernels[device]},
                              request.emit);
      if (!bytes)
        return bytes.takeError();
      os.write(bytes->data(), bytes->size());
    }
    return print([&](llvm::raw_ostream &os) { os << text; });
  }

  /// A module for each kernel, so that the pass manager and LLVM work on them
  /// in parallel and the objects are the same for any number of threads. The
  /// first one has no kernel: it is for the table of all.
  OwningOpRef<ModuleOp> kernelModules(unsigned device) {
    Location loc = session.module->getLoc();
    OwningOpRef<ModuleOp> modules = ModuleOp::create(loc);
    modules->push_back(ModuleOp::create(loc));
    for (KernelOp kernel : kernelsOf(device)) {
      auto module = ModuleOp::create(kernel.getLoc());
      module.push_back(alone(kernel));
      modules->push_back(module);
    }
    return modules;
  }

  /// A module of kernels, to be written to a file.
  struct Part {
    const Target &target;
    ModuleOp module;
    KernelTable table;
    std::string path;
  };

  /// Each variant has a plan and kernels of its own, all of them the same weights.
  llvm::Error compileVariants(const std::string &stem) {
    OwningOpRef<ModuleOp> imported = session.module->clone();
    std::string first;
    for (variant = 0; variant < session.variants(); ++variant) {
      session.chooseVariant(variant);
      session.module = imported->clone();
      options = session.options(request, options.context, options.maxBatch,
                                options.layersOnFirst);
      if (auto error = lowerToPlan())
        return error;
      std::string layout = weightLayout(*session.module);
      if (variant && layout != first)
        return llvm::createStringError(
            "--mcpu " + request.chip +
            ": these chips want weights in different layouts");
      first = std::move(layout);
      if (auto error = compileKernels(stem))
        return error;
    }
    return llvm::Error::success();
  }

  /// The objects are linked in the order of the devices, and so are their sets.
  llvm::Error compileKernels(const std::string &stem) {
    PlanTable plan = planTable();
    plans.push_back(std::move(plan.bytes));
    std::vector<Part> parts;
    SmallVector<OwningOpRef<ModuleOp>> lowered;
    phases.begin("lower", "lowering kernels");
    for (auto [device, opened] : llvm::enumerate(session.targets)) {
      ModuleOp modules = *lowered.emplace_back(kernelModules(device));
      PassManager pm(&session.context);
      OpPassManager &each = pm.nest<ModuleOp>();
      opened.target->buildKernelPasses(each);
      opened.target->buildObjectPasses(each);
      if (auto error = session.run(pm, modules))
        return error;
      KernelTable table = KernelNames{plan.kernels[device], variant};
      for (auto module : modules.getOps<ModuleOp>()) {
        objects.push_back(stem + "." + std::to_string(objects.size()) + ".o");
        llvm::sys::RemoveFileOnSignal(objects.back());
        parts.push_back({*opened.target, module, table, objects.back()});
        table.reset();
      }
    }
    phases.begin("kernels", "compiling kernels", parts.size());
    std::vector<std::string> failures(parts.size());
    parallelFor(&session.context, 0, parts.size(), [&](size_t i) {
      if (auto error = writeObject(parts[i]))
        failures[i] = llvm::toString(std::move(error));
      phases.advance();
    });
    for (std::string &failure : failures)
      if (!failure.empty())
        return llvm::createStringError(failure);
    return llvm::Error::success();
  }

  llvm::Error writeObject(const Part &part) {
    auto bytes = part.target.emit(part.module, part.table, kObjectPhase);
    if (!bytes)
      return bytes.takeError();
    std::error_code code;
    llvm::raw_fd_ostream file(part.path, code, llvm::sys::fs::CD_CreateNew);
    if (!code) {
      file.write(bytes->data(), bytes->size());
      file.close();
      code = file.error();
      file.clear_error(); // it is reported here, not by ending the program
    }
    if (code)
      return llvm::createStringError(outputPath() + ": " + code.message());
    return llvm::Error::success();
  }

  std::string outputPath() {
    if (!request.output.empty())
      return request.output;
    llvm::SmallString<128> path(request.model); // "." is a name, too
    llvm::sys::fs::make_absolute(path);
    llvm::sys::path::remove_dots(path, /*remove_dot_dot=*/true);
    llvm::StringRef stem = llvm::sys::path::stem(path);
    return stem == llvm::sys::path::filename(path) ? (stem + ".quern").str()
                                                   : stem.str();
  }

  std::string metadata() {
    nlohmann::ordered_json json;
    ModuleOp module = *session.module;
    auto text = [&](const char *name) {
      return cast<StringAttr>(module->getAttr(name)).getValue().str();
    };
    json["name"] = text("quern.name");
    json["architecture"] = text("quern.architecture");
    json["context"] = options.context;
    json["model_context"] = session.integer("quern.context");
    json["vocabulary"] = session.integer("quern.vocabulary");
    uint64_t parameters = 0;
    std::map<std::string, unsigned> formats;
    for (const Tensor &tensor : session.checkpoint->tensors()) {
      parameters += tensor.rows() * tensor.columns();
      ++formats[tensor.format];
    }
    json["parameters"] = parameters;
    json["formats"] = formats;
    json["max_batch"] = options.maxBatch;
    json["chunk"] = options.chunk;
    json["kv_type"] = options.kvType;
    json["chat_template"] = templateName();
    json["target"] = request.target;
    json["chip"] = session.chips();
    json["activations"] = request.activations;
    if (session.targets.size() > 1)
      for (auto [device, opened] : llvm::enumerate(session.targets))
        json["placement"][opened.info.name] =
            placementText(session, options.layersOnFirst, device);
    if (!request.place.empty())
      json["placement_of_tensors"] = request.place;
    json["compiler"] = request.compiler;
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  /// Everything is made under temporary names and then renamed.
  llvm::Error writeBinary() {
    if (auto error = checkBundle(session.machine(), session.linking()))
      return error;
    phases.begin("tokenizer", "laying out tokens");
    auto text = buildText(*session.checkpoint,
                          session.integer("quern.vocabulary"), chatTemplate);
    if (!text)
      return text.takeError();
    llvm::append_range(warnings, text->warnings);
    if (chatTemplate)
      warnOfForeign(foreignTokens(*text));
    auto output = OutputFile::create(outputPath(), request.model);
    if (!output)
      return output.takeError();
    const std::string &temporary = (*output)->temporary();
    llvm::Error failed =
        session.variants() > 1 ? compileVariants(temporary) : compileKernels(temporary);
    if (!failed) {
      phases.begin("link", "linking");
      failed = linkExecutable(session.machine(), objects, session.linking(), temporary);
    }
    for (const std::string &object : objects) {
      llvm::sys::fs::remove(object);
      llvm::sys::DontRemoveFileOnSignal(object);
    }
    if (failed)
      return (*output)->renamed(std::move(failed));
    Payload payload{metadata(), std::move(plans), std::move(text->tokenizer), std::move(text->chatTemplate)};
    return (*output)->renamed(writePayload(**output, payload));
  }

  llvm::Error writePayload(OutputFile &output, const Payload &payload) {
    WeightsWriter weights(*session.module, *session.checkpoint, threads(),
                          [&](uint64_t bytes) { phases.advance(bytes); });
    phases.begin("weights", "packing weights", weights.bytes());
    std::optional<SidecarFile> sidecar;
    if (request.weights == "sidecar") {
      auto created = SidecarFile::create(output.path(), request.model, weights);
      if (!created)
        return created.takeError();
      sidecar = std::move(*created);
    }
    if (auto error = sidecar
                         ? appendPayload(output.temporary(), payload,
                                         sidecar->contents())
                         : appendPayload(output.temporary(), payload, weights))
      return error;
    phases.end();
    if (auto error = commit(sidecar, output))
      return error;
    for (const std::string &warning : warnings)
      llvm::errs() << "warning: " << warning << "\n";
    announce(outputPath() + (request.weights == "sidecar"
                                 ? " and " + outputPath() + ".weights"
                                 : ""));
    return llvm::Error::success();
  }

  /// Of control tokens in the given template that the model lacks.
  void warnOfForeign(ArrayRef<std::string> tokens) {
    if (!tokens.empty())
      warnings.push_back("--chat-template " + request.chatTemplate +
                         ": the model reads " + llvm::join(tokens, ", ") +
                         " as ordinary text; it has no such token" +
                         (tokens.size() > 1 ? "s" : ""));
  }

  /// Both files take their places: nothing comes between.
  static llvm::Error commit(std::optional<SidecarFile> &sidecar,
                            OutputFile &output) {
    SignalsIgnored ignored;
    if (sidecar)
      if (auto error = sidecar->commit())
        return error;
    return output.commit();
  }

  /// For people; what programs want to know is in the exit code.
  void announce(llvm::StringRef files) {
    bool terminal = isatty(STDERR_FILENO);
    if (!placed.empty() && (request.verbose || terminal))
      llvm::errs() << placed << "\n";
    if (!request.announce || request.verbose || !terminal)
      return;
    std::chrono::duration<double> took =
        std::chrono::steady_clock::now() - began;
    llvm::errs() << llvm::formatv("wrote {0} in {1:F1} s\n", files,
                                  took.count());
  }

  llvm::Error print(llvm::function_ref<void(llvm::raw_ostream &)> write) {
    phases.end();
    if (auto error = refuseModel(request.output, request.model))
      return error;
    std::error_code code;
    llvm::ToolOutputFile file(request.output.empty() ? "-" : request.output,
                              code, llvm::sys::fs::OF_None);
    if (code)
      return llvm::createStringError(request.output + ": " + code.message());
    write(file.os());
    file.os().flush();
    code = file.os().error();
    file.os().clear_error();
    if (code)
      return llvm::createStringError(
          (request.output.empty() ? "standard output" : request.output) + ": " +
          code.message());
    file.keep();
    return llvm::Error::success();
  }

  unsigned threads() const {
    return request.threads ? request.threads
                           : std::max(1u, std::thread::hardware_concurrency());
  }

  std::string templateName() {
    if (chatTemplate)
      return chatTemplate->name;
    return session.checkpoint->findMeta("tokenizer.chat_template")
               ? "the model's own"
               : "none";
  }

  const CompileRequest &request;
  CompileOptions options;
  Session session;
  Phases phases;
  std::chrono::steady_clock::time_point began =
      std::chrono::steady_clock::now();
  std::optional<ChatTemplate> chatTemplate;
  std::vector<std::string> objects;
  std::vector<std::vector<uint8_t>> plans;
  unsigned variant = 0; // what is being compiled
  std::vector<std::string> warnings; // said when all is written
  std::string placed;                // what --gpu-layers auto came to, if it did
};
} // namespace

int quern::compileModel(const CompileRequest &request) {
  auto compile = [&] { return Compilation(request).run(); };
  return report(compile()); // when its bar is gone
}
