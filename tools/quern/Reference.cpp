//===- Reference.cpp - quern reference ------------------------------------===//
//
// Runs @forward op by op with ReferenceOpInterface on one sequence: the oracle.
//
//===----------------------------------------------------------------------===//
#include "Driver.h"
#include "Session.h"
#include "ir/Format.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include <algorithm>
#include <numeric>

using namespace mlir;
using namespace quern;

namespace {
class Interpreter {
public:
  Interpreter(ModuleOp module, const Checkpoint &checkpoint)
      : module(module), symbols(module), checkpoint(checkpoint) {}

  llvm::Expected<HostRows> run(const std::vector<int32_t> &tokens) {
    auto forward = module.lookupSymbol<func::FuncOp>("forward");
    Block &block = forward.getBody().front();
    frame.indices(block.getArgument(0)) = tokens;
    HostStep &step = frame.step(block.getArgument(1));
    auto &select = frame.indices(block.getArgument(2));
    for (size_t i = 0; i < tokens.size(); ++i)
      step.positions.push_back(i), step.slots.push_back(0), select.push_back(i);
    for (Operation &op : block) {
      if (auto get = dyn_cast<GetOp>(op))
        bind(get);
      else if (auto reference = dyn_cast<ReferenceOpInterface>(op))
        reference.reference(frame);
      else if (!op.hasTrait<OpTrait::IsTerminator>())
        return checkpoint.error("op '" + op.getName().getStringRef() +
                                "' has no reference");
    }
    return std::move(frame.rows(block.getTerminator()->getOperand(0)));
  }

private:
  void bind(GetOp get) {
    Operation *op = symbols.lookup(get.getSymbol());
    if (isa<KvCacheOp>(op)) {
      frame.kv(get.getResult()) = &caches[op];
      return;
    }
    auto weight = cast<WeightOp>(op);
    const Tensor *tensor = checkpoint.findTensor(*weight.getSource());
    const Format *format = findFormat(tensor->format);
    frame.weight(get.getResult()) = {
        int64_t(tensor->rows()), int64_t(tensor->columns()),
        [tensor, format](int64_t row, float *out) {
          std::vector<std::span<const uint8_t>> parts;
          for (const TensorPart &part : tensor->parts)
            parts.push_back({part.bytes.data(), part.bytes.size()});
          dequantizeRow(*format, parts, tensor->rows(), tensor->columns(), row,
                        out);
        }};
  }

  ModuleOp module;
  SymbolTable symbols;
  const Checkpoint &checkpoint;
  ReferenceFrame frame;
  std::map<Operation *, HostKv> caches;
};

llvm::Expected<std::vector<int32_t>> parseIds(StringRef text,
                                              int64_t vocabulary) {
  SmallVector<StringRef> words;
  text.split(words, ' ', -1, /*KeepEmpty=*/false);
  std::vector<int32_t> ids;
  for (StringRef word : words) {
    int32_t id;
    if (word.getAsInteger(10, id) || id < 0 || id >= vocabulary)
      return llvm::createStringError("'" + word + "' is no token id below " +
                                     Twine(vocabulary));
    ids.push_back(id);
  }
  if (ids.empty())
    return llvm::createStringError("no token ids given");
  return ids;
}

llvm::Error run(const std::string &model, const std::string &text,
                const std::string &path) {
  Session session;
  if (auto error = session.open(model))
    return error;
  auto ids = parseIds(text, session.integer("quern.vocabulary"));
  if (!ids)
    return ids.takeError();
  auto made = Interpreter(*session.module, *session.checkpoint).run(*ids);
  if (!made)
    return made.takeError();
  const HostRows &logits = *made;
  if (!path.empty()) {
    std::error_code code;
    llvm::raw_fd_ostream file(path, code);
    if (code)
      return llvm::createStringError(path + ": " + code.message());
    file.write(reinterpret_cast<const char *>(logits.data.data()),
               4 * logits.data.size());
    file.close();
    code = file.error();
    file.clear_error();
    return code ? llvm::createStringError(path + ": " + code.message())
                : llvm::Error::success();
  }
  for (int64_t r = 0; r < logits.rows; ++r) {
    std::vector<int32_t> order(logits.columns);
    std::iota(order.begin(), order.end(), 0);
    const float *row = logits.row(r);
    size_t shown = std::min<size_t>(5, order.size());
    std::partial_sort(order.begin(), order.begin() + shown, order.end(),
                      [&](int a, int b) { return row[a] > row[b]; });
    llvm::outs() << (*ids)[r] << " ->";
    for (size_t i = 0; i < shown; ++i)
      llvm::outs() << " " << order[i] << llvm::format(" (%.3f)", row[order[i]]);
    llvm::outs() << "\n";
  }
  return flushOutput();
}
} // namespace

int quern::referenceModel(const std::string &model, const std::string &ids,
                          const std::string &logits) {
  return report(run(model, ids, logits));
}
