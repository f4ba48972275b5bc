//===- BadFolders.cpp - Malformed Hugging Face folders ---------*- C++ -*-===//
//
// See BadFiles.h.
//
//===----------------------------------------------------------------------===//
#include "BadFiles.h"

using namespace quern::test;

namespace {

using Cases = std::vector<BadFolder>;

/// A header of one tensor "t" with these members.
std::string one(const std::string &dtype, const std::string &shape,
                const std::string &offsets) {
  return R"({"t": {"dtype": )" + dtype + R"(, "shape": )" + shape +
         R"(, "data_offsets": )" + offsets + "}}";
}

void addWeights(Cases &cases, const std::string &name, const std::string &bytes,
                const std::string &message) {
  Files files = goodFolder();
  files["model.safetensors"] = bytes;
  cases.push_back({name, files, message});
}

void addLengths(Cases &cases) {
  addWeights(cases, "empty file", "", "the file ends inside the header's");
  addWeights(cases, "seven bytes", "1234567", "the file ends inside");
  for (uint64_t length :
       {1ull, 100ull, 1ull << 32, 1ull << 63, ~0ull - 8, ~0ull}) {
    GgufWriter file;
    file.number<uint64_t>(length, "length");
    addWeights(cases, "length " + std::to_string(length), file.bytes,
               "the header's length is");
  }
  GgufWriter zero;
  zero.number<uint64_t>(0, "length");
  addWeights(cases, "length 0", zero.bytes, "does not begin with '{'");
}

void addSyntax(Cases &cases) {
  auto add = [&](const std::string &name, const std::string &header,
                 const std::string &message) {
    addWeights(cases, name, safetensors(header, 64), message);
  };
  add("not json", "{oops}", "malformed json at byte");
  add("array", "[1, 2]", "does not begin with '{'");
  add("two documents", "{} {}", "malformed json at byte");
  add("not utf-8", "{\"\xff\": 1}", "malformed json at byte");
  add("number overflow", R"({"t": 1e999})", "malformed json at byte");
  add("deep arrays", R"({"t": )" + std::string(100000, '['),
      "nested deeper than 64");
  std::string objects;
  for (int i = 0; i < 100000; ++i)
    objects += R"({"a":)";
  add("deep objects", objects, "nested deeper than 64");
  add("name twice",
      R"({"t": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
          "t": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}})",
      "key 't' twice");
  add("field twice",
      R"({"t": {"dtype": "F32", "dtype": "F16", "shape": [1],
                "data_offsets": [0, 4]}})",
      "key 'dtype' twice");
  add("empty name",
      R"({"": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})",
      "empty name");
  add("tensor is a number", R"({"t": 1})", "key 't' is the number 1");
  add("tensor is null", R"({"t": null})", "key 't' is missing");
  add("no members", R"({"t": {}})", "key 't.shape' is missing");
}

void addFields(Cases &cases) {
  auto add = [&](const std::string &dtype, const std::string &shape,
                 const std::string &offsets, const std::string &message) {
    std::string header = one(dtype, shape, offsets);
    addWeights(cases, header, safetensors(header, 64), message);
  };
  for (const char *dtype : {"I64", "F64", "F8_E4M3", "BOOL", "U8", "f32", ""})
    add("\"" + std::string(dtype) + "\"", "[1]", "[0, 4]",
        "tensor 't' has dtype '" + std::string(dtype) + "'");
  add("7", "[1]", "[0, 4]", "key 't.dtype' is the number 7");
  add("\"F32\"", "4", "[0, 4]", "key 't.shape' is the number 4");
  add("\"F32\"", "[-1]", "[0, 4]", "a dimension that is no unsigned");
  add("\"F32\"", "[1.5]", "[0, 4]", "a dimension that is no unsigned");
  add("\"F32\"", "[\"1\"]", "[0, 4]", "a dimension that is no unsigned");
  add("\"F32\"", "[0]", "[0, 0]", "has dimension 0 of size 0");
  add("\"F32\"", "[1,1,1,1,1,1,1,1,1]", "[0, 4]", "has 9 dimensions");
  add("\"F32\"", "[4294967296, 4294967296]", "[0, 0]", "overflows");
  add("\"F32\"", "[4611686018427387905]", "[0, 4]", "overflows");
  add("\"F32\"", "[18446744073709551615]", "[0, 4]", "overflows");
  add("\"F32\"", "[18446744073709551616]", "[0, 4]", "no unsigned integer");
  add("\"F32\"", "[1]", "[]", "data_offsets other than two");
  add("\"F32\"", "[1]", "[0]", "data_offsets other than two");
  add("\"F32\"", "[1]", "[0, 4, 8]", "data_offsets other than two");
  add("\"F32\"", "[1]", "[0, \"4\"]", "data_offsets other than two");
  add("\"F32\"", "[1]", "[-4, 0]", "data_offsets other than two");
  add("\"F32\"", "[1]", "[4, 0]", "has data_offsets 4 to 0");
  add("\"F32\"", "[1]", "[0, 3]", "expected 4 bytes");
  add("\"F32\"", "[1]", "[0, 8]", "expected 4 bytes");
  add("\"F32\"", "[1]", "[61, 65]", "and has 64");
  add("\"F32\"", "[1]", "[18446744073709551612, 18446744073709551615]",
      "and has 64");
  add("\"F32\"", "[17]", "[0, 68]", "and has 64");
}

void addOverlaps(Cases &cases) {
  auto add = [&](const std::string &name, const std::string &second,
                 const std::string &message) {
    std::string header =
        R"({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},)";
    addWeights(cases, name, safetensors(header + second + "}", 64), message);
  };
  add("same bytes",
      R"("b": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]})",
      "'a' and 'b' overlap");
  add("overlap",
      R"("b": {"dtype": "F16", "shape": [4], "data_offsets": [15, 23]})",
      "'a' and 'b' overlap");
  add("same name once translated",
      R"("lm_head.weight": {"dtype": "F16", "shape": [1],
                            "data_offsets": [16, 18]},
         "output.weight": {"dtype": "F16", "shape": [1],
                           "data_offsets": [18, 20]})",
      "comes twice, as 'output.weight'");
}

void addIndexes(Cases &cases) {
  auto add = [&](const std::string &name, const std::string &from,
                 const std::string &to, const std::string &message) {
    Files files = shardedFolder();
    std::string &index = files["model.safetensors.index.json"];
    index = replaced(index, from, to);
    cases.push_back({name, files, message});
  };
  for (const char *path :
       {"../model.safetensors", "/etc/x.safetensors", ".safetensors",
        "model.bin", "", "a\\\\b.safetensors", "a\\u0000.safetensors"})
    add("shard '" + std::string(path) + "'", "model-00002-of-00002.safetensors",
        path, "is no .safetensors file");
  add("shard is a number", "\"model-00002-of-00002.safetensors\"", "2",
      "is no .safetensors file");
  add("missing shard", "model-00002-of-00002", "model-00003-of-00002",
      "cannot be opened");
  add("wrong shard", "00002-of-00002.safetensors\"}",
      "00001-of-00002.safetensors\"}", "'model.norm.weight' is not in");
  add("no weight_map", "weight_map", "weights", "'weight_map' is missing");
  Files none = shardedFolder();
  none.erase("model.safetensors.index.json");
  cases.push_back({"no weights", none, "has neither model.safetensors nor"});
}

} // namespace

std::vector<BadFolder> quern::test::badWeights() {
  Cases cases;
  addLengths(cases);
  addSyntax(cases);
  addFields(cases);
  addOverlaps(cases);
  addIndexes(cases);
  return cases;
}

namespace {

/// A folder in which one file has one text replaced.
struct Change {
  const char *file, *from, *to, *message;
};

constexpr Change modelChanges[] = {
    {"config.json", "LlamaForCausalLM", "OtherModel",
     "architecture 'OtherModel' is not supported"},
    {"config.json", "\"model_type\"", "\"quantization_config\": {}, \"x\"",
     "'quantization_config'"},
    {"config.json", "\"hidden_size\": 8", "\"hidden_size\": \"8\"",
     "key 'hidden_size' is of type string"},
    {"config.json", "\"hidden_size\": 8", "\"hidden_size\": -8",
     "key 'hidden_size' is the number -8"},
    {"config.json", "\"hidden_size\": 8", "\"hidden_size\": null",
     "key 'hidden_size' is missing"},
    {"config.json", "\"hidden_size\": 8", "\"hidden_size\": 9",
     "key 'hidden_size' is 9, expected a multiple of"},
    {"config.json", "\"hidden_size\": 8", "\"hidden_size\": 6",
     "gives heads of size 3"},
    {"config.json", "\"num_attention_heads\": 2", "\"num_attention_heads\": 0",
     "key 'num_attention_heads' is 0"},
    {"config.json", "\"num_key_value_heads\": 1", "\"num_key_value_heads\": 0",
     "key 'num_attention_heads' is 2, expected a multiple of"},
    {"config.json", "\"silu\"", "\"gelu\"", "key 'hidden_act' is 'gelu'"},
    {"config.json", "\"rope_scaling\": null",
     R"("rope_scaling": {"rope_type": "yarn", "factor": 2})",
     "key 'rope_scaling.rope_type' is 'yarn'"},
    {"config.json", "\"rope_scaling\": null",
     R"("rope_scaling": {"type": "linear", "factor": 2})",
     "key 'rope_scaling.type' is 'linear'"},
    {"config.json", "\"rope_scaling\": null",
     R"("rope_scaling": {"rope_type": "llama3", "factor": 2})",
     "key 'rope_scaling.low_freq_factor' is missing"},
    {"config.json", "\"rope_scaling\": null", R"("rope_scaling": 2)",
     "key 'rope_scaling' is the number 2"},
    {"config.json", "10000.0", "true", "key 'rope_theta' is of type boolean"},
    {"config.json", "\"rope_theta\"", "\"partial_rotary_factor\": 0.5, \"x\"",
     "key 'partial_rotary_factor'"},
    {"config.json", "{", "[", "malformed json at byte"},
    {"config.json", "\"bos_token_id\": 0", "\"bos_token_id\": 16",
     "key 'bos_token_id' is 16"},
    {"config.json", "\"bos_token_id\": 0", "\"bos_token_id\": -1",
     "key 'bos_token_id' has an id"},
    {"generation_config.json", "[1, 10]", "[1, 99]",
     "key 'eos_token_id' is 99"},
    {"generation_config.json", "[1, 10]", "[[1]]", "key 'eos_token_id' has"},
};

constexpr Change textChanges[] = {
    {"tokenizer.json", "\"type\": \"BPE\"", "\"type\": \"WordPiece\"",
     "key 'model.type' is 'WordPiece'"},
    {"tokenizer.json", "\"type\": \"BPE\"", "\"type\": \"Unigram\"",
     "key 'model.vocab' is of type object"},
    {"tokenizer.json", "\"byte_fallback\": false", "\"byte_fallback\": true",
     "key 'model.byte_fallback' is true, but there is no token '<0x00>'"},
    {"tokenizer.json", "\"dropout\": null", "\"dropout\": 0.5",
     "key 'model.dropout' is not 0"},
    {"tokenizer.json", "\"unk_token\": null", "\"unk_token\": 7",
     "key 'model.unk_token' is the number 7"},
    {"tokenizer.json", "\"special\": false",
     "\"special\": false, \"lstrip\": 1",
     "has entry 3 with a lstrip that is no boolean"},
    {"tokenizer.json", "\"end_of_word_suffix\": \"\"",
     "\"end_of_word_suffix\": \"</w>\"", "key 'model.end_of_word_suffix'"},
    {"tokenizer.json", "\"abc\": 7", "\"abc\": 6", "has id 6 twice"},
    {"tokenizer.json", "\"abc\": 7", "\"abc\": 16",
     "id 16, but the embedding has 16 rows"},
    {"tokenizer.json", "\"abc\": 7", "\"abc\": 18446744073709551615",
     "but the embedding has 16 rows"},
    {"tokenizer.json", "\"abc\": 7", "\"abc\": -7", "no unsigned integer"},
    {"tokenizer.json", "\"abc\": 7", "\"ab\": 7", "key 'ab' twice"},
    {"tokenizer.json", "\"id\": 1, \"content\": \"</s>\"",
     "\"id\": 12, \"content\": \"</s>\"", "but it has id 1 already"},
    {"tokenizer.json", "\"id\": 11,", "", "key 'added_tokens' has entry 3"},
    {"tokenizer.json", "\"special\": false", "\"special\": 0",
     "key 'added_tokens' has entry 3"},
    {"tokenizer.json", "\"ab c\"", "\"abc\"", "key 'model.merges' has entry 1"},
    {"tokenizer.json", "\"ab c\"", "\"a b c\"", "has entry 1"},
    {"tokenizer.json", "\"ab c\"", "[\"ab\"]", "has entry 1"},
    {"tokenizer.json", "\"ab c\"", "[\"ab\", 7]", "has entry 1"},
    {"tokenizer.json", "\"ab c\"", "\"c c\"",
     "'cc', which is not in the vocabulary"},
    {"tokenizer.json", "\"merges\"", "\"merge\"",
     "key 'model.merges' is missing"},
    {"tokenizer.json", "\"vocab\"", "\"vocabulary\"",
     "key 'model.vocab' is missing"},
    {"tokenizer.json", "\"add_prefix_space\": false", "\"add_prefix_space\": 0",
     "add_prefix_space that is no boolean"},
    {"tokenizer.json", "\"post_processor\": null",
     R"("post_processor": {"type": "Other"})",
     "key 'post_processor' is of a kind that is not supported"},
    {"tokenizer.json", "\"post_processor\": null",
     R"("post_processor": {"type": "TemplateProcessing", "single": [
        {"SpecialToken": {"id": "<tool>"}}, {"Sequence": {"id": "A"}}]})",
     "key 'post_processor' adds tokens"},
    {"tokenizer_config.json", "\"<s>\"", "\"<none>\"",
     "key 'bos_token' is '<none>'"},
    {"tokenizer_config.json", "\"<s>\"", "[]", "key 'bos_token' names no"},
    {"tokenizer_config.json", "\"add_bos_token\": true",
     "\"add_bos_token\": \"yes\"", "key 'add_bos_token' is of type string"},
    {"tokenizer_config.json", "\"{{ messages }}\"", "3",
     "key 'chat_template' is neither"},
    {"tokenizer_config.json", "\"{{ messages }}\"", R"([{"name": "default"}])",
     "key 'chat_template' has an entry"},
};

void addChange(Cases &cases, const Change &change) {
  Files files = goodFolder();
  files[change.file] = replaced(files[change.file], change.from, change.to);
  cases.push_back(
      {std::string(change.file) + ": " + change.to, files, change.message});
}

} // namespace

std::vector<BadFolder> quern::test::badConfigs() {
  Cases cases;
  Files none = goodFolder();
  none.erase("config.json");
  cases.push_back({"no config.json", none, "has no config.json"});
  for (const Change &change : modelChanges)
    addChange(cases, change);
  for (const Change &change : textChanges)
    addChange(cases, change);
  Files gap = goodFolder();
  gap["model.safetensors"] = safetensors("{}", 0);
  gap["tokenizer.json"] =
      replaced(gap["tokenizer.json"], "\"abc\": 7", "\"abc\": 4000000000");
  cases.push_back({"huge token id", gap, "with id 4000000000, but only"});
  return cases;
}
