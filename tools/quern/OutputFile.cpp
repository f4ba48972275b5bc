//===- OutputFile.cpp - A file that is written whole or not at all --------===//
#include "OutputFile.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
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
    return llvm::createStringError(path + ": is no regular file");
  llvm::SmallString<128> real;
  if (auto code = fs::real_path(path, real))
    return llvm::createStringError(path + ": " + code.message());
  path = real.str().str();
  return refuseModel(path, model);
}

llvm::Expected<std::unique_ptr<OutputFile>>
OutputFile::create(const std::string &path, const std::string &model) {
  std::string place = path;
  if (auto error = resolve(place, model))
    return error;
  llvm::SmallString<128> unique;
  if (auto code = fs::createUniqueFile(place + ".%%%%%%%%.tmp", unique))
    return llvm::createStringError(place + ": " + code.message());
  return std::unique_ptr<OutputFile>(
      new OutputFile(std::move(place), unique.str().str()));
}

OutputFile::OutputFile(std::string place, std::string made)
    : place(std::move(place)), made(std::move(made)) {
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
    return llvm::createStringError(output + ": is of the model itself");
  return llvm::Error::success();
}
