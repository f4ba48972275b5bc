//===- text_driver.cpp - The text library behind a pipe ---------*- C++ -*-===//
//
// For differential tests and benchmarks. Reads and writes little-endian binary:
// a blob is a uint32 size and that many bytes.
//
//   text_driver build VOCABULARY TABLE     vocabulary: see readVocabulary
//   text_driver encode TABLE [special] [bos]   blobs -> blobs of int32 ids
//   text_driver decode TABLE [special]         blobs of int32 ids -> blobs
//   text_driver info TABLE                     end tokens and sizes, as JSON
//   text_driver compile TEMPLATE PROGRAM
//   text_driver render PROGRAM             blobs of JSON -> blobs, the first
//                                          byte '+' for text, '-' for an error
//   text_driver bench TABLE TEXT           speeds, as text
//
//===----------------------------------------------------------------------===//

#include "Error.h"
#include "text/Sampler.h"
#include "text/Template.h"
#include "text/Tokenizer.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

using namespace quern;

static std::string readFile(const char *path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    throw Error(std::string(path) + ": not readable");
  return {std::istreambuf_iterator<char>(in), {}};
}

static void writeFile(const char *path, std::span<const uint8_t> bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char *>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
}

static std::span<const uint8_t> bytesOf(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

namespace {
/// Takes values off the front of a file.
class Reader {
public:
  explicit Reader(std::string_view data) : data(data) {}
  template <typename T> T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view blob() { return take(number<uint32_t>()); }

private:
  std::string_view take(size_t size) {
    if (size > data.size())
      throw Error("vocabulary: cut short");
    std::string_view out = data.substr(0, size);
    data.remove_prefix(size);
    return out;
  }
  std::string_view data;
};
} // namespace

/// model, pre; counted: tokens (blobs), scores (float), types (int32), merges
/// (blobs); bos, eos, unknown, padding (int32); addBos, addEos,
/// addSpacePrefix, removeExtraSpaces (bytes); charsMap (blob).
static TokenizerSource readVocabulary(std::string_view file) {
  Reader in(file);
  TokenizerSource out;
  out.model = in.blob();
  out.pre = in.blob();
  for (uint32_t n = in.number<uint32_t>(); n-- > 0;)
    out.tokens.push_back(in.blob());
  for (uint32_t n = in.number<uint32_t>(); n-- > 0;)
    out.scores.push_back(in.number<float>());
  for (uint32_t n = in.number<uint32_t>(); n-- > 0;)
    out.types.push_back(in.number<int32_t>());
  for (uint32_t n = in.number<uint32_t>(); n-- > 0;)
    out.merges.push_back(in.blob());
  for (int32_t *id : {&out.bos, &out.eos, &out.unknown, &out.padding})
    *id = in.number<int32_t>();
  for (bool *flag :
       {&out.addBos, &out.addEos, &out.addSpacePrefix, &out.removeExtraSpaces})
    *flag = in.number<uint8_t>() != 0;
  out.charsMap = in.blob();
  return out;
}

static bool readBlob(std::string &blob) {
  uint32_t size;
  if (!std::cin.read(reinterpret_cast<char *>(&size), 4))
    return false;
  blob.resize(size);
  return static_cast<bool>(std::cin.read(blob.data(), size));
}

static void writeBlob(const void *data, size_t size) {
  auto n = static_cast<uint32_t>(size);
  std::cout.write(reinterpret_cast<const char *>(&n), 4);
  std::cout.write(static_cast<const char *>(data),
                  static_cast<std::streamsize>(size));
}

static Value toValue(const nlohmann::ordered_json &json) {
  if (json.is_boolean())
    return json.get<bool>();
  if (json.is_number_integer())
    return json.get<int64_t>();
  if (json.is_number_float())
    return json.get<double>();
  if (json.is_string())
    return json.get<std::string>();
  if (json.is_array()) {
    Value::Array items;
    for (const auto &item : json)
      items.push_back(toValue(item));
    return items;
  }
  if (json.is_object()) {
    Value::Object members;
    for (const auto &[key, value] : json.items())
      members.push_back({key, toValue(value)});
    return members;
  }
  return {};
}

static void render(const std::string &program) {
  for (std::string blob; readBlob(blob);) {
    std::string out;
    try {
      out = "+" + renderTemplate(bytesOf(program),
                                 toValue(nlohmann::ordered_json::parse(blob)));
    } catch (const Error &error) {
      out = std::string("-") + error.what();
    }
    writeBlob(out.data(), out.size());
  }
}

static double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

static void bench(const std::string &table, const std::string &text) {
  double start = now();
  Tokenizer tokenizer(bytesOf(table));
  double opened = now();
  size_t count = tokenizer.encode(text.substr(0, 16), false, true).size();
  double first = now();
  std::printf("open %.3f ms, first encode %.3f ms (%zu tokens)\n",
              (opened - start) * 1e3, (first - opened) * 1e3, count);
  double best = 1e9;
  for (int round = 0; round < 5; ++round) {
    start = now();
    count = tokenizer.encode(text, false, false).size();
    best = std::min(best, now() - start);
  }
  std::printf("encode %.2f MB/s, %zu tokens\n",
              static_cast<double>(text.size()) / best / 1e6, count);

  std::vector<float> logits(262144);
  uint64_t x = 1;
  for (float &logit : logits) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    logit = static_cast<float>(x >> 40) / (1 << 24) * 20 - 10;
  }
  auto sampleSpeed = [&](const char *what, SamplerOptions options) {
    Sampler sampler(options, logits.size());
    double from = now();
    int32_t sum = 0;
    for (int i = 0; i < 20; ++i)
      sum += sampler.sample(logits) & 1;
    std::printf("%s %.3f ms (%d)\n", what, (now() - from) * 50, sum);
  };
  sampleSpeed("sample", {});
  sampleSpeed("greedy", {.temp = 0});
  sampleSpeed("no top-k", {.topK = 0});
  sampleSpeed("top-p only", {.topK = 0, .minP = 0});
}

static void tokenize(const std::string &table, bool encode, bool special,
                     bool bos) {
  Tokenizer tokenizer(bytesOf(table));
  for (std::string blob; readBlob(blob);) {
    if (encode) {
      auto ids = tokenizer.encode(blob, special, bos);
      writeBlob(ids.data(), ids.size() * 4);
    } else {
      std::vector<int32_t> ids(blob.size() / 4);
      if (!ids.empty())
        std::memcpy(ids.data(), blob.data(), ids.size() * 4);
      std::string text = tokenizer.decode(ids, special);
      writeBlob(text.data(), text.size());
    }
  }
}

static int run(int argc, char **argv) {
  std::string command = argc > 2 ? argv[1] : "";
  auto has = [&](const char *word) {
    for (int i = 3; i < argc; ++i)
      if (std::strcmp(argv[i], word) == 0)
        return true;
    return false;
  };
  if (command == "encode" || command == "decode")
    tokenize(readFile(argv[2]), command == "encode", has("special"),
             has("bos"));
  else if (command == "render")
    render(readFile(argv[2]));
  else if (command == "info") {
    std::string table = readFile(argv[2]);
    Tokenizer tokenizer(bytesOf(table));
    nlohmann::json out;
    auto ends = tokenizer.endTokens();
    out["end"] = std::vector<int32_t>(ends.begin(), ends.end());
    out["size"] = tokenizer.size();
    out["bos"] = tokenizer.bos();
    out["table_bytes"] = table.size();
    std::cout << out.dump() << '\n';
  } else if (command == "build" && argc == 4) {
    std::string file = readFile(argv[2]);
    writeFile(argv[3], buildTokenizer(readVocabulary(file)));
  } else if (command == "compile" && argc == 4)
    writeFile(argv[3], compileTemplate(readFile(argv[2]), "chat_template"));
  else if (command == "bench" && argc == 4)
    bench(readFile(argv[2]), readFile(argv[3]));
  else
    return std::fputs("usage: text_driver COMMAND FILE ...\n", stderr), 2;
  return 0;
}

int main(int argc, char **argv) {
  std::ios::sync_with_stdio(false);
  try {
    return run(argc, argv);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "text_driver: %s\n", error.what());
    return 1;
  }
}
