//===- Link.cpp - Objects and the runtime to an executable ----------------===//
#include "codegen/Link.h"
#include "lld/Common/Driver.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"
#include <csignal>
#include <unistd.h>

LLD_HAS_DRIVER(elf)

using namespace quern;

std::string quern::bundleFolder() {
  static int anchor;
  std::string program = llvm::sys::fs::getMainExecutable("quern", &anchor);
  if (program.empty()) { // a later build has replaced it meanwhile
    char link[4096];
    ssize_t size = readlink("/proc/self/exe", link, sizeof link);
    llvm::StringRef name(link, size < 0 ? 0 : size);
    name.consume_back(" (deleted)");
    program = name.str();
  }
  llvm::SmallString<256> folder(llvm::sys::path::parent_path(program));
  llvm::sys::path::append(folder, "..", "lib", "quern", "bundle");
  return std::string(folder);
}

/// The command line of lld, as the bundle's file for that way of linking says.
static llvm::Expected<std::vector<std::string>>
linkerArguments(llvm::ArrayRef<std::string> objects, Linking linking,
                llvm::StringRef output) {
  std::string bundle = bundleFolder() + "/";
  std::string file =
      bundle + (linking == Linking::Static ? "static.txt" : "dynamic.txt");
  auto text = llvm::MemoryBuffer::getFile(file);
  if (!text)
    return llvm::createStringError("the runtime is missing: " + file + ": " +
                                   text.getError().message());
  std::vector<std::string> args{"ld.lld", "-o", output.str()};
  llvm::SmallVector<llvm::StringRef> lines;
  (*text)->getBuffer().split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (auto [i, line] : llvm::enumerate(lines)) {
    if (line == "KERNELS")
      args.insert(args.end(), objects.begin(), objects.end());
    else if (line.starts_with("-") || (i && lines[i - 1] == "-z"))
      args.push_back(line.str());
    else
      args.push_back(bundle + line.str());
  }
  return args;
}

llvm::Error quern::linkExecutable(llvm::ArrayRef<std::string> objects,
                                  Linking linking, llvm::StringRef output) {
  auto args = linkerArguments(objects, linking, output);
  if (!args)
    return args.takeError();
  std::vector<const char *> pointers;
  for (const std::string &arg : *args)
    pointers.push_back(arg.c_str());
  std::string text;
  llvm::raw_string_ostream stream(text);
  // lld writes through a mapping of a file with holes: where the disk is full,
  // that is a bus error, which is caught here.
  llvm::CrashRecoveryContext::Enable();
  lld::Result result =
      lld::lldMain(pointers, stream, stream, {{lld::Gnu, &lld::elf::link}});
  llvm::CrashRecoveryContext::Disable();
  if (llvm::CrashRecoveryContext::isCrash(result.retCode)) {
    llvm::sys::RunInterruptHandlers(); // removes what is half written
    return llvm::createStringError(
        result.retCode == 128 + SIGBUS
            ? output + ": " +
                  std::make_error_code(std::errc::no_space_on_device).message()
            : output + ": the linker crashed");
  }
  if (result.retCode)
    return llvm::createStringError("cannot link: " +
                                   llvm::StringRef(text).split('\n').first);
  return llvm::Error::success();
}
