//===- SafetensorsTest.cpp - The reader of Hugging Face folders -*- C++ -*-===//
//
// What a good folder means, file by file.
//
//===----------------------------------------------------------------------===//
#include "Reading.h"

using namespace quern;
using namespace quern::test;
using llvm::StringRef;
using Strings = std::vector<StringRef>;

static std::unique_ptr<Checkpoint> open(const TemporaryFolder &folder,
                                        const Files &files) {
  folder.write(files);
  return openGood(folder.path());
}

/// The checkpoint of a good folder in which `file` has one text replaced.
static std::unique_ptr<Checkpoint> openChanged(const TemporaryFolder &folder,
                                               const std::string &file,
                                               const std::string &from,
                                               const std::string &to) {
  Files files = goodFolder();
  files[file] = replaced(files[file], from, to);
  return open(folder, files);
}

TEST(Safetensors, translatesTensors) {
  TemporaryFolder folder;
  auto c = open(folder, goodFolder());
  ASSERT_TRUE(c);
  EXPECT_EQ(c->tensors().size(), 20u);
  for (const char *name :
       {"token_embd.weight", "output_norm.weight", "blk.0.attn_norm.weight",
        "blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight",
        "blk.0.attn_output.weight", "blk.0.ffn_norm.weight",
        "blk.1.ffn_gate.weight", "blk.1.ffn_up.weight",
        "blk.1.ffn_down.weight"})
    EXPECT_TRUE(c->findTensor(name)) << name;
  const Tensor *k = c->findTensor("blk.1.attn_k.weight");
  EXPECT_EQ(k->shape, (std::vector<uint64_t>{4, 8}));
  EXPECT_EQ(k->format, "bf16");
  ASSERT_EQ(k->parts.size(), 1u);
  EXPECT_EQ(k->parts[0].bytes.size(), 64u);
}

TEST(Safetensors, pointsAtTheBytes) {
  Files files = goodFolder();
  files["model.safetensors"] = safetensors(
      R"({"a": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]},
          "c": {"dtype": "F16", "shape": [1, 3], "data_offsets": [5, 11]},
          "b": {"dtype": "BF16", "shape": [2], "data_offsets": [12, 16]}}  )",
      16);
  TemporaryFolder folder;
  auto c = open(folder, files);
  ASSERT_TRUE(c);
  // A hole and an odd offset are no errors; the order is that of the data.
  ASSERT_EQ(c->tensors().size(), 3u);
  EXPECT_EQ(c->tensors()[1].name, "c");
  EXPECT_EQ(c->tensors()[0].columns(), 1u);
  size_t base = files["model.safetensors"].size() - 16;
  EXPECT_EQ(c->tensors()[1].parts[0].fileOffset, base + 5);
  EXPECT_EQ(c->tensors()[1].parts[0].bytes[0], 5 * 7 + 1);
}

TEST(Safetensors, translatesTheConfig) {
  TemporaryFolder folder;
  auto c = open(folder, goodFolder());
  ASSERT_TRUE(c);
  EXPECT_EQ(good(c->getString("general.architecture")), "llama");
  EXPECT_EQ(good(c->getUInt("llama.block_count")), 2u);
  EXPECT_EQ(good(c->getUInt("llama.context_length")), 64u);
  EXPECT_EQ(good(c->getUInt("llama.embedding_length")), 8u);
  EXPECT_EQ(good(c->getUInt("llama.feed_forward_length")), 12u);
  EXPECT_EQ(good(c->getUInt("llama.attention.head_count")), 2u);
  EXPECT_EQ(good(c->getUInt("llama.attention.head_count_kv")), 1u);
  EXPECT_EQ(good(c->getUInt("llama.vocab_size")), 16u);
  EXPECT_EQ(good(c->getUInt("llama.rope.dimension_count")), 4u);
  EXPECT_EQ(good(c->getFloat("llama.rope.freq_base")), 10000);
  EXPECT_EQ(good(c->getFloat("llama.attention.layer_norm_rms_epsilon")), 1e-5);
  EXPECT_EQ(good(c->getBool("quern.rope.half")), true);
  EXPECT_FALSE(c->findMeta("llama.attention.key_length"));
  EXPECT_FALSE(c->findMeta("llama.rope.scaling.type"));
}

TEST(Safetensors, takesHeadDim) {
  TemporaryFolder folder;
  auto c = openChanged(folder, "config.json", "\"head_dim\": null",
                       "\"head_dim\": 6");
  ASSERT_TRUE(c);
  EXPECT_EQ(good(c->getUInt("llama.attention.key_length")), 6u);
  EXPECT_EQ(good(c->getUInt("llama.attention.value_length")), 6u);
  EXPECT_EQ(good(c->getUInt("llama.rope.dimension_count")), 6u);
}

TEST(Safetensors, translatesRopeScaling) {
  const std::string scaling =
      R"({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
          "high_freq_factor": 4, "original_max_position_embeddings": 8192})";
  TemporaryFolder folder;
  auto c = openChanged(folder, "config.json", "\"rope_scaling\": null",
                       "\"rope_scaling\": " + scaling);
  ASSERT_TRUE(c);
  EXPECT_EQ(good(c->getString("llama.rope.scaling.type")), "llama3");
  EXPECT_EQ(good(c->getFloat("llama.rope.scaling.factor")), 8);
  EXPECT_EQ(good(c->getFloat("llama.rope.scaling.low_freq_factor")), 1);
  EXPECT_EQ(good(c->getFloat("llama.rope.scaling.high_freq_factor")), 4);
  EXPECT_EQ(good(c->getUInt("llama.rope.scaling.original_context_length")),
            8192u);
}

TEST(Safetensors, takesRopeParameters) {
  TemporaryFolder folder;
  auto c = openChanged(
      folder, "config.json", "\"rope_theta\": 10000.0",
      R"("rope_parameters": {"rope_type": "default", "rope_theta": 5e5})");
  ASSERT_TRUE(c);
  EXPECT_EQ(good(c->getFloat("llama.rope.freq_base")), 500000);
  EXPECT_FALSE(c->findMeta("llama.rope.scaling.type"));
}

TEST(Safetensors, knowsModelTypeAlone) {
  TemporaryFolder folder;
  EXPECT_TRUE(openChanged(folder, "config.json",
                          R"("architectures": ["LlamaForCausalLM"],)", ""));
}

TEST(Safetensors, dropsBuffersAndKeepsUnknownNames) {
  Files files = goodFolder();
  std::string header = "{";
  int offset = 0;
  for (const char *name :
       {"model.layers.0.self_attn.rotary_emb.inv_freq",
        "model.layers.01.mlp.up_proj.weight", "model.layers.0.other.weight",
        "model.layers.3.self_attn.q_proj.bias", "lm_head.weight",
        "model.layers.x", "odd"}) {
    header += "\"" + std::string(name) +
              R"(": {"dtype": "F32", "shape": [1], "data_offsets": [)" +
              std::to_string(offset) + "," + std::to_string(offset + 4) + "]},";
    offset += 4;
  }
  header.back() = '}';
  files["model.safetensors"] = safetensors(header, offset);
  TemporaryFolder folder;
  auto c = open(folder, files);
  ASSERT_TRUE(c);
  Strings names;
  for (const Tensor &tensor : c->tensors())
    names.push_back(tensor.name);
  EXPECT_EQ(names, (Strings{"model.layers.01.mlp.up_proj.weight",
                            "model.layers.0.other.weight", "blk.3.attn_q.bias",
                            "output.weight", "model.layers.x", "odd"}));
}

TEST(Safetensors, readsShards) {
  TemporaryFolder folder;
  auto c = open(folder, shardedFolder());
  ASSERT_TRUE(c);
  EXPECT_EQ(c->tensors().size(), 2u);
  EXPECT_TRUE(c->findTensor("token_embd.weight"));
  EXPECT_TRUE(c->findTensor("output_norm.weight"));
}

TEST(Safetensors, opensAFileOfAFolder) {
  TemporaryFolder folder;
  folder.write(goodFolder());
  auto c = openGood(folder.path() + "/model.safetensors");
  ASSERT_TRUE(c);
  EXPECT_EQ(c->path(), folder.path() + "/model.safetensors");
  EXPECT_EQ(c->tensors().size(), 20u);
  TemporaryFolder sharded;
  sharded.write(shardedFolder());
  auto all = openGood(sharded.path() + "/model-00002-of-00002.safetensors");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->tensors().size(), 2u);
}
