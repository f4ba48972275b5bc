//===- SamplerFlags.cpp - Flags of all that samples -------------*- C++ -*-===//
#include "SamplerFlags.h"
#include "Error.h"
#include "cli/Values.h"
#include <algorithm>
#include <charconv>
#include <chrono>
#include <sys/random.h>

using namespace quern;
using cli::realNumber;
using cli::wholeNumber;

/// ID+BIAS or ID-BIAS.
static LogitBias parseBias(const std::string &text) {
  LogitBias out = {};
  const char *end = text.data() + text.size();
  auto [sign, error] = std::from_chars(text.data(), end, out.token);
  if (error == std::errc() && sign != end && (*sign == '+' || *sign == '-') &&
      sign + 1 != end && sign[1] != '-') {
    auto [stop, wrong] = std::from_chars(sign + 1, end, out.bias);
    if (*sign == '-')
      out.bias = -out.bias;
    if (wrong == std::errc() && stop == end)
      return out;
  }
  throw Error("--logit-bias: '" + text +
              "' is not a token's number, + or -, and a number");
}

/// Shells make it hard to type a newline: \n, \t, \\ and the like stand for
/// what they do in C.
static std::string unescaped(const std::string &text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\' && i + 1 < text.size())
      switch (c = text[++i]) {
      case 'n':
        c = '\n';
        break;
      case 'r':
        c = '\r';
        break;
      case 't':
        c = '\t';
        break;
      }
    out += c;
  }
  return out;
}

static uint64_t seedByChance() {
  uint64_t seed;
  if (getrandom(&seed, sizeof(seed), 0) != ssize_t(sizeof(seed)))
    seed =
        uint64_t(std::chrono::steady_clock::now().time_since_epoch().count());
  return seed & ((uint64_t{1} << 53) - 1); // JSON's numbers are doubles
}

SamplerOptions SamplerFlags::resolve(const Tokenizer &tokenizer,
                                     size_t vocab) const {
  SamplerOptions out = options;
  out.seed = seed ? *seed : seedByChance();
  for (const std::string &bias : biases)
    out.logitBias.push_back(parseBias(bias));
  if (out.dryMultiplier > 0) { // otherwise nobody needs them
    std::vector<std::string> strings(defaultDryBreakers().begin(),
                                     defaultDryBreakers().end());
    if (!breakers.empty())
      strings.clear();
    for (const std::string &breaker : breakers) {
      if (breaker == "none")
        strings.clear();
      else
        strings.push_back(unescaped(breaker));
    }
    out.dryBreakers = dryBreakers(tokenizer, strings);
    // The vocabulary can be longer than the logits.
    std::erase_if(out.dryBreakers, [&](const std::vector<int32_t> &sequence) {
      return std::any_of(sequence.begin(), sequence.end(),
                         [&](int32_t id) { return size_t(id) >= vocab; });
    });
  }
  if (std::string wrong = checkSamplerOptions(out, vocab); !wrong.empty())
    throw Error(wrong);
  return out;
}

namespace {

/// Declares flags of one group of --help.
struct Group {
  CLI::App &command;
  const char *name;

  void add(const char *flag, float &value, double least, double most,
           const char *help) const {
    command.add_option(flag, value, help)
        ->check(realNumber(least, most))
        ->type_name("X")
        ->capture_default_str()
        ->group(name);
  }
  void add(const char *flag, int &value, uint64_t most,
           const char *help) const {
    command.add_option(flag, value, help)
        ->check(wholeNumber(0, most))
        ->type_name("N")
        ->capture_default_str()
        ->group(name);
  }
  void add(const char *flag, std::vector<std::string> &values,
           const char *value, const char *help) const {
    command.add_option(flag, values, help)
        ->type_name(value)
        ->take_all()
        ->expected(1)
        ->allow_extra_args(false)
        ->group(name);
  }
};

} // namespace

static constexpr double anyNumber = 1e9;

static void addCuts(const Group &group, SamplerFlags &flags) {
  SamplerOptions &o = flags.options;
  group.add("--temp", o.temp, 0, 1000,
            "temperature; 0 always takes the likeliest token");
  group.add("--top-k", o.topK, INT32_MAX,
            "only the K likeliest tokens; 0: all");
  group.add("--top-p", o.topP, 0, 1,
            "only the likeliest tokens that together have this probability; "
            "1: all");
  group.add("--min-p", o.minP, 0, 1,
            "only tokens with this fraction of the likeliest one's "
            "probability; 0: all");
  group.add("--typical", o.typicalP, 0, 1,
            "only the most typical tokens that together have this "
            "probability; 1: all");
  group.add("--top-nsigma", o.topNSigma, -anyNumber, anyNumber,
            "only logits this many standard deviations from the best; "
            "<= 0: all");
  group.add("--xtc-probability", o.xtcProbability, 0, 1,
            "chance to exclude top choices; 0: off");
  group.add("--xtc-threshold", o.xtcThreshold, 0, 1,
            "probability that makes a token a top choice; above 0.5: off");
  group.add("--dynatemp-range", o.dynatempRange, 0, 1000,
            "temperature goes this far up and down with the entropy; 0: off");
  group.add("--dynatemp-exp", o.dynatempExponent, 0, 1000,
            "exponent of the entropy for that");
  group.command
      .add_option("--seed", flags.seed, "the same seed gives the same answer")
      ->type_name("N")
      ->default_str("by chance")
      ->check(wholeNumber(0, UINT64_MAX))
      ->group(group.name);
  group.add("--logit-bias", flags.biases, "ID+X",
            "or ID-X: make token ID likelier or less likely; may be "
            "repeated");
}

static void addPenalties(const Group &group, SamplerFlags &flags) {
  SamplerOptions &o = flags.options;
  group.add("--repeat-last-n", o.repeatLastN, SamplerOptions::mostLastN,
            "how many of the last tokens are penalized; 0: none");
  group.add("--repeat-penalty", o.repeatPenalty, 1e-6, anyNumber,
            "their logits are divided by this; 1: off");
  group.add("--presence-penalty", o.presencePenalty, -anyNumber, anyNumber,
            "taken off their logits once; 0: off");
  group.add("--frequency-penalty", o.frequencyPenalty, -anyNumber, anyNumber,
            "taken off once for each time they occur; 0: off");
  group.add("--dry-multiplier", o.dryMultiplier, 0, anyNumber,
            "DRY: how much to penalize what continues a repetition; 0: off");
  group.add("--dry-base", o.dryBase, 1, anyNumber,
            "its growth with every token of the repetition");
  group.add("--dry-allowed-length", o.dryAllowedLength, INT32_MAX,
            "longest repetition without growth");
  group.add("--dry-penalty-last-n", o.dryLastN, SamplerOptions::mostLastN,
            "how many of the last tokens are searched; 0: off");
  group.add("--dry-sequence-breaker", flags.breakers, "TEXT",
            "no repetition goes beyond this text; may be repeated; none: no "
            "such text; without the flag newline, colon, double quote, star");
}

static void addMirostat(const Group &group, SamplerOptions &o) {
  group.add("--mirostat", o.mirostat, 2,
            "Mirostat 1 or 2 in place of all cuts and penalties; 0: off");
  group.add("--mirostat-ent", o.mirostatTau, 0, 1000,
            "bits of surprise that it aims at");
  group.add("--mirostat-lr", o.mirostatEta, 0, 1000,
            "how fast it follows what it got");
}

void quern::addSamplerFlags(CLI::App &command, SamplerFlags &flags) {
  addCuts({command, "Sampling"}, flags);
  addPenalties({command, "Repetition"}, flags);
  addMirostat({command, "Mirostat"}, flags.options);
}
