//===- linear_bench.cpp - How fast linears are ------------------*- C++ -*-===//
//
//     linear_bench [--threads N] [--columns K] [--megabytes N] [--activations BITS]
//                  [format ...]
//     linear_bench --machine [--threads N]
//     linear_bench --assembly NUMBERS --role ROLE [--columns K] format
//
// In the numbers that the chip wants. Generated rows: GB of packed weights per second
// with 1, 2, 4 and 8 rows, on more weights than any cache holds, beside a loop that
// only reads them. Prompt rows: 10^9 multiply-adds per second with 16 to 512 rows,
// beside a loop of nothing but the products (bf16, of tiles if there are any, else
// words) that the chip has. `--machine`: those two of the machine alone, as JSON.
// Threads are pinned; what counts is the best of a few runs, in processor time, so that
// others on the machine disturb less.
//
//===----------------------------------------------------------------------===//
#include "test/unit/kernels/linear/Fixture.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>
#include <immintrin.h>
#include <pthread.h>
#include <thread>
#include <time.h>

using namespace quern;
using namespace quern::test;

namespace {
int64_t megabytes = 224; // of weights of generated rows
int activationBits = 16; // of integers

double threadSeconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

/// Processor time of the slowest of `workers` threads that do `work(worker)`,
/// in the best of five runs.
template <typename Work> double seconds(int64_t workers, Work work) {
  double best = 1e30;
  for (int run = 0; run < 5; ++run) {
    std::vector<double> taken(workers);
    std::vector<std::thread> threads;
    for (int64_t w = 0; w < workers; ++w)
      threads.emplace_back([&, w] {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(w, &set);
        pthread_setaffinity_np(pthread_self(), sizeof set, &set);
        double from = threadSeconds();
        work(w);
        taken[w] = threadSeconds() - from;
      });
    for (std::thread &t : threads)
      t.join();
    best = std::min(best, *std::max_element(taken.begin(), taken.end()));
  }
  return best;
}

volatile uint64_t sink;

__attribute__((target("avx2"), optimize("O3"))) void
readAll(const uint8_t *p, size_t bytes) {
  __m256i sum[4] = {};
  for (size_t i = 0; i + 128 <= bytes; i += 128)
    for (int j = 0; j < 4; ++j)
      sum[j] = _mm256_xor_si256(
          sum[j],
          _mm256_loadu_si256(reinterpret_cast<const __m256i *>(p + i + 32 * j)));
  for (__m256i s : sum)
    sink = sink + uint64_t(_mm256_extract_epi64(s, 0));
}

/// 512 multiply-adds an iteration, in 16 chains.
__attribute__((target("avx512f,avx512bf16"), optimize("O3"))) void
dotAll(int64_t times) {
  __m512 sum[16] = {};
  __m512bh a{}, b{};
  asm volatile("" : "+v"(a), "+v"(b));
  for (int64_t i = 0; i < times; ++i)
    for (int j = 0; j < 16; ++j) {
      sum[j] = _mm512_dpbf16_ps(sum[j], a, b);
      asm volatile("" : "+v"(sum[j]));
    }
}

/// 4 x 16 x 16 x 32 multiply-adds an iteration, of numbers: zeros are faster.
__attribute__((target("amx-tile,amx-bf16"), optimize("O3"))) void
multiplyTiles(int64_t times) {
  alignas(64) uint8_t config[64] = {1};
  alignas(64) uint16_t numbers[16 * 32];
  for (int tile = 0; tile < 8; ++tile)
    config[48 + tile] = 16, config[16 + 2 * tile] = 64;
  for (int i = 0; i < 16 * 32; ++i)
    numbers[i] = bf16Bits(0.01f * float(i % 37) - 0.15f);
  _tile_loadconfig(config);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_loadd(4, numbers, 64);
  _tile_loadd(5, numbers, 64);
  _tile_loadd(6, numbers, 64);
  _tile_loadd(7, numbers, 64);
  for (int64_t i = 0; i < times; ++i) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_release();
}

/// The same as multiplyAll, of twice the width.
__attribute__((target("avx512bw"), optimize("O3"))) void
multiplyAllWide(int64_t times) {
  __m512i sum[12] = {}, a{}, b{};
  for (int64_t i = 0; i < times; ++i)
    for (int j = 0; j < 12; ++j) {
      asm volatile("" : "+v"(a), "+v"(b));
      sum[j] = _mm512_add_epi32(sum[j], _mm512_madd_epi16(a, b));
      asm volatile("" : "+v"(sum[j]));
    }
}

/// 192 multiply-adds an iteration, in 12 chains.
__attribute__((target("avx2"), optimize("O3"))) void
multiplyAll(int64_t times) {
  __m256i sum[12] = {}, a{}, b{};
  for (int64_t i = 0; i < times; ++i)
    for (int j = 0; j < 12; ++j) {
      asm volatile("" : "+x"(a), "+x"(b));
      sum[j] = _mm256_add_epi32(sum[j], _mm256_madd_epi16(a, b));
      asm volatile("" : "+x"(sum[j]));
    }
}

/// Multiply-adds per second of the best dot products, of all threads.
double peakOf(const cpu::Chip &chip, int64_t threads) {
  constexpr int64_t kTimes = 1 << 22;
  auto rate = [&](int64_t products, void (*all)(int64_t)) {
    double taken = seconds(threads, [&](int64_t) { all(kTimes); });
    return double(kTimes * products * threads) / taken;
  };
  return chip.multipliesBF16      ? rate(4 * 16 * 16 * 32, multiplyTiles)
         : chip.dotsBF16 ? rate(16 * 32, dotAll)
         : chip.vectors > 8 ? rate(12 * 32, multiplyAllWide)
                           : rate(12 * 16, multiplyAll);
}

/// A small matrix repeated until it has more than `bytes` bytes.
TestWeight repeated(const Format &f, int64_t columns, int64_t bytes) {
  columns = (columns + f.weights - 1) / f.weights * f.weights;
  TestWeight w(f, 64, columns, 1);
  const size_t once = w.panels.size();
  const int64_t times = (bytes + once - 1) / once;
  w.panels.resize(once * times);
  for (int64_t i = 1; i < times; ++i)
    std::memcpy(w.panels.data() + i * once, w.panels.data(), once);
  w.rows *= times;
  return w;
}

double run(const JitKernel &kernel, const TestWeight &w, ConvertedRows &x,
           AlignedVector<float> &y, int64_t rows, int64_t workers) {
  void *buffers[] = {x.bytes.data(), const_cast<uint8_t *>(w.panels.data()),
                     y.data()};
  return seconds(workers, [&](int64_t worker) {
    kernel.runWorker(buffers, nullptr, {.rows = rows, .workers = workers},
                     worker);
  });
}

/// What all `threads` together read and multiply.
void printMachine(const cpu::Chip &chip, int64_t threads) {
  AlignedVector<uint8_t> bytes(size_t(megabytes) << 20, 1);
  double read = seconds(threads, [&](int64_t worker) {
    size_t share = bytes.size() / size_t(threads);
    readAll(bytes.data() + size_t(worker) * share, share);
  });
  llvm::outs() << llvm::formatv(
      "{{\"chip\": \"{0}\", \"threads\": {1}, \"read_gb_per_s\": {2:f2}, "
      "\"dots_gmac_per_s\": {3:f1}}\n",
      chip.name, threads, double(bytes.size()) / read * 1e-9,
      peakOf(chip, threads) * 1e-9);
}

ArithmeticChoice numbersOf(const Format &f, const cpu::Chip &chip) {
  const TargetTraits traits = cpu::traitsOf(chip, activationBits);
  const GroupShape shape = shapeOf(f);
  return shape.kind == GroupShape::Kind::Floats ? traits.floats
         : greatestCode(shape) > 127            ? traits.wideCodes
                                                : traits.codes;
}

void generated(const Format &f, const cpu::Chip &chip, int64_t columns,
               int64_t threads) {
  TestWeight w = repeated(f, columns, megabytes << 20);
  const Number number = numbersOf(f, chip).generated;
  ConvertedRows x = convert(TestRows(8, w.columns, 1), stringifyNumber(number));
  JitKernel kernel =
      compileOrDie(linearText(w, stringifyNumber(number), "generated"), chip);
  AlignedVector<float> y(8 * rowStride(w.rows));
  for (int64_t workers = 1; workers <= threads; ++workers) {
    double read = seconds(workers, [&](int64_t worker) {
      size_t share = w.panels.size() / workers;
      readAll(w.panels.data() + worker * share, share);
    });
    auto rate = [&](double s) { return w.panels.size() / s * 1e-9; };
    llvm::outs() << llvm::formatv(
        "{0,-8} {1} thread(s), GB/s: read {2:f1}; rows", f.name, workers,
        rate(read));
    for (int64_t r : {1, 2, 4, 8})
      llvm::outs() << llvm::formatv("  {0}: {1:f1}", r,
                                    rate(run(kernel, w, x, y, r, workers)));
    llvm::outs() << "\n";
  }
}

void prompt(const Format &f, const cpu::Chip &chip, int64_t columns,
            int64_t threads, double peak) {
  constexpr int64_t kRows = 512;
  TestWeight w = repeated(f, columns, 64 * 16 * columns / 8);
  w.rows = std::min<int64_t>(w.rows, 1536);
  const Number number = numbersOf(f, chip).prompt;
  ConvertedRows x = convert(TestRows(kRows, w.columns, 1), stringifyNumber(number));
  JitKernel kernel =
      compileOrDie(linearText(w, stringifyNumber(number), "prompt"), chip);
  AlignedVector<float> y(kRows * rowStride(w.rows));
  for (int64_t workers = 1; workers <= threads; ++workers) {
    llvm::outs() << llvm::formatv(
        "{0,-8} {1} thread(s), {2} x {3}, GMAC/s: rows", f.name, workers,
        w.rows, w.columns);
    for (int64_t rows : {16, 64, 256, 512}) {
      double rate = double(rows) * w.rows * w.columns /
                    run(kernel, w, x, y, rows, workers) * 1e-9;
      llvm::outs() << llvm::formatv("  {0}: {1:f0} ({2:p0})", rows, rate,
                                    rate / peak / workers);
    }
    llvm::outs() << "\n";
  }
}
} // namespace

int main(int argc, char **argv) {
  cpu::Chip chip = llvm::cantFail(cpu::chipOf("native"));
  int64_t threads = std::min(2u, std::thread::hardware_concurrency()),
          columns = 2048;
  std::vector<std::string> names;
  std::string assembly, role = "generated";
  bool machine = false;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef argument = argv[i];
    if (argument == "--threads" && i + 1 < argc)
      threads = std::atoll(argv[++i]);
    else if (argument == "--megabytes" && i + 1 < argc)
      megabytes = std::atoll(argv[++i]);
    else if (argument == "--activations" && i + 1 < argc)
      activationBits = std::atoi(argv[++i]);
    else if (argument == "--machine")
      machine = true;
    else if (argument == "--assembly" && i + 1 < argc)
      assembly = argv[++i];
    else if (argument == "--role" && i + 1 < argc)
      role = argv[++i];
    else if (argument == "--columns" && i + 1 < argc)
      columns = std::atoll(argv[++i]);
    else
      names.push_back(argv[i]);
  }
  if (!assembly.empty()) {
    TestWeight w = repeated(*findFormat(names.at(0)), columns, 1);
    llvm::outs() << llvm::cantFail(
        JitKernel::assembly(linearText(w, assembly, role), chip));
    return 0;
  }
  if (machine) {
    printMachine(chip, threads);
    return 0;
  }
  const double peak = 1e-9 * peakOf(chip, 1);
  llvm::outs() << llvm::formatv("{0}; dot products: {1:f0} GMAC/s a thread\n",
                                chip.name, peak);
  for (bool floats : {false, true})
    for (const Format *f : kernelFormats(floats))
      if (names.empty() || llvm::is_contained(names, f->name)) {
        generated(*f, chip, columns, threads);
        prompt(*f, chip, columns, threads, peak);
      }
  return 0;
}
