//===- Compile.cpp - quern compile ----------------------------------------===//
#include "Driver.h"
#include "Session.h"
#include "Text.h"
#include "codegen/Artifact.h"
#include "codegen/Link.h"
#include "codegen/PlanTable.h"
#include "mlir/IR/Threading.h"
#include "passes/Passes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/ToolOutputFile.h"
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

using namespace mlir;
using namespace quern;

namespace {
class Compilation {
public:
  explicit Compilation(const CompileRequest &request)
      : request(request), session(threads(), request.printIrAfterAll) {}

  llvm::Error run() {
    if (auto error = open())
      return error;
    if (auto error = lowerToPlan())
      return error;
    if (request.emit == "quern" || request.emit == "stages")
      return print([&](llvm::raw_ostream &os) { session.module->print(os); });
    if (request.emit == "plan")
      return print(
          [&](llvm::raw_ostream &os) { printPlan(*session.module, os); });
    if (request.emit != "binary")
      return printKernels();
    return writeBinary();
  }

private:
  llvm::Error open() {
    if (auto error = session.openTarget(request.target, request.chip))
      return error;
    if (auto error = session.open(request.model))
      return error;
    phase("import");
    int64_t own = session.integer("quern.context");
    options.context =
        request.context ? request.context : std::min<int64_t>(own, 8192);
    if (options.context > own)
      return llvm::createStringError(
          "--ctx %lld is more than the %lld tokens that the model was made for",
          (long long)options.context, (long long)own);
    options.maxBatch = request.maxBatch;
    options.chunk =
        std::min(request.chunk, std::max(options.context, options.maxBatch));
    options.kvType = request.kvType;
    return llvm::Error::success();
  }

  llvm::Error lowerToPlan() {
    PassManager pm(&session.context);
    if (request.emit == "quern")
      return llvm::Error::success();
    buildGraphPasses(pm, options);
    buildStagePasses(pm, options);
    if (request.emit != "stages")
      buildPlanPasses(pm, options);
    if (auto error = session.run(pm))
      return error;
    phase("plan");
    return llvm::Error::success();
  }

  /// The kernels alone, in a module of their own.
  llvm::Error printKernels() {
    OwningOpRef<ModuleOp> kernels = ModuleOp::create(session.module->getLoc());
    for (auto kernel : session.module->getOps<KernelOp>())
      kernels->push_back(kernel.clone());
    PassManager pm(&session.context);
    session.target->buildKernelPasses(pm);
    if (request.emit != "kernels")
      session.target->buildObjectPasses(pm);
    if (auto error = session.run(pm, *kernels))
      return error;
    if (request.emit == "kernels")
      return print([&](llvm::raw_ostream &os) { kernels->print(os); });
    PlanTable table = buildPlanTable(*session.module);
    Form form = request.emit == "llvm"  ? Form::LLVM
                : request.emit == "asm" ? Form::Assembly
                                        : Form::Object;
    auto bytes = session.target->emit(*kernels, table.kernels, form);
    if (!bytes)
      return bytes.takeError();
    return print(
        [&](llvm::raw_ostream &os) { os.write(bytes->data(), bytes->size()); });
  }

  /// A module for each kernel, so that the pass manager and LLVM work on them
  /// in parallel and the objects are the same for any number of threads. The
  /// first one has no kernel: it is for the table of all.
  OwningOpRef<ModuleOp> kernelModules() {
    Location loc = session.module->getLoc();
    OwningOpRef<ModuleOp> modules = ModuleOp::create(loc);
    modules->push_back(ModuleOp::create(loc));
    for (auto kernel : session.module->getOps<KernelOp>()) {
      auto module = ModuleOp::create(kernel.getLoc());
      module.push_back(kernel.clone());
      modules->push_back(module);
    }
    return modules;
  }

  llvm::Error compileKernels(ArrayRef<std::string> table,
                             const std::string &stem) {
    OwningOpRef<ModuleOp> modules = kernelModules();
    PassManager pm(&session.context);
    OpPassManager &each = pm.nest<ModuleOp>();
    session.target->buildKernelPasses(each);
    session.target->buildObjectPasses(each);
    if (auto error = session.run(pm, *modules))
      return error;
    phase("lower");
    SmallVector<ModuleOp> parts(modules->getOps<ModuleOp>());
    std::vector<std::string> failures(parts.size());
    for (size_t i = 0; i < parts.size(); ++i) {
      objects.push_back(stem + "." + std::to_string(i) + ".o");
      llvm::sys::RemoveFileOnSignal(objects.back());
    }
    parallelFor(&session.context, 0, parts.size(), [&](size_t i) {
      if (auto error = writeObject(
              parts[i], i ? ArrayRef<std::string>() : table, objects[i]))
        failures[i] = llvm::toString(std::move(error));
    });
    for (std::string &failure : failures)
      if (!failure.empty())
        return llvm::createStringError(failure);
    phase("kernels");
    return llvm::Error::success();
  }

  llvm::Error writeObject(ModuleOp module, ArrayRef<std::string> table,
                          const std::string &path) {
    auto bytes = session.target->emit(module, table, Form::Object);
    if (!bytes)
      return bytes.takeError();
    std::error_code code;
    llvm::raw_fd_ostream file(path, code, llvm::sys::fs::CD_CreateNew);
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
    json["target"] = request.target;
    json["chip"] = session.target->chip();
    json["compiler"] = "quern " QUERN_VERSION;
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  /// Everything is made under a temporary name and then renamed.
  llvm::Error writeBinary() {
    auto text =
        buildText(*session.checkpoint, session.integer("quern.vocabulary"));
    if (!text)
      return text.takeError();
    phase("tokenizer");
    std::string output = outputPath();
    if (auto error = resolveOutput(output))
      return error;
    llvm::SmallString<128> unique;
    if (auto code =
            llvm::sys::fs::createUniqueFile(output + ".%%%%%%%%.tmp", unique))
      return llvm::createStringError(output + ": " + code.message());
    std::string temporary = unique.str().str();
    llvm::FileRemover removeExecutable(temporary);
    llvm::sys::RemoveFileOnSignal(temporary);
    PlanTable plan = buildPlanTable(*session.module);
    llvm::Error failed = compileKernels(plan.kernels, temporary);
    if (!failed)
      failed = linkExecutable(objects, temporary);
    for (const std::string &object : objects) {
      llvm::sys::fs::remove(object);
      llvm::sys::DontRemoveFileOnSignal(object);
    }
    if (failed)
      return failed;
    phase("link");
    Payload payload{metadata(), std::move(plan.bytes),
                    std::move(text->tokenizer), std::move(text->chatTemplate)};
    if (auto error = appendPayload(temporary, payload, *session.module,
                                   *session.checkpoint, threads()))
      return error;
    phase("weights");
    if (auto code = llvm::sys::fs::rename(temporary, output))
      return llvm::createStringError(output + ": " + code.message());
    removeExecutable.releaseFile();
    llvm::sys::DontRemoveFileOnSignal(temporary);
    return llvm::Error::success();
  }

  /// A new file is to take the place of `output`: of what a link leads to, but
  /// neither of a folder or device, nor of the model.
  llvm::Error resolveOutput(std::string &output) {
    if (output == "-")
      return llvm::createStringError(
          "--output -: an executable needs a file of its own");
    if (output[0] == '-') // for the linker it would be a flag
      output = "./" + output;
    if (!llvm::sys::fs::exists(output))
      return llvm::Error::success();
    if (llvm::sys::fs::is_directory(output))
      return llvm::createStringError(
          output + ": is a folder; give --output a file name");
    if (!llvm::sys::fs::is_regular_file(output))
      return llvm::createStringError(output + ": is no regular file");
    llvm::SmallString<128> real;
    if (auto code = llvm::sys::fs::real_path(output, real))
      return llvm::createStringError(output + ": " + code.message());
    output = real.str().str();
    return refuseModel(output);
  }

  /// That what is written is not what was read.
  llvm::Error refuseModel(llvm::StringRef output) {
    llvm::StringRef parent = llvm::sys::path::parent_path(output);
    bool read = output.ends_with(".json") || output.ends_with(".safetensors") ||
                output.ends_with(".jinja");
    if (llvm::sys::fs::equivalent(request.model, output) ||
        (read && llvm::sys::fs::equivalent(request.model,
                                           parent.empty() ? "." : parent)))
      return llvm::createStringError(output + ": is of the model itself");
    return llvm::Error::success();
  }

  llvm::Error print(llvm::function_ref<void(llvm::raw_ostream &)> write) {
    if (auto error = refuseModel(request.output))
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
          (request.output.empty() ? "stdout" : request.output) + ": " +
          code.message());
    file.keep();
    return llvm::Error::success();
  }

  unsigned threads() const {
    return request.threads ? request.threads
                           : std::max(1u, std::thread::hardware_concurrency());
  }

  void phase(const char *name) {
    auto now = std::chrono::steady_clock::now();
    if (request.verbose)
      llvm::errs() << llvm::formatv(
          "{0,-10} {1,8:F0} ms\n", name,
          std::chrono::duration<double, std::milli>(now - last).count());
    last = now;
  }

  const CompileRequest &request;
  CompileOptions options;
  Session session;
  std::vector<std::string> objects;
  std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
};
} // namespace

int quern::compileModel(const CompileRequest &request) {
  return report(Compilation(request).run());
}
