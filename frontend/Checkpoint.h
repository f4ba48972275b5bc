//===- Checkpoint.h - A model file, whatever its container -----*- C++ -*-===//
//
// A Checkpoint is what every importer sees: metadata by key and tensors by
// name, memory-mapped and never copied. Readers translate their container into
// one vocabulary, the one of GGUF ("llama.block_count", "blk.0.attn_q.weight"),
// so that an architecture is written once. Nothing in a file is trusted: a
// reader validates every size, count, offset and string with overflow-checked
// arithmetic against the file's length before it allocates anything, and
// reports the place (file, key or tensor, byte offset) of what is wrong.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "frontend/StorageTypes.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace quern {

/// A metadata value. Integers of any width are widened; an array is
/// homogeneous. Strings view the mapped file and live as long as it does.
using MetaValue =
    std::variant<uint64_t, int64_t, double, bool, llvm::StringRef,
                 std::vector<uint64_t>, std::vector<int64_t>,
                 std::vector<double>, std::vector<bool>,
                 std::vector<llvm::StringRef>>;

/// Bytes of one tensor. Most formats keep all of a weight in one part, of which
/// `name` is empty; GPTQ keeps several ("qweight", "scales", ...).
struct TensorPart {
  std::string name;
  llvm::ArrayRef<uint8_t> bytes;
  uint64_t fileOffset = 0;
};

/// One weight. `shape` is outermost first: {rows, columns} of a matrix whose
/// rows are contiguous; a vector has one entry. `format` names a Format
/// ("q4_k", "f16"). The readers guarantee that the parts have exactly the bytes
/// which shape and format ask for.
struct Tensor {
  std::string name;
  std::vector<uint64_t> shape;
  std::string format;
  std::vector<TensorPart> parts;

  uint64_t rows() const { return shape.size() < 2 ? 1 : shape[0]; }
  uint64_t columns() const { return shape.empty() ? 1 : shape.back(); }
};

class Checkpoint {
public:
  virtual ~Checkpoint() = default;

  const std::string &path() const { return file; }
  /// All metadata, in the file's order.
  const llvm::MapVector<llvm::StringRef, MetaValue> &metadata() const {
    return meta;
  }
  const std::vector<Tensor> &tensors() const { return tensorList; }

  /// Null if there is none of that name.
  const Tensor *findTensor(llvm::StringRef name) const;
  const MetaValue *findMeta(llvm::StringRef key) const;

  /// Whether it is a configuration alone, without tensors: a model of that shape.
  bool isOutline() const { return outline; }
  /// Whether the logits come from the embedding's matrix.
  bool tiesOutput() const;

  /// A required value: an error names the file, the key and what was expected.
  /// Integers of either sign convert where the value fits; getFloat takes
  /// integers too, and refuses what is not finite.
  llvm::Expected<uint64_t> getUInt(llvm::StringRef key) const;
  llvm::Expected<double> getFloat(llvm::StringRef key) const;
  llvm::Expected<bool> getBool(llvm::StringRef key) const;
  llvm::Expected<llvm::StringRef> getString(llvm::StringRef key) const;
  /// Optional ones: `fallback` if the key is absent, an error if it is there
  /// with another type.
  llvm::Expected<uint64_t> getUInt(llvm::StringRef key, uint64_t fallback) const;
  llvm::Expected<double> getFloat(llvm::StringRef key, double fallback) const;
  llvm::Expected<bool> getBool(llvm::StringRef key, bool fallback) const;

  /// "FILE: MESSAGE" as an error.
  llvm::Error error(const llvm::Twine &message) const;

protected:
  std::string file;
  llvm::MapVector<llvm::StringRef, MetaValue> meta;
  std::vector<Tensor> tensorList;
  llvm::StringMap<size_t> tensorIndex;
  bool outline = false;
};

/// How much of a model has to be there.
enum class Extent {
  Whole,
  /// What it says of itself: a GGUF file may end behind the list of its tensors,
  /// whose parts are then without bytes; a folder may have config.json alone, and
  /// the checkpoint is then an outline.
  Header,
};

/// Opens a GGUF file or a Hugging Face folder (or a .safetensors file in one),
/// told apart by content; of a header also a config.json.
llvm::Expected<std::unique_ptr<Checkpoint>>
openCheckpoint(llvm::StringRef path,
               const StorageTypes &types = StorageTypes::builtin(),
               Extent extent = Extent::Whole);

} // namespace quern
