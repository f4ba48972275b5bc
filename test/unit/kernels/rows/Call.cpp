//===- Call.cpp - A kernel's arguments, for it and for its references -----===//
#include "Call.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace quern;
using namespace quern::test;

Call::Argument &Call::add(Argument::Kind kind) {
  arguments.emplace_back();
  arguments.back().kind = kind;
  return arguments.back();
}

Call &Call::rows(HostRows x) {
  add(Argument::Rows).host = std::move(x);
  return *this;
}
Call &Call::vector(std::vector<float> w) {
  add(Argument::Vector).floats = std::move(w);
  return *this;
}
Call &Call::table(std::vector<float> t) {
  add(Argument::Table).floats = std::move(t);
  return *this;
}
Call &Call::indices(std::vector<int32_t> i) {
  add(Argument::Indices).integers = std::move(i);
  return *this;
}
Call &Call::kv(Pages &pages, HostKv &cache) {
  Argument &a = add(Argument::Kv);
  a.pages = &pages;
  a.cache = &cache;
  return *this;
}
Call &Call::step(const Step &step) {
  add(Argument::Steps).step = &step;
  return *this;
}

/// Memory of a value that is compared with a guard behind it.
static Bytes guarded(const std::vector<float> &v) {
  Bytes bytes(v.size() * sizeof(float));
  std::copy(v.begin(), v.end(), bytes.as<float>());
  return bytes;
}

std::vector<HostRows> Call::run(Jit &jit, int64_t count, int64_t workers) {
  std::vector<Bytes> memory;
  std::vector<void *> buffers;
  std::vector<int64_t> constants;
  int64_t tiles = 0;
  auto pass = [&](Bytes bytes) {
    memory.push_back(std::move(bytes));
    buffers.push_back(memory.back().as());
  };
  for (Argument &a : arguments) {
    if (a.kind == Argument::Rows)
      pass(packRows(a.host));
    if (a.kind == Argument::Vector || a.kind == Argument::Table)
      pass(guarded(a.floats));
    if (a.kind == Argument::Indices)
      buffers.push_back(a.integers.data());
    if (a.kind == Argument::Kv) {
      buffers.insert(buffers.end(), {a.pages->memory.as(), a.pages->table.data()});
      constants = a.pages->constants(0);
    }
    if (a.kind == Argument::Steps) {
      for (auto *v : {&a.step->positions, &a.step->slots, &a.step->tiles})
        buffers.push_back(const_cast<int32_t *>(v->data()));
      tiles = a.step->tileCount();
    }
  }
  mlir::Operation *yield = jit.kernel().getBody().front().getTerminator();
  size_t firstResult = memory.size();
  for (mlir::Type type : yield->getOperandTypes())
    pass(packRows(HostRows(count, columnsOf(type)), NAN));
  jit.compiled().run(buffers, constants, {count, tiles, count, workers});
  std::vector<HostRows> results;
  for (auto [i, type] : llvm::enumerate(yield->getOperandTypes())) {
    const Bytes &bytes = memory[firstResult + i];
    int64_t columns = columnsOf(type);
    EXPECT_TRUE(bytes.guardIntact());
    for (int64_t n = 0; n < count * rowStride(columns); ++n)
      EXPECT_TRUE(std::isfinite(bytes.as<float>()[n])) << "element " << n;
    results.push_back(unpackRows(bytes, count, columns));
  }
  return results;
}

std::vector<HostRows> Call::reference(Jit &jit) {
  ReferenceFrame frame;
  mlir::Block &body = jit.kernel().getBody().front();
  for (auto [argument, v] : llvm::zip_equal(arguments, body.getArguments())) {
    if (argument.kind == Argument::Rows)
      frame.rows(v) = argument.host;
    if (argument.kind == Argument::Vector)
      frame.weight(v) = {1, int64_t(argument.floats.size()),
                         [&floats = argument.floats](int64_t, float *out) {
                           std::copy(floats.begin(), floats.end(), out);
                         }};
    if (argument.kind == Argument::Indices)
      frame.indices(v) = argument.integers;
    if (argument.kind == Argument::Kv)
      frame.kv(v) = argument.cache;
    if (argument.kind == Argument::Steps)
      frame.step(v) = {argument.step->positions, argument.step->slots};
  }
  for (mlir::Operation &op : body)
    if (auto reference = mlir::dyn_cast<ReferenceOpInterface>(op))
      reference.reference(frame);
  std::vector<HostRows> results;
  for (mlir::Value v : body.getTerminator()->getOperands())
    results.push_back(frame.rows(v));
  return results;
}
