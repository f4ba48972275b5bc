//===- OutputFile.h - A file that is written whole or not at all -*- C++ -*-===//
#pragma once
#include "llvm/Support/Error.h"
#include <csignal>
#include <iterator>
#include <memory>
#include <string>

namespace quern {

/// A file made under a temporary name beside its own. It takes its place when it
/// is whole; if that never happens, or a signal ends the program, nothing of it
/// is left and what was there before stays.
class OutputFile {
public:
  /// The new file is to take the place of `path`: of what a link leads to, but
  /// neither of a folder or device, nor of a file of `model`.
  static llvm::Expected<std::unique_ptr<OutputFile>>
  create(const std::string &path, const std::string &model);
  ~OutputFile();

  /// Where it will be; never begins with "-".
  const std::string &path() const { return place; }
  /// Where it is written, an empty file at first.
  const std::string &temporary() const { return made; }
  llvm::Error commit();
  /// An error that names the temporary file, as one that names the file.
  llvm::Error renamed(llvm::Error) const;

private:
  OutputFile(std::string place, std::string made);

  std::string place, made;
};

/// While it exists, a signal that would end the program comes too late.
class SignalsIgnored {
public:
  SignalsIgnored();
  ~SignalsIgnored();
  SignalsIgnored(const SignalsIgnored &) = delete;
  SignalsIgnored &operator=(const SignalsIgnored &) = delete;

private:
  static constexpr int kSignals[] = {SIGINT,  SIGTERM, SIGHUP,
                                     SIGQUIT, SIGPIPE, SIGALRM,
                                     SIGUSR1, SIGUSR2, SIGXCPU};
  struct sigaction before[std::size(kSignals)];
};

/// An Error if `output` is the model, or a file of a model's folder.
llvm::Error refuseModel(llvm::StringRef output, const std::string &model);

} // namespace quern
