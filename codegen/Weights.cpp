//===- Weights.cpp - Writing the weights section --------------------------===//
#include "codegen/Weights.h"
#include "codegen/ContentHash.h"
#include "codegen/PlanTable.h"
#include "codegen/WriteAll.h"
#include "ir/Panel.h"
#include "ir/Quern.h"
#include "llvm/ADT/StringExtras.h"
#include <atomic>
#include <cstring>
#include <functional>
#include <mutex>
#include <thread>

using namespace mlir;
using namespace quern;

namespace {
constexpr uint64_t kPieceBytes = 2 << 20;

/// Makes some bytes of the section.
struct Piece {
  uint64_t offset, size;
  std::function<void(uint8_t *)> fill;
};

std::span<const uint8_t> bytesOf(const TensorPart &part) {
  return {part.bytes.data(), part.bytes.size()};
}

/// A matrix, some panels at a time.
void addPanels(std::vector<Piece> &pieces, const Tensor &tensor,
               const Format &format, const GroupShape &shape, uint64_t offset) {
  auto packer = std::make_shared<PanelPacker>(format, shape);
  const uint64_t rows = tensor.rows(), columns = tensor.columns();
  const uint64_t panel = packedBytes(shape, kLanes, columns);
  const uint64_t panels = (rows + kLanes - 1) / kLanes;
  const uint64_t together = std::max<uint64_t>(1, kPieceBytes / panel);
  for (uint64_t first = 0; first < panels; first += together) {
    uint64_t last = std::min(panels, first + together);
    pieces.push_back({offset + first * panel, (last - first) * panel,
                      [=, &tensor](uint8_t *out) {
                        packer->pack(bytesOf(tensor.parts[0]), rows, columns,
                                     first, last, out);
                      }});
  }
}

const Tensor &sourceOf(WeightOp weight, const Checkpoint &checkpoint) {
  return *checkpoint.findTensor(
      weight.getSource().value_or(weight.getSymName()));
}

std::vector<Piece> piecesOf(ModuleOp module, const Checkpoint &checkpoint) {
  std::vector<Piece> pieces;
  for (Operation &op : *module.getBody()) {
    if (auto constant = dyn_cast<ConstantOp>(op)) {
      auto values = cast<DenseElementsAttr>(constant.getValue());
      ArrayRef<char> raw = values.getRawData(); // one element of a splat
      uint64_t times = values.isSplat() ? values.getNumElements() : 1;
      pieces.push_back({uint64_t(*constant.getOffset()), times * raw.size(),
                        [raw, times](uint8_t *out) {
                          for (uint64_t i = 0; i < times; ++i)
                            std::memcpy(out + i * raw.size(), raw.data(),
                                        raw.size());
                        }});
    }
    auto weight = dyn_cast<WeightOp>(op);
    if (!weight)
      continue;
    const Tensor &tensor = sourceOf(weight, checkpoint);
    const Format &format = *findFormat(tensor.format);
    if (auto panels = dyn_cast<PanelsType>(weight.getType())) {
      addPanels(pieces, tensor, format, groupShape(panels.getGroup()),
                *weight.getOffset());
      continue;
    }
    pieces.push_back({uint64_t(*weight.getOffset()), 4 * tensor.columns(),
                      [&tensor, &format](uint8_t *out) {
                        std::span<const uint8_t> part =
                            bytesOf(tensor.parts[0]);
                        dequantizeRow(format, {&part, 1}, 1, tensor.columns(),
                                      0, reinterpret_cast<float *>(out));
                      }});
  }
  return pieces;
}
} // namespace

/// What the section is made of: its size, constants with their contents, and of each
/// weight where it lies, its type, and what `more` says.
static std::string describe(ModuleOp module,
                            llvm::function_ref<void(WeightOp, llvm::raw_ostream &)> more) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << planInteger(module, "weights_bytes") << "\n";
  for (Operation &op : *module.getBody()) {
    if (auto constant = dyn_cast<ConstantOp>(op)) {
      auto values = cast<DenseElementsAttr>(constant.getValue());
      ArrayRef<char> raw = values.getRawData();
      os << *constant.getOffset() << " " << values.getType() << " "
         << contentHash(llvm::arrayRefFromStringRef({raw.data(), raw.size()}))
         << "\n";
    }
    if (auto weight = dyn_cast<WeightOp>(op)) {
      os << *weight.getOffset() << " " << weight.getType() << " ";
      more(weight, os);
    }
  }
  return text;
}

std::string quern::weightLayout(ModuleOp module) {
  return describe(module, [](WeightOp weight, llvm::raw_ostream &os) {
    os << weight.getSymName() << "\n";
  });
}

uint64_t WeightsWriter::bytes() const {
  return planInteger(module, "weights_bytes");
}

std::error_code WeightsWriter::write(int file, uint64_t offset) const {
  std::vector<Piece> pieces = piecesOf(module, checkpoint);
  std::atomic<size_t> next{0};
  std::atomic<int> error{0};
  auto work = [&] {
    std::vector<uint8_t> buffer;
    for (size_t i; (i = next++) < pieces.size() && !error;) {
      buffer.resize(pieces[i].size);
      pieces[i].fill(buffer.data());
      if (auto code = writeAll(file, buffer.data(), buffer.size(),
                               offset + pieces[i].offset))
        error = code.value();
      else if (progress)
        progress(pieces[i].size);
    }
  };
  std::vector<std::thread> team;
  for (unsigned i = 1; i < threads; ++i)
    team.emplace_back(work);
  work();
  for (std::thread &thread : team)
    thread.join();
  return {error, std::generic_category()};
}

std::string WeightsWriter::source() const {
  std::string parts =
      describe(module, [&](WeightOp weight, llvm::raw_ostream &os) {
        const Tensor &tensor = sourceOf(weight, checkpoint);
        os << tensor.format << " ";
        for (const TensorPart &part : tensor.parts)
          os << contentHash(part.bytes) << "\n";
      });
  return contentHash(llvm::arrayRefFromStringRef(parts));
}
