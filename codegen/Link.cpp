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

std::string quern::bundleFolder(const Machine &machine) {
  static int anchor;
  std::string program = llvm::sys::fs::getMainExecutable("quern", &anchor);
  if (program.empty()) { // a later build has replaced it meanwhile
    char link[4096];
    ssize_t size = readlink("/proc/self/exe", link, sizeof link);
    llvm::StringRef name(link, size < 0 ? 0 : size);
    name.consume_back(" (deleted)");
    program = name.str();
  }
  llvm::SmallString<256> folder(
      llvm::sys::path::parent_path(llvm::sys::path::parent_path(program)));
  llvm::sys::path::append(folder, "lib", "quern", "bundle");
  llvm::sys::path::append(folder, machine.name);
  return std::string(folder);
}

static std::string commandLine(const std::string &bundle, Linking linking) {
  return bundle + (linking == Linking::Static ? "/static.txt" : "/dynamic.txt");
}

llvm::Error quern::checkBundle(const Machine &machine, Linking linking) {
  const std::string bundle = bundleFolder(machine);
  if (!llvm::sys::fs::exists(llvm::sys::path::parent_path(bundle)))
    return llvm::createStringError("the runtime is missing: " +
                                   llvm::sys::path::parent_path(bundle));
  if (!llvm::sys::fs::exists(bundle))
    return llvm::createStringError(
        "this quern was built without a runtime for " + llvm::Twine(machine.name) +
        " machines; see -DQUERN_SYSROOT_AARCH64 in README.md");
  if (!llvm::sys::fs::exists(commandLine(bundle, linking)))
    return llvm::createStringError(
        "the runtime for " + llvm::Twine(machine.name) +
        " cannot open libraries, which a target of this artifact needs");
  return llvm::Error::success();
}

/// The command line of lld, as the bundle's file for that way of linking says.
static llvm::Expected<std::vector<std::string>>
linkerArguments(const Machine &machine, llvm::ArrayRef<std::string> objects,
                Linking linking, llvm::StringRef output) {
  const std::string bundle = bundleFolder(machine),
                    file = commandLine(bundle, linking);
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
      args.push_back(bundle + "/" + line.str());
  }
  return args;
}

llvm::Error quern::linkExecutable(const Machine &machine,
                                  llvm::ArrayRef<std::string> objects,
                                  Linking linking, llvm::StringRef output) {
  auto args = linkerArguments(machine, objects, linking, output);
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
