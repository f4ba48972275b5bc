//===- TokenizerTest.cpp - tokenizer.json to GGUF's keys -------*- C++ -*-===//
//
// Vocabulary, kinds of tokens, special tokens, pre-tokenizers and templates.
//
//===----------------------------------------------------------------------===//
#include "Reading.h"

using namespace quern;
using namespace quern::test;
using llvm::StringRef;
using Strings = std::vector<StringRef>;
using UInts = std::vector<uint64_t>;
using Ints = std::vector<int64_t>;

class Tokenizer : public testing::Test {
protected:
  Tokenizer() : files(goodFolder()) {}
  void change(const std::string &file, const std::string &from,
              const std::string &to) {
    files[file] = replaced(files[file], from, to);
  }
  /// Reads the folder; a failed test if that fails.
  const Checkpoint &open() {
    folder.write(files);
    checkpoint = openGood(folder.path());
    if (!checkpoint)
      std::abort();
    return *checkpoint;
  }
  Files files;
  TemporaryFolder folder;
  std::unique_ptr<Checkpoint> checkpoint;
};

TEST_F(Tokenizer, translatesTheVocabulary) {
  const Checkpoint &c = open();
  EXPECT_EQ(good(c.getString("tokenizer.ggml.model")), "gpt2");
  EXPECT_EQ(meta<Strings>(c, "tokenizer.ggml.tokens"),
            (Strings{"<s>", "</s>", "a", "b", "c", "Ġ", "ab", "abc", "Ġa",
                     "Ġab", "<|im_end|>", "<tool>", "[PAD12]", "[PAD13]",
                     "[PAD14]", "[PAD15]"}));
  EXPECT_EQ(meta<Ints>(c, "tokenizer.ggml.token_type"),
            (Ints{3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 3, 4, 5, 5, 5, 5}));
  EXPECT_EQ(meta<Strings>(c, "tokenizer.ggml.merges"),
            (Strings{"a b", "ab c", "Ġ a", "Ġ ab"}));
}

TEST_F(Tokenizer, takesMergesAsPairs) {
  change("tokenizer.json", R"("a b", "ab c")", R"(["a", "b"], ["ab", "c"])");
  EXPECT_EQ(meta<Strings>(open(), "tokenizer.ggml.merges"),
            (Strings{"a b", "ab c", "Ġ a", "Ġ ab"}));
}

TEST_F(Tokenizer, fillsHolesWithoutAnEmbedding) {
  files["model.safetensors"] = safetensors("{}", 0);
  change("tokenizer.json", "\"id\": 11,", "\"id\": 13,");
  const Checkpoint &c = open();
  auto tokens = meta<Strings>(c, "tokenizer.ggml.tokens");
  ASSERT_EQ(tokens.size(), 14u);
  EXPECT_EQ(tokens[12], "[PAD12]");
  EXPECT_EQ(tokens[13], "<tool>");
}

TEST_F(Tokenizer, collectsSpecialTokens) {
  const Checkpoint &c = open();
  EXPECT_EQ(good(c.getUInt("tokenizer.ggml.bos_token_id")), 0u);
  EXPECT_EQ(good(c.getUInt("tokenizer.ggml.eos_token_id")), 10u);
  EXPECT_EQ(good(c.getUInt("tokenizer.ggml.padding_token_id")), 1u);
  EXPECT_FALSE(c.findMeta("tokenizer.ggml.unknown_token_id"));
  EXPECT_EQ(meta<UInts>(c, "tokenizer.ggml.eos_token_ids"), (UInts{10, 1}));
  EXPECT_EQ(good(c.getBool("tokenizer.ggml.add_bos_token")), true);
  EXPECT_EQ(good(c.getBool("tokenizer.ggml.add_eos_token")), false);
}

TEST_F(Tokenizer, needsNoOtherFiles) {
  files.erase("generation_config.json");
  files.erase("tokenizer_config.json");
  const Checkpoint &c = open();
  EXPECT_EQ(good(c.getUInt("tokenizer.ggml.bos_token_id")), 0u);
  EXPECT_EQ(good(c.getUInt("tokenizer.ggml.eos_token_id")), 1u);
  EXPECT_FALSE(c.findMeta("tokenizer.ggml.eos_token_ids"));
  EXPECT_EQ(good(c.getBool("tokenizer.ggml.add_bos_token")), false);
  EXPECT_FALSE(c.findMeta("tokenizer.chat_template"));
}

TEST_F(Tokenizer, needsNoTokenizer) {
  files.erase("tokenizer.json");
  EXPECT_FALSE(open().findMeta("tokenizer.ggml.model"));
}

TEST_F(Tokenizer, findsBosInThePostProcessor) {
  files.erase("tokenizer_config.json");
  change("tokenizer.json", "\"post_processor\": null",
         R"("post_processor": {"type": "Sequence", "processors": [
            {"type": "ByteLevel"}, {"type": "TemplateProcessing", "single": [
              {"SpecialToken": {"id": "<s>", "type_id": 0}},
              {"Sequence": {"id": "A", "type_id": 0}},
              {"SpecialToken": {"id": "</s>", "type_id": 0}}]}]})");
  const Checkpoint &c = open();
  EXPECT_EQ(good(c.getBool("tokenizer.ggml.add_bos_token")), true);
  EXPECT_EQ(good(c.getBool("tokenizer.ggml.add_eos_token")), true);
}

TEST_F(Tokenizer, prefersTheTemplateFile) {
  EXPECT_EQ(good(open().getString("tokenizer.chat_template")),
            "{{ messages }}");
  files["chat_template.jinja"] = "{{ other }}\n";
  EXPECT_EQ(good(open().getString("tokenizer.chat_template")), "{{ other }}\n");
}

TEST_F(Tokenizer, takesNamedTemplates) {
  change("tokenizer_config.json", "\"{{ messages }}\"",
         R"([{"name": "default", "template": "D"},
             {"name": "tool_use", "template": "T"}])");
  const Checkpoint &c = open();
  EXPECT_EQ(good(c.getString("tokenizer.chat_template")), "D");
  EXPECT_EQ(good(c.getString("tokenizer.chat_template.tool_use")), "T");
}

//===----------------------------------------------------------------------===//
// Pre-tokenizers
//===----------------------------------------------------------------------===//

class PreTokenizer : public Tokenizer {
protected:
  /// tokenizer.ggml.pre for a pre_tokenizer, or "" if there is none.
  std::string pre(const std::string &json) {
    std::string &text = files["tokenizer.json"];
    size_t begin = text.find("\"pre_tokenizer\""),
           end = text.find("\"post_processor\"");
    text.replace(begin, end - begin, "\"pre_tokenizer\": " + json + ",");
    const Checkpoint &c = open();
    if (!c.findMeta("tokenizer.ggml.pre"))
      return "";
    return good(c.getString("tokenizer.ggml.pre")).str();
  }
};

TEST_F(PreTokenizer, smollm) {
  const Checkpoint &c = open();
  EXPECT_EQ(good(c.getString("tokenizer.ggml.pre")), "smollm");
  EXPECT_EQ(good(c.getBool("tokenizer.ggml.add_space_prefix")), false);
  EXPECT_EQ(good(c.getBool("tokenizer.huggingface.ignore_merges")), false);
  EXPECT_NE(good(c.getString("tokenizer.huggingface.pre_tokenizer"))
                .find("\"individual_digits\":true"),
            StringRef::npos);
  EXPECT_FALSE(c.findMeta("tokenizer.huggingface.normalizer"));
}

TEST_F(PreTokenizer, gpt2) {
  EXPECT_EQ(pre(R"({"type": "ByteLevel", "add_prefix_space": false,
                    "trim_offsets": false})"),
            "gpt-2");
  EXPECT_EQ(pre(R"({"type": "Sequence", "pretokenizers": [
                    {"type": "ByteLevel", "add_prefix_space": false}]})"),
            "gpt-2");
}

// The pattern as tokenizer.json of Llama 3 has it.
static constexpr char llama3[] =
    R"({"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern":
      {"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|)"
    R"(\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|)"
    R"(\\s+"}, "behavior": "Isolated", "invert": false},
      {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
       "use_regex": false}]})";

TEST_F(PreTokenizer, llama) {
  EXPECT_EQ(pre(llama3), "llama-bpe");
  EXPECT_EQ(pre(replaced(llama3, "{1,3}", "")), "");
  EXPECT_EQ(
      pre(replaced(llama3, "\"use_regex\": false", "\"use_regex\": true")), "");
}

TEST_F(PreTokenizer, spacePrefixIsAnotherRule) {
  EXPECT_EQ(pre(R"({"type": "ByteLevel", "add_prefix_space": true})"), "");
  EXPECT_EQ(good(checkpoint->getBool("tokenizer.ggml.add_space_prefix")), true);
}

TEST_F(PreTokenizer, passesTheNormalizerOn) {
  change("tokenizer.json", "\"normalizer\": null",
         R"("normalizer": {"type": "NFC"})");
  EXPECT_EQ(good(open().getString("tokenizer.huggingface.normalizer")),
            "{\"type\":\"NFC\"}");
}
