//===- MakeModel.cpp - What make-model does -------------------------------===//
#include "MakeModel.h"
#include "Geometry.h"
#include "GgufHeader.h"
#include "RandomWeights.h"
#include "TokenizerKeys.h"
#include "cli/Terminal.h"
#include "cli/Text.h"
#include "tools/quern/Mixture.h"
#include "tools/quern/OutputFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <map>

using namespace quern;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

std::vector<std::string> quern::typeNames() {
  std::vector<std::string> names;
  for (const Format &format : allFormats())
    if (format.gguf >= 0)
      names.push_back(llvm::StringRef(format.name).upper());
  for (const Mixture &mixture : allMixtures())
    if (!llvm::is_contained(names, mixture.name))
      names.push_back(mixture.name.str());
  return names;
}

/// A format is a mixture of nothing else.
static llvm::Expected<Mixture> mixtureOf(const std::string &type) {
  if (const Format *format = findFormat(llvm::StringRef(type).lower()))
    return Mixture{.name = type, .most = format->name, .output = format->name};
  if (const Mixture *mixture = findMixture(type))
    return *mixture;
  return llvm::createStringError("--type " + type + ": not one of " +
                                 cli::join(typeNames(), ", "));
}

/// What llama.cpp calls such a file (llama_ftype), if it has a number for that.
static std::optional<uint32_t> fileTypeOf(const std::string &type) {
  return llvm::StringSwitch<std::optional<uint32_t>>(
             llvm::StringRef(type).upper())
      .Case("F32", 0)
      .Case("F16", 1)
      .Case("Q4_0", 2)
      .Case("Q4_1", 3)
      .Case("Q8_0", 7)
      .Case("Q5_0", 8)
      .Case("Q5_1", 9)
      .Case("Q2_K", 10)
      .Case("Q3_K", 11)
      .Case("Q3_K_M", 12)
      .Case("Q4_K", 14)
      .Case("Q4_K_M", 15)
      .Case("Q5_K", 16)
      .Case("Q5_K_M", 17)
      .Case("Q6_K", 18)
      .Case("IQ2_XXS", 19)
      .Case("IQ4_NL", 25)
      .Case("IQ4_XS", 30)
      .Case("BF16", 32)
      .Case("TQ1_0", 36)
      .Case("TQ2_0", 37)
      .Case("MXFP4", 38)
      .Case("NVFP4", 39)
      .Default(std::nullopt);
}

//===----------------------------------------------------------------------===//
// The model
//===----------------------------------------------------------------------===//

namespace {
/// A tensor of the file.
struct PlacedTensor {
  TensorShape shape;
  const Format *format;
  uint64_t bytes;
};

class Maker {
public:
  explicit Maker(const ModelRequest &request) : request(request) {}
  llvm::Error run();

private:
  void findGeometry();
  llvm::Error placeTensors();
  llvm::Error place(const TensorShape &shape, const std::string &format);
  std::string header(const TokenizerKeys &tokenizer) const;
  void addShape(GgufHeader &header) const;
  void writeNorm(llvm::raw_ostream &os, const TensorShape &shape) const;
  void writeMatrix(llvm::raw_fd_ostream &os, const PlacedTensor &tensor);
  llvm::Error write(const OutputFile &output, llvm::StringRef header);

  const ModelRequest &request;
  Geometry geometry;
  std::vector<PlacedTensor> tensors;
  std::map<const Format *, RandomWeights> weights; // of formats in use
  std::vector<uint64_t> piece;                     // what is written at once
};
} // namespace

void Maker::findGeometry() {
  geometry = *llvm::find_if(allGeometries(), [&](const Geometry &g) {
    return g.name == request.geometry;
  });
  if (request.layers)
    geometry.layers = request.layers;
  if (request.vocabulary)
    geometry.vocabulary = request.vocabulary;
}

llvm::Error Maker::place(const TensorShape &shape, const std::string &name) {
  const Format *format = findFormat(name);
  std::optional<uint64_t> bytes =
      format ? partBytes(*format, 0, shape.rows, shape.columns) : std::nullopt;
  if (!bytes)
    return llvm::createStringError(llvm::formatv(
        "--type {0}: a matrix of {1} x {2} weights ({3}) cannot be in {4}",
        request.type, shape.rows, shape.columns, shape.name, name));
  tensors.push_back({shape, format, *bytes});
  if (shape.isNorm || weights.count(format))
    return llvm::Error::success();
  auto made = RandomWeights::create(*format);
  if (!made)
    return llvm::createStringError("--type " + request.type + ": format " +
                                   name + " " +
                                   llvm::toString(made.takeError()));
  weights.emplace(format, *made);
  return llvm::Error::success();
}

llvm::Error Maker::placeTensors() {
  auto mixture = mixtureOf(request.type);
  if (!mixture)
    return mixture.takeError();
  FormatOf formatOf =
      formatsOf(*mixture, {.architecture = geometry.architecture,
                           .layers = geometry.layers,
                           .queriesPerKey = geometry.heads / geometry.kvHeads,
                           .output = geometry.tied ? "token_embd" : "output"});
  for (const TensorShape &shape : tensorsOf(geometry)) {
    std::string format =
        shape.isNorm ? "f32" : formatOf(shape.name, shape.rows, shape.columns);
    if (auto error = place(shape, format))
      return error;
  }
  return llvm::Error::success();
}

/// The keys of its architecture.
void Maker::addShape(GgufHeader &header) const {
  std::string prefix = std::string(geometry.architecture) + ".";
  auto size = [&](const char *key, uint64_t value) {
    header.add(prefix + key, uint32_t(value));
  };
  size("context_length", geometry.context);
  size("embedding_length", geometry.width);
  size("block_count", geometry.layers);
  size("feed_forward_length", geometry.hidden);
  size("attention.head_count", geometry.heads);
  size("attention.head_count_kv", geometry.kvHeads);
  size("attention.key_length", geometry.headSize);
  size("attention.value_length", geometry.headSize);
  if (geometry.window)
    size("attention.sliding_window", geometry.window);
  header.add(prefix + "attention.layer_norm_rms_epsilon",
             float(geometry.epsilon));
  header.add(prefix + "rope.freq_base", float(geometry.ropeBase));
}

std::string Maker::header(const TokenizerKeys &tokenizer) const {
  GgufHeader header;
  header.add("general.architecture", geometry.architecture);
  header.add("general.type", "model");
  header.add("general.name", std::string(geometry.name) + ", random weights");
  if (std::optional<uint32_t> type = fileTypeOf(request.type))
    header.add("general.file_type", *type);
  header.add("general.quantization_version", uint32_t{2});
  header.add("general.alignment", uint32_t{GgufHeader::kAlignment});
  addShape(header);
  header.addKeys(tokenizer.count, tokenizer.bytes);
  for (const PlacedTensor &tensor : tensors) {
    uint64_t shape[] = {tensor.shape.rows, tensor.shape.columns};
    header.addTensor(tensor.shape.name + ".weight",
                     llvm::ArrayRef(shape).drop_front(tensor.shape.isNorm),
                     uint32_t(tensor.format->gguf), tensor.bytes);
  }
  return header.bytes();
}

/// 1 and a little; exact in any format.
void Maker::writeNorm(llvm::raw_ostream &os, const TensorShape &shape) const {
  Random random(request.seed, shape.name);
  GgufBytes numbers;
  for (uint64_t i = 0; i < shape.columns; ++i)
    numbers.number(1 + (float(random.next() % 129) - 64) / 1024);
  os << numbers.bytes;
}

void Maker::writeMatrix(llvm::raw_fd_ostream &os, const PlacedTensor &tensor) {
  Random random(request.seed, tensor.shape.name);
  Filler filler = weights.at(tensor.format)
                      .filler(1 / std::sqrt(double(tensor.shape.columns)));
  constexpr size_t pieceBytes = 1 << 20; // stays in a cache until it is written
  piece.resize(llvm::alignTo(pieceBytes / sizeof(piece[0]), filler.period));
  llvm::MutableArrayRef<uint64_t> words = piece;
  for (uint64_t left = tensor.bytes; left && !os.has_error();) {
    uint64_t needed = llvm::divideCeil(left, sizeof(piece[0]));
    if (needed < words.size())
      words = words.take_front(llvm::alignTo(needed, filler.period));
    filler.fill(random, words);
    uint64_t size = std::min(left, words.size() * sizeof(piece[0]));
    os.write(reinterpret_cast<const char *>(words.data()), size);
    left -= size;
  }
}

llvm::Error Maker::write(const OutputFile &output, llvm::StringRef header) {
  std::error_code code;
  llvm::raw_fd_ostream os(output.temporary(), code,
                          llvm::sys::fs::CD_OpenExisting);
  if (!code) {
    os << header;
    for (const PlacedTensor &tensor : tensors) {
      if (tensor.shape.isNorm)
        writeNorm(os, tensor.shape);
      else
        writeMatrix(os, tensor);
      os.write_zeros(llvm::alignTo(tensor.bytes, GgufHeader::kAlignment) -
                     tensor.bytes);
      if (os.has_error())
        break;
    }
    os.close();
    code = os.error();
    os.clear_error();
  }
  if (code)
    return llvm::createStringError(output.path() + ": " + code.message());
  return llvm::Error::success();
}

llvm::Error Maker::run() {
  findGeometry();
  if (auto error = placeTensors())
    return error;
  auto tokenizer = copyTokenizer(request.tokenizer, geometry.vocabulary);
  if (!tokenizer)
    return llvm::createStringError("--tokenizer " +
                                   llvm::toString(tokenizer.takeError()));
  if (request.output == "-")
    return llvm::createStringError(
        "--output -: a model needs a file of its own");
  auto output = OutputFile::create(request.output, request.tokenizer);
  if (!output)
    return output.takeError();
  if (auto error = write(**output, header(*tokenizer)))
    return error;
  return (*output)->commit();
}

/// Prints an error, if there is one, as one line; returns the exit code.
static int report(llvm::Error error) {
  if (!error)
    return 0;
  llvm::errs() << "error: " << cli::oneLine(llvm::toString(std::move(error)))
               << "\n";
  return 1;
}

int quern::makeModel(const ModelRequest &request) {
  return report(Maker(request).run());
}

int quern::listGeometries() {
  std::string text = "geometry      layers   width  vocabulary   parameters\n";
  for (const Geometry &g : allGeometries())
    text += llvm::formatv("{0,-12} {1,7} {2,7} {3,11} {4,10:F2} B\n", g.name,
                          g.layers, g.width, g.vocabulary,
                          double(parametersOf(g)) / 1e9);
  cli::writeOut(text);
  return 0;
}
