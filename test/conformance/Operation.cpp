//===- Operation.cpp - A kernel with its arguments ------------------------===//
#include "Operation.h"
#include "fmt/format.h"
#include "ir/RowRecord.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"
#include <cstring>

using namespace quern;
using namespace quern::test;

Operation::Argument &Operation::add(std::string type) {
  arguments.emplace_back();
  arguments.back().type = std::move(type);
  return arguments.back();
}
Operation &Operation::rows(HostRows x) {
  std::string type = fmt::format("tensor<?x{}xf32>", x.columns);
  add(type).host = std::move(x);
  return *this;
}
Operation &Operation::integerRows(const HostRows &x,
                                  const std::string &numbers) {
  TestRows rows(x.rows, x.columns, 0);
  for (int64_t r = 0; r < x.rows; ++r)
    std::copy_n(x.row(r), x.columns,
                rows.data.data() + r * rowStride(x.columns));
  ConvertedRows converted = convert(rows, numbers);
  Argument &a = add(fmt::format("!quern.rows<{}, {}>", x.columns, numbers));
  a.host = HostRows(x.rows, x.columns);
  std::copy(converted.values.begin(), converted.values.end(),
            a.host.data.begin());
  a.record = std::move(converted.bytes);
  return *this;
}
Operation &Operation::vector(std::vector<float> w) {
  add(fmt::format("tensor<{}xf32>", w.size())).floats = std::move(w);
  return *this;
}
Operation &Operation::indices(std::vector<int32_t> i) {
  add("tensor<?xi32>").integers = std::move(i);
  return *this;
}
Operation &Operation::weight(const TestWeight &w) {
  add(w.type()).matrix = &w;
  return *this;
}

Operation &Operation::table(std::vector<float> t, int64_t dims) {
  add(fmt::format("tensor<{}x{}xf32>", t.size() / dims, dims)).floats =
      std::move(t);
  return *this;
}
Operation &Operation::kv(Pages &pages, HostKv &cache, int64_t window) {
  Argument &a = add(fmt::format(
      "!quern.kv<{} x {}, window = {}, stored = {}, page = {}>", pages.heads,
      pages.size, window, pages.bytes == 2 ? "f16" : "f32", pages.page));
  a.pages = &pages;
  a.cache = &cache;
  a.window = window;
  return *this;
}
Operation &Operation::step(const Step &step) {
  add("!quern.step").rows = &step;
  return *this;
}

std::string Operation::text() const {
  std::string list;
  for (const Argument &a : arguments)
    list += fmt::format("{}%{}: {}", list.empty() ? "" : ", ",
                        &a - arguments.data(), a.type);
  return fmt::format("quern.kernel @k role {} rows {} {{\n^bb0({}):\n{}\n}}\n",
                     role, rowsOf, list, body);
}

namespace {
struct Result {
  int64_t columns;
  std::optional<Number> integers;
};
} // namespace

/// What the results of the kernel are made of.
static std::vector<Result> resultsOf(const std::string &text) {
  mlir::MLIRContext context;
  auto module = parse(text, context);
  std::vector<Result> results;
  KernelOp kernel = *module->getOps<KernelOp>().begin();
  for (mlir::Type type :
       kernel.getBody().front().getTerminator()->getOperandTypes()) {
    auto rows = mlir::dyn_cast<RowsType>(type);
    results.push_back(
        {columnsOf(type), rows ? std::optional(rows.getNumber()) : std::nullopt});
  }
  return results;
}

static int64_t stepsOf(int64_t columns) {
  return (columns + kStep - 1) / kStep;
}

/// Column `c` of a step, of a row's codes.
static int32_t integerOf(const uint8_t *codes, int64_t c, Number number) {
  using namespace rowRecord;
  if (number == Number::I8)
    return int8_t(codes[kHigh + c]);
  if (number == Number::I16)
    return 256 * int8_t(codes[kHigh + c]) + int8_t(codes[kLow + c]);
  int16_t word;
  const int64_t place = std::find(kWordOrder, kWordOrder + 4, c % 4) - kWordOrder;
  std::memcpy(&word, codes + 8 * (c / 4) + 2 * place, sizeof(word));
  return word;
}

/// The values of a record (ir/RowRecord.h), all of which must agree with itself.
static void unpackRecord(const uint8_t *codes, const uint8_t *scales,
                         Number kind, int64_t columns, float *values) {
  using namespace rowRecord;
  auto number = [&](auto type, int64_t at) {
    std::memcpy(&type, scales + at, sizeof(type));
    return type;
  };
  const float scale = number(0.0f, kScale);
  int32_t sums[3] = {};
  for (int64_t c = 0; c < int64_t(kStep); ++c) {
    int32_t q = integerOf(codes, c, kind);
    sums[c / 16] += q, sums[2] += q;
    if (c < columns)
      values[c] = scale * float(q);
    else
      EXPECT_EQ(q, 0) << "beyond the last column";
  }
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(number(0, kSums + 4 * i), sums[i]);
    EXPECT_EQ(number(0.0f, kScaledSums + 4 * i), scale * float(sums[i]));
  }
  EXPECT_EQ(number(0, kZero), 0);
}

static HostRows unpackIntegers(const Bytes &memory, int64_t rows,
                               int64_t columns, Number number) {
  using namespace rowRecord;
  HostRows result(rows, columns);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t s = 0; s < stepsOf(columns); ++s) {
      const uint8_t *record =
          memory.as<uint8_t>() + (r / kRows * stepsOf(columns) + s) * kBytes;
      unpackRecord(record + r % kRows * kCodes,
                   record + kScalesAt + r % kRows * kScales, number,
                   columns - s * kStep, result.row(r) + s * kStep);
    }
  return result;
}

/// The row tiles of the first `count` rows of a step.
static std::vector<int32_t> tilesOf(const Step &step, int64_t count) {
  std::vector<int32_t> tiles;
  for (int64_t i = 0; i < step.tileCount(); ++i) {
    int32_t first = step.tiles[2 * i], rows = step.tiles[2 * i + 1];
    if (first < count)
      tiles.insert(tiles.end(),
                   {first, std::min(rows, int32_t(count) - first)});
  }
  return tiles;
}

std::vector<HostRows> Operation::run(Runner &runner, int64_t count) const {
  std::vector<Bytes> made;
  std::vector<Memory> buffers;
  std::vector<int64_t> constants;
  std::vector<int32_t> tiles; // of the one step that there may be
  auto pass = [&](Bytes bytes) {
    made.push_back(std::move(bytes));
    buffers.push_back({made.back().as<void>(), made.back().size()});
  };
  auto lend = [&](const auto &v) {
    buffers.push_back({const_cast<void *>(static_cast<const void *>(v.data())),
                       v.size() * sizeof(v[0])});
  };
  for (const Argument &a : arguments)
    if (a.matrix) {
      lend(a.matrix->panels);
    } else if (a.pages) {
      buffers.push_back({a.pages->memory.as<void>(), a.pages->memory.size()});
      lend(a.pages->table);
      constants = a.pages->constants(a.window);
    } else if (a.rows) {
      lend(a.rows->positions);
      lend(a.rows->slots);
      tiles = tilesOf(*a.rows, count);
      lend(tiles);
    } else if (!a.integers.empty())
      lend(a.integers);
    else if (!a.floats.empty())
      lend(a.floats);
    else if (!a.record.empty())
      lend(a.record);
    else
      pass(packRows(a.host));
  size_t first = made.size();
  std::vector<Result> expected = resultsOf(text());
  for (auto [columns, integers] : expected)
    if (integers)
      pass(Bytes(size_t((count + rowRecord::kRows - 1) / rowRecord::kRows *
                        stepsOf(columns) * rowRecord::kBytes),
                 /*fill=*/0xFF));
    else
      pass(packRows(HostRows(count, columns), NAN));
  if (llvm::Error error = runner.run(text(), buffers, constants,
                                     {count, int64_t(tiles.size() / 2), count}))
    ADD_FAILURE() << llvm::toString(std::move(error));
  std::vector<HostRows> results;
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(made[first + i].guardIntact());
    auto [columns, integers] = expected[i];
    results.push_back(
        integers ? unpackIntegers(made[first + i], count, columns, *integers)
                 : unpackRows(made[first + i], count, columns));
  }
  return results;
}

std::vector<HostRows> Operation::reference() const {
  mlir::MLIRContext context;
  auto module = parse(text(), context);
  KernelOp kernel = *module->getOps<KernelOp>().begin();
  mlir::Block &block = kernel.getBody().front();
  ReferenceFrame frame;
  for (auto [a, v] : llvm::zip_equal(arguments, block.getArguments())) {
    frame.rows(v) = a.host;
    frame.indices(v) = a.integers;
    frame.kv(v) = a.cache;
    if (a.rows)
      frame.step(v) = {a.rows->positions, a.rows->slots};
    if (const TestWeight *w = a.matrix)
      frame.weight(v) = {w->rows, w->columns, [w](int64_t row, float *out) {
                           std::copy_n(w->values.data() + row * w->columns,
                                       w->columns, out);
                         }};
    else if (!a.floats.empty())
      frame.weight(v) = {1, int64_t(a.floats.size()),
                         [&floats = a.floats](int64_t, float *out) {
                           std::copy(floats.begin(), floats.end(), out);
                         }};
  }
  for (mlir::Operation &op : block)
    if (auto reference = mlir::dyn_cast<ReferenceOpInterface>(op))
      reference.reference(frame);
  std::vector<HostRows> results;
  for (mlir::Value v : block.getTerminator()->getOperands())
    results.push_back(frame.rows(v));
  return results;
}

void quern::test::expectConforms(Runner &runner, const Operation &operation,
                                 int64_t rows, double tolerance) {
  std::vector<HostRows> want = operation.reference(),
                        have = operation.run(runner, rows);
  ASSERT_EQ(want.size(), have.size());
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_LT(difference(have[i], want[i]), tolerance) << "result " << i;
  // The first rows alone.
  for (int64_t fewer : {int64_t(1), rows - 1}) {
    if (fewer < 1 || fewer >= rows)
      continue;
    std::vector<HostRows> alone = operation.run(runner, fewer);
    for (size_t i = 0; i < have.size(); ++i) {
      HostRows begin(fewer, have[i].columns);
      std::copy_n(have[i].data.begin(), begin.data.size(), begin.data.begin());
      EXPECT_TRUE(sameBits(alone[i], begin)) << fewer << " of " << rows;
    }
  }
}
