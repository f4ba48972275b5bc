//===- AllocationMeter.h - What a piece of code allocates ------*- C++ -*-===//
//
// Replaces malloc in the whole program (in shared libraries as well) with one
// that counts, which shows an allocation even if its pages are never touched.
// Under a sanitizer, which has its own malloc, nothing is counted.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstddef>

namespace quern::test {

/// Bytes that were live at once since the meter was made, beyond those live
/// then; 0 if nothing is counted.
class AllocationMeter {
public:
  AllocationMeter();
  size_t peak() const;

private:
  size_t before;
};

} // namespace quern::test
