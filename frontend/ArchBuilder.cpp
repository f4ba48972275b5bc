//===- ArchBuilder.cpp - The blocks that architectures share --------------===//
#include "frontend/Arch.h"
#include "ir/Format.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace mlir;
using namespace quern;

ArchBuilder::ArchBuilder(MLIRContext *context, const Checkpoint &checkpoint,
                         ModuleOp module, FormatOf formatOf)
    : ImplicitLocOpBuilder(UnknownLoc::get(context), context),
      checkpoint(checkpoint), formatOf(std::move(formatOf)), module(module) {
  auto architecture = checkpoint.getString("general.architecture");
  if (!architecture) {
    fail(architecture.takeError());
    return;
  }
  prefix = (*architecture + ".").str();

  setInsertionPointToEnd(module.getBody());
  Type ids = RankedTensorType::get({ShapedType::kDynamic}, getI32Type());
  function = func::FuncOp::create(
      *this, "forward",
      getFunctionType({ids, StepType::get(context), ids}, {}));
  Block *entry = function.addEntryBlock();
  tokens = entry->getArgument(0);
  step = entry->getArgument(1);
  select = entry->getArgument(2);
  setInsertionPointToStart(entry);
}

void ArchBuilder::fail(llvm::Error error) {
  std::string message = llvm::toString(std::move(error));
  if (!firstError)
    firstError = message;
}

llvm::Error ArchBuilder::takeError() {
  if (!firstError)
    return llvm::Error::success();
  return llvm::createStringError(*firstError);
}

std::string ArchBuilder::key(llvm::StringRef k) const {
  return (prefix + k).str();
}

//===----------------------------------------------------------------------===//
// Hyper-parameters
//===----------------------------------------------------------------------===//

static llvm::Error outOfRange(const Checkpoint &c, llvm::StringRef key,
                              const llvm::Twine &value,
                              const llvm::Twine &wanted) {
  return c.error("key '" + key + "' is " + value + ", expected " + wanted);
}

uint64_t ArchBuilder::size(llvm::StringRef k, uint64_t most, uint64_t least) {
  auto v = checkpoint.getUInt(key(k));
  if (!v) {
    fail(v.takeError());
    return least;
  }
  if (*v < least || *v > most) {
    fail(outOfRange(checkpoint, key(k), llvm::Twine(*v),
                    llvm::Twine(least) + " to " + llvm::Twine(most)));
    return least;
  }
  return *v;
}

uint64_t ArchBuilder::sizeOr(llvm::StringRef k, uint64_t fallback,
                             uint64_t most, uint64_t least) {
  return checkpoint.findMeta(key(k)) ? size(k, most, least) : fallback;
}

double ArchBuilder::number(llvm::StringRef k) {
  auto v = checkpoint.getFloat(key(k));
  if (!v) {
    fail(v.takeError());
    return 1;
  }
  if (!std::isfinite(*v) || *v <= 0) {
    fail(outOfRange(checkpoint, key(k), std::to_string(*v),
                    "a positive number"));
    return 1;
  }
  return *v;
}

double ArchBuilder::numberOr(llvm::StringRef k, double fallback) {
  return checkpoint.findMeta(key(k)) ? number(k) : fallback;
}

bool ArchBuilder::flagOr(llvm::StringRef wholeKey, bool fallback) {
  auto v = checkpoint.getBool(wholeKey, fallback);
  if (v)
    return *v;
  fail(v.takeError());
  return fallback;
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

bool ArchBuilder::has(const llvm::Twine &name) const {
  if (isOutline()) // the only one that a configuration speaks of
    return name.str() == "output" && !checkpoint.tiesOutput();
  return checkpoint.findTensor((name + ".weight").str());
}

const Tensor *ArchBuilder::tensor(const llvm::Twine &name) {
  std::string full = (name + ".weight").str();
  used.insert(full);
  const Tensor *t = checkpoint.findTensor(full);
  if (!t)
    fail(checkpoint.error("tensor '" + full + "' is missing"));
  return t;
}

static std::string shapeText(llvm::ArrayRef<uint64_t> shape) {
  return llvm::join(
      llvm::map_range(shape, [](uint64_t n) { return std::to_string(n); }),
      "x");
}

Value ArchBuilder::get(llvm::StringRef symbol, Type type) {
  return GetOp::create(*this, type,
                       FlatSymbolRefAttr::get(getContext(), symbol));
}

/// The format of a weight of this shape; empty if there is none such.
std::string ArchBuilder::checkedFormat(llvm::StringRef symbol, uint64_t rows,
                                       uint64_t columns) {
  if (isOutline())
    return rows == 1 ? "f32" : formatOf(symbol, rows, columns);
  const Tensor *t = tensor(symbol);
  if (!t)
    return "";
  bool isVector = t->shape.size() == 1;
  if (t->shape.empty() || t->shape.size() > 2 || t->rows() != rows ||
      t->columns() != columns || (isVector && rows != 1)) {
    fail(checkpoint.error("tensor '" + t->name + "' has shape " +
                          shapeText(t->shape) + ", expected " +
                          shapeText({rows, columns})));
    return "";
  }
  if (formatOf && rows > 1)
    return formatOf(symbol, rows, columns);
  if (findFormat(t->format))
    return t->format;
  fail(checkpoint.error("tensor '" + t->name + "' has format '" + t->format +
                        "', which quern does not know"));
  return "";
}

Value ArchBuilder::weight(const llvm::Twine &name, uint64_t rows,
                          uint64_t columns) {
  std::string symbol = name.str();
  if (Value known = gotten.lookup(symbol))
    return known;
  std::string format = failed() ? "" : checkedFormat(symbol, rows, columns);
  if (format.empty())
    return {};
  Location loc = NameLoc::get(getStringAttr(symbol));
  Type type = WeightType::get(getContext(), rows, columns, format);
  {
    OpBuilder::InsertionGuard guard(*this);
    setInsertionPoint(function);
    WeightOp::create(*this, loc, getStringAttr(symbol), TypeAttr::get(type),
                     getStringAttr(symbol + ".weight"), IntegerAttr());
  }
  setLoc(loc);
  return gotten[symbol] = get(symbol, type);
}

Value ArchBuilder::vector(const llvm::Twine &name, uint64_t columns) {
  return weight(name, 1, columns);
}

uint64_t ArchBuilder::rowsOf(const llvm::Twine &name) {
  if (isOutline())
    return size("vocab_size", 1 << 24);
  const Tensor *t = failed() ? nullptr : tensor(name);
  return t ? t->rows() : 1;
}

llvm::SmallVector<double> ArchBuilder::numbers(const llvm::Twine &name,
                                               uint64_t columns) {
  llvm::SmallVector<double> result;
  const Tensor *t = failed() ? nullptr : tensor(name);
  if (!t)
    return result;
  if (t->parts.size() == 1 && t->parts[0].bytes.empty()) // of a header
    return llvm::SmallVector<double>(columns, 1);
  const Format *format = findFormat(t->format);
  if (!format || t->rows() != 1 || t->columns() != columns ||
      t->parts.size() != 1) {
    fail(checkpoint.error("tensor '" + t->name + "' is not a vector of " +
                          llvm::Twine(columns) + " numbers"));
    return result;
  }
  std::vector<float> values(columns);
  std::span<const uint8_t> part(t->parts[0].bytes.data(),
                                t->parts[0].bytes.size());
  dequantizeRow(*format, {&part, 1}, 1, columns, 0, values.data());
  result.assign(values.begin(), values.end());
  return result;
}

std::string ArchBuilder::unusedTensor() const {
  for (const Tensor &t : checkpoint.tensors())
    if (!used.contains(t.name))
      return t.name;
  return "";
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

Value ArchBuilder::embed(const llvm::Twine &table, uint64_t vocabulary,
                         uint64_t width, double scale) {
  Value w = weight(table, vocabulary, width);
  if (!w)
    return {};
  return EmbedOp::create(*this, activations(getContext(), width), tokens, w,
                         getF32FloatAttr(scale));
}

Value ArchBuilder::norm(Value x, const llvm::Twine &name, double epsilon,
                        uint64_t size) {
  if (!x)
    return {};
  Value w = vector(name, size ? size : columnsOf(x.getType()));
  if (!w)
    return {};
  setLoc(NameLoc::get(getStringAttr(name)));
  return RmsNormOp::create(*this, x.getType(), x, w, getF32FloatAttr(epsilon));
}

Value ArchBuilder::linear(Value x, const llvm::Twine &name, uint64_t outputs) {
  Value w = x ? weight(name, outputs, columnsOf(x.getType())) : Value();
  if (!w)
    return {};
  setLoc(NameLoc::get(getStringAttr(name)));
  return LinearOp::create(*this, activations(getContext(), outputs), x, w,
                          ArithmeticAttr());
}

Value ArchBuilder::add(Value x, Value y) {
  return x && y ? AddOp::create(*this, x, y).getResult() : Value();
}

Value ArchBuilder::attention(Value x, const llvm::Twine &layer,
                             const AttentionBlock &a, uint64_t width,
                             std::optional<double> qkNormEpsilon) {
  std::string p = layer.str();
  Value q = linear(x, p + ".attn_q", a.heads * a.headSize);
  Value k = linear(x, p + ".attn_k", a.kvHeads * a.headSize);
  Value v = linear(x, p + ".attn_v", a.kvHeads * a.headSize);
  if (qkNormEpsilon) {
    q = norm(q, p + ".attn_q_norm", *qkNormEpsilon, a.headSize);
    k = norm(k, p + ".attn_k_norm", *qkNormEpsilon, a.headSize);
  }
  if (!q || !k || !v)
    return {};
  auto rope = [&](Value y, const char *name) -> Value {
    setLoc(NameLoc::get(getStringAttr(p + name)));
    DenseF64ArrayAttr factors;
    if (!a.ropeFactors.empty())
      factors = getDenseF64ArrayAttr(a.ropeFactors);
    return RopeOp::create(*this, y.getType(), y, step, Value(), a.headSize,
                          a.ropeDims, getF64FloatAttr(a.ropeBase), a.ropeHalf,
                          factors);
  };
  q = rope(q, ".rope_q");
  k = rope(k, ".rope_k");

  std::string symbol = p + ".kv";
  Type type =
      KvType::get(getContext(), a.kvHeads, a.headSize, a.window, Type(), 0);
  {
    OpBuilder::InsertionGuard guard(*this);
    setInsertionPoint(function);
    KvCacheOp::create(*this, NameLoc::get(getStringAttr(symbol)),
                      getStringAttr(symbol), TypeAttr::get(type), IntegerAttr(),
                      IntegerAttr());
  }
  setLoc(NameLoc::get(getStringAttr(symbol)));
  Value cache = get(symbol, type);
  KvWriteOp::create(*this, k, v, cache, step);
  setLoc(NameLoc::get(getStringAttr(p + ".attention")));
  Value y = AttentionOp::create(*this, q.getType(), q, cache, step,
                                getF32FloatAttr(a.scale), FloatAttr());
  return linear(y, p + ".attn_output", width);
}

Value ArchBuilder::gatedMlp(Value x, const llvm::Twine &layer,
                            Activation activation, uint64_t hidden,
                            uint64_t width) {
  std::string p = layer.str();
  Value gate = linear(x, p + ".ffn_gate", hidden);
  Value up = linear(x, p + ".ffn_up", hidden);
  if (!gate || !up)
    return {};
  setLoc(NameLoc::get(getStringAttr(p + ".ffn_gate_up")));
  Value y = GluOp::create(*this, activation, gate, up);
  return linear(y, p + ".ffn_down", width);
}

void ArchBuilder::finish(Value x, double epsilon, uint64_t vocabulary,
                         std::optional<double> softcap) {
  if (!x)
    return;
  setLoc(NameLoc::get(getStringAttr("select")));
  x = SelectRowsOp::create(*this, x, select);
  x = norm(x, "output_norm", epsilon);
  x = linear(x, has("output") ? "output" : "token_embd", vocabulary);
  if (!x)
    return;
  if (softcap)
    x = SoftcapOp::create(*this, x, getF32FloatAttr(*softcap));
  func::ReturnOp::create(*this, x);
  function.setFunctionType(
      getFunctionType(function.getArgumentTypes(), x.getType()));
}
