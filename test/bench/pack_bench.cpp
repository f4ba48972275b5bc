//===- pack_bench.cpp - How fast weights are packed ------------*- C++ -*-===//
//
// GB of the file's bytes per second and core, for every format with a kernel.
//
//===----------------------------------------------------------------------===//
#include "ir/Panel.h"
#include <benchmark/benchmark.h>
#include <random>

using namespace quern;

/// The columns nearest to `wanted` that the format can have.
static void pack(benchmark::State &state, const Format &f, uint64_t wanted) {
  const uint64_t columns = (wanted + f.weights / 2) / f.weights * f.weights;
  const uint64_t rowBytes = columns / f.weights * f.bytes;
  const uint64_t rows = paddedRows((64ull << 20) / rowBytes);
  std::vector<uint8_t> src(*partBytes(f, 0, rows, columns));
  std::mt19937 generator(1);
  for (uint8_t &b : src)
    b = static_cast<uint8_t>(generator());
  GroupShape shape = shapeOf(f);
  std::vector<uint8_t> panels(packedBytes(shape, rows, columns));
  for (auto _ : state) {
    packPanels(f, shape, src, rows, columns, 0, rows / kLanes, panels.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(int64_t(state.iterations() * src.size()));
}

int main(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  for (const Format &f : allFormats())
    for (uint64_t columns : {640, 2048})
      if (hasKernel(f))
        benchmark::RegisterBenchmark(
            ("pack/" + f.name + "/" + std::to_string(columns)).c_str(), pack, f,
            columns)
            ->MinTime(0.2);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
