//===- TemplateTest.cpp - Chat templates ------------------------*- C++ -*-===//
//
// The behaviour that matters most, pinned; what Jinja does in all other cases
// is compared with Jinja itself by test/numerics/text/test_template.py.
//
//===----------------------------------------------------------------------===//

#include "text/Template.h"
#include "Error.h"

#include <gtest/gtest.h>

using namespace quern;

static std::string render(std::string_view source, Value::Object context = {},
                          TemplateLimits limits = {}) {
  try {
    return renderTemplate(compileTemplate(source, "t"),
                          Value::object(std::move(context)), limits);
  } catch (const Error &error) {
    return std::string("error ") + error.what();
  }
}

static Value message(const char *role, const char *content) {
  return Value::object({{"role", role}, {"content", content}});
}

TEST(Template, ChatMl) {
  const char *source =
      "{% for message in messages %}"
      "{{'<|im_start|>' + message['role'] + '\n' + message.content + "
      "'<|im_end|>' + '\n'}}{% endfor %}"
      "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif "
      "%}";
  Value messages = Value::array(
      {message("system", "Be brief."), message("user", "{{ hi }}")});
  EXPECT_EQ(
      render(source, {{"messages", messages}, {"add_generation_prompt", true}}),
      "<|im_start|>system\nBe brief.<|im_end|>\n"
      "<|im_start|>user\n{{ hi }}<|im_end|>\n"
      "<|im_start|>assistant\n");
}

TEST(Template, TrimsAndStripsBlocks) {
  EXPECT_EQ(render("a\n  {% if true %}\nb\n  {% endif %}\nc\n"), "a\nb\nc");
  EXPECT_EQ(render("a  {%- if true -%}  b  {%- endif -%}  c"), "abc");
  EXPECT_EQ(render("  {{ 1 }}\n{# x #}\n2"), "  1\n2");
  EXPECT_EQ(render("{% raw %}{{ x }}{% endraw %}"), "{{ x }}");
}

TEST(Template, ScopesAndNamespaces) {
  EXPECT_EQ(render("{% set x = 1 %}{% for i in [1, 2] %}{% set x = 9 %}"
                   "{% endfor %}{{ x }}"),
            "1");
  EXPECT_EQ(render("{% set n = namespace(x=0) %}{% for i in [1, 2] %}"
                   "{% set n.x = n.x + i %}{% endfor %}{{ n.x }}"),
            "3");
}

TEST(Template, JsonIsPlain) {
  Value tool = Value::object({{"z", 1}, {"a", "<b> \u00e9 \"q\" \n"}});
  EXPECT_EQ(render("{{ t | tojson }}", {{"t", tool}}),
            "{\"z\": 1, \"a\": \"<b> \u00e9 \\\"q\\\" \\n\"}");
  EXPECT_EQ(render("{{ {'a': [1, {}]} | tojson(indent=2) }}"),
            "{\n  \"a\": [\n    1,\n    {}\n  ]\n}");
}

TEST(Template, TimeIsTheCallers) {
  const char *source = "{% if strftime_now is defined %}"
                       "{{ strftime_now('%d %b %Y') }}{% else %}none"
                       "{% endif %}";
  EXPECT_EQ(render(source), "none");
  EXPECT_EQ(render(source, {{"strftime_now", int64_t{86400 * 365}}}),
            "01 Jan 1971");
}

TEST(Template, ErrorsSayWhere) {
  EXPECT_EQ(render("{{ raise_exception('roles must alternate') }}"),
            "error t:1:4: roles must alternate");
  EXPECT_EQ(render("a\n  {{ x.y }}"), "error t:2:8: 'x' is undefined");
  EXPECT_EQ(render("{% for x in y %}"),
            "error t:1:17: expected 'endfor' before the end of the template");
  EXPECT_EQ(render("\n{{ 1 +\n }}"), "error t:3:2: unexpected end of the tag");
  EXPECT_EQ(render("{{ x | nope }}"), "error t:1:8: unknown filter 'nope'");
  EXPECT_EQ(render("{{ x is nope }}"), "error t:1:9: unknown test 'nope'");
  EXPECT_EQ(render("{% include 'x' %}"),
            "error t:1:4: tag 'include' needs other files, which templates "
            "of models do not have");
  EXPECT_EQ(render("{{ 'abc }}"), "error t:1:4: string is never closed");
  EXPECT_EQ(render("{% endif %}"), "error t:1:4: 'endif' closes nothing");
  EXPECT_EQ(render("{{ 1 // 0 }}"), "error t:1:6: division by zero");
  EXPECT_EQ(render("{{ 9223372036854775807 + 1 }}"),
            "error t:1:24: integer overflow");
}

TEST(Template, PythonNumbers) {
  EXPECT_EQ(render("{{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 1e16 }} "
                   "{{ 1.0 }} {{ 2 ** 62 }} {{ 0.1 + 0.2 }}"),
            "-4 2 3.5 1e+16 1.0 4611686018427387904 0.30000000000000004");
  EXPECT_EQ(render("{{ (-9223372036854775807 - 1) // -1 }}"),
            "error t:1:31: integer overflow");
  EXPECT_EQ(render("{{ (-9223372036854775807 - 1) % -1 }}"), "0");
}

TEST(Template, GenerationTagsPrintWhatTheyHold) {
  EXPECT_EQ(render("a{% generation %}b{% endgeneration %}c"), "abc");
}
