//===- TokenizerBuilder.h - The tokenizer's builder ------------*- C++ -*-===//
//
// Internal: what `buildTokenizer` is made of. Sections are built one by one, in
// the order of `build`, each from the source and those before it.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/PreTokenizer.h"
#include "text/TokenizerBuild.h"

namespace quern::tokenizer {

class Builder {
public:
  explicit Builder(const TokenizerSource &source) : source(source) {}
  std::vector<uint8_t> build();

private:
  void chooseModel();
  void chooseFamily();
  void readRules();
  void addSteps();
  void addSpecials();
  void addTexts();
  void addMerges();
  void addRanks();
  void addScores();
  void addBridges();
  std::vector<uint8_t> assemble();
  void checkPieces();
  void markWhole(std::vector<uint8_t> &table) const;

  const TokenizerSource &source;
  Vocabulary vocabulary;
  const PreTokenizer *pre = nullptr;
  std::vector<TextStep> steps;

  Header header{};
  std::vector<uint32_t> offsets, ranks, edges;
  std::vector<double> scores;
  PrefixTable prefixes;
  std::string bytes, stepText;
  std::vector<uint8_t> flags, bridges;
  std::vector<TextSlot> textSlots;
  std::vector<MergeSlot> mergeSlots;
  std::vector<TrieNode> nodes;
  std::vector<int32_t> ends;
  std::vector<StepRef> stepRefs;
};

} // namespace quern::tokenizer
