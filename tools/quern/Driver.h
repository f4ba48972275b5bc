//===- Driver.h - What `quern` does -----------------------------*- C++ -*-===//
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace quern {

/// Most sequences of a step that --max-batch takes.
inline constexpr int64_t kMostSequences = 256;

struct CompileRequest {
  std::string model, output, target = "cpu", chip = "native", emit = "binary";
  std::string kvType = "f16", weights = "embedded";
  std::string report;       // "text" or "json": print that and nothing else
  std::string chatTemplate; // a file or a name; empty: the model's own
  int64_t context = 0;      // 0: the model's own, at most 8192
  int64_t maxBatch = 8, chunk = 512;
  int activations = 16; // bits of integers: 8 or 16
  std::string gpuLayers;     // of two targets, the first one's; "auto" or ""
  /// Of two targets, PATTERN=TARGET: tensors that go there whatever their layer is.
  std::vector<std::string> place;
  uint64_t deviceMemory = 0; // of the first target, bytes; 0: nothing is said
  unsigned threads = 0;      // 0: all
  bool verbose = false;
  std::string compiler;  // the build's identity, for the metadata
  bool announce = false; // what was written, on a terminal
  bool printIrAfterAll = false;
};

/// Each prints one line "error: ..." to stderr and returns 1 if it fails.
int compileModel(const CompileRequest &);
/// Compiles into the user's cache, if it is not there yet, and becomes the
/// artifact with `arguments` (of which the first is its command).
int runModel(const CompileRequest &, const std::vector<std::string> &arguments);
/// Lists, or clears, what runModel has left in the cache.
int listCache(bool clear);
struct FitRequest {
  CompileRequest compile;
  std::string quantization; // empty: the model's own
  double bandwidth = 0;     // GB/s; 0: nothing is said of speed
  bool table = false, json = false;
};
/// Says whether a model, of which the header will do, fits into memory.
int fitModel(const FitRequest &);
/// The names that --quantization knows, from the largest to the smallest.
std::vector<std::string> quantizationNames();
int inspectModel(const std::string &model, bool json);
int listTargets(bool json);
/// The names that --chat-template knows, in alphabetical order.
std::vector<std::string> chatTemplateNames();
/// Phases of --emit that every target has, and all of any target, in their order.
std::vector<std::string> commonPhases();
std::vector<std::string> phaseNames();
/// Of all of them: "  name    summary" in lines.
std::string phasesText();
/// What --target and --mcpu may name, for completions.
std::vector<std::string> targetNames();
std::vector<std::string> chipNames();
/// Runs the graph by the scalar references on token ids; prints, for every row,
/// the most likely next tokens, or writes all logits as float32.
int referenceModel(const std::string &model, const std::string &ids,
                   const std::string &logits);

} // namespace quern
