//===- ModelWriter.h - Small model files, right and wrong ------*- C++ -*-===//
//
// Writes GGUF and safetensors files field by field, so that a test can make any
// one of them wrong. Nothing here is checked: that is what the readers are for.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace quern::test {

/// Types of GGUF metadata.
enum GgufType : uint32_t {
  U8,
  I8,
  U16,
  I16,
  U32,
  I32,
  F32,
  Bool,
  String,
  Array,
  U64,
  I64,
  F64
};

/// A field of a written file that holds a number: where, and how wide.
struct Field {
  size_t offset;
  unsigned width;
  std::string what;
  bool isStructure; // a count, a length, a type: not a mere value
};

class GgufWriter {
public:
  /// The file so far; only right if what was announced was written.
  std::string bytes;
  std::vector<Field> fields;

  template <typename T>
  void number(T value, const std::string &what, bool isStructure = true) {
    fields.push_back({bytes.size(), sizeof(T), what, isStructure});
    bytes.append(reinterpret_cast<const char *>(&value), sizeof(T));
  }
  void string(const std::string &text, const std::string &what);
  void header(uint64_t tensors, uint64_t keys, uint32_t version = 3);
  void key(const std::string &name, uint32_t type);
  void array(const std::string &name, uint32_t elementType, uint64_t count);
  /// Dimensions innermost first, as in the file.
  void tensor(const std::string &name, const std::vector<uint64_t> &dims,
              uint32_t type, uint64_t offset);
  void pad(size_t alignment = 32);
  void data(size_t size);

  template <typename T>
  void value(const std::string &name, GgufType type, T value) {
    key(name, type);
    number(value, "value of " + name, false);
  }
  void text(const std::string &name, const std::string &value) {
    key(name, String);
    string(value, "value of " + name);
  }
};

/// A valid file with every type of value, scalar and in arrays, and tensors of
/// several types and ranks. Its last byte belongs to a tensor.
GgufWriter goodGguf();

/// The header "U64 version 3, one key, one tensor" and what a test puts in
/// place of the usual: a tensor t of 32 f32 at offset 0.
struct OneTensor {
  std::string name = "t";
  std::vector<uint64_t> dims = {32};
  uint32_t type = 0;
  uint64_t offset = 0;
  size_t dataBytes = 128;
  std::string build() const;
};

/// A .safetensors file of a header and as many bytes of data.
std::string safetensors(const std::string &header, size_t dataBytes);

/// Files of a folder by name.
using Files = std::map<std::string, std::string>;

/// A valid folder: Llama with 2 layers, width 8, 2 heads, 1 KV head, 16 rows of
/// embedding, byte-level BPE of 12 tokens.
Files goodFolder();

/// The same model in two shards and an index.
Files shardedFolder();

/// `text` with `from`, which must be in it, replaced by `to`.
std::string replaced(std::string text, const std::string &from,
                     const std::string &to);

/// A folder of its own, removed at the end.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder &) = delete;
  const std::string &path() const { return folder; }
  /// The full path of a file with that content.
  std::string write(const std::string &name, const std::string &content) const;
  void write(const Files &files) const;

private:
  std::string folder;
};

} // namespace quern::test
