//===- CommandPerplexity.cpp - perplexity: scores a text --------*- C++ -*-===//
#include "Commands.h"
#include "Error.h"
#include "Flags.h"
#include "Perplexity.h"
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/stat.h>

using namespace quern;

namespace {

struct PerplexityFlags {
  std::string file, logits, role = "prompt";
  uint32_t context = 0, parallel = 1, chunk = 0;
  unsigned threads = 0;
  bool json = false;
};

/// A file, or a pipe that somebody reads, of float32 rows.
class LogitsFile {
public:
  explicit LogitsFile(const std::string &path)
      : path(path), file(path.empty() ? nullptr : fopen(path.c_str(), "we")) {
    if (!file && !path.empty())
      fail();
  }
  ~LogitsFile() {
    if (file)
      fclose(file);
  }
  explicit operator bool() const { return file; }
  void write(std::span<const float> row) {
    if (fwrite(row.data(), sizeof(float), row.size(), file) != row.size())
      fail();
  }
  void close() {
    if (file && fclose(std::exchange(file, nullptr)) != 0)
      fail();
  }

private:
  [[noreturn]] void fail() const {
    throw Error(fmt::format("{}: cannot write: {}", path, strerror(errno)));
  }
  std::string path;
  FILE *file;
};

} // namespace

static PerplexityOptions scoreOptions(const Model &model, const Engine &engine,
                                      const PerplexityFlags &flags) {
  PerplexityOptions options;
  options.context = flags.context ? checkContext(model, flags.context)
                                  : std::min(512u, model.plan()->context);
  options.role = flags.role == "prompt" ? plan::kPrompt : plan::kGenerated;
  options.parallel = flags.parallel;
  uint32_t most = engine.maxRows(options.role);
  options.rows =
      flags.chunk ? flags.chunk : std::max(1u, most / flags.parallel);
  options.bos = model.tokenizer().addsBos() ? model.tokenizer().bos() : -1;
  return options;
}

static void print(const PerplexityResult &result, bool json) {
  std::string hash = fmt::format("{:016x}", result.hash);
  if (!json)
    return writeOut(fmt::format("perplexity {:.5f} +/- {:.5f}, {} tokens, "
                                "logits {}\n",
                                result.perplexity, result.error, result.tokens,
                                hash));
  nlohmann::ordered_json object = {{"perplexity", result.perplexity},
                                   {"tokens", result.tokens},
                                   {"stderr", result.error},
                                   {"logits_hash", hash}};
  writeOut(object.dump() + "\n");
}

static bool sameFile(const std::string &a, const std::string &b) {
  struct stat x, y;
  return stat(a.c_str(), &x) == 0 && stat(b.c_str(), &y) == 0 &&
         S_ISREG(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/// So many that what `info` calls touched, which has one row of logits, is still
/// true to 3 MiB.
static uint32_t logitRows(const Model &model) {
  uint64_t row = 4 * uint64_t(model.plan()->logitStride);
  return uint32_t(1 + (uint64_t(3) << 20) / row);
}

static void runPerplexity(const Session &session,
                          const PerplexityFlags &flags) {
  if (!flags.logits.empty() && flags.parallel > 1)
    throw Error("--logits writes rows in text order: use --parallel 1 with it");
  Model model = session.open();
  std::vector<int32_t> ids =
      model.encodePrompt(readFile(flags.file), /*parseSpecial=*/false);
  if (!flags.logits.empty() && sameFile(flags.file, flags.logits))
    throw Error(fmt::format("{}: is the text itself", flags.logits));
  std::unique_ptr<Engine> engine =
      model.engine({.threads = flags.threads, .logitRows = logitRows(model)});
  Perplexity perplexity(*engine, ids, scoreOptions(model, *engine, flags));
  LogitsFile logits(flags.logits);
  auto write = [&](std::span<const float> row) { logits.write(row); };
  PerplexityResult result;
  {
    Progress progress;
    result = perplexity.run(
        logits ? Perplexity::OnRow(write) : Perplexity::OnRow(),
        [&](size_t done, size_t all, double soFar) {
          progress.show(
              fmt::format("{}/{} chunks, perplexity {:.4f}", done, all, soFar));
        });
  }
  logits.close();
  print(result, flags.json);
}

void quern::addPerplexityCommand(CLI::App &app, Session &session) {
  auto flags = std::make_shared<PerplexityFlags>();
  CLI::App &command = *app.add_subcommand(
      "perplexity", "Measure how well the model predicts a text");
  command.add_option("FILE", flags->file, "the text; - for standard input")
      ->required();
  command.add_option("--ctx", flags->context, "tokens of a chunk")
      ->type_name("N")
      ->default_str("512, or the context if that is less")
      ->check(wholeNumber(4));
  command
      .add_option("--role", flags->role,
                  "run all rows as prompt rows or as generated rows")
      ->type_name("ROLE")
      ->capture_default_str()
      ->check(oneOf({"prompt", "generated"}));
  addThreadsFlag(command, flags->threads);
  command.add_option("--parallel", flags->parallel, "sequences in one step")
      ->type_name("N")
      ->capture_default_str()
      ->check(wholeNumber(1));
  command
      .add_option("--chunk", flags->chunk,
                  "consecutive positions of a sequence in one step")
      ->type_name("N")
      ->default_str("as many as a step takes")
      ->check(wholeNumber(1));
  command
      .add_option("--logits", flags->logits,
                  "write the scored rows to this file or pipe, as float32 "
                  "[row][vocabulary] in text order; needs --parallel 1")
      ->type_name("FILE");
  command.add_flag("--json", flags->json, "print JSON");
  command.footer(fmt::format(
      "Cuts the text into chunks and scores the second half of each, as\n"
      "llama.cpp does; a partial chunk is dropped. The hash of the logits "
      "does\n"
      "not depend on --threads, --parallel and --chunk. --json has\n"
      "perplexity, tokens, stderr and logits_hash.\n\nExamples:\n"
      "  {0} perplexity wiki.test.raw\n"
      "  {0} perplexity text.txt --role generated --json",
      session.program));
  command.callback([&session, flags] {
    session.action = [&session, flags] { runPerplexity(session, *flags); };
  });
}
