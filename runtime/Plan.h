//===- Plan.h - What the compiler tells the runtime ------------*- C++ -*-===//
//
// The compiled model as plain data: the only contract between compiler and
// runtime. The compiler appends a payload to the executable:
//
//     ELF | pad to 4096 | section | pad | section ... | Section[] | Trailer
//
//   meta       JSON text: names and hyper-parameters that a person may read
//   plan       the tables below, as one PlanHeader with byte offsets to arrays
//   tokenizer  what buildTokenizer() made
//   template   what compileTemplate() made; empty if the model has none
//   weights    packed weights and constants, page-aligned, mapped and never
//              copied
//   sidecar    instead of weights: a Sidecar, which says what file beside the
//              executable has them
//
// A side-car has the same form, without an ELF file before it: the section
// weights, and `source`, a name for everything that the weights were made from,
// by which the compiler knows a side-car that it need not write again.
//
// A *program* is a list of stages for one role. A step runs one program over
// `rows` activation rows (row r is one token of one sequence); its first part
// computes the hidden state of every row, the part from `headStage` on computes
// the logits of up to `maxLogitRows` selected rows and may be repeated with
// other selections. Where logits are made out of the host's reach, two *tails* stand
// behind that, of which a run of the head ends in one: stages that rank the logits,
// so that the best few of each row come back, and stages that bring all of them.
//
//     firstStage        headStage      rankStage      logitsStage      stages
//         | hidden states   | logits       | best of each  | all to the front |
//
// A stage is one kernel with the stage's Buffer entries, its int64 constants and the
// counts of this step (StepCount). How it is called is the executor's business
// (Executor.h); the result depends on nothing else.
//
// Stages may be for several devices. Offsets are those of one address space for all
// of them, of which a device holds what its stages touch, and all hold the front of the
// arena: step inputs, page tables, logits, and activations that one makes and
// another reads. In between stands a stage that is no kernel's, kCopy.
//
// All integers are little endian. All offsets are bytes. Rows of activations
// are `rowStride` apart, as the kernels know; the runtime only reads logits.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstddef>
#include <cstdint>

namespace quern::plan {

inline constexpr uint64_t kMagic = 0x314e524555510a7full; // "\x7f\nQUERN1"
inline constexpr uint32_t kVersion = 5;
inline constexpr uint64_t kPage = 4096;
/// More slots than this are refused: each costs a few bytes from the start.
inline constexpr uint32_t kMostSequences = 1 << 16;
inline constexpr uint32_t kMostLayers = 1 << 16; // of a KV group
/// Most rows of a row tile in plans that the compiler makes.
inline constexpr uint32_t kTileRows = 16;

struct Section {
  char name[16];     // zero-padded
  uint64_t offset;   // in the file
  uint64_t size;     // bytes
  uint64_t checksum; // XXH64-like, see checksum()
};

/// The last 64 bytes of the file.
struct Trailer {
  uint64_t magic;
  uint32_t version;
  uint32_t sections;
  uint64_t sectionTable; // offset in the file of Section[sections]
  uint64_t fileSize;
  uint64_t checksum; // of the section table
  uint64_t reserved[3];
};
static_assert(sizeof(Trailer) == 64 && sizeof(Section) == 40);

/// Weights in another file of the executable's folder.
struct Sidecar {
  uint64_t size;     // bytes of its section weights
  uint64_t checksum; // of that section
  char name[256];    // of the file, zero-padded; no path
};

enum class Space : uint32_t {
  Arena,   // activations and step inputs; anonymous memory
  Weights, // the weights section; read only
  Kv,      // the KV pool; anonymous memory
};

struct Buffer {
  Space space;
  uint32_t reserved;
  uint64_t offset;
  uint64_t bytes; // that a stage touches, for the most rows of a step
};

/// Indices into the `step` array of a kernel call.
enum StepCount : uint32_t {
  kRows,      // activation rows of this step
  kTiles,     // entries of the row-tile list (below)
  kLogitRows, // rows selected for logits in this run of the head
  kStepCounts
};

/// What runs stages: one for each quern_kernel_set, in the order of both.
struct Device {
  char name[24]; // the target's, zero-padded
  /// 1: it works in memory of its own, which has all that its stages touch. 0: in
  /// the process's, where weights are those of the file.
  uint32_t ownMemory;
  uint32_t reserved;
};

/// Instead of a kernel: rows are copied from another device's front to that of this
/// one. One buffer, and as constants the other device, which StepCount says how many
/// rows, and the bytes of a row.
inline constexpr uint32_t kCopy = ~0u;

struct Stage {
  uint32_t kernel;  // index into quern_kernel_set::kernels of the device; or kCopy
  uint32_t barrier; // 1: all workers wait for each other before this stage
  uint32_t firstBuffer, buffers;
  uint32_t firstConstant, constants;
  uint32_t name;    // offset into the string table: "blk.0.attn_q"
  uint32_t device;  // index into the table of devices
  // For `bench`: weights and constants that it streams; of each row, of which StepCount
  // says how many there are, the multiply-adds with weights.
  uint64_t bytes, products;
  uint32_t per, reserved;

  /// Whether it calls a kernel of that device.
  bool callsOn(uint32_t of) const { return device == of && kernel != kCopy; }
};

struct Program {
  uint32_t firstStage, stages;
  uint32_t headStage; // relative to firstStage
  uint32_t maxRows;   // most rows of one step
  // Of the two tails, relative to firstStage. Without them both are `stages`, and the
  // head itself makes logits where the host reads them.
  uint32_t rankStage, logitsStage;
};
enum Role : uint32_t { kPrompt, kGenerated, kRoles };

/// Sequences' keys and values live in pages of `pageTokens` tokens. A group is
/// a set of layers that shares one page table: layers of full attention, and
/// layers with one window, whose table lets go of pages that no row can see.
/// Physical page p of layer l in the group lies at
///     poolOffset + (l * pages + p) * pageBytes
/// The table maps [slot][logical page] to a physical page: entry
/// slot * pagesPerSequence + position / pageTokens. Physical page 0 is real.
struct KvGroup {
  uint32_t window;  // keys a row sees, itself included; 0: all
  uint32_t layers;
  uint32_t pages;   // physical pages of each layer
  uint32_t pagesPerSequence; // entries of a table row: ceil(context/pageTokens)
  uint64_t pageBytes;        // keys and values of one page in one layer
  uint64_t poolOffset;       // of layer 0, in Space::Kv
  uint64_t tableOffset;      // int32[maxSequences][pagesPerSequence] in the arena
};

/// Most physical pages of a layer that a group of window `window` can need at a
/// time, for sequences of up to `context` tokens of which a step extends some by
/// `rows` rows altogether: what KvGroup::pages must be for steps never to fail.
inline uint64_t kvPagesNeeded(uint32_t window, uint32_t context,
                              uint32_t pageTokens, uint32_t sequences,
                              uint32_t rows) {
  uint64_t whole = (uint64_t(context) + pageTokens - 1) / pageTokens;
  if (window == 0)
    return whole * sequences;
  // n consecutive positions touch at most (n + 2P - 2) / P pages. A sequence
  // in the step has W - 1 + r positions, and the r add up to `rows`.
  uint64_t rounding = 2 * uint64_t(pageTokens) - 2;
  uint64_t each = (window - 1 + rounding) / pageTokens;
  uint64_t step = (rows + pageTokens - 1) / pageTokens + sequences;
  uint64_t needed = each * sequences + step;
  return needed < whole * sequences ? needed : whole * sequences;
}

/// For the touched bytes: this much of the arena holds data of `rows` rows, which a
/// stage of the device makes or a copy brings it. Step inputs and results have none:
/// the header says where they are.
struct ArenaUse {
  uint64_t offset;   // in the arena
  uint64_t rowBytes; // bytes per row
  uint32_t rows;     // most rows
  uint32_t per;      // what a row is: StepCount
  uint32_t role;     // bit mask of the programs that use it
  uint32_t device;   // whose arena
  uint32_t together; // rows of a block, which lies on what all of them take
  uint32_t reserved;

  /// Where there are so many rows, of how many something is touched; and its bytes.
  uint64_t allocated(uint64_t count) const {
    return (count + together - 1) / together * together;
  }
  uint64_t bytes(uint64_t count) const { return allocated(count) * rowBytes; }
};

struct PlanHeader {
  uint64_t magic;
  uint32_t version;
  uint32_t context;      // longest sequence, tokens
  uint32_t maxSequences; // slots: --max-batch
  uint32_t vocabulary;   // columns of the logits
  uint32_t pageTokens;
  uint32_t maxTiles;
  uint32_t maxLogitRows;
  uint32_t tileRows;    // most rows of a tile
  uint64_t arenaBytes, kvBytes;
  // Step inputs, in the arena:
  uint64_t tokens;    // int32[max rows]
  uint64_t positions; // int32[max rows]
  uint64_t slots;     // int32[max rows]: the row's sequence
  // Row tiles: runs of rows of one sequence at consecutive positions, in order;
  // int32[maxTiles][2] = first row, count <= tileRows. Results do not depend on
  // how rows are cut into tiles.
  uint64_t tiles;
  uint64_t select;    // int32[maxLogitRows]: rows that want logits
  // Result: float[maxLogitRows][logitStride]
  uint64_t logits;
  uint64_t logitStride; // floats
  // Of the programs that have tails: float[maxLogitRows][bestStride], the `best`
  // largest logits of a row, best first and of equal ones the smaller token's, and
  // then their tokens as numbers.
  uint64_t ranked;
  uint64_t bestStride;  // floats
  uint64_t best;        // 0: no program has tails
  uint64_t frontBytes;  // of the arena, in which all that the host touches lies
  Program programs[kRoles];
  // Tables: offset from the PlanHeader, count.
  uint64_t devicesAt, devices;
  uint64_t stagesAt, stages;
  uint64_t buffersAt, buffers;
  uint64_t constantsAt, constants; // int64
  uint64_t groupsAt, groups;       // KvGroup
  uint64_t usesAt, uses;           // ArenaUse
  uint64_t stringsAt, strings;     // bytes
};

/// 64-bit FNV-1a over eight-byte words (the tail zero-padded), four lanes:
/// quick enough for gigabytes, good enough to notice a damaged file.
inline uint64_t checksum(const void *data, size_t size) {
  const unsigned char *p = static_cast<const unsigned char *>(data);
  uint64_t lane[4] = {0xcbf29ce484222325ull, 0x9ae16a3b2f90404full,
                      0xc949d7c7509e6557ull, 0xff51afd7ed558ccdull};
  constexpr uint64_t prime = 0x9e3779b97f4a7c15ull;
  size_t i = 0;
  auto mix = [&](unsigned k, uint64_t word) {
    lane[k] = (lane[k] ^ word) * prime;
    lane[k] ^= lane[k] >> 29;
  };
  for (; i + 32 <= size; i += 32)
    for (unsigned k = 0; k < 4; ++k) {
      uint64_t word;
      __builtin_memcpy(&word, p + i + 8 * k, 8);
      mix(k, word);
    }
  for (unsigned k = 0; i < size; i += 8, ++k) {
    uint64_t word = 0;
    __builtin_memcpy(&word, p + i, size - i < 8 ? size - i : 8);
    mix(k, word);
  }
  uint64_t hash = size * prime;
  for (uint64_t l : lane) {
    hash = (hash ^ l) * prime;
    hash ^= hash >> 32;
  }
  return hash;
}

} // namespace quern::plan

/// Kernels for one kind of hardware. The object that a target makes puts one of
/// these into the section quern_kernel_sets, variant after variant, in the order of the
/// plan's devices. A *variant* is all that an artifact needs for one choice of chips: a
/// set for each device, and a plan of its own ("plan", "plan.1", ...). They share the
/// rest. The best for a machine comes first (runtime/Variant.h).
extern "C" {
struct quern_kernel_set {
  const void *executor; // a quern::ExecutorKind (runtime/Executor.h)
  const void *kernels;  // `count` of what that executor says; Stage::kernel counts
  uint64_t count;
  uint64_t variant;
  const char *chip;  // for people: "x86-64-v4 with VNNI and BF16"
  const char *needs; // features, with commas: "avx512f,avx512vnni"
};
/// Defined by the linker: where the section begins and ends.
extern const quern_kernel_set __start_quern_kernel_sets[],
    __stop_quern_kernel_sets[];
}
