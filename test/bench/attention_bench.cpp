//===- attention_bench.cpp - Attention over a cache, one core -------------===//
//
//     attention_bench [mcpu]
//
// For the geometry of two models: one generated row at several depths, and
// prompts. Prints the best of several runs as microseconds for the layer,
// nanoseconds for each row, query head and key seen, and the multiplications a
// second that this is.
//
//===----------------------------------------------------------------------===//
#include "test/unit/kernels/KernelHarness.h"
#include "fmt/format.h"
#include <algorithm>
#include <cmath>
#include <ctime>

using namespace quern;
using namespace quern::test;

namespace {
struct Geometry {
  const char *name;
  int64_t heads, group, size;
};

std::string textOf(const Geometry &g, const char *role) {
  std::string kv = fmt::format("!quern.kv<{} x {}, window = 0, stored = f16, page = 64>", g.heads, g.size);
  std::string rows = fmt::format("tensor<?x{}xf32>", g.heads * g.group * g.size);
  return fmt::format("quern.kernel @k role {0} rows step {{\n"
                     "^bb0(%q: {1}, %kv: {2}, %s: !quern.step):\n"
                     "  %y = quern.attention %q, %kv, %s {{scale = {3:e} : f32}} : "
                     "({1}, {2}, !quern.step) -> {1}\n  quern.yield %y : {1}\n}}\n",
                     role, rows, kv, 1 / std::sqrt(double(g.size)));
}

/// Of this thread: what else runs on the machine does not count.
double seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

/// `rows` rows that end at position `depth` - 1.
void measure(const Geometry &g, const JitKernel &kernel, int64_t rows, int64_t depth) {
  int64_t page = 64, pages = (depth + page - 1) / page, columns = g.heads * g.group * g.size;
  AlignedVector<float> q(rows * columns, 0.01f), y(rows * columns);
  AlignedVector<uint16_t> memory(pages * 2 * g.heads * g.size * page, 0x2c00);
  AlignedVector<int32_t> table, positions, slots(rows), tiles;
  for (int64_t p = 0; p < pages; ++p)
    table.push_back(p);
  for (int64_t r = 0; r < rows; ++r)
    positions.push_back(depth - rows + r);
  for (int64_t r = 0; r < rows; r += 16)
    tiles.insert(tiles.end(), {int32_t(r), int32_t(std::min<int64_t>(16, rows - r))});
  double keys = 0, best = 1e9;
  for (int32_t p : positions)
    keys += p + 1;
  JitKernel::Step step{rows, int64_t(tiles.size() / 2), 0, 1};
  void *buffers[] = {q.data(), memory.data(), table.data(), positions.data(),
                     slots.data(), tiles.data(), y.data()};
  const int64_t constants[] = {0, pages};
  for (double begin = seconds(); best == 1e9 || seconds() - begin < 0.4;) {
    double from = seconds();
    kernel.runWorker(buffers, constants, step, 0);
    best = std::min(best, seconds() - from);
  }
  fmt::print("  {:4} rows, depth {:5}: {:9.1f} us, {:6.3f} ns per row, head and key, {:5.1f} GMAC/s\n",
             rows, depth, best * 1e6, best * 1e9 / keys / (g.heads * g.group),
             2 * keys * columns / best * 1e-9);
}
} // namespace

int main(int argc, char **argv) {
  llvm::ExitOnError check("attention_bench: ");
  cpu::Chip chip = check(cpu::chipOf(argc > 1 ? argv[1] : "native"));
  fmt::print("{}\n", chip.name);
  for (Geometry g : {Geometry{"9 heads, 3 KV heads of 64", 3, 3, 64},
                     Geometry{"4 heads, 1 KV head of 256", 1, 4, 256},
                     Geometry{"32 heads, 8 KV heads of 128", 8, 4, 128}}) {
    fmt::print("{}\n", g.name);
    JitKernel generated = check(JitKernel::compile(textOf(g, "generated"), chip));
    JitKernel prompt = check(JitKernel::compile(textOf(g, "prompt"), chip));
    for (int64_t depth : {16, 128, 1024, 8192})
      measure(g, generated, 1, depth);
    for (int64_t depth : {128, 512, 2048})
      measure(g, prompt, std::min<int64_t>(depth, 512), depth);
  }
}
