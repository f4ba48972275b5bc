//===- TemplateLimitsTest.cpp - Hostile templates ---------------*- C++ -*-===//

#include "Error.h"
#include "text/Template.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

using namespace quern;

static std::string failure(std::string_view source, TemplateLimits limits = {},
                           Value context = Value::object()) {
  try {
    renderTemplate(compileTemplate(source, "t"), context, limits);
  } catch (const Error &error) {
    return error.what();
  }
  return "rendered";
}

static std::string repeat(std::string_view text, size_t count) {
  std::string out;
  while (count-- > 0)
    out += text;
  return out;
}

#define EXPECT_FAILS(source, part)                                             \
  EXPECT_NE(failure(source).find(part), std::string::npos) << failure(source)

TEST(TemplateLimits, Steps) {
  EXPECT_FAILS("{% for a in range(99999) %}{% for b in range(99999) %}"
               "{% endfor %}{% endfor %}",
               "steps");
  EXPECT_FAILS("{{ range(999999999999) }}", "steps");
  EXPECT_FAILS("{% set n = namespace(x=[1]) %}{% for i in range(99) %}"
               "{% set n.x = n.x + n.x %}{% endfor %}",
               "steps");
  EXPECT_FAILS("{% set x = range(5000)|list %}{% for i in x %}"
               "{{ x == x }}{% endfor %}",
               "steps");
}

TEST(TemplateLimits, Output) {
  TemplateLimits small;
  small.output = 1000;
  EXPECT_NE(failure("{% for i in range(999) %}xxxx{% endfor %}", small)
                .find("output of more than 1000 bytes"),
            std::string::npos);
  EXPECT_NE(failure("{% set x %}{% for i in range(999) %}xxxx{% endfor %}"
                    "{% endset %}",
                    small)
                .find("output of more than"),
            std::string::npos);
  EXPECT_FAILS("{{ 'x' * 999999999999 }}", "too large");
  EXPECT_FAILS("{% set n = namespace(s='xx') %}{% for i in range(99) %}"
               "{% set n.s = n.s ~ n.s %}{% endfor %}",
               "more than");
  EXPECT_FAILS("{% set n = namespace(s='xx') %}{% for i in range(99) %}"
               "{% set n.s = n.s.replace('x', 'xxxxxxxxxxxxxxxx') %}"
               "{% endfor %}",
               "steps");
}

TEST(TemplateLimits, Depth) {
  EXPECT_FAILS("{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
               "nested deeper than 500 levels");
  EXPECT_FAILS("{{ " + repeat("(", 5000) + "1" + repeat(")", 5000) + " }}",
               "nested too deeply");
  EXPECT_FAILS(repeat("{% if 1 %}", 5000), "nested too deeply");
  EXPECT_FAILS("{{ " + repeat("not ", 5000) + "1 }}", "nested too deeply");
  EXPECT_FAILS("{{ " + repeat("-", 5000) + "1 }}", "nested too deeply");
  EXPECT_FAILS("{{ " + repeat("[", 5000) + repeat("]", 5000) + " }}",
               "nested too deeply");
  EXPECT_FAILS("{% if 0 %}" + repeat("{% elif 0 %}", 5000) + "{% endif %}",
               "nested too deeply");
  // Chains of operators are flat to the eye but deep in the tree.
  EXPECT_EQ(failure("{{ 'a'" + repeat(" + 'a'", 300) + " }}"), "rendered");
  EXPECT_FAILS("{{ 1" + repeat(" + 1", 100000) + " }}", "nested deeper");
  EXPECT_FAILS("{{ x" + repeat("|trim", 100000) + " }}", "nested deeper");
}

TEST(TemplateLimits, ValuesAreNeitherDeepNorCyclic) {
  EXPECT_FAILS("{% set n = namespace(x=[]) %}{% for i in range(100000) %}"
               "{% set n.x = [n.x] %}{% endfor %}",
               "nested deeper than 200 levels");
  EXPECT_FAILS("{% set n = namespace() %}{% set n.n = n %}", "namespace");
  EXPECT_FAILS("{% set n = namespace() %}{% set l = [n] %}", "namespace");
  EXPECT_FAILS("{% set n = namespace() %}{% set d = {'a': n} %}", "namespace");
  Value deep;
  for (int i = 0; i < 300; ++i)
    deep = Value::array({deep});
  EXPECT_NE(failure("x", {}, Value::object({{"d", deep}})).find("context"),
            std::string::npos);
}

/// What broke others.
TEST(TemplateLimits, Parentheses60000) {
  EXPECT_FAILS("{{ " + repeat("(", 60000), "never closed");
  EXPECT_FAILS("{{ " + repeat("(", 60000) + "1" + repeat(")", 60000) + " }}",
               "nested too deeply");
  EXPECT_FAILS("{{ x" + repeat("[x", 60000) + repeat("]", 60000) + " }}",
               "nested too deeply");
  EXPECT_FAILS("{{ " + repeat("{'a':", 60000) + repeat("}", 60000) + " }}",
               "nested too deeply");
  EXPECT_FAILS("{% set " + repeat("(", 60000) + "a" + repeat(")", 60000) +
                   " = 1 %}",
               "nested too deeply");
  EXPECT_FAILS(repeat("{% call f() %}", 60000), "nested too deeply");
  EXPECT_FAILS(repeat("{% filter trim %}", 60000), "nested too deeply");
  EXPECT_FAILS("{{ 1" + repeat(" if 1 else 1", 60000) + " }}",
               "nested too deeply");
}

TEST(TemplateLimits, LoopsForEver) {
  std::string loops;
  for (char name = 'a'; name < 'z'; ++name)
    loops += std::string("{% for ") + name + " in range(100000) %}";
  EXPECT_FAILS(loops + repeat("{% endfor %}", 25), "steps");
  EXPECT_FAILS("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
               "nested deeper");
  EXPECT_FAILS("{% macro f() %}{{ caller() }}{% endmacro %}"
               "{% macro g() %}{% call f() %}{{ g() }}{% endcall %}"
               "{% endmacro %}{{ g() }}",
               "nested deeper");
}

TEST(TemplateLimits, HugeCounts) {
  EXPECT_FAILS("{{ range(10 ** 9) }}", "steps");
  EXPECT_FAILS("{{ 'a' * 10 ** 9 }}", "too large");
  EXPECT_FAILS("{{ [1] * 10 ** 9 }}", "too large");
  EXPECT_FAILS("{{ 'a' * 10 ** 18 * 10 }}", "too large");
  EXPECT_FAILS("{{ ('a\n' * 1000000)|indent(10 ** 9) }}", "");
  EXPECT_FAILS("{{ 'a\nb'|indent(10 ** 9) }}", "too wide");
  EXPECT_FAILS("{{ [1]|tojson(indent=10 ** 9) }}", "too wide");
  EXPECT_FAILS("{{ '%1000000000d' % 5 }}", "supported");
  EXPECT_FAILS("{{ '{:1000000000}'.format(5) }}", "not supported");
  EXPECT_FAILS("{{ '{0:{1}}'.format(5, 10 ** 9) }}", "not supported");
  EXPECT_FAILS("{{ 'x'|center(10 ** 9) }}", "bytes");
  EXPECT_FAILS("{{ 10 ** 9 ** 9 }}", "integer overflow");
  EXPECT_FAILS("{{ 9223372036854775807 + 1 }}", "integer overflow");
  EXPECT_FAILS("{{ -9223372036854775807 * 3 }}", "integer overflow");
  EXPECT_FAILS("{{ 99999999999999999999 }}", "too large");
  EXPECT_FAILS("{{ (-9223372036854775807 - 1) // -1 }}", "integer overflow");
}

TEST(TemplateLimits, HugeSlices) {
  EXPECT_EQ(failure("{{ 'abc'[::9223372036854775807] }}"
                    "{{ 'abc'[::-9223372036854775807] }}"
                    "{{ 'abc'[9223372036854775807:-9223372036854775807:-1] }}"
                    "{{ [1, 2][-9223372036854775807:9223372036854775807] }}"
                    "{{ 'abc'[:: -9223372036854775807 - 1] }}"),
            "rendered");
  EXPECT_FAILS("{{ 'abc'[::0] }}", "zero");
}

TEST(TemplateLimits, JoinsThatDouble) {
  EXPECT_FAILS("{% set n = namespace(s='xx') %}{% for i in range(99) %}"
               "{% set n.s = [n.s, n.s]|join %}{% endfor %}",
               "more than");
  EXPECT_FAILS("{% set n = namespace(s='xx') %}{% for i in range(99) %}"
               "{% set n.s = n.s.join([n.s, n.s, n.s]) %}{% endfor %}",
               "more than");
  EXPECT_FAILS("{% set n = namespace(s='xx') %}{% for i in range(99) %}"
               "{% set n.s = '{0}{0}'.format(n.s) %}{% endfor %}",
               "more than");
  EXPECT_FAILS("{% set n = namespace(x=[1]) %}{% for i in range(99) %}"
               "{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
               "steps");
  EXPECT_FAILS("{% set n = namespace(x=[1]) %}{% for i in range(99) %}"
               "{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x|tojson }}",
               "steps");
  // Values shared so often that no text of them is made, only walked.
  EXPECT_FAILS("{% set n = namespace(x=[1], y=[1]) %}{% for i in range(99) %}"
               "{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}"
               "{% endfor %}{{ n.x == n.y }}",
               "steps");
}

TEST(TemplateLimits, NothingOfTheHost) {
  for (const char *name : {"__class__", "__mro__", "__globals__", "__init__",
                           "__subclasses__", "__builtins__"}) {
    std::string dotted = std::string("{{ ''.") + name;
    EXPECT_FAILS(dotted + ".x }}", "undefined");
    EXPECT_FAILS(dotted + "() }}", "attribute");
    EXPECT_FAILS(std::string("{{ '{0.") + name + ".x}'.format('') }}",
                 "undefined");
    EXPECT_FAILS(std::string("{{ raise_exception.") + name + ".x }}",
                 "undefined");
  }
  EXPECT_FAILS("{% set loop.x = 1 %}", "cannot");
  EXPECT_FAILS("{% for i in [1] %}{% set loop.index = 7 %}{% endfor %}",
               "cannot");
}

/// A macro or loop that outlives what it was defined in finds no old names.
TEST(TemplateLimits, EscapedClosures) {
  EXPECT_EQ(failure("{% set n = namespace() %}{% for i in [1, 2] %}"
                    "{% with a = i %}{% macro m() %}{{ i }}{{ a }}{% endmacro "
                    "%}{% set n.m = m %}{% endwith %}{% endfor %}{{ n.m() }}"),
            "rendered");
  EXPECT_FAILS("{% set n = namespace() %}{% for i in [1] recursive %}"
               "{% set n.l = loop %}{% endfor %}{{ n.l([1]) }}",
               "namespace");
}

/// A damaged program is refused, or runs within its limits and its bytes.
TEST(TemplateLimits, DamagedPrograms) {
  const auto good = compileTemplate(
      "{% macro m(a, b=1) %}{{ a ~ b }}{% endmacro %}{% set n = namespace(x=1) "
      "%}{% for k, v in {'a': 1, 'b': [1, 2.5]}.items() if v is defined %}"
      "{% set n.x = n.x + 1 %}{{ m(k, b=v)|upper }}{{ 'abc'[::-1] }}"
      "{% if 1 < n.x <= 3 and not v in [1] %}{{ loop.index }}{% else %}-"
      "{% endif %}{{ v if v else none }}{% endfor %}"
      "{% set c %}text{% endset %}{{ c|replace('t', 'x') }}{{ -n.x ** 2 }}",
      "t");
  std::mt19937 rng(1);
  TemplateLimits limits;
  limits.steps = 20000;
  limits.output = 1 << 16;
  auto random = [&] { return static_cast<uint32_t>(rng()); };
  int ran = 0;
  for (int round = 0; round < 20000; ++round) {
    auto bad = good;
    for (unsigned i = 0, n = 1 + rng() % 3; i < n; ++i) {
      size_t at = rng() % (bad.size() / 4) * 4;
      uint32_t values[] = {0, 1, 0xffffffff, random(), random() % 128};
      std::memcpy(bad.data() + at, &values[rng() % 5], 1 + rng() % 4);
    }
    try {
      renderTemplate(bad, Value::object({{"x", 1}}), limits);
      ++ran;
    } catch (const Error &) {
    }
  }
  EXPECT_GT(ran, 0);
  for (size_t size = 0; size < good.size(); size += 7)
    EXPECT_THROW(renderTemplate(std::span(good).first(size), Value::object()),
                 Error);
}

/// Any text compiles or is refused.
TEST(TemplateLimits, DamagedSources) {
  const std::string good =
      "{%- macro m(a, b=1) -%}{{ a ~ b }}{%- endmacro %}\n{# c #}{% raw %}{{"
      "{% endraw %}{% for k, (v, w) in x.items() if v %}{{ 'a\\x41' \"b\" "
      "}}{% elif 1.5e3 // 0x1f %}{% endfor %}{{ [1:2:3, {'a': -b}]|join }}";
  std::mt19937 rng(1);
  for (int round = 0; round < 20000; ++round) {
    std::string bad = good;
    for (unsigned i = 0, n = 1 + rng() % 5; i < n; ++i) {
      size_t at = rng() % bad.size(), size = rng() % 6;
      if (rng() % 2)
        bad.erase(at, size);
      else
        bad.insert(at, good.substr(rng() % good.size(), size));
    }
    failure(bad);
  }
}
