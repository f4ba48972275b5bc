//===- SamplerFlags.cpp - The flags of sampling ----------------*- C++ -*-===//
#include "SamplerFlags.h"
#include "Commands.h"
#include "Error.h"
#include "Flags.h"
#include <cstdlib>
#include <fmt/format.h>
#include <sys/random.h>

using namespace quern;

/// "128+2.5" or "128-inf".
static LogitBias biasOf(const std::string &text, size_t vocabulary) {
  size_t digits = text.find_first_not_of("0123456789");
  char *end = nullptr;
  float bias = 0;
  if (digits && digits < text.size() && digits < 10)
    bias = strtof(text.c_str() + digits, &end);
  unsigned long id = end ? strtoul(text.c_str(), nullptr, 10) : 0;
  if (!end || *end || bias != bias ||
      (text[digits] != '+' && text[digits] != '-'))
    throw Error(
        fmt::format("--logit-bias {}: expected a token id, + or -, and a "
                    "number",
                    text));
  if (id >= vocabulary)
    throw Error(fmt::format("--logit-bias {}: the vocabulary has {} tokens",
                            text, vocabulary));
  return {int32_t(id), bias};
}

SamplerOptions SamplerFlags::resolved(const Model &model) const {
  SamplerOptions result = options;
  for (const std::string &bias : biases)
    result.logitBias.push_back(biasOf(bias, model.plan()->vocabulary));
  if (options.dryMultiplier > 0) {
    std::vector<std::string> texts = breakers;
    if (texts.empty())
      for (const char *text : defaultDryBreakers())
        texts.push_back(text);
    else if (texts.size() == 1 && texts[0] == "none")
      texts.clear();
    result.dryBreakers = dryBreakers(model.tokenizer(), texts);
  }
  if (seed)
    result.seed = *seed;
  else if (getrandom(&result.seed, sizeof(result.seed), 0) < 0)
    result.seed = uint64_t(now() * 1e9);
  std::string wrong = checkSamplerOptions(result, model.plan()->vocabulary);
  if (!wrong.empty())
    throw Error(wrong);
  return result;
}

static void number(CLI::App &command, const char *name, float &value,
                   const char *what, double least, double most) {
  command.add_option(name, value, what)
      ->check(realNumber(least, most))
      ->capture_default_str();
}

static void whole(CLI::App &command, const char *name, int &value,
                  const char *what, uint64_t least, uint64_t most) {
  command.add_option(name, value, what)
      ->check(wholeNumber(least, most))
      ->capture_default_str();
}

static void addPenaltyFlags(CLI::App &command, SamplerFlags &flags) {
  SamplerOptions &o = flags.options;
  constexpr double big = 1e6;
  const uint64_t window = SamplerOptions::mostLastN;
  whole(command, "--repeat-last-n", o.repeatLastN,
        "so many of the last tokens are penalized; 0: none", 0, window);
  number(command, "--repeat-penalty", o.repeatPenalty,
         "divides the logits of such tokens; 1: off", 1e-6, big);
  number(command, "--presence-penalty", o.presencePenalty,
         "taken off their logits once; 0: off", -big, big);
  number(command, "--frequency-penalty", o.frequencyPenalty,
         "taken off for each time they came; 0: off", -big, big);
  number(command, "--dry-multiplier", o.dryMultiplier,
         "penalty on what would repeat a sequence (DRY); 0: off", 0, big);
  number(command, "--dry-base", o.dryBase, "its growth with the length", 1,
         big);
  whole(command, "--dry-allowed-length", o.dryAllowedLength,
        "longest repetition that costs nothing", 0, window);
  whole(command, "--dry-penalty-last-n", o.dryLastN,
        "so many of the last tokens are searched; 0: none", 0, window);
  command
      .add_option("--dry-sequence-breaker", flags.breakers,
                  "no repetition goes over this text; may be repeated; 'none': "
                  "no breakers; default: \\n : \" *")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
  command
      .add_option("-l,--logit-bias", flags.biases,
                  "ID+BIAS or ID-BIAS: changes the logit of a token; may be "
                  "repeated")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
}

static void addOtherSamplers(CLI::App &command, SamplerOptions &o) {
  constexpr double big = 1e6;
  number(command, "--typical", o.typicalP,
         "locally typical sampling, this much probability; 1: off", 0, 1);
  number(command, "--top-nsigma", o.topNSigma,
         "only logits so many deviations below the best; <= 0: off", -1, big);
  whole(command, "--min-keep", o.minKeep,
        "tokens that top-p, min-p, typical and XTC leave at least", 0,
        INT32_MAX);
  number(command, "--xtc-probability", o.xtcProbability,
         "how often the likeliest tokens are left out (XTC); 0: never", 0, 1);
  number(command, "--xtc-threshold", o.xtcThreshold,
         "those of at least this probability, but the last", 0, 1);
  number(command, "--dynatemp-range", o.dynatempRange,
         "temperature by entropy, so much up and down; 0: off", 0, big);
  number(command, "--dynatemp-exp", o.dynatempExponent, "its exponent", 0, big);
  whole(command, "--mirostat", o.mirostat,
        "1 or 2: Mirostat, in place of the samplers above; 0: off", 0, 2);
  number(command, "--mirostat-ent", o.mirostatTau,
         "its target, bits of surprise a token", 0, big);
  number(command, "--mirostat-lr", o.mirostatEta, "its learning rate", 0, big);
}

void quern::addSamplerFlags(CLI::App &command, SamplerFlags &flags) {
  SamplerOptions &sampler = flags.options;
  command
      .add_option("--temp", sampler.temp,
                  "temperature; 0 always takes the likeliest token")
      ->check(realNumber(0, 1000))
      ->capture_default_str();
  command
      .add_option("--top-k", sampler.topK,
                  "only the K likeliest tokens; 0: all")
      ->check(wholeNumber(0))
      ->capture_default_str();
  command
      .add_option("--top-p", sampler.topP,
                  "only the likeliest tokens that together have this "
                  "probability; 1: all")
      ->check(realNumber(0, 1))
      ->capture_default_str();
  command
      .add_option("--min-p", sampler.minP,
                  "only tokens with this fraction of the likeliest one's "
                  "probability; 0: all")
      ->check(realNumber(0, 1))
      ->capture_default_str();
  addPenaltyFlags(command, flags);
  addOtherSamplers(command, sampler);
  command
      .add_option("--seed", flags.seed,
                  "the same seed gives the same answer; default: by chance")
      ->check(wholeNumber(0, UINT64_MAX));
}

void quern::addAnswerFlags(CLI::App &command, AnswerOptions &options) {
  command
      .add_option("-n,--tokens", options.tokens,
                  "most tokens of an answer; default: until it ends")
      ->check(wholeNumber(0));
  command
      .add_option("--stop", options.stops,
                  "end an answer before this text; may be repeated")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
}
