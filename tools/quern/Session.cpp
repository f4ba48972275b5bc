//===- Session.cpp - A model file opened in an MLIR context ---------------===//
#include "Session.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/GlobPattern.h"
#include "llvm/Support/raw_ostream.h"
#include <mutex>

using namespace mlir;
using namespace quern;

static DialectRegistry makeRegistry() {
  DialectRegistry registry;
  registry.insert<QuernDialect, func::FuncDialect>();
  for (TargetInfo &target : allTargets())
    if (target.registerDialects)
      target.registerDialects(registry);
  return registry;
}

Session::Session(unsigned count, bool printIr)
    : registry(makeRegistry()),
      context(registry, MLIRContext::Threading::DISABLED), printIr(printIr) {
  if (count > 1 && !printIr) {
    threads = std::make_unique<llvm::DefaultThreadPool>(
        llvm::hardware_concurrency(count));
    context.setThreadPool(*threads);
  }
  context.loadAllAvailableDialects();
  handler = std::make_unique<ScopedDiagnosticHandler>(
      &context, [this](Diagnostic &d) {
        static std::mutex mutex;
        std::lock_guard lock(mutex);
        if (d.getSeverity() != DiagnosticSeverity::Error ||
            !firstMessage.empty())
          return success();
        llvm::raw_string_ostream os(firstMessage);
        if (auto name = d.getLocation()->findInstanceOf<NameLoc>())
          os << "'" << name.getName().getValue() << "': ";
        os << d;
        return success();
      });
}

llvm::Error Session::openTarget(llvm::StringRef name, llvm::StringRef chip,
                                int activationBits) {
  SmallVector<std::string> names;
  for (TargetInfo &info : allTargets()) {
    names.push_back(info.name);
    if (info.name != name)
      continue;
    if (!info.create)
      return llvm::createStringError("--target: '" + name +
                                     "' has no code generator yet");
    auto made = info.create({chip.str(), activationBits});
    if (!made)
      return made.takeError();
    targets.push_back({info, std::move(*made)});
    return llvm::Error::success();
  }
  return llvm::createStringError("--target: unknown target '" + name +
                                 "', expected " + llvm::join(names, " or "));
}

/// "PATTERN=TARGET", by the target's number.
llvm::Error Session::placeTensor(llvm::StringRef place) {
  auto wrong = [&](const llvm::Twine &why) {
    return llvm::createStringError("--place " + place + ": " + why);
  };
  auto [pattern, name] = place.rsplit('=');
  if (targets.size() < 2)
    return wrong("needs two targets, --target FIRST,SECOND, to choose from");
  if (!place.contains('='))
    return wrong("expected PATTERN=TARGET");
  if (auto glob = llvm::GlobPattern::create(pattern); !glob)
    return wrong(llvm::toString(glob.takeError()));
  auto found = llvm::find_if(
      targets, [&](const Opened &opened) { return opened.info.name == name; });
  if (found == targets.end())
    return wrong("expected " + targets[0].info.name + " or " +
                 targets[1].info.name + " behind the =");
  tensors.push_back(
      (pattern + "=" + llvm::Twine(found - targets.begin())).str());
  return llvm::Error::success();
}

llvm::Error Session::openTargets(const CompileRequest &request) {
  const std::string &names = request.target, &chips = request.chip;
  SmallVector<StringRef> list, each;
  StringRef(names).split(list, ',');
  StringRef(chips).split(each, ',');
  if (list.size() > 2)
    return llvm::createStringError("--target " + names +
                                   ": a model is split between two at most");
  if (list.size() == 2 && list[0] == list[1])
    return llvm::createStringError("--target " + names +
                                   ": expected two different targets");
  if (each.size() == 1 && chips == "native")
    each.resize(list.size(), each[0]);
  if (list.size() == 1)
    return openVariants(request, each);
  if (each.size() != list.size())
    return llvm::createStringError("--mcpu " + chips +
                                   ": expected a chip for each of " + names +
                                   ", or native");
  for (auto [name, chip] : llvm::zip_equal(list, each))
    if (auto error = openTarget(name, chip, request.activations))
      return error;
  if (auto error = checkMachines())
    return error;
  variantTargets.resize(1);
  variantChips = {this->chips()};
  if (targets.size() > 1 && targets[1].target->traits().ownMemory)
    return llvm::createStringError(
        "--target " + names + ": " + targets[1].info.name +
        " has memory of its own, so it goes first; the second works in the "
        "process's");
  for (const std::string &place : request.place)
    if (auto error = placeTensor(place))
      return error;
  return llvm::Error::success();
}

Linking Session::linking() const {
  return llvm::any_of(targets,
                      [](const Opened &opened) {
                        return opened.target->linking() == Linking::Dynamic;
                      })
             ? Linking::Dynamic
             : Linking::Static;
}

llvm::Error Session::checkMachines() const {
  for (const Opened &opened : targets)
    if (const Machine &other = opened.target->machine(); &other != &machine())
      return llvm::createStringError(
          "--mcpu: " + opened.target->chip() + " is for " + other.name +
          " machines, " +
          (opened.info.name == targets[0].info.name ? targets[0].target->chip()
                                                    : targets[0].info.name) +
          " for " + machine().name + " ones; an artifact is for one of them");
  return llvm::Error::success();
}

llvm::Error Session::openVariants(const CompileRequest &request,
                                  ArrayRef<StringRef> chips) {
  for (StringRef chip : chips)
    if (auto error = openTarget(request.target, chip, request.activations))
      return error;
  if (auto error = checkMachines())
    return error;
  std::vector<Opened> all = std::move(targets);
  llvm::stable_sort(all, [](const Opened &a, const Opened &b) {
    return a.target->rank() > b.target->rank();
  });
  for (Opened &opened : all) {
    if (llvm::is_contained(variantChips, opened.target->chip()))
      continue; // "native" is one of the others
    if (opened.target->traits().ownMemory && all.size() > 1)
      return llvm::createStringError(
          "--mcpu " + request.chip + ": an artifact for " + request.target +
          " has one chip; a list is for targets that run on the CPU");
    variantChips.push_back(opened.target->chip());
    variantTargets.emplace_back().push_back(std::move(opened));
  }
  std::swap(targets, variantTargets[0]);
  if (!request.place.empty())
    return placeTensor(request.place.front()); // which needs two targets
  return llvm::Error::success();
}

void Session::chooseVariant(size_t variant) {
  std::swap(targets, variantTargets[chosen]);
  std::swap(targets, variantTargets[variant]);
  chosen = variant;
}

std::vector<PlanDevice> Session::devices() const {
  std::vector<PlanDevice> devices;
  for (const Opened &opened : targets)
    devices.push_back(
        {opened.info.name, opened.target->traits().ownMemory});
  return devices;
}

std::string Session::chips() const {
  if (!variantChips.empty())
    return llvm::join(variantChips, ",");
  SmallVector<std::string> chips;
  for (const Opened &opened : targets)
    chips.push_back(opened.target->chip());
  return llvm::join(chips, ",");
}

llvm::Error Session::open(const std::string &model) {
  if (auto error = read(model, Extent::Whole))
    return error;
  return import();
}

llvm::Error Session::read(const std::string &model, Extent extent) {
  auto opened = openModel(model, extent);
  if (!opened)
    return opened.takeError();
  checkpoint = std::move(*opened);
  return llvm::Error::success();
}

llvm::Error Session::import(FormatOf formatOf) {
  auto imported = importModel(&context, *checkpoint, std::move(formatOf));
  if (!imported)
    return imported.takeError();
  module = std::move(*imported);
  return llvm::Error::success();
}

llvm::Error Session::run(PassManager &pm, ModuleOp on, bool trial) {
  if (printIr && !trial)
    pm.enableIRPrinting([](Pass *, Operation *) { return false; },
                        [](Pass *, Operation *) { return true; },
                        /*printModuleScope=*/false,
                        /*printAfterOnlyOnChange=*/false,
                        /*printAfterOnlyOnFailure=*/false, llvm::errs());
  if (succeeded(pm.run(on ? on : *module)))
    return llvm::Error::success();
  std::string message = firstMessage.empty() ? "a pass failed" : firstMessage;
  llvm::replace(message, '\n', ' ');
  return checkpoint->error(message);
}

CompileOptions Session::options(const CompileRequest &request, int64_t context,
                                int64_t sequences,
                                int64_t layersOnFirst) const {
  CompileOptions options;
  options.context = context;
  options.maxBatch = sequences;
  options.chunk = std::min(request.chunk, std::max(context, sequences));
  options.kvType = request.kvType;
  for (const Opened &opened : targets)
    options.devices.push_back(opened.target->traits());
  options.layersOnFirst = layersOnFirst;
  options.tensors = tensors;
  return options;
}

llvm::Expected<int64_t> Session::contextOf(const CompileRequest &request) {
  int64_t own = integer("quern.context");
  if (request.context > own)
    return llvm::createStringError(
        "--ctx %lld is more than the %lld tokens that the model was made for",
        (long long)request.context, (long long)own);
  return request.context ? request.context : std::min<int64_t>(own, 8192);
}

int64_t Session::integer(StringRef attribute) {
  return cast<IntegerAttr>((*module)->getAttr(attribute)).getInt();
}

llvm::Error quern::flushOutput() {
  llvm::raw_fd_ostream &out = llvm::outs();
  out.flush();
  std::error_code code = out.error();
  out.clear_error(); // it is reported here, not by ending the program
  return code ? llvm::createStringError("standard output: " + code.message())
              : llvm::Error::success();
}

int quern::report(llvm::Error error) {
  bool failed = bool(error);
  std::string message = llvm::toString(std::move(error));
  if (failed)
    llvm::errs() << "error: " << StringRef(message).split('\n').first << "\n";
  llvm::errs().clear_error(); // that nobody reads it is no failure
  return failed;
}
