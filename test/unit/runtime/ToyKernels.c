//===- ToyKernels.c - Kernels of the toy model -----------------*- C++ -*-===//
//
// What the compiler's object would define, for a model of three stages, written
// by hand: every row stores its token in the pages of its sequence, sums up the
// tokens it sees there, and prefers the token that follows its own. A wrong
// page, position, slot or window changes the logits.
//
//===----------------------------------------------------------------------===//
#include <stdint.h>
#include <string.h>

enum { kRows, kTiles, kLogitRows };

/// Constants of a stage, in the order of ToyModel.cpp.
enum {
  kPageTokens,
  kTokenBytes, // of a token in one layer of a page
  kVocabulary,
  kLogitStride,
  kHiddenStride, // floats
  kWindow0,      // then, for each of the two groups:
  kLayers0,      //   window, layers, pages of a layer, pages of a sequence
  kPages0,
  kPagesPerSequence0,
  kGroupConstants = 4,
  kBest = kWindow0 + 2 * kGroupConstants,
  kBestStride
};

static char *tokenAt(void *pool, const int32_t *table, const int64_t *constants,
                     const int64_t *group, int64_t layer, int32_t slot,
                     int64_t position) {
  int64_t pageTokens = constants[kPageTokens];
  int64_t page = table[slot * group[kPagesPerSequence0 - kWindow0] +
                       position / pageTokens];
  int64_t physical = layer * group[kPages0 - kWindow0] + page;
  return (char *)pool + (physical * pageTokens + position % pageTokens) *
                            constants[kTokenBytes];
}

// buffers: tokens, positions, slots, table 0, pool 0, table 1, pool 1
static void store(void *const *buffers, const int64_t *constants,
                  const int64_t *step, int64_t worker, int64_t workers) {
  const int32_t *tokens = buffers[0], *positions = buffers[1],
                *slots = buffers[2];
  for (int64_t row = worker; row < step[kRows]; row += workers)
    for (int g = 0; g < 2; ++g) {
      const int64_t *group = constants + kWindow0 + g * kGroupConstants;
      for (int64_t layer = 0; layer < group[kLayers0 - kWindow0]; ++layer) {
        char *at = tokenAt(buffers[4 + 2 * g], buffers[3 + 2 * g], constants,
                           group, layer, slots[row], positions[row]);
        memset(at, 0x3c, (size_t)constants[kTokenBytes]);
        memcpy(at, &tokens[row], sizeof(int32_t));
      }
    }
}

// buffers: tokens, positions, slots, table 0, pool 0, table 1, pool 1, hidden,
// tiles. Walks the tiles, so that a row outside of them keeps no result.
static void attend(void *const *buffers, const int64_t *constants,
                   const int64_t *step, int64_t worker, int64_t workers) {
  const int32_t *positions = buffers[1], *slots = buffers[2];
  const int32_t *tiles = buffers[8];
  float *hidden = buffers[7];
  for (int64_t tile = worker; tile < step[kTiles]; tile += workers)
    for (int32_t row = tiles[2 * tile];
         row < tiles[2 * tile] + tiles[2 * tile + 1]; ++row) {
      uint32_t sum = 0;
      for (int g = 0; g < 2; ++g) {
        const int64_t *group = constants + kWindow0 + g * kGroupConstants;
        int64_t window = group[0], end = positions[row] + 1;
        int64_t begin = window && end > window ? end - window : 0;
        for (int64_t layer = 0; layer < group[kLayers0 - kWindow0]; ++layer)
          for (int64_t at = begin; at < end; ++at) {
            int32_t token;
            memcpy(&token,
                   tokenAt(buffers[4 + 2 * g], buffers[3 + 2 * g], constants,
                           group, layer, slots[row], at),
                   sizeof(token));
            sum = sum * 31 + (uint32_t)token + (uint32_t)at;
          }
      }
      for (int64_t i = 0; i < constants[kHiddenStride]; ++i)
        hidden[row * constants[kHiddenStride] + i] = (float)(sum % 1009);
    }
}

// buffers: tokens, hidden, select, logits, next (a weight)
static void head(void *const *buffers, const int64_t *constants,
                 const int64_t *step, int64_t worker, int64_t workers) {
  const int32_t *tokens = buffers[0], *select = buffers[2], *next = buffers[4];
  const float *hidden = buffers[1];
  int64_t vocabulary = constants[kVocabulary];
  int64_t begin = vocabulary * worker / workers,
          end = vocabulary * (worker + 1) / workers;
  for (int64_t i = 0; i < step[kLogitRows]; ++i) {
    float *logits = (float *)buffers[3] + i * constants[kLogitStride];
    int32_t row = select[i];
    float sum = hidden[row * constants[kHiddenStride]];
    for (int64_t v = begin; v < end; ++v)
      logits[v] = (v == next[tokens[row]] ? 8.0f : 0.0f) +
                  (float)(((int64_t)sum * 31 + v) % 97) * 0.01f;
  }
}

// buffers: logits, the best of them
static void rank(void *const *buffers, const int64_t *constants,
                 const int64_t *step, int64_t worker, int64_t workers) {
  for (int64_t i = worker; i < step[kLogitRows]; i += workers) {
    const float *logits = (const float *)buffers[0] + i * constants[kLogitStride];
    float *best = (float *)buffers[1] + i * constants[kBestStride];
    for (int64_t n = 0; n < constants[kBest]; ++n) {
      int64_t found = -1; // behind the one before, and best
      for (int64_t v = 0; v < constants[kVocabulary]; ++v) {
        int after = n == 0 || logits[v] < best[n - 1] ||
                    (logits[v] == best[n - 1] &&
                     (float)v > best[constants[kBest] + n - 1]);
        if (after && (found < 0 || logits[v] > logits[found]))
          found = v;
      }
      best[n] = logits[found];
      best[constants[kBest] + n] = (float)found;
    }
  }
}

// buffers: logits, where the host reads them
static void readBack(void *const *buffers, const int64_t *constants,
                     const int64_t *step, int64_t worker, int64_t workers) {
  int64_t stride = constants[kLogitStride];
  for (int64_t i = worker; i < step[kLogitRows]; i += workers)
    memcpy((float *)buffers[1] + i * stride,
           (const float *)buffers[0] + i * stride, (size_t)stride * 4);
}

typedef void (*quern_kernel)(void *const *, const int64_t *, const int64_t *,
                             int64_t, int64_t);
static const quern_kernel kernels[] = {store, attend, head, rank,
                                       readBack};
#ifndef TOY_FEATURES
#define TOY_FEATURES "sse2,cx16"
#endif

struct quern_kernel_set {
  const void *executor, *kernels;
  uint64_t count, variant;
  const char *chip, *needs;
};
extern const char quern_cpu_executor[];
__attribute__((used, section("quern_kernel_sets"))) const struct quern_kernel_set
    toy_kernel_set = {quern_cpu_executor, kernels, 5, 0, "plain x86-64",
                      TOY_FEATURES};
