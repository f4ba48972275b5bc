//===- make_runtime_seeds.cpp - Seeds for what runs ------------*- C++ -*-===//
//
// Writes the seeds of the fuzz targets of text and artifacts, in the forms that
// their sources describe, into folders of the targets' names.
//
//   make_runtime_seeds TEMPLATES OUT
//
//===----------------------------------------------------------------------===//
#include "runtime/text/PreTokenizer.h"
#include "runtime/text/Template.h"
#include "runtime/text/Tokenizer.h"
#include "test/unit/runtime/ToyModel.h"
#include "test/unit/text/Vocabularies.h"

#include <filesystem>

using namespace quern;
using Bytes = std::vector<uint8_t>;
namespace fs = std::filesystem;

static fs::path out;

static void write(const std::string &target, const std::string &name,
                  const Bytes &bytes) {
  fs::create_directories(out / target);
  test::writeBytes(out / target / name, bytes);
}
static void write(const std::string &target, const std::string &name,
                  std::string_view text) {
  write(target, name, Bytes(text.begin(), text.end()));
}

static void templates(const fs::path &folder) {
  for (const auto &entry : fs::directory_iterator(folder)) {
    Bytes bytes = test::readBytes(entry.path());
    std::string name = entry.path().filename();
    write("fuzz_template", name, bytes);
    write("fuzz_program", name,
          compileTemplate(
              {reinterpret_cast<char *>(bytes.data()), bytes.size()}, "t"));
  }
  // Small ones are mutated best.
  int number = 0;
  for (const char *text :
       {"{% macro m(a, b=1) %}{{ a ~ b }}{{ caller() }}{% endmacro %}{% call "
        "m(1) %}x{% endcall %}",
        "{% for m in messages if m.content %}{{ m.role|upper }}{{ loop.index "
        "}}{% else %}-{% endfor %}",
        "{% set n = namespace(x=[1]) %}{% set n.x = n.x + [{'a': 2.5}] %}"
        "{{ n.x|tojson(indent=2) }}",
        "{% for x in [[1, [2]]] recursive %}{{ loop(x) if x is iterable else x "
        "}}{% endfor %}",
        "{{ 'a-b'.split('-')[::-1]|join|replace('a', 'c')|title }}{{ -7 // 2 "
        "** "
        "1.5 }}{{ '%s' % 1 }}{{ strftime_now('%d %b') }}",
        "{% with a = (1, 'b') %}{% filter trim %}{{ a }}{% endfilter %}{% "
        "endwith %}{% block q %}{% raw %}{{{% endraw %}{% endblock %}",
        "{{ messages|map(attribute='role')|select('in', ['user'])|list }}{{ "
        "messages|sort(attribute='role')|length }}{{ raise_exception('no') "
        "}}"}) {
    std::string name = "small" + std::to_string(number++);
    write("fuzz_template", name, text);
    write("fuzz_program", name, compileTemplate(text, "t"));
  }
}

static void tokenizers() {
  const char *text = "X Hello  world's 123 \xc3\xa9\xe2\x82\xac<s>aaaa\n";
  write("fuzz_tokenizer", "bytes",
        std::string("gpt2 llama-3 0\nB\nT 1 0 he\nT 1 0 ll\nT 1 0 hell\nM h "
                    "e\nM l l\nM he ll\nI 0 1 -1 -1\n") +
            text);
  write("fuzz_tokenizer", "special",
        std::string("gpt2 gpt-2 1\nB\nT 3 0 <s>\nT 4 0 [m]\nI 256 256 -1 "
                    "-1\nE 257\n") +
            text);
  write("fuzz_tokenizer", "pieces",
        std::string("llama default 5\nT 2 0 <unk>\nT 3 0 <s>\nB\nT 1 -1 a\nT 1 "
                    "-2 aa\nT 5 -3 aaa\nT 1 -1 \xe2\x96\x81\nI 1 1 0 -1\n") +
            text);
  write(
      "fuzz_tokenizer", "unigram",
      std::string("t5 default 14\nT 2 0 <unk>\nT 3 0 </s>\nT 1 -1.5 a\nT 1 -2 "
                  "aa\nT 1 -3 \xe2\x96\x81Hello\nI -1 1 0 -1\n") +
          text);
  std::string map;
  for (uint8_t byte : test::mapOfA("b\xc3"))
    map += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  write("fuzz_tokenizer", "map",
        "t5 default 14\nB\nT 2 0 <unk>\nT 3 0 </s>\nI -1 1 0 -1\nC " + map +
            "\n" + text);
  write("fuzz_tokenizer", "rules",
        "gpt2 x 0\nB\nC " + map +
            "\nP {\"type\":\"Split\",\"pattern\":{\"Regex\":\"\\\\w+|b(?i)|"
            "[^c]\"},\"behavior\":\"Isolated\",\"invert\":false}\n" +
            text);
  write("fuzz_tokenizer", "table.bytes",
        buildTokenizer(test::byteVocabulary("llama-bpe").source));
  write("fuzz_tokenizer", "table.pieces",
        buildTokenizer(test::pieceVocabulary().source));
  test::Vocabulary unigram = test::pieceVocabulary();
  unigram.source.model = "t5";
  write("fuzz_tokenizer", "table.unigram", buildTokenizer(unigram.source));
}

static void patterns() {
  std::string text = "Hello  world's 123,\n\n\xc3\xa9\xe2\x82\xac x-y ";
  for (std::string_view name : preTokenizerNames()) {
    std::string seed;
    for (std::string_view p : tokenizer::findPreTokenizer(name)->patterns)
      (seed += p) += '\0';
    write("fuzz_pattern", "family." + std::string(name), seed + text);
  }
  int number = 0;
  for (const char *hostile :
       {"(a+)+$", "(a|aa)*b", "(?R)?a", "(?=(a*))\\1b", "((a{1,50}){1,50})b",
        "(?<=a)b|\\K", "\\X+", "(?i)\xc3\xa9|\\bH", "(?#bytes).", "(*UTF)."}) {
    std::string seed = hostile;
    write("fuzz_pattern", "hostile." + std::to_string(number++),
          seed + '\0' + std::string(30, 'a') + text);
  }
}

static void artifacts() {
  using Split = test::ToyOptions::Split;
  for (auto [name, patched, split, best] :
       {std::tuple("plain", false, Split::None, 0u),
        std::tuple("patched", true, Split::None, 0u),
        std::tuple("ranked", false, Split::None, 7u),
        std::tuple("split", false, Split::HeadOnFirst, 0u)}) {
    Bytes seed;
    test::ToyOptions options;
    options.chatTemplate = patched;
    options.split = split;
    options.best = best;
    for (const test::ToySection &section : test::toySections(options)) {
      for (int i = 0; i < 4; ++i)
        seed.push_back(uint8_t(section.bytes.size() >> 8 * i));
      seed.insert(seed.end(), section.bytes.begin(), section.bytes.end());
    }
    if (patched)
      seed.insert(seed.end(), {90, 0, 1, 70, 0, 255});
    write("fuzz_artifact", name, seed);
  }
}

int main(int count, char **arguments) {
  if (count != 3)
    return 2;
  out = arguments[2];
  templates(arguments[1]);
  tokenizers();
  patterns();
  artifacts();
  return 0;
}
