//===- StopStrings.h - Ends an answer at given texts -----------*- C++ -*-===//
//
// A stop string may be spread over several tokens, so text is held back while
// it could be the beginning of one:
//
//   stop "\n\nUser"   push("Hi\n") -> "Hi"   push("\nUs") -> ""
//                     push("ing") -> "\n\nUsing"
//
//===----------------------------------------------------------------------===//
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace quern {

class StopStrings {
public:
  /// Empty strings are ignored.
  explicit StopStrings(std::vector<std::string> stops);

  /// Takes the next text, returns what is certainly not part of a stop string.
  std::string push(std::string_view text);
  /// Whether a stop string has been seen; the text before it has been returned.
  bool stopped() const { return found; }
  /// What is held back, when no more text comes.
  std::string finish();

private:
  std::vector<std::string> stops;
  std::string held;
  bool found = false;
};

} // namespace quern
