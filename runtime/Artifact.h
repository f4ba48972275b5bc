//===- Artifact.h - An executable and the model inside it ------*- C++ -*-===//
//
// Opens the file that the compiler wrote (by default the running executable)
// and finds the payload's sections, of which Plan.h has the layout. The whole
// file is mapped read only and never copied: weights are used where they lie.
//
// Nothing in the file is trusted. Every offset is checked against the file's
// size; all sections but the weights are checksummed at once, because they are
// small and a damaged plan would crash in a kernel; the weights by verify().
// Where weights are in a side-car, that is opened together with the executable,
// and refused if it is not the one that was made with it.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "Mapping.h"
#include "Plan.h"
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

/// "model.gguf" of "/a/b/model.gguf".
std::string_view baseName(std::string_view path);

class Artifact {
public:
  /// This program's own file, under the name that it was started by.
  static Artifact self();
  /// Throws Error, naming the path, for anything that is not an artifact of
  /// this version with all its bytes.
  explicit Artifact(const std::string &path);

  const std::string &path() const { return file; }
  uint64_t size() const { return mapping.size(); }
  /// The file with the weights, if they are not in this one; else null.
  const Artifact *weightsFile() const { return sidecar.get(); }

  /// The section's bytes, here or in the side-car, valid as long as this object.
  /// An Error if there is no such section; an empty one is not an error.
  std::span<const uint8_t> section(std::string_view name) const;
  const std::vector<plan::Section> &sections() const { return table; }

  /// Checksums every section, those of the side-car included. Throws for the
  /// first that is damaged.
  void verify() const;

private:
  Artifact(const std::string &path, std::string shown);
  void readTable();
  /// Opens what section "sidecar", if there is one, says; `path` is this file's.
  void openSidecar(const std::string &path);
  const plan::Section *find(std::string_view name) const;
  void checkSection(const plan::Section &section) const;

  std::string file;
  Mapping mapping;
  std::vector<plan::Section> table;
  std::unique_ptr<Artifact> sidecar;
};

} // namespace quern
