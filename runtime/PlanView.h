//===- PlanView.h - The plan, checked --------------------------*- C++ -*-===//
//
// The tables of the plan section as spans. The constructor checks every offset,
// count and index in them once, so that the engine can follow them blindly: no
// stage reads a buffer outside its space, no kernel index is out of range, and
// every step input has room for the largest step.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "Plan.h"
#include <cstring>
#include <span>
#include <string_view>

namespace quern {

class PlanView {
public:
  /// `section` (aligned to 8 bytes) must outlive the view. `kernels`, for each
  /// device how many, and `weightBytes` are what the artifact has. Throws Error
  /// naming the table and the entry that is wrong.
  PlanView(std::span<const uint8_t> section, std::span<const uint64_t> kernels,
           uint64_t weightBytes);

  const plan::PlanHeader &header() const { return *head; }
  const plan::PlanHeader *operator->() const { return head; }

  const plan::Program &program(plan::Role role) const {
    return head->programs[role];
  }
  std::span<const plan::Device> devices() const { return deviceTable; }
  std::string_view name(const plan::Device &device) const {
    return {device.name, strnlen(device.name, sizeof(device.name))};
  }
  std::span<const plan::Stage> stages() const { return stageTable; }
  std::span<const plan::Stage> stages(plan::Role role) const {
    return stageTable.subspan(program(role).firstStage, program(role).stages);
  }
  std::span<const plan::Buffer> buffers() const { return bufferTable; }
  std::span<const int64_t> constants() const { return constantTable; }
  std::span<const plan::KvGroup> groups() const { return groupTable; }
  std::span<const plan::ArenaUse> uses() const { return useTable; }
  /// Whether a device has any stage: it is not needed otherwise.
  bool runs(uint32_t device) const;
  /// The one that makes the logits of a role.
  uint32_t headDevice(plan::Role role) const;
  /// The stage's name, "blk.0.attn_q".
  std::string_view name(const plan::Stage &stage) const;

  /// Most rows of any step: what the row inputs have room for.
  uint32_t maxRows() const;
  /// Most tiles that `rows` rows of up to `sequences` sequences are cut into.
  uint32_t maxTiles(uint32_t rows, uint32_t sequences) const;

  uint64_t stageIndex(const plan::Stage &stage) const {
    return uint64_t(&stage - stageTable.data());
  }

private:
  template <typename T>
  std::span<const T> table(std::span<const uint8_t> section, uint64_t at,
                           uint64_t count, const char *what) const;
  void checkHeader() const;
  void checkPrograms() const;
  void checkStages(std::span<const uint64_t> kernels,
                   uint64_t weightBytes) const;
  void checkCopy(const plan::Stage &stage) const;
  uint64_t mostCopied(const plan::Stage &stage) const;
  void checkGroups() const;
  void checkInputs() const;
  void checkFront(uint64_t offset, uint64_t count, uint64_t size,
                  const char *what) const;

  const plan::PlanHeader *head = nullptr;
  std::span<const plan::Device> deviceTable;
  std::span<const plan::Stage> stageTable;
  std::span<const plan::Buffer> bufferTable;
  std::span<const int64_t> constantTable;
  std::span<const plan::KvGroup> groupTable;
  std::span<const plan::ArenaUse> useTable;
  std::span<const char> stringTable;
};

} // namespace quern
