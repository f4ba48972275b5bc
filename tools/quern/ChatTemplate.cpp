//===- ChatTemplate.cpp - What --chat-template names ----------------------===//
#include "ChatTemplate.h"
#include "Driver.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace quern;

namespace {
struct Ours {
  const char *name, *source;
};
} // namespace

static const Ours ours[] = {
#define CHAT_TEMPLATE(NAME, SOURCE) {NAME, SOURCE},
#include "tools/ChatTemplates.def"
};

/// More than any template has; what is larger is another kind of file.
static constexpr uint64_t kMostBytes = 4 << 20;

std::vector<std::string> quern::chatTemplateNames() {
  std::vector<std::string> names;
  for (const Ours &each : ours)
    names.push_back(each.name);
  llvm::sort(names);
  return names;
}

llvm::Expected<ChatTemplate>
quern::findChatTemplate(const std::string &fileOrName) {
  for (const Ours &each : ours)
    if (fileOrName == each.name)
      return ChatTemplate{"--chat-template ", each.name, each.source};
  auto fail = [&](const llvm::Twine &why) {
    return llvm::createStringError("--chat-template " + fileOrName + ": " +
                                   why);
  };
  llvm::sys::fs::file_status status;
  if (auto code = llvm::sys::fs::status(fileOrName, status)) {
    if (code != std::errc::no_such_file_or_directory ||
        llvm::StringRef(fileOrName).contains('/'))
      return fail(code.message());
    return fail("neither a file nor one of " +
                llvm::join(chatTemplateNames(), ", "));
  }
  if (status.type() != llvm::sys::fs::file_type::regular_file)
    return fail("is not a regular file");
  if (status.getSize() > kMostBytes)
    return fail("has " + llvm::Twine(status.getSize()) +
                " bytes, more than a template may have");
  auto file = llvm::MemoryBuffer::getFile(fileOrName);
  if (!file)
    return fail(file.getError().message());
  llvm::StringRef name = llvm::sys::path::filename(fileOrName);
  return ChatTemplate{llvm::StringRef(fileOrName).drop_back(name.size()).str(),
                      name.str(), (*file)->getBuffer().str()};
}
