//===- Cache.cpp - quern run, quern cache ---------------------------------===//
//
// Artifacts that `quern run` has compiled lie in the user's cache, under a name
// that ends in a hash of all that they depend on: the model's bytes, target,
// chip and options, the compiler itself and its runtime. Two runs at once at worst
// make the same file twice; the last rename wins.
//
//===----------------------------------------------------------------------===//
#include "ChatTemplate.h"
#include "Digest.h"
#include "Driver.h"
#include "Session.h"
#include "runtime/Artifact.h"
#include "runtime/Error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include <algorithm>
#include <chrono>
#include <unistd.h>

using namespace mlir;
using namespace quern;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

static llvm::Expected<std::string> cacheFolder() {
  SmallString<128> folder;
  if (auto cache = llvm::sys::Process::GetEnv("XDG_CACHE_HOME");
      cache && path::is_absolute(*cache))
    folder = *cache;
  else if (path::home_directory(folder))
    path::append(folder, ".cache");
  else
    return llvm::createStringError(
        "neither XDG_CACHE_HOME nor HOME says where the cache is");
  path::append(folder, "quern", "artifacts");
  return folder.str().str();
}

static std::string nameOf(StringRef model) {
  while (model.size() > 1 && model.ends_with("/"))
    model = model.drop_back();
  return path::stem(model).str();
}

/// Where the artifact of a request lies, or would. `request` becomes that for one
/// person's conversation where memory is taken at the start; elsewhere one artifact
/// does for any context, and for `compile`'s users.
static llvm::Expected<std::string> cachedPath(CompileRequest &request) {
  auto folder = cacheFolder();
  if (!folder)
    return folder.takeError();
  Session session; // the chip that "native" means here
  if (auto error = session.openTargets(request))
    return error;
  if (session.machine().name !=
      llvm::Triple(llvm::sys::getProcessTriple()).getArchName())
    return llvm::createStringError(
        "--mcpu " + request.chip + ": it is for " + session.machine().name +
        " machines, which this is not; `quern compile` makes a file to copy there");
  if (auto error = checkBundle(session.machine(), session.linking()))
    return error;
  if (session.devices()[0].ownMemory)
    request.maxBatch = 1;
  else
    request.context = 0;
  Digest digest;
  digest.add(llvm::formatv("{0};{1};{2};{3};{4};{5};{6};{7};{8}", request.target,
                           session.chips(), request.kvType, request.context,
                           request.maxBatch, request.chunk, request.gpuLayers,
                           request.deviceMemory, request.activations)
                 .str());
  for (const std::string &place : request.place)
    digest.add(place);
  if (!request.chatTemplate.empty()) {
    auto chatTemplate = findChatTemplate(request.chatTemplate);
    if (!chatTemplate)
      return chatTemplate.takeError();
    digest.add(chatTemplate->source);
    digest.add(chatTemplate->name);
  }
  if (auto error = digest.addProgram())
    return error;
  if (auto error = digest.addBundle(session.machine()))
    return error;
  if (auto error = digest.addModel(request.model))
    return error;
  SmallString<128> result(*folder);
  path::append(result, nameOf(request.model) + "-" + digest.hex());
  return result.str().str();
}

/// Whether it is there and starts: one that was cut, or whose tables are damaged,
/// is made again. Weights and code are not read for that; `verify` does.
static bool isGood(const std::string &artifact) {
  try {
    Artifact opened(artifact);
    return access(artifact.c_str(), X_OK) == 0;
  } catch (const Error &) {
    return false;
  }
}

static llvm::Error run(CompileRequest request,
                       const std::vector<std::string> &arguments) {
  auto artifact = cachedPath(request);
  if (!artifact)
    return artifact.takeError();
  if (!isGood(*artifact)) {
    if (auto code = fs::create_directories(path::parent_path(*artifact)))
      return llvm::createStringError(path::parent_path(*artifact).str() + ": " +
                                     code.message());
    request.output = *artifact;
    if (compileModel(request))
      return llvm::createStringError(""); // it has said why
  }
  std::string name = nameOf(request.model);
  std::vector<char *> argv{name.data()};
  for (const std::string &argument : arguments)
    argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  execv(artifact->c_str(), argv.data());
  return llvm::createStringError(*artifact + ": " +
                                 llvm::errnoAsErrorCode().message());
}

int quern::runModel(const CompileRequest &request,
                    const std::vector<std::string> &arguments) {
  llvm::Error error = run(request, arguments);
  std::string message = llvm::toString(std::move(error));
  return message.empty() ? 1 : report(llvm::createStringError(message));
}

/// Whether cachedPath made the name: NAME-0123456789abcdef.
static bool isArtifactName(StringRef name) {
  StringRef hash = name.rsplit('-').second;
  return hash.size() == 16 && llvm::all_of(hash, llvm::isHexDigit);
}

/// Whether a compilation that was killed left the file: an artifact's name and what
/// OutputFile and the compiler of kernels add to it, and old enough that nobody is
/// still at work on it.
static bool isLeftover(StringRef name, const fs::file_status &status) {
  size_t at = name.find('.', name.rfind('-') + 1);
  return at != StringRef::npos && isArtifactName(name.take_front(at)) &&
         name.contains(".tmp") &&
         std::chrono::system_clock::now() - status.getLastModificationTime() >
             std::chrono::hours(24);
}

static llvm::Error showCache(bool clear) {
  auto folder = cacheFolder();
  if (!folder)
    return folder.takeError();
  uint64_t bytes = 0, count = 0;
  std::vector<std::pair<std::string, uint64_t>> files;
  std::error_code code;
  for (fs::directory_iterator it(*folder, code), end; it != end && !code;
       it.increment(code)) {
    fs::file_status status;
    StringRef name = path::filename(it->path());
    if (fs::status(it->path(), status) || !fs::is_regular_file(status))
      continue;
    if (clear && isLeftover(name, status))
      fs::remove(it->path());
    if (!isArtifactName(name))
      continue; // one in the making, or somebody else's
    files.push_back({it->path(), status.getSize()});
  }
  if (code && code != std::errc::no_such_file_or_directory)
    return llvm::createStringError(*folder + ": " + code.message());
  llvm::sort(files);
  for (auto &[file, size] : files) {
    if (clear) {
      if (auto failed = fs::remove(file))
        return llvm::createStringError(file + ": " + failed.message());
    } else {
      llvm::outs() << llvm::formatv("{0,8:F1} MiB  {1}\n",
                                    double(size) / (1 << 20), file);
    }
    bytes += size, ++count;
  }
  llvm::outs() << llvm::formatv(
      "{0}{1} artifact{2}, {3:F1} MiB\n", clear ? "removed " : "", count,
      count == 1 ? "" : "s", double(bytes) / (1 << 20));
  return flushOutput();
}

int quern::listCache(bool clear) { return report(showCache(clear)); }
