//===- ToyModel.cpp - A model small enough to check by hand -----*- C++ -*-===//
#include "ToyModel.h"
#include "Sequences.h"
#include "text/Template.h"
#include "text/Tokenizer.h"
#include <cstring>
#include <fstream>
#include <iterator>

using namespace quern;
using namespace quern::test;
using namespace quern::plan;

namespace {

/// Lays out an arena, one aligned piece after the other.
struct Layout {
  uint64_t size = 0;
  uint64_t add(uint64_t bytes) {
    uint64_t at = (size + 63) / 64 * 64;
    size = at + bytes;
    return at;
  }
};

template <typename T>
uint64_t append(std::vector<uint8_t> &bytes, const std::vector<T> &items) {
  bytes.resize((bytes.size() + 7) / 8 * 8);
  uint64_t at = bytes.size(), size = items.size() * sizeof(T);
  bytes.resize(at + size);
  if (size)
    memcpy(bytes.data() + at, items.data(), size);
  return at;
}

struct PlanBuilder {
  explicit PlanBuilder(const ToyOptions &options) : o(options) {}

  std::vector<uint8_t> build();
  void layOutInputs();
  void addGroups();
  void addStages();
  void addUses();
  void addStage(const char *name, std::vector<Buffer> list, uint64_t bytes);
  void addCopy();

  const ToyOptions &o;
  PlanHeader h = {};
  Layout arena;
  uint64_t hidden = 0, made = 0; // made: logits that two tails read
  size_t shared = 0; // constants that all kernels get
  std::vector<KvGroup> groups;
  std::vector<Stage> stages;
  std::vector<Buffer> buffers;
  std::vector<int64_t> constants;
  std::vector<ArenaUse> uses;
  std::vector<char> strings;
};

} // namespace

void PlanBuilder::layOutInputs() {
  h.magic = kMagic;
  h.version = kVersion;
  h.context = o.context;
  h.maxSequences = o.sequences;
  h.vocabulary = kToyVocabulary;
  h.pageTokens = o.pageTokens;
  h.maxTiles = o.promptRows;
  h.maxLogitRows = o.logitRows;
  h.tileRows = o.tileRows;
  uint32_t rows = std::max(o.promptRows, o.generatedRows);
  h.tokens = arena.add(rows * 4);
  h.positions = arena.add(rows * 4);
  h.slots = arena.add(rows * 4);
  h.tiles = arena.add(h.maxTiles * 8);
  h.select = arena.add(h.maxLogitRows * 4);
  h.logitStride = (kToyVocabulary + 15) / 16 * 16;
  h.logits = arena.add(h.maxLogitRows * h.logitStride * 4);
  made = h.logits;
  if (o.best) {
    h.best = o.best;
    h.bestStride = 2 * o.best + 3;
    h.ranked = arena.add(h.maxLogitRows * h.bestStride * 4);
    made = arena.add(h.maxLogitRows * h.logitStride * 4);
  }
  hidden = arena.add(uint64_t(rows) * o.hidden * 4);
}

void PlanBuilder::addGroups() {
  uint64_t pool = 0;
  for (uint32_t window : {0u, o.window}) {
    KvGroup group = {};
    group.window = window;
    group.layers = o.layers;
    group.pages = uint32_t(plan::kvPagesNeeded(window, o.context, o.pageTokens,
                                         o.sequences, o.promptRows));
    group.pagesPerSequence = (o.context + o.pageTokens - 1) / o.pageTokens;
    group.pageBytes = uint64_t(o.pageTokens) * o.tokenBytes;
    group.poolOffset = pool;
    pool += group.layers * group.pages * group.pageBytes;
    group.tableOffset =
        arena.add(uint64_t(o.sequences) * group.pagesPerSequence * 4);
    groups.push_back(group);
  }
  h.kvBytes = pool;
}

void PlanBuilder::addStage(const char *name, std::vector<Buffer> list,
                           uint64_t bytes) {
  Stage stage = {};
  bool isHead = stages.size() >= 2;
  stage.kernel = isHead ? 2 : uint32_t(stages.size());
  stage.device = (isHead && o.split == ToyOptions::Split::HeadOnSecond) ||
                 (!isHead && o.split == ToyOptions::Split::HeadOnFirst);
  stage.barrier = !stages.empty();
  stage.firstBuffer = uint32_t(buffers.size());
  stage.buffers = uint32_t(list.size());
  stage.constants = uint32_t(shared);
  stage.name = uint32_t(strings.size());
  stage.bytes = bytes;
  stage.products = 8 << 20; // a lie: so much that it is done in pieces
  strings.insert(strings.end(), name, name + strlen(name) + 1);
  buffers.insert(buffers.end(), list.begin(), list.end());
  stages.push_back(stage);
}

/// Of the hidden state, to where the head is.
void PlanBuilder::addCopy() {
  addStage("blk.0.attend",
           {Buffer{Space::Arena, 0, hidden, uint64_t(o.hidden) * 4}}, 0);
  Stage &stage = stages.back();
  stage.kernel = kCopy;
  stage.firstConstant = uint32_t(constants.size()), stage.constants = 3;
  constants.insert(constants.end(), {stages[1].device, kRows, o.hidden * 4});
}

void PlanBuilder::addStages() {
  constants = {o.pageTokens, o.tokenBytes, kToyVocabulary,
               int64_t(h.logitStride), o.hidden};
  for (const KvGroup &group : groups)
    constants.insert(constants.end(), {group.window, group.layers, group.pages,
                                       group.pagesPerSequence});
  constants.insert(constants.end(), {int64_t(h.best), int64_t(h.bestStride)});
  shared = constants.size();
  auto in = [](uint64_t offset) { return Buffer{Space::Arena, 0, offset, 4}; };
  auto kv = [](const KvGroup &group) {
    return Buffer{Space::Kv, 0, group.poolOffset,
                  group.layers * group.pages * group.pageBytes};
  };
  std::vector<Buffer> rows = {in(h.tokens), in(h.positions), in(h.slots)};
  for (const KvGroup &group : groups)
    rows.insert(rows.end(), {in(group.tableOffset), kv(group)});
  addStage("blk.0.store", rows, 0);
  rows.insert(rows.end(), {in(hidden), in(h.tiles)});
  addStage("blk.0.attend", rows, 0);
  if (o.split != ToyOptions::Split::None)
    addCopy();
  addStage("output",
           {in(h.tokens), in(hidden), in(h.select), in(made),
            Buffer{Space::Weights, 0, 0, kToyVocabulary * 4}},
           kToyVocabulary * 4);
  auto head = uint32_t(stages.size() - 1);
  if (o.best) {
    addStage("top_k", {in(made), in(h.ranked)}, 0);
    stages.back().kernel = 3;
    addStage("logits", {in(made), in(h.logits)}, 0);
    stages.back().kernel = 4;
  }
  auto count = uint32_t(stages.size());
  uint32_t rank = head + 1, logits = o.best ? count - 1 : count;
  h.programs[kPrompt] = {0, count, head, o.promptRows, rank, logits};
  h.programs[kGenerated] = {0, count, head, o.generatedRows, rank, logits};
}

void PlanBuilder::addUses() {
  uint32_t rows = std::max(o.promptRows, o.generatedRows);
  for (uint32_t device = 0; device < o.devices(); ++device)
    uses.push_back({hidden, o.hidden * 4, rows, kRows, 3, device, 1, 0});
}

std::vector<uint8_t> PlanBuilder::build() {
  layOutInputs();
  addGroups();
  addStages();
  addUses();
  h.arenaBytes = h.frontBytes = arena.size;
  std::vector<uint8_t> bytes(sizeof(h));
  std::vector<Device> devices = {{"toy", 0, 0}, {"other", 0, 0}};
  devices.resize(o.devices());
  h.devicesAt = append(bytes, devices), h.devices = devices.size();
  h.stagesAt = append(bytes, stages), h.stages = stages.size();
  h.buffersAt = append(bytes, buffers), h.buffers = buffers.size();
  h.constantsAt = append(bytes, constants), h.constants = constants.size();
  h.groupsAt = append(bytes, groups), h.groups = groups.size();
  h.usesAt = append(bytes, uses), h.uses = uses.size();
  h.stringsAt = append(bytes, strings), h.strings = strings.size();
  memcpy(bytes.data(), &h, sizeof(h));
  return bytes;
}

std::vector<uint8_t> test::toyPlan(const ToyOptions &options) {
  return PlanBuilder(options).build();
}

std::vector<uint8_t> test::toyWeights() {
  std::vector<int32_t> next(kToyVocabulary);
  for (int32_t v = 0; v < kToyVocabulary; ++v)
    next[v] = (v + 1) % kToyVocabulary;
  std::vector<uint8_t> bytes;
  append(bytes, next);
  return bytes;
}

std::vector<uint8_t> test::toyTokenizer() {
  std::vector<std::string> tokens = {"<unk>", "<s>", "</s>"};
  std::vector<int32_t> types = {2, 3, 3};
  for (int byte = 0; byte < 256; ++byte) {
    char name[8];
    snprintf(name, sizeof(name), "<0x%02X>", byte);
    tokens.push_back(name);
    types.push_back(6);
  }
  tokens.push_back("\u2581");
  for (char letter = 'a'; letter <= 'z'; ++letter)
    tokens.push_back(std::string(1, letter));
  types.insert(types.end(), 27, 1);
  tokens.push_back("<end>");
  types.push_back(3);
  for (const char *text : {"\u00e9", "\u20ac", "\U0001f600"})
    tokens.push_back(text), types.push_back(1);
  TokenizerSource source;
  source.model = "llama";
  source.tokens.assign(tokens.begin(), tokens.end());
  source.scores.assign(tokens.size(), 0);
  source.types = types;
  source.unknown = kToyUnknown;
  source.bos = kToyBos;
  source.eos = kToyEos;
  source.addBos = true;
  source.extraEnd = {kToyEnd};
  return buildTokenizer(source);
}

std::vector<ToySection> test::toySections(const ToyOptions &options) {
  std::string meta = R"({"name": "toy", "architecture": "toy", "layers": 2})";
  std::vector<ToySection> sections = {
      {"meta", {meta.begin(), meta.end()}},
      {"plan", toyPlan(options)},
      {"tokenizer", toyTokenizer()},
      {"template", {}},
      {"weights", toyWeights()},
  };
  if (options.chatTemplate)
    sections[3].bytes = compileTemplate(
        "{% for m in messages %}{% if m.role == 'system' %}"
        "{{ m.content }}{% else %}{{ bos_token }}{{ m.content }}{% endif %}"
        "{% endfor %}{% if add_generation_prompt %} ask{% endif %}",
        "toy");
  return sections;
}

std::vector<uint8_t>
test::appendPayload(std::vector<uint8_t> file,
                    const std::vector<ToySection> &sections) {
  std::vector<Section> table;
  for (const ToySection &section : sections) {
    file.resize((file.size() + kPage - 1) / kPage * kPage);
    Section entry = {};
    memcpy(entry.name, section.name.data(), section.name.size());
    entry.offset = file.size();
    entry.size = section.bytes.size();
    entry.checksum = checksum(section.bytes.data(), section.bytes.size());
    file.insert(file.end(), section.bytes.begin(), section.bytes.end());
    table.push_back(entry);
  }
  Trailer trailer = {};
  trailer.magic = kMagic;
  trailer.version = kVersion;
  trailer.sections = uint32_t(table.size());
  trailer.sectionTable = append(file, table);
  trailer.fileSize = file.size() + sizeof(trailer);
  trailer.checksum = checksum(table.data(), table.size() * sizeof(Section));
  append(file, std::vector<Trailer>{trailer});
  return file;
}

std::vector<uint8_t> test::readBytes(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void test::writeBytes(const std::string &path,
                      const std::vector<uint8_t> &bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char *>(bytes.data()),
            std::streamsize(bytes.size()));
}
