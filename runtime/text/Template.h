//===- Template.h - Chat templates -----------------------------*- C++ -*-===//
//
// Models ship their chat format as a Jinja template. It is parsed when the
// model is compiled, into a flat table of nodes in which every node refers to
// earlier ones only; the artifact holds that table and a small interpreter that
// walks it. There is no way from a template to files, the network, or the
// host's objects, and every run is bounded in steps, depth, memory and output.
//
// The dialect is what Hugging Face's `apply_chat_template` sets up: trim_blocks
// and lstrip_blocks, loop controls, `tojson` as plain JSON with ensure_ascii
// off, `raise_exception`, `{% generation %}`, and Python's methods on strings
// and dicts (https://jinja.palletsprojects.com/en/3.1.x/templates/). Not
// supported, and refused when compiling: include, import, extends, autoescape,
// integers beyond 64 bits, the filters pprint, random, striptags, urlize and
// wordwrap. Not defined: cycler, joiner, lipsum. Refused when run: keys of
// dicts that are neither strings, integers nor none; widths in formats; the
// text of ranges.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/Value.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

/// Bounds on one rendering. A template that exceeds one throws Error.
struct TemplateLimits {
  uint64_t steps = 10'000'000;      ///< nodes evaluated; copying counts too
  unsigned depth = 500;             ///< nested expressions and macro calls
  size_t output = size_t{64} << 20; ///< bytes of the result and of any string
};

/// Compiles `source` to a program. Throws Error "<name>:line:column: what".
std::vector<uint8_t> compileTemplate(std::string_view source,
                                     std::string_view name);

/// Runs a program made by `compileTemplate` with the members of the object
/// `context` as its variables (messages, tools, add_generation_prompt,
/// bos_token, eos_token, ...). Throws Error "<name>:line:column: what", where
/// raise_exception('text') makes `what` that text. The program is checked
/// before it runs, so its bytes need not be trusted.
std::string renderTemplate(std::span<const uint8_t> program,
                           const Value &context,
                           const TemplateLimits &limits = {});

} // namespace quern
