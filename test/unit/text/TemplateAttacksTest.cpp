//===- TemplateAttacksTest.cpp - What has broken others ---------*- C++ -*-===//
//
// Attacks on programs that render chat templates, by the number under which
// they were published, and their relatives. Each ends in the right text or in
// one line that says where, within the limits' time and with bounded memory.
//
//===----------------------------------------------------------------------===//

#include "Error.h"
#include "text/Template.h"

#include <gtest/gtest.h>

#include <regex>
#include <sys/resource.h>

using namespace quern;

namespace {
/// Each test is a process of its own under CTest.
class TemplateAttacks : public testing::Test {
protected:
  void TearDown() override {
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    EXPECT_LT(usage.ru_maxrss, 2'000'000) << "kilobytes were in use";
  }
};
} // namespace

static std::string times(size_t count, std::string_view text) {
  std::string out;
  out.reserve(count * text.size());
  while (count-- > 0)
    out += text;
  return out;
}

static std::string render(std::string_view source, Value context) {
  return renderTemplate(compileTemplate(source, "t"), context);
}
static std::string render(std::string_view source) {
  return render(source, Value::object());
}

/// `source` fails with one located line that has `part` in it.
static void refused(std::string_view source, std::string_view part,
                    Value context = Value::object()) {
  std::string what = "nothing", shown(source.substr(0, 100));
  try {
    render(source, context);
  } catch (const Error &error) {
    what = error.what();
  }
  static const std::regex located("t:[1-9][0-9]*:[1-9][0-9]*: [^\n\r]+");
  EXPECT_TRUE(std::regex_match(what.substr(0, 300), located))
      << shown << "\n"
      << what.substr(0, 300);
  EXPECT_NE(what.find(part), what.npos) << shown << "\n" << what.substr(0, 300);
}

//===----------------------------------------------------------------------===//
// Ways out of the sandbox
//===----------------------------------------------------------------------===//

// CVE-2024-34359 (llama-cpp-python), CVE-2026-5760: templates run in a plain
// Jinja environment reach Python's classes, and with them the system.
TEST_F(TemplateAttacks, CVE_2024_34359_ClassesOfValues) {
  for (const char *value : {"''", "[]", "{}", "()", "1", "1.5", "true", "none",
                            "range", "dict", "namespace", "raise_exception"})
    for (const char *name :
         {"__class__", "__base__", "__init__", "__globals__", "__dict__",
          "__getattribute__", "__reduce__", "__subclasses__", "mro", "gi_frame",
          "func_globals", "__call__"}) {
      std::string text = std::string("(") + value + ")";
      EXPECT_EQ(render("{{ " + text + "." + name + " }}"), "") << text << name;
      EXPECT_EQ(render("{{ " + text + "['" + name + "'] }}"), "");
      EXPECT_EQ(render("{{ " + text + "|attr('" + name + "') }}"), "");
      refused("{{ " + text + "." + name + ".x }}", "is undefined");
      refused("{{ " + text + "." + name + "() }}", "");
      refused("{{ (" + text + "|attr('" + name + "'))() }}", "is undefined");
    }
  refused("{{ ''.__class__.__mro__[1].__subclasses__() }}", "undefined");
  refused("{{ ''|attr('__class__')|attr('__mro__')|first|attr('x') }}", "");
  refused("{% for c in [].__class__.__base__.__subclasses__() %}{% endfor %}",
          "undefined");
  refused("{% set x = ''['__cla' ~ 'ss__'] %}{{ x['__mro__'][1] }}",
          "undefined");
}

TEST_F(TemplateAttacks, CVE_2026_5760_GlobalsOfFunctions) {
  for (const char *name : {"cycler", "joiner", "lipsum", "self", "config",
                           "request", "get_flashed_messages", "url_for", "os",
                           "__import__", "open", "eval", "exec"}) {
    refused(std::string("{{ ") + name + ".__init__.__globals__ }}",
            "is undefined");
    refused(std::string("{{ ") + name + "('id') }}", "is undefined");
  }
  refused("{{ cycler.__init__.__globals__.os.popen('id').read() }}",
          "'cycler' is undefined");
  refused("{{ namespace.__init__.__globals__['sys'] }}", "undefined");
  refused("{% macro m() %}{% endmacro %}{{ m.__globals__.x }}", "undefined");
  refused("{% for i in [1] %}{{ loop.__init__.__globals__ }}{% endfor %}",
          "undefined");
}

TEST_F(TemplateAttacks, CVE_2024_34359_FormatsAndNames) {
  refused("{{ '{0.__class__.__init__.__globals__}'.format(1) }}", "undefined");
  refused("{{ '{a[__class__].x}'.format(a={}) }}", "undefined");
  refused("{{ ['']|map(attribute='__class__.__mro__')|list }}", "undefined");
  refused("{{ ['']|sort(attribute='__class__.x') }}", "undefined");
  EXPECT_EQ(render("{{ [1]|selectattr('__class__')|list }}"), "[]");
  refused("{{ [1].append(2) }}", "no attribute");
  refused("{{ {}.update(a=1) }}", "no attribute");
  refused("{{ [1].__setitem__(0, 2) }}", "no attribute");
}

TEST_F(TemplateAttacks, FilesAreNotRead) {
  for (const char *tag : {"{% include '/etc/passwd' %}", "{% extends 'x' %}",
                          "{% import 'x' as y %}", "{% from 'x' import y %}"})
    refused(tag, "needs other files");
}

//===----------------------------------------------------------------------===//
// Time and memory without end
//===----------------------------------------------------------------------===//

// CVE-2025-61620 / PYSEC-2026-2013 (vLLM): a request's template takes all CPU
// time or memory of the server.
TEST_F(TemplateAttacks, CVE_2025_61620_Loops) {
  refused(times(6, "{% for i in range(99999) %}") + times(6, "{% endfor %}"),
          "steps");
  refused("{% for a in range(9999) %}{% for b in range(9999) %}"
          "{% for c in range(9999) %}{{ a }}{% endfor %}{% endfor %}"
          "{% endfor %}",
          "steps");
  refused("{% set n = namespace(x=range(9)) %}{% for i in range(99999) %}"
          "{% set n.x = n.x|map('string')|list + n.x|list %}{% endfor %}",
          "steps");
}

TEST_F(TemplateAttacks, CVE_2025_61620_HugeCounts) {
  refused("{{ 'a' * 10**9 }}", "too large");
  refused("{{ [1] * 10**9 }}", "too large");
  refused("{{ (1,) * 10**9 }}", "too large");
  refused("{{ range(10**9)|list }}", "steps");
  refused("{{ range(10**9)|length }}", "steps");
  refused("{{ 'x'|center(10**9) }}", "bytes");
  refused("{{ 'x'.center(10**9) }}", "bytes");
  refused("{{ 'x'.ljust(10**18) }}", "bytes");
  refused("{{ 'x'.rjust(10**9) }}", "bytes");
  refused("{{ '1'.zfill(10**9) }}", "bytes");
  refused("{{ '\\t'.expandtabs(10**9) }}", "string of more than");
  refused("{{ '%1000000000d'|format(1) }}", "supported");
  refused("{{ '%.1000000000f'|format(1) }}", "supported");
  refused("{{ '%*d' % (10**9, 1) }}", "supported");
  refused("{{ '{:>1000000000}'.format(1) }}", "not supported");
  refused("{{ 'a'|indent(10**9, true) }}", "too wide");
  refused("{{ [1]|tojson(indent=10**9) }}", "too wide");
  refused("{{ [1]|batch(10**9, 0)|list }}", "steps");
  refused("{{ [1]|slice(10**9)|list }}", "steps");
  EXPECT_EQ(render("{{ 'abc'|truncate(10**18) }}"), "abc");
}

TEST_F(TemplateAttacks, CVE_2025_61620_ManySmallPieces) {
  std::string large = "{% set s = 'a\n' * 5000000 %}";
  for (const char *use :
       {"{{ s|list|length }}", "{{ s.split('\n')|length }}",
        "{{ s.split()|length }}", "{{ s.rsplit('\n')|length }}",
        "{{ s.splitlines()|length }}", "{{ s|reverse|length }}",
        "{{ s|indent(9)|length }}", "{{ s|batch(1)|list|length }}",
        "{{ s[::-1]|length }}", "{% for c in s %}{% endfor %}",
        "{{ s|unique|list }}", "{{ s|sort }}", "{{ s|replace('a', s) }}",
        "{{ s.join(s) }}", "{{ ([s] * 30)|tojson }}"})
    refused(large + use, "");
}

TEST_F(TemplateAttacks, CVE_2025_61620_Doubling) {
  auto doubling = [](std::string_view next, std::string_view first = "'xx'") {
    return "{% set n = namespace(s=" + std::string(first) +
           ") %}{% for i in range(200) %}{% set n.s = " + std::string(next) +
           " %}{% endfor %}";
  };
  for (const char *next :
       {"n.s ~ n.s", "n.s + n.s", "n.s * 2", "[n.s, n.s]|join",
        "n.s.join([n.s, n.s])", "n.s|replace('x', 'xx')", "'%s%s' % (n.s, n.s)",
        "'{0}{0}'.format(n.s)", "n.s|indent(1000) ~ n.s",
        "(n.s ~ '<')|escape ~ n.s", "n.s|center(n.s|length * 2)",
        "n.s|tojson ~ n.s", "n.s|urlencode ~ n.s", "n.s.ljust(n.s|length * 3)",
        "(n.s, n.s)|string", "[1, 2]|tojson(indent=n.s) ~ n.s",
        "[1, 2, 3, 4]|tojson(separators=(n.s, ':'))"})
    refused(doubling(next), "");
  for (const char *next : {"n.s + n.s", "n.s * 2", "n.s|list + n.s|list",
                           "n.s|map('string')|list + n.s"})
    refused(doubling(next, "[1, 2]"), "");
  refused("{% set n = namespace(x=[1]) %}{% for i in range(150) %}"
          "{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x|tojson }}",
          "steps");
  refused("{% set s = 'x' * 60000000 %}{{ range(1000)|list|tojson("
          "separators=(s, s)) }}",
          "bytes");
  refused("{% set s = 'x' * 60000000 %}{{ range(1000)|join(s) }}", "");
  refused("{% set x %}" + times(12, "{% for i in range(30) %}") + "xxxxxxxx" +
              times(12, "{% endfor %}") + "{% endset %}",
          "");
}

// PR #24140 (llama.cpp): range(10**9) took all memory.
TEST_F(TemplateAttacks, PR24140_Ranges) {
  refused("{{ range(10**9) }}", "steps");
  refused("{% for i in range(10**9) %}{% break %}{% endfor %}", "steps");
  refused("{{ range(1 - 10**18, 10**18) }}", "steps");
  refused("{{ range(0, 10**18, 0) }}", "zero");
}

//===----------------------------------------------------------------------===//
// Recursion
//===----------------------------------------------------------------------===//

// PR #26387 (llama.cpp): a macro that calls itself ran over the stack.
TEST_F(TemplateAttacks, PR26387_Macros) {
  refused("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "nested deeper");
  refused("{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}"
          "{% endmacro %}{{ g() }}",
          "nested deeper");
  refused("{% macro f(x=f()) %}{% endmacro %}{{ f() }}", "");
  refused("{% macro f(x) %}{{ x(x) }}{% endmacro %}{{ f(f) }}",
          "nested deeper");
  refused("{% macro f() %}{% call f() %}{{ caller() }}{% endcall %}"
          "{{ caller() }}{% endmacro %}{% call f() %}x{% endcall %}",
          "nested deeper");
  // Each level calls itself twice: deep and wide.
  refused("{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}"
          "{% endmacro %}{{ f(40) }}",
          "steps");
}

TEST_F(TemplateAttacks, RecursiveLoops) {
  refused("{% for x in [1] recursive %}{{ loop([x]) }}{% endfor %}",
          "nested deeper");
  refused("{% for x in [1, 1] recursive %}{{ loop([x, x]) }}{% endfor %}",
          "nested deeper");
  refused("{% for x in [1] recursive %}{% for y in [1] recursive %}"
          "{{ loop([y]) }}{% endfor %}{{ loop([x]) }}{% endfor %}",
          "nested deeper");
}

// Issue #19085 (llama.cpp): 60,000 nested parentheses overflowed the stack.
TEST_F(TemplateAttacks, Issue19085_Nesting) {
  constexpr size_t n = 60000;
  auto nested = [](std::string_view open, std::string_view close) {
    return "{{ " + times(n, open) + "1" + times(n, close) + " }}";
  };
  for (auto [open, close] :
       std::initializer_list<std::pair<const char *, const char *>>{
           {"(", ")"},
           {"[", "]"},
           {"(1,", ")"},
           {"{'a': ", "}"},
           {"x[", "]"},
           {"x(", ")"},
           {"x(a=", ")"},
           {"x(*", ")"},
           {"1|d(", ")"},
           {"1 is in(", ")"},
           {"not ", ""},
           {"-", ""},
           {"+", ""},
           {"1 if 1 else ", ""}})
    refused(nested(open, close), "nested too deeply");
  for (const char *open : {"|trim", ".a", "[0]", "()", " is defined", " + 1",
                           " * 1", " and 1", " or 1", " ** 1", " // 1"})
    refused("{{ 1" + times(n, open) + " }}", "nested deeper");
  EXPECT_EQ(render("{{ 1" + times(n, " ~ 1") + " }}").size(), n + 1);
  EXPECT_EQ(render("{{ 1" + times(n, " == 1") + " }}"), "True");
}

TEST_F(TemplateAttacks, Issue19085_NestedTags) {
  constexpr size_t n = 60000;
  for (const char *tag :
       {"{% if 1 %}", "{% for x in y %}", "{% for x in y recursive %}",
        "{% macro m() %}", "{% call m() %}", "{% filter trim %}", "{% with %}",
        "{% set x %}", "{% generation %}"})
    refused(times(n, tag), "nested too deeply");
  std::string blocks;
  for (size_t i = 0; i < n; ++i)
    blocks += "{% block b" + std::to_string(i) + " %}";
  refused(blocks, "nested too deeply");
  refused("{% if 0 %}" + times(n, "{% elif 0 %}") + "{% endif %}",
          "nested too deeply");
  refused("{% set " + times(n, "(") + "a" + times(n, ")") + " = 1 %}",
          "nested too deeply");
}

TEST_F(TemplateAttacks, ChainsOfOperators) {
  refused("{{ 1" + times(100000, " + 1") + " }}", "nested deeper");
  refused("{{ 'a'" + times(100000, " + 'a'") + " }}", "nested deeper");
  refused("{{ x" + times(100000, " and x") + " }}", "nested deeper");
  EXPECT_EQ(render("{{ ['a'" + times(100000, ", 'a'") + "]|length }}"),
            "100001");
}

// 60,000 nested arrays, as JSON in a message or made by the template.
TEST_F(TemplateAttacks, DeepValues) {
  EXPECT_THROW(
      {
        Value deep;
        for (int i = 0; i < 60000; ++i)
          deep = Value::array({deep});
      },
      Error);
  Value deep = "x";
  for (int i = 0; i < 900; ++i)
    deep = i % 2 ? Value::array({deep}) : Value::object({{"a", deep}});
  refused("{{ messages|tojson }}", "nested deeper",
          Value::object({{"messages", deep}}));
  refused("{% set n = namespace(x=1) %}{% for i in range(60000) %}"
          "{% set n.x = [n.x] %}{% endfor %}{{ n.x|tojson }}",
          "nested deeper");
  refused("{% set n = namespace(x=1) %}{% for i in range(60000) %}"
          "{% set n.x = {'a': n.x} %}{% endfor %}",
          "nested deeper");
  refused("{% set n = namespace(x=1) %}{% for i in range(60000) %}"
          "{% set n.x = [n.x]|batch(1)|list %}{% endfor %}",
          "nested deeper");
}

//===----------------------------------------------------------------------===//
// Large templates
//===----------------------------------------------------------------------===//

TEST_F(TemplateAttacks, TenMegabytes) {
  constexpr size_t size = 10 << 20;
  std::string text = times(size, "x");
  EXPECT_EQ(render(text).size(), size);
  EXPECT_EQ(render(times(size / 10, "{{ 1 }}abc")).size(), size / 10 * 4);
  refused(text + "{% if %}", "");
  refused(times(size / 8, "{# x #} ") + "{{ ", "never closed");
  refused(times(size / 5, "{{a}}") + "{{ a.b.c }}", "undefined");
  refused("{{ '" + text + "' ~ x.y }}", "undefined");
}

TEST_F(TemplateAttacks, LongNamesAndManyOfThem) {
  std::string name = times(1 << 20, "n");
  EXPECT_EQ(render("{% set " + name + " = 1 %}{{ " + name + " }}"), "1");
  refused("{{ " + name + ".x }}", "is undefined");
  refused("{{ 1|" + name + " }}", "unknown filter");
  refused("{% " + name + " %}", "not supported");
  refused("{{ " + times(1 << 20, "9") + " }}", "too large");
  std::string sets, blocks, parameters, members;
  for (int i = 0; i < 100000; ++i) {
    std::string n = std::to_string(i);
    sets += "{% set v" + n + " = 1 %}";
    blocks += "{% block v" + n + " %}{% endblock %}";
    parameters += (i ? ", a" : "a") + n;
    members += "{% set n.v" + n + " = 1 %}";
  }
  // A name is looked for among all of its scope: that counts.
  refused(sets, "steps");
  refused("{% set n = namespace() %}" + members, "steps");
  refused("{% macro m(" + parameters + ") %}{% endmacro %}{{ m() }}", "steps");
  EXPECT_EQ(render(blocks), "");
}

TEST_F(TemplateAttacks, NothingEnds) {
  for (const char *open : {"{{",
                           "{%",
                           "{#",
                           "{{ '",
                           "{{ \"",
                           "{{ (",
                           "{{ [",
                           "{{ {",
                           "{{ 'a\\",
                           "{% raw %}",
                           "{% if x %}",
                           "{% for x in y %}",
                           "{% macro m() %}",
                           "{% set x %}",
                           "{% call m() %}",
                           "{% filter trim %}",
                           "{% block b %}",
                           "{% with %}",
                           "{% generation %}",
                           "{% for x in y %}{% else %}",
                           "{% if x %}{% else %}",
                           "{{ '\\x4",
                           "{{ '\\u12",
                           "{{ x|",
                           "{{ x is",
                           "{{ x.",
                           "{{ x if",
                           "{% for",
                           "{% for x",
                           "{% set",
                           "{% macro"}) {
    refused(open, "");
    refused(std::string(open) + times(1 << 20, " "), "");
  }
}
