//===- Values.cpp - What flags may be given ---------------------*- C++ -*-===//
#include "cli/Values.h"
#include "cli/Text.h"
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

namespace quern::cli {

/// Parses all of `text`; false if something else is in it.
template <typename T> static bool parseAll(const std::string &text, T &value) {
  const char *end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

static std::string shown(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof(text), value).ptr};
}

CLI::Validator wholeNumber(uint64_t least, uint64_t most) {
  auto check = [=](std::string &text) -> std::string {
    uint64_t value;
    if (parseAll(text, value) && value >= least && value <= most)
      return "";
    std::string message = text + ": not a whole number ";
    if (most >= INT32_MAX)
      return message + "from " + std::to_string(least) + " on";
    return message + "between " + std::to_string(least) + " and " +
           std::to_string(most);
  };
  std::string range = std::to_string(least) + " to " + std::to_string(most);
  return CLI::Validator(check, most < INT32_MAX ? range : "", kRange);
}

CLI::Validator wordOrNumber(const std::string &word) {
  auto check = [=](std::string &text) -> std::string {
    uint32_t value;
    return text == word || parseAll(text, value)
               ? ""
               : text + ": neither " + word + " nor a whole number";
  };
  return CLI::Validator(check, word + "\n", kSuggest);
}

CLI::Validator byteSize() {
  auto check = [](std::string &text) -> std::string {
    size_t digits =
        std::min(text.find_first_not_of("0123456789."), text.size());
    std::string unit = text.substr(digits);
    constexpr std::string_view letters = "KMGT";
    size_t power =
        unit.empty() ? 0 : letters.find(char(toupper(uint8_t(unit[0])))) + 1;
    std::string rest = unit.empty() ? "" : unit.substr(1);
    bool known = unit.empty() ||
                 (power > 0 && (rest.empty() || rest == "iB" || rest == "B"));
    double value = 0;
    double bytes = parseAll(text.substr(0, digits), value)
                       ? value * std::pow(rest == "B" ? 1000 : 1024, power)
                       : 0;
    if (!known || bytes < 1 || bytes > double(uint64_t{1} << 60))
      return text + ": not a size, such as 512MiB or 24G";
    text = std::to_string(uint64_t(bytes));
    return "";
  };
  return CLI::Validator(check, "", "size");
}

CLI::Validator realNumber(double least, double most) {
  auto check = [=](std::string &text) -> std::string {
    double value;
    bool number = parseAll(text, value);
    if (number && value >= least && value <= most)
      return "";
    return text + (number ? ": not" : ": not a number") + " between " +
           shown(least) + " and " + shown(most);
  };
  std::string range = shown(least) + " to " + shown(most);
  return CLI::Validator(check, most < 1e6 ? range : "", kRange);
}

static std::string listed(const std::vector<std::string> &words) {
  std::string list;
  for (const std::string &word : words)
    list += word + '\n';
  return list;
}

CLI::Validator oneOf(const std::vector<std::string> &words) {
  auto check = [=](std::string &text) -> std::string {
    if (std::find(words.begin(), words.end(), text) != words.end())
      return "";
    return text + ": not one of " + join(words, ", ");
  };
  return CLI::Validator(check, listed(words), kOneOf);
}

CLI::Validator suggest(const std::vector<std::string> &words) {
  return CLI::Validator([](std::string &) { return std::string(); },
                        listed(words), kSuggest);
}

} // namespace quern::cli
