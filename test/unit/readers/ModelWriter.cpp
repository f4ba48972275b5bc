//===- ModelWriter.cpp - Small model files, right and wrong ----*- C++ -*-===//
//
// See the header.
//
//===----------------------------------------------------------------------===//
#include "ModelWriter.h"
#include <cassert>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace quern::test;

void GgufWriter::string(const std::string &text, const std::string &what) {
  number<uint64_t>(text.size(), "length of " + what);
  bytes += text;
}

void GgufWriter::header(uint64_t tensors, uint64_t keys, uint32_t version) {
  number<uint32_t>(0x46554747, "magic");
  number(version, "version");
  number(tensors, "tensor count");
  number(keys, "key count");
}

void GgufWriter::key(const std::string &name, uint32_t type) {
  string(name, "key " + name);
  number(type, "type of " + name);
}

void GgufWriter::array(const std::string &name, uint32_t elementType,
                       uint64_t count) {
  key(name, Array);
  number(elementType, "element type of " + name);
  number(count, "element count of " + name);
}

void GgufWriter::tensor(const std::string &name,
                        const std::vector<uint64_t> &dims, uint32_t type,
                        uint64_t offset) {
  string(name, "name " + name);
  number<uint32_t>(dims.size(), "rank of " + name);
  for (uint64_t dim : dims)
    number(dim, "dimension of " + name);
  number(type, "type of tensor " + name);
  number(offset, "offset of " + name);
}

void GgufWriter::pad(size_t alignment) {
  bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
}

void GgufWriter::data(size_t size) {
  for (size_t i = 0; i < size; ++i)
    bytes += static_cast<char>(i * 7 + 1);
}

template <typename T>
static void arrayOf(GgufWriter &file, const std::string &name, GgufType type,
                    const std::vector<T> &values) {
  file.array(name, type, values.size());
  for (T value : values)
    file.number(value, "element of " + name, false);
}

static void addKeys(GgufWriter &file) {
  file.text("general.architecture", "llama");
  file.value<uint8_t>("k.u8", U8, 255);
  file.value<int8_t>("k.i8", I8, -128);
  file.value<uint16_t>("k.u16", U16, 65535);
  file.value<int16_t>("k.i16", I16, -32768);
  file.value<uint32_t>("k.u32", U32, 4294967295u);
  file.value<int32_t>("k.i32", I32, -2147483647 - 1);
  file.value<float>("k.f32", F32, 0.5f);
  file.value<uint8_t>("k.bool", Bool, 1);
  file.value<uint64_t>("k.u64", U64, UINT64_MAX);
  file.value<int64_t>("k.i64", I64, INT64_MIN);
  file.value<double>("k.f64", F64, -0.25);
  arrayOf<uint8_t>(file, "a.u8", U8, {0, 255});
  arrayOf<int8_t>(file, "a.i8", I8, {-1, 1});
  arrayOf<uint16_t>(file, "a.u16", U16, {1, 2, 3});
  arrayOf<int16_t>(file, "a.i16", I16, {-5});
  arrayOf<uint32_t>(file, "a.u32", U32, {7, 8});
  arrayOf<int32_t>(file, "a.i32", I32, {-7, 8});
  arrayOf<float>(file, "a.f32", F32, {1.5f, -2});
  arrayOf<uint8_t>(file, "a.bool", Bool, {1, 0, 1});
  arrayOf<uint64_t>(file, "a.u64", U64, {UINT64_MAX});
  arrayOf<int64_t>(file, "a.i64", I64, {INT64_MIN, 0});
  arrayOf<double>(file, "a.f64", F64, {0.125});
  file.array("a.string", String, 3);
  for (const char *text : {"one", "", "\xc4\xa0two"})
    file.string(text, "element of a.string");
  file.array("a.empty", U64, 0);
  file.value<uint32_t>("general.alignment", U32, 64);
}

GgufWriter quern::test::goodGguf() {
  GgufWriter file;
  file.header(4, 26);
  addKeys(file);
  file.tensor("vector", {6}, 0, 0);              // f32, 24 bytes
  file.tensor("matrix", {64, 3}, 3, 64);         // q4_1, 2 x 3 x 20 bytes
  file.tensor("cube", {2, 3, 5}, 1, 192);        // f16, 60 bytes
  file.tensor("super", {256, 1, 2, 1}, 12, 256); // q4_k, 288 bytes
  file.pad(64);
  file.data(256 + 288);
  return file;
}

std::string OneTensor::build() const {
  GgufWriter file;
  file.header(1, 1);
  file.text("general.architecture", "llama");
  file.tensor(name, dims, type, offset);
  file.pad();
  file.data(dataBytes);
  return file.bytes;
}

std::string quern::test::safetensors(const std::string &header,
                                     size_t dataBytes) {
  GgufWriter file;
  file.string(header, "header");
  file.data(dataBytes);
  return file.bytes;
}

//===----------------------------------------------------------------------===//
// A Hugging Face folder
//===----------------------------------------------------------------------===//

static constexpr char config[] = R"({
  "architectures": ["LlamaForCausalLM"], "model_type": "llama",
  "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 2,
  "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": null,
  "max_position_embeddings": 64, "vocab_size": 16, "rms_norm_eps": 1e-05,
  "rope_theta": 10000.0, "rope_scaling": null, "hidden_act": "silu",
  "bos_token_id": 0, "eos_token_id": 1, "tie_word_embeddings": true})";

// Ids 10 and 11 are only among the added tokens.
static constexpr char tokenizer[] = R"({
  "version": "1.0",
  "added_tokens": [
    {"id": 0, "content": "<s>", "special": true},
    {"id": 1, "content": "</s>", "special": true},
    {"id": 10, "content": "<|im_end|>", "special": true},
    {"id": 11, "content": "<tool>", "special": false}],
  "normalizer": null,
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
    {"type": "Digits", "individual_digits": true},
    {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
     "use_regex": true}]},
  "post_processor": null,
  "model": {"type": "BPE", "dropout": null, "unk_token": null,
    "continuing_subword_prefix": "", "end_of_word_suffix": "",
    "byte_fallback": false,
    "vocab": {"<s>": 0, "</s>": 1, "a": 2, "b": 3, "c": 4, "Ġ": 5,
              "ab": 6, "abc": 7, "Ġa": 8, "Ġab": 9},
    "merges": ["a b", "ab c", "Ġ a", "Ġ ab"]}})";

static constexpr char tokenizerConfig[] = R"({
  "add_bos_token": true, "bos_token": "<s>",
  "eos_token": {"content": "<|im_end|>", "special": true},
  "unk_token": null, "pad_token": "</s>",
  "chat_template": "{{ messages }}"})";

namespace {
/// Collects a header and the size of its data.
struct Header {
  std::string json = R"({"__metadata__": {"format": "pt"})";
  size_t size = 0;

  void add(const std::string &name, std::vector<size_t> shape) {
    size_t bytes = 2;
    std::string list;
    for (size_t dim : shape) {
      bytes *= dim;
      list += (list.empty() ? "" : ",") + std::to_string(dim);
    }
    json += ",\"" + name + R"(":{"dtype":"BF16","shape":[)" + list +
            R"(],"data_offsets":[)" + std::to_string(size) + "," +
            std::to_string(size + bytes) + "]}";
    size += bytes;
  }
  void addLayer(int layer) {
    std::string prefix = "model.layers." + std::to_string(layer) + ".";
    add(prefix + "input_layernorm.weight", {8});
    add(prefix + "self_attn.q_proj.weight", {8, 8});
    add(prefix + "self_attn.k_proj.weight", {4, 8});
    add(prefix + "self_attn.v_proj.weight", {4, 8});
    add(prefix + "self_attn.o_proj.weight", {8, 8});
    add(prefix + "post_attention_layernorm.weight", {8});
    add(prefix + "mlp.gate_proj.weight", {12, 8});
    add(prefix + "mlp.up_proj.weight", {12, 8});
    add(prefix + "mlp.down_proj.weight", {8, 12});
  }
  std::string build() const { return safetensors(json + "}", size); }
};
} // namespace

Files quern::test::goodFolder() {
  Header header;
  header.add("model.embed_tokens.weight", {16, 8});
  header.addLayer(0);
  header.addLayer(1);
  header.add("model.norm.weight", {8});
  return {{"config.json", config},
          {"generation_config.json", R"({"eos_token_id": [1, 10]})"},
          {"tokenizer.json", tokenizer},
          {"tokenizer_config.json", tokenizerConfig},
          {"model.safetensors", header.build()}};
}

Files quern::test::shardedFolder() {
  Files files = goodFolder();
  files.erase("model.safetensors");
  Header first, second;
  first.add("model.embed_tokens.weight", {16, 8});
  second.add("model.norm.weight", {8});
  files["model-00001-of-00002.safetensors"] = first.build();
  files["model-00002-of-00002.safetensors"] = second.build();
  files["model.safetensors.index.json"] = R"({"metadata": {}, "weight_map": {
    "model.embed_tokens.weight": "model-00001-of-00002.safetensors",
    "model.norm.weight": "model-00002-of-00002.safetensors"}})";
  return files;
}

std::string quern::test::replaced(std::string text, const std::string &from,
                                  const std::string &to) {
  size_t at = text.find(from);
  if (at == std::string::npos)
    std::abort(); // the test itself is wrong
  return text.replace(at, from.size(), to);
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

TemporaryFolder::TemporaryFolder() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "quern-XXXXXX").string();
  if (!mkdtemp(pattern.data()))
    std::abort();
  folder = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

std::string TemporaryFolder::write(const std::string &name,
                                   const std::string &content) const {
  std::string path = folder + "/" + name;
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

void TemporaryFolder::write(const Files &files) const {
  for (const auto &[name, content] : files)
    write(name, content);
}
