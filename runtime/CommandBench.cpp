//===- CommandBench.cpp - bench: tokens per second --------------*- C++ -*-===//
//
// Prompts are read as prompt rows, in steps as large as the plan allows, with
// logits of the last row; generated rows come one for each sequence and step,
// all with logits, of which the best come back where there is a choice, as with the
// default sampler. Sampling is not part of it. Reported is the median of
// several repeats, after one that warms up.
//
//===----------------------------------------------------------------------===//
#include "Commands.h"
#include "Error.h"
#include "Flags.h"
#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <map>

using namespace quern;

namespace {

struct BenchFlags {
  std::vector<uint32_t> prompt, batch, depth;
  uint32_t generated = 0, repeats = 5;
  unsigned threads = 0;
  bool json = false, stages = false;
};

/// Where the time of one measurement went, by kind of stage.
struct StageKind {
  std::string name;
  uint64_t runs = 0;
  double seconds = 0, bytes = 0, products = 0; // multiply-adds with weights
  bool elsewhere = false; // its device has memory of its own
};

struct Measurement {
  uint32_t tokens = 0, batch = 0, depth = 0; // tokens: of a prompt
  double tokensPerSecond = 0;
  std::vector<StageKind> stages;
};

class Bench {
public:
  Bench(Engine &engine, const BenchFlags &flags)
      : engine(engine), flags(flags) {}
  Measurement prompt(uint32_t tokens, uint32_t depth);
  Measurement decode(uint32_t batch, uint32_t depth, uint32_t tokens);

private:
  template <typename Once> double median(Once once);
  void step(plan::Role role);
  void read(uint32_t slot, uint32_t tokens, bool logits);
  std::vector<StageKind> stageKinds() const;
  int32_t token() { return int32_t(counter++ * 7919 % vocabulary); }

  Engine &engine;
  const BenchFlags &flags;
  std::vector<Row> rows;
  uint64_t counter = 1, vocabulary = engine.plan()->vocabulary;
};

} // namespace

/// The median of once()'s results after a first one that does not count.
template <typename Once> double Bench::median(Once once) {
  once();
  if (flags.stages)
    engine.startProfile();
  std::vector<double> seconds;
  for (uint32_t i = 0; i < flags.repeats; ++i)
    seconds.push_back(once());
  std::sort(seconds.begin(), seconds.end());
  size_t half = seconds.size() / 2;
  return seconds.size() % 2 ? seconds[half]
                            : (seconds[half - 1] + seconds[half]) / 2;
}

void Bench::step(plan::Role role) {
  if (engine.ranked(role))
    engine.rankedStep(role, rows, {});
  else
    engine.step(role, rows, {});
}

void Bench::read(uint32_t slot, uint32_t tokens, bool logits) {
  for (uint32_t done = 0; done < tokens;) {
    uint32_t count = std::min(engine.maxRows(plan::kPrompt), tokens - done);
    rows.clear();
    for (uint32_t i = 0; i < count; ++i)
      rows.push_back({slot, token()});
    done += count;
    rows.back().logits = logits && done == tokens;
    step(plan::kPrompt);
  }
}

Measurement Bench::prompt(uint32_t tokens, uint32_t depth) {
  double seconds = median([&] {
    uint32_t slot = engine.sequences().open();
    read(slot, depth, false);
    double start = now();
    read(slot, tokens, true);
    double elapsed = now() - start;
    engine.sequences().close(slot);
    return elapsed;
  });
  return {.tokens = tokens,
          .depth = depth,
          .tokensPerSecond = tokens / seconds,
          .stages = stageKinds()};
}

Measurement Bench::decode(uint32_t batch, uint32_t depth, uint32_t tokens) {
  double seconds = median([&] {
    std::vector<uint32_t> slots(batch);
    for (uint32_t &slot : slots)
      read(slot = engine.sequences().open(), depth, false);
    double start = now();
    for (uint32_t i = 0; i < tokens; ++i) {
      rows.clear();
      for (uint32_t slot : slots)
        rows.push_back({slot, token(), true});
      step(plan::kGenerated);
    }
    double elapsed = now() - start;
    for (uint32_t slot : slots)
      engine.sequences().close(slot);
    return elapsed;
  });
  return {.batch = batch,
          .depth = depth,
          .tokensPerSecond = double(batch) * tokens / seconds,
          .stages = stageKinds()};
}

/// "blk.17.attn_q" -> "blk.*.attn_q"
static std::string withoutLayer(std::string_view name) {
  std::string kind;
  for (size_t i = 0; i < name.size(); ++i) {
    bool digit = isdigit(static_cast<unsigned char>(name[i]));
    bool number = digit && (i == 0 || name[i - 1] == '.');
    if (!number) {
      kind += name[i];
      continue;
    }
    kind += '*';
    while (i + 1 < name.size() &&
           isdigit(static_cast<unsigned char>(name[i + 1])))
      ++i;
  }
  return kind;
}

/// Of several devices each has its own.
static std::string kindOf(const PlanView &plan, const plan::Stage &stage) {
  std::string name = withoutLayer(plan.name(stage));
  if (stage.kernel == plan::kCopy)
    name = "copy of " + name;
  if (plan.devices().size() > 1)
    name = fmt::format("{}: {}", plan.name(plan.devices()[stage.device]), name);
  return name;
}

std::vector<StageKind> Bench::stageKinds() const {
  std::vector<StageKind> kinds;
  if (!flags.stages)
    return kinds;
  std::map<std::string, size_t> byName;
  std::span<const plan::Stage> stages = engine.plan().stages();
  std::span<const StageTime> times = engine.profile();
  for (size_t i = 0; i < stages.size(); ++i) {
    if (times[i].runs == 0)
      continue;
    std::string name = kindOf(engine.plan(), stages[i]);
    auto [at, isNew] = byName.try_emplace(name, kinds.size());
    if (isNew)
      kinds.push_back(
          {.name = name,
           .elsewhere =
               engine.plan().devices()[stages[i].device].ownMemory != 0});
    StageKind &kind = kinds[at->second];
    kind.runs += times[i].runs;
    kind.seconds += 1e-9 * double(times[i].nanoseconds);
    kind.bytes += double(stages[i].bytes) * double(times[i].runs);
    kind.products += double(stages[i].products) * double(times[i].rows);
  }
  std::sort(kinds.begin(), kinds.end(),
            [](auto &a, auto &b) { return a.seconds > b.seconds; });
  return kinds;
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

/// Bytes a second of a loop that only reads weights, on all threads; the best of three.
static double readBandwidth(std::span<const uint8_t> weights, Team &team) {
  constexpr size_t kMost = size_t{1} << 30, kLine = 64;
  const size_t lines = std::min(weights.size(), kMost) / kLine / team.size();
  if (!lines)
    return 0;
  std::atomic<uint64_t> sink = 0; // so that the loop is not nothing
  double best = 0;
  for (int run = 0; run < 3; ++run) {
    double start = now();
    team.run([&](unsigned worker) {
      auto *at = reinterpret_cast<const uint64_t *>(
          weights.data() + worker * lines * kLine);
      uint64_t sums[kLine / sizeof(uint64_t)] = {};
      for (size_t line = 0; line < lines; ++line)
        for (uint64_t &sum : sums)
          sum ^= *at++;
      for (uint64_t sum : sums)
        sink.fetch_xor(sum, std::memory_order_relaxed);
    });
    best = std::max(best, double(lines * kLine * team.size()) / (now() - start));
  }
  return best;
}

/// `bandwidth`: bytes a second that the machine reads.
static std::string stagesText(const std::vector<StageKind> &stages,
                              double bandwidth) {
  double all = 0;
  for (const StageKind &kind : stages)
    all += kind.seconds;
  std::string text;
  for (const StageKind &kind : stages) {
    text += fmt::format(
        "  {:32} {:8} runs {:9.1f} us {:5.1f} %", kind.name, kind.runs,
        1e6 * kind.seconds / double(kind.runs), 100 * kind.seconds / all);
    if (kind.bytes > 0)
      text += fmt::format(" {:7.2f} GB/s", 1e-9 * kind.bytes / kind.seconds);
    if (kind.bytes > 0 && bandwidth > 0 && !kind.elsewhere)
      text += fmt::format(" ({:2.0f} %)",
                          100 * kind.bytes / kind.seconds / bandwidth);
    if (kind.products > 0)
      text += fmt::format(" {:8.1f} GMAC/s", 1e-9 * kind.products / kind.seconds);
    text += '\n';
  }
  return text;
}

static nlohmann::ordered_json toJson(const Measurement &measured) {
  nlohmann::ordered_json object;
  if (measured.tokens)
    object["tokens"] = measured.tokens;
  else
    object["batch"] = measured.batch;
  object["depth"] = measured.depth;
  object["tokens_per_second"] = measured.tokensPerSecond;
  for (const StageKind &kind : measured.stages)
    object["stages"].push_back({{"name", kind.name},
                                {"runs", kind.runs},
                                {"seconds", kind.seconds},
                                {"bytes", kind.bytes},
                                {"multiply_adds", kind.products}});
  return object;
}

static std::string toText(const Measurement &measured, double bandwidth) {
  std::string what = measured.tokens
                         ? fmt::format("prompt of {}", measured.tokens)
                         : fmt::format("decode, batch {}", measured.batch);
  what += fmt::format(", depth {}", measured.depth);
  return fmt::format("{:32} {:12.2f} tokens/s\n", what,
                     measured.tokensPerSecond) +
         stagesText(measured.stages, bandwidth);
}

//===----------------------------------------------------------------------===//
// The command
//===----------------------------------------------------------------------===//

/// Fills in what was not given, as far as the artifact's limits allow, and
/// refuses what was given beyond them.
static void checkFlags(BenchFlags &flags, const Engine &engine) {
  uint32_t context = engine.context();
  uint32_t sequences =
      std::min(engine.plan()->maxSequences, engine.maxRows(plan::kGenerated));
  if (flags.depth.empty())
    flags.depth = {0};
  uint32_t depth = *std::max_element(flags.depth.begin(), flags.depth.end());
  if (flags.prompt.empty())
    flags.prompt = {depth < context ? std::min(512u, context - depth) : 1};
  if (flags.batch.empty())
    flags.batch = sequences < 8 ? std::vector{1u} : std::vector{1u, 8u};
  if (flags.generated == 0)
    flags.generated = depth < context ? std::min(128u, context - depth) : 1;
  for (uint32_t tokens : flags.prompt)
    if (tokens == 0 || uint64_t(depth) + tokens > context)
      throw Error(fmt::format("--prompt {}{} does not fit into a context of {}",
                              tokens,
                              depth ? fmt::format(" at --depth {}", depth) : "",
                              context));
  if (uint64_t(depth) + flags.generated > context)
    throw Error(fmt::format("--depth {} and --gen {} do not fit into a context "
                            "of {}",
                            depth, flags.generated, context));
  for (uint32_t batch : flags.batch)
    if (batch == 0 || batch > sequences)
      throw Error(fmt::format("--batch {}: the model was compiled for 1 to {}",
                              batch, sequences));
}

static void runBench(const Session &session, BenchFlags flags) {
  Model model = session.open();
  std::unique_ptr<Engine> engine = model.engine({.threads = flags.threads});
  checkFlags(flags, *engine);
  Bench bench(*engine, flags);
  const double bandwidth =
      flags.stages
          ? readBandwidth(model.file().section("weights"), engine->team())
          : 0;
  nlohmann::ordered_json object = {{"threads", engine->team().size()},
                                   {"prompt", nlohmann::json::array()},
                                   {"decode", nlohmann::json::array()}};
  if (flags.stages) {
    object["read_bytes_per_second"] = bandwidth;
    if (!flags.json)
      writeOut(fmt::format("{:32} {:12.2f} GB/s\n", "reading weights alone",
                           1e-9 * bandwidth));
  }
  auto report = [&](const char *kind, const Measurement &measured) {
    object[kind].push_back(toJson(measured));
    if (!flags.json)
      writeOut(toText(measured, bandwidth));
  };
  for (uint32_t depth : flags.depth)
    for (uint32_t tokens : flags.prompt)
      report("prompt", bench.prompt(tokens, depth));
  for (uint32_t depth : flags.depth)
    for (uint32_t batch : flags.batch)
      report("decode", bench.decode(batch, depth, flags.generated));
  if (flags.json)
    writeOut(object.dump() + "\n");
}

void quern::addBenchCommand(CLI::App &app, Session &session) {
  auto flags = std::make_shared<BenchFlags>();
  CLI::App &command = *app.add_subcommand("bench", "Measure tokens per second");
  command.add_option("--prompt", flags->prompt, "prompt lengths")
      ->type_name("N,N")
      ->default_str("512")
      ->delimiter(',')
      ->check(wholeNumber(1));
  command
      .add_option("--gen", flags->generated,
                  "tokens generated by each sequence")
      ->type_name("N")
      ->default_str("128")
      ->check(wholeNumber(1));
  command.add_option("--batch", flags->batch, "sequences decoded together")
      ->type_name("N,N")
      ->default_str("1,8")
      ->delimiter(',')
      ->check(wholeNumber(1));
  command
      .add_option("--depth", flags->depth,
                  "tokens in each sequence before what is measured")
      ->type_name("N,N")
      ->default_str("0")
      ->delimiter(',')
      ->check(wholeNumber(0));
  command.add_option("--repeats", flags->repeats, "the median of so many")
      ->type_name("N")
      ->capture_default_str()
      ->check(wholeNumber(1, 1000));
  addThreadsFlag(command, flags->threads);
  command.add_flag("--json", flags->json, "print JSON");
  command.add_flag("--stages", flags->stages,
                   "of each kind of stage its time, the bytes of weights and the "
                   "multiply-adds with them of a second, and which share those "
                   "bytes are of what the threads read when they do nothing else");
  command.footer(
      fmt::format("Speeds are those of all sequences together, the median of\n"
                  "--repeats after one that does not count. Sampling is not\n"
                  "part of it.\n\nExamples:\n"
                  "  {0} bench\n  {0} bench --batch 1,8 --depth 0,4096 --json\n"
                  "  {0} bench --prompt 512 --gen 32 --batch 1 --stages",
                  session.program));
  command.callback([&session, flags] {
    session.action = [&session, flags] { runBench(session, *flags); };
  });
}
