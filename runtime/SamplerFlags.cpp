//===- SamplerFlags.cpp - The flags of sampling ----------------*- C++ -*-===//
#include "SamplerFlags.h"
#include "Commands.h"
#include "Flags.h"
#include <sys/random.h>

using namespace quern;

SamplerOptions SamplerFlags::resolved() const {
  SamplerOptions result = options;
  if (seed)
    result.seed = *seed;
  else if (getrandom(&result.seed, sizeof(result.seed), 0) < 0)
    result.seed = uint64_t(now() * 1e9);
  return result;
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
