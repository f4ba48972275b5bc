//===- CommandTest.cpp - The toy as an artifact, from outside -------------===//
//
// Links as the compiler does (the bundle and a kernels object), then asks the
// artifact what a user would.
//
//===----------------------------------------------------------------------===//
#include "Process.h"
#include "ToyModel.h"
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

using namespace quern::test;
using nlohmann::json;

namespace {

Result small(std::vector<std::string> arguments, std::string input = "") {
  arguments.insert(arguments.begin(), TOYS "/small");
  return runProcess(arguments, input);
}

std::string answer(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"run", "--temp", "0"});
  Result result = small(std::move(arguments));
  EXPECT_EQ(result.status, 0) << result.err;
  return result.out;
}

/// The message of a command that must fail, without "small: ".
std::string failure(std::vector<std::string> arguments) {
  Result result = small(std::move(arguments));
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(result.err.starts_with("small: ")) << result.err;
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1);
  return result.err.substr(std::min<size_t>(result.err.size(), 7));
}

struct TemporaryFile {
  explicit TemporaryFile(const std::string &text) {
    writeBytes(path, {text.begin(), text.end()});
  }
  ~TemporaryFile() { unlink(path.c_str()); }
  std::string path = "/tmp/quern-text-" + std::to_string(getpid());
};

std::string longText(size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i)
    text += char('a' + (i * i + i / 7) % 26);
  return text;
}

json perplexity(const std::string &file, std::vector<std::string> flags) {
  flags.insert(flags.begin(), {"perplexity", file, "--json", "--ctx", "32"});
  Result result = small(std::move(flags));
  EXPECT_EQ(result.status, 0) << result.err;
  return json::parse(result.out, nullptr, false);
}

TEST(Run, AnswersUntilAnEndToken) {
  EXPECT_EQ(answer({"--raw", "a"}), "bcdefghijklmnopqrstuvwxyz");
  EXPECT_EQ(answer({"--raw", "-n", "3", "a"}), "bcd");
  EXPECT_EQ(answer({"--raw", "-n", "0", "a"}), "");
  // The template ends in "ask".
  EXPECT_EQ(answer({"x"}), "lmnopqrstuvwxyz");
  EXPECT_EQ(runProcess({TOYS "/raw", "run", "--temp", "0", "v"}).out, "wxyz");
  // Long prompts go in pieces.
  EXPECT_EQ(answer({"--raw", "-n", "2", longText(49) + "a"}), "bc");
  EXPECT_EQ(small({"run", "--raw", "--temp", "0", "-"}, "w").out, "xyz");
}

TEST(Run, StopsAtStopStrings) {
  EXPECT_EQ(answer({"--raw", "--stop", "hij", "a"}), "bcdefg");
  EXPECT_EQ(answer({"--raw", "--stop", "xyz", "--stop", "no", "a"}),
            "bcdefghijklm");
  EXPECT_EQ(answer({"--raw", "--stop", "yza", "w"}), "xyz");
}

TEST(Run, SaysWhenTheContextIsFull) {
  Result result = small(
      {"run", "--raw", "--temp", "0", "--ctx", "6", "--threads", "2", "a"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, "bcdef"); // 2 tokens of the prompt, 4 more, one sampled
  EXPECT_EQ(result.err, "small: stopped: the context of 6 tokens is full\n");
}

TEST(Run, NeverCutsUtf8) {
  // The byte after 0x7f begins no character.
  Result result = small({"run", "--raw", "--temp", "0", "-n", "3", "\x7e"});
  EXPECT_EQ(result.out, "\x7f\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Run, RepeatsWithASeed) {
  auto sample = [&](const char *seed) {
    return small({"run", "--raw", "--seed", seed, "--temp", "5", "--top-k", "0",
                  "--top-p", "1", "--min-p", "0", "-n", "30", "a"})
        .out;
  };
  EXPECT_EQ(sample("1"), sample("1"));
  EXPECT_NE(sample("1"), sample("2"));
}

TEST(Run, StatsGoToStandardError) {
  Result result = small({"run", "--raw", "--temp", "0", "--stats", "x"});
  EXPECT_EQ(result.out, "yz");
  EXPECT_NE(result.err.find("tokens/s"), std::string::npos);
  EXPECT_EQ(small({"run", "--raw", "--temp", "0", "-v", "x"}).err, "");
}

TEST(Tokenize, ListsTokens) {
  EXPECT_EQ(small({"tokenize", "--ids", "abc"}).out, "1 260 261 262\n");
  EXPECT_EQ(small({"tokenize", "--ids", "--no-bos", "abc"}).out,
            "260 261 262\n");
  EXPECT_EQ(small({"tokenize", "--ids", "--special", "a<end>"}).out,
            "1 260 286\n");
  EXPECT_EQ(small({"tokenize", "a"}).out, "      1 \"<s>\"\n    260 \"a\"\n");
  TemporaryFile file("a b\n");
  EXPECT_EQ(small({"tokenize", "--ids", "--file", file.path}).out,
            "1 260 259 261 13\n");
  EXPECT_EQ(small({"tokenize", "--ids", "-"}, "ab").out, "1 260 261\n");
}

TEST(PerplexityCommand, HashIsThatOfTheText) {
  TemporaryFile file(longText(330));
  json first = perplexity(file.path, {});
  EXPECT_EQ(first["tokens"], 150); // 10 chunks of 15
  EXPECT_EQ(first["logits_hash"].get<std::string>().size(), 16u);
  EXPECT_GT(first["perplexity"], 1.0);
  EXPECT_GT(first["stderr"], 0.0);
  for (std::vector<std::string> flags : std::vector<std::vector<std::string>>{
           {"--threads", "1"},
           {"--threads", "3"},
           {"--parallel", "4"},
           {"--parallel", "2", "--chunk", "5", "--threads", "2"},
           {"--role", "generated"},
           {"--role", "generated", "--chunk", "1", "--parallel", "4"}})
    EXPECT_EQ(perplexity(file.path, flags), first);
}

TEST(PerplexityCommand, WritesLogits) {
  TemporaryFile file(longText(100));
  std::string path = file.path + ".logits";
  json result = perplexity(file.path, {"--logits", path});
  EXPECT_EQ(result["tokens"], 45);
  EXPECT_EQ(std::filesystem::file_size(path), 45u * kToyVocabulary * 4);
  unlink(path.c_str());
  EXPECT_NE(failure({"perplexity", file.path, "--ctx", "32", "--logits", path,
                     "--parallel", "2"})
                .find("--parallel 1"),
            std::string::npos);
  EXPECT_NE(failure({"perplexity", file.path, "--ctx", "32", "--logits",
                     "/dev/null/x"})
                .find("/dev/null/x"),
            std::string::npos);
}

TEST(Bench, MeasuresWhatIsAsked) {
  Result result =
      small({"bench", "--prompt", "20,34", "--gen", "5", "--batch", "1,4",
             "--depth", "0,30", "--repeats", "2", "--json", "--threads", "2"});
  ASSERT_EQ(result.status, 0) << result.err;
  json object = json::parse(result.out, nullptr, false);
  ASSERT_EQ(object["prompt"].size(), 4u);
  EXPECT_EQ(object["prompt"][3]["tokens"], 34);
  EXPECT_EQ(object["prompt"][3]["depth"], 30);
  EXPECT_GT(object["prompt"][0]["tokens_per_second"], 0);
  ASSERT_EQ(object["decode"].size(), 4u);
  EXPECT_EQ(object["decode"][3]["batch"], 4);
  EXPECT_EQ(object["decode"][3]["depth"], 30);
  EXPECT_GT(object["decode"][3]["tokens_per_second"], 0);
}

TEST(Bench, ShowsStages) {
  Result result = small({"bench", "--stages", "--repeats", "1"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("blk.*.attend"), std::string::npos);
  EXPECT_NE(result.out.find("GB/s"), std::string::npos);
}

TEST(Info, PrintsMetadataAndMemory) {
  json object = json::parse(small({"info", "--json", "--tokens", "10"}).out,
                            nullptr, false);
  EXPECT_EQ(object["metadata"]["name"], "toy");
  EXPECT_EQ(object["limits"]["context"], 64);
  EXPECT_GT(object["memory"]["touched_bytes"], 0);
  EXPECT_GE(object["memory"]["reserved_bytes"],
            object["memory"]["touched_bytes"]);
  EXPECT_NE(small({"info"}).out.find("keys and values"), std::string::npos);
}

/// The anonymous memory that a run says it has at its end, when nothing has
/// been given back yet.
double anonymousOf(const Result &run) {
  size_t at = run.err.find("memory ");
  return at == run.err.npos ? 0
                            : std::stod(run.err.substr(at + 7)) * (1 << 20);
}

/// With the context filled, what the process touches is what it planned, within
/// 5 % and 4 MiB.
TEST(Info, MemoryPlanHolds) {
  for (std::string tokens : {"100", "1024"})
    for (std::string threads : {"1", "4"}) {
      Result info = runProcess({TOYS "/large", "info", "--json", "--tokens",
                                tokens, "--threads", threads});
      json memory = json::parse(info.out, nullptr, false)["memory"];
      double planned = memory["touched_bytes"];
      Result run = runProcess(
          {TOYS "/large", "run", "--raw", "--stats", "--temp", "0", "--ctx",
           tokens, "--threads", threads,
           longText(size_t(std::stoi(tokens)) - 15) + "a"});
      EXPECT_EQ(run.status, 0) << run.err;
      EXPECT_NE(run.err.find("full"), std::string::npos);
      EXPECT_NE(run.err.find(" MiB anonymous"), std::string::npos);
      EXPECT_NEAR(anonymousOf(run), planned, 0.05 * planned + (4 << 20))
          << tokens << " tokens, " << threads << " threads";
    }
}

TEST(Verify, NoticesDamagedWeights) {
  EXPECT_EQ(small({"verify"}).status, 0);
  std::vector<uint8_t> bytes = readBytes(TOYS "/small");
  std::vector<uint8_t> weights = toyWeights();
  auto at = std::search(bytes.rbegin(), bytes.rend(), weights.rbegin(),
                        weights.rend());
  ASSERT_NE(at, bytes.rend());
  *at ^= 1;
  std::string path = "/tmp/quern-damaged-" + std::to_string(getpid());
  writeBytes(path, bytes);
  std::filesystem::permissions(path, std::filesystem::perms(0755));
  EXPECT_EQ(runProcess({path, "info"}).status, 0);
  Result result = runProcess({path, "verify"});
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.err.find("weights"), std::string::npos);
  bytes.resize(bytes.size() - 1);
  writeBytes(path, bytes);
  result = runProcess({path, "info"});
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.err.find("holds no model"), std::string::npos);
  unlink(path.c_str());
}

TEST(CommandLine, RefusesInOneLine) {
  EXPECT_EQ(failure({"run", "--frobnicate", "x"}),
            "unknown flag '--frobnicate'; see `small run --help`\n");
  EXPECT_EQ(failure({"run", "--tempp", "0", "x"}),
            "unknown flag '--tempp'; did you mean --temp?\n");
  EXPECT_EQ(failure({"run", "--temp", "0", "--temp=1", "x"}),
            "--temp is given twice: 0 and 1\n");
  EXPECT_EQ(failure({"run", "x", "--temp"}),
            "--temp needs a value: --temp X\n");
  EXPECT_EQ(failure({"run", "--raw=yes", "x"}),
            "--raw takes no value, but is given 'yes'\n");
  EXPECT_EQ(failure({"tokenize", "a", "b"}),
            "unknown argument 'b'; a text of several words is put in quotes\n");
  EXPECT_EQ(failure({}), "no command given; see `small --help`\n");
  EXPECT_EQ(failure({"perplexity"}),
            "FILE is missing; see `small perplexity --help`\n");
  EXPECT_EQ(failure({"perplexity", "x", "--role", "y"}),
            "--role y: not one of prompt, generated\n");
  EXPECT_EQ(failure({"inof"}), "unknown command 'inof'; did you mean info?\n");
  EXPECT_NE(failure({"run"}).find("PROMPT"), std::string::npos);
  EXPECT_EQ(failure({"dance"}), "unknown command 'dance'; see `small --help`\n");
  EXPECT_EQ(failure({"--dance"}), "unknown flag '--dance'; see `small --help`\n");
  EXPECT_NE(failure({"run", "--ctx", "65", "x"}).find("--ctx 65"),
            std::string::npos);
  EXPECT_EQ(failure({"run", "-n", "some", "x"}),
            "--tokens some: not a whole number from 0 on\n");
  EXPECT_EQ(failure({"run", "--threads", "0", "x"}),
            "--threads 0: not a whole number between 1 and 1024\n");
  EXPECT_EQ(failure({"run", "--temp", "nan", "x"}),
            "--temp nan: not between 0 and 1000\n");
  EXPECT_NE(failure({"run", "--raw", longText(64)}).find("65 tokens"),
            std::string::npos);
  EXPECT_NE(failure({"perplexity", "/dev/null/x"}).find("/dev/null/x"),
            std::string::npos);
  TemporaryFile file("abc");
  EXPECT_NE(failure({"perplexity", file.path, "--ctx", "32"}).find("4 tokens"),
            std::string::npos);
  EXPECT_NE(failure({"perplexity", file.path}).find("a chunk takes 64"),
            std::string::npos);
  EXPECT_NE(failure({"perplexity", file.path, "--ctx", "65"}).find("--ctx 65"),
            std::string::npos);
  EXPECT_NE(failure({"bench", "--batch", "5"}).find("--batch 5"),
            std::string::npos);
  EXPECT_NE(failure({"info", "--tokens", "65"}).find("--tokens 65"),
            std::string::npos);
  EXPECT_NE(failure({"tokenize"}).find("--file"), std::string::npos);
}

TEST(CommandLine, HelpsWithExamples) {
  for (const char *command :
       {"run", "perplexity", "bench", "tokenize", "info", "verify"}) {
    Result result = small({command, "--help"});
    EXPECT_EQ(result.status, 0);
    EXPECT_NE(result.out.find(std::string("small ") + command),
              std::string::npos)
        << result.out;
  }
  EXPECT_TRUE(small({"--version"}).out.starts_with("quern "));
}

TEST(CommandLine, RefusesACpuThatLacksFeatures) {
  Result result = runProcess({TOYS "/demanding", "info"});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.err, "demanding: compiled for plain x86-64, but this CPU or "
                        "operating system lacks frobnicate\n");
  // The same executable without a model.
  result = runProcess({TOYS "/bare", "info"});
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.err.find("holds no model"), std::string::npos);
}

} // namespace
