//===- CommandTokenize.cpp - tokenize: shows a text's tokens ----*- C++ -*-===//
#include "Commands.h"
#include "Error.h"
#include "text/Utf8.h"
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <optional>

using namespace quern;

namespace {
struct TokenizeFlags {
  std::optional<std::string> text;
  std::string file;
  bool ids = false, special = false, noBos = false, chat = false;
};
} // namespace

/// Bytes as a person can read them: in quotes, with \n and \xNN.
static std::string quoted(std::string_view bytes) {
  std::string text = "\"";
  for (unsigned char c : bytes) {
    if (c == '\n')
      text += "\\n";
    else if (c == '"' || c == '\\')
      text += {'\\', char(c)};
    else if (c < 0x20 || c == 0x7f)
      text += fmt::format("\\x{:02x}", c);
    else
      text += char(c);
  }
  return text + '"';
}

/// The same, with bytes that are only a part of a character as \xNN.
std::string quern::readable(std::string_view piece) {
  if (utf8::validPrefix(piece) == piece.size())
    return quoted(piece);
  std::string bytes;
  for (unsigned char c : piece)
    bytes += fmt::format("\\x{:02x}", c);
  return '"' + bytes + '"';
}

static void runTokenize(const Session &session, const TokenizeFlags &flags) {
  if (flags.text.has_value() == !flags.file.empty())
    throw Error("tokenize takes either a text or --file");
  std::string text =
      flags.text ? textArgument(*flags.text) : readFile(flags.file);
  Model model = session.open();
  std::vector<int32_t> ids;
  if (!flags.chat)
    ids = model.encodePrompt(text, flags.special, !flags.noBos);
  else if (!model.hasTemplate())
    throw Error("--chat: the model has no chat template");
  else
    ids = model.encodeRendered(
        model.render(std::vector<Message>{{"user", text}}));
  std::string out;
  for (int32_t id : ids)
    if (flags.ids)
      out += (out.empty() ? "" : " ") + std::to_string(id);
    else
      out +=
          fmt::format("{:7} {}\n", id, readable(model.tokenizer().piece(id)));
  if (flags.ids)
    out += '\n';
  writeOut(out);
}

void quern::addTokenizeCommand(CLI::App &app, Session &session) {
  auto flags = std::make_shared<TokenizeFlags>();
  CLI::App &command =
      *app.add_subcommand("tokenize", "Show the tokens of a text");
  command.add_option("TEXT", flags->text,
                     "the text; - reads it from standard input");
  command
      .add_option("-f,--file", flags->file,
                  "a file that is the text, instead of TEXT")
      ->type_name("FILE");
  command.add_flag("--ids", flags->ids, "print the ids alone, on one line");
  CLI::Option *chat = command.add_flag(
      "--chat", flags->chat,
      "what `run` makes of the text: a user's message in the chat template");
  command
      .add_flag("--special", flags->special,
                "names of control tokens in the text are those tokens")
      ->excludes(chat);
  command
      .add_flag("--no-bos", flags->noBos,
                "no BOS before the text, even if the model adds one")
      ->excludes(chat);
  command.footer(fmt::format("A line for each token: its id and its text.\n\n"
                             "Examples:\n"
                             "  {0} tokenize \"Hello world\"\n"
                             "  {0} tokenize --chat \"Hello world\"\n"
                             "  {0} tokenize --ids --file text.txt",
                             session.program));
  command.callback([&session, flags] {
    session.action = [&session, flags] { runTokenize(session, *flags); };
  });
}
