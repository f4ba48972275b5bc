//===- Touch.h - Reading all that a reader returns -------------*- C++ -*-===//
//
// A view of bytes that are not there is only found by looking at them.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "frontend/Checkpoint.h"
#include <cstdlib>

namespace quern::test {

inline uint64_t sum(llvm::StringRef text) {
  uint64_t total = text.size();
  for (unsigned char c : text)
    total = total * 31 + c;
  return total;
}
template <typename T> uint64_t sum(T value) {
  return static_cast<uint64_t>(value != T());
}
template <typename T> uint64_t sum(const std::vector<T> &values) {
  uint64_t total = values.size();
  for (const auto &value : values)
    total = total * 31 + sum(static_cast<T>(value));
  return total;
}

/// Looks at every byte of a checkpoint; an error must be one line.
inline void touch(llvm::Expected<std::unique_ptr<Checkpoint>> checkpoint) {
  if (!checkpoint) {
    std::string message = llvm::toString(checkpoint.takeError());
    if (message.empty() || message.find_first_of("\n\r") != std::string::npos)
      std::abort();
    return;
  }
  volatile uint64_t total = 0; // so that nothing is optimized away
  for (const auto &[key, value] : (*checkpoint)->metadata())
    total = total + sum(key) +
            std::visit([](const auto &it) { return sum(it); }, value);
  for (const Tensor &tensor : (*checkpoint)->tensors()) {
    if ((*checkpoint)->findTensor(tensor.name) != &tensor)
      std::abort();
    for (const TensorPart &part : tensor.parts)
      for (uint8_t byte : part.bytes)
        total = total + byte;
  }
}

} // namespace quern::test
