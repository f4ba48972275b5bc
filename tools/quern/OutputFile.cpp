//===- OutputFile.cpp - A file that is written whole or not at all --------===//
#include "OutputFile.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/ErrorOr.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"

using namespace quern;
namespace fs = llvm::sys::fs;

static llvm::Error resolve(std::string &path, const std::string &model) {
  if (path == "-")
    return llvm::createStringError(
        "--output -: an executable needs a file of its own");
  if (path[0] == '-') // for the linker it would be a flag
    path = "./" + path;
  if (!fs::exists(path))
    return llvm::Error::success();
  if (fs::is_directory(path))
    return llvm::createStringError(path +
                                   ": is a folder; give --output a file name");
  if (!fs::is_regular_file(path))
    return llvm::createStringError(path + ": is not a regular file");
  llvm::SmallString<128> real;
  if (auto code = fs::real_path(path, real))
    return llvm::createStringError(path + ": " + code.message());
  path = real.str().str();
  return refuseModel(path, model);
}

/// A new file of another name. (For fs::createUniqueFile, "%" in the path
/// would be a place for a random digit.)
static llvm::ErrorOr<std::string> createBeside(const std::string &path) {
  std::error_code code;
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::string name =
        llvm::formatv("{0}.{1:x-8}.tmp", path,
                      uint32_t(llvm::sys::Process::GetRandomNumber()));
    int file;
    code = fs::openFileForWrite(name, file, fs::CD_CreateNew);
    if (!code)
      code = llvm::sys::Process::SafelyCloseFileDescriptor(file);
    if (!code)
      return name;
    if (code != std::errc::file_exists)
      break;
  }
  return code;
}

llvm::Expected<std::unique_ptr<OutputFile>>
OutputFile::create(const std::string &path, const std::string &model) {
  std::string place = path;
  if (auto error = resolve(place, model))
    return error;
  auto made = createBeside(place);
  if (!made)
    return llvm::createStringError(place + ": " + made.getError().message());
  return std::unique_ptr<OutputFile>(
      new OutputFile(std::move(place), std::move(*made)));
}

/// Nobody reads what is printed any more: that ends the program as it would
/// without a handler, but after the files are gone.
static void diesOfPipe() {
  signal(SIGPIPE, SIG_DFL);
  raise(SIGPIPE);
}

OutputFile::OutputFile(std::string place, std::string made)
    : place(std::move(place)), made(std::move(made)) {
  // Before the first file is named: LLVM looks at it only then. Who started this
  // program with the signal ignored wants to be told of a pipe in words.
  static bool deadly = [] {
    struct sigaction inherited;
    return sigaction(SIGPIPE, nullptr, &inherited) == 0 &&
           inherited.sa_handler == SIG_DFL;
  }();
  if (deadly)
    llvm::sys::SetOneShotPipeSignalFunction(diesOfPipe);
  llvm::sys::RemoveFileOnSignal(this->made);
}

OutputFile::~OutputFile() {
  if (made.empty())
    return;
  fs::remove(made);
  llvm::sys::DontRemoveFileOnSignal(made);
}

llvm::Error OutputFile::commit() {
  if (auto code = fs::rename(made, place))
    return llvm::createStringError(place + ": " + code.message());
  llvm::sys::DontRemoveFileOnSignal(made);
  made.clear();
  return llvm::Error::success();
}

llvm::Error OutputFile::renamed(llvm::Error error) const {
  if (!error)
    return error;
  std::string message = llvm::toString(std::move(error));
  for (size_t at; !made.empty() && (at = message.find(made)) != message.npos;)
    message.replace(at, made.size(), place);
  return llvm::createStringError(message);
}

llvm::Error quern::refuseModel(llvm::StringRef output,
                               const std::string &model) {
  llvm::StringRef parent = llvm::sys::path::parent_path(output);
  bool read = output.ends_with(".json") || output.ends_with(".safetensors") ||
              output.ends_with(".jinja");
  if (fs::equivalent(model, output) ||
      (read && fs::equivalent(model, parent.empty() ? "." : parent)))
    return llvm::createStringError(output +
                                   ": is a file of the model that is read");
  return llvm::Error::success();
}

SignalsIgnored::SignalsIgnored() {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  for (size_t i = 0; i < std::size(kSignals); ++i)
    sigaction(kSignals[i], &ignore, &before[i]);
}

SignalsIgnored::~SignalsIgnored() {
  for (size_t i = 0; i < std::size(kSignals); ++i)
    sigaction(kSignals[i], &before[i], nullptr);
}
