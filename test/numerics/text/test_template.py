"""Rendered chat templates against jinja2, set up as Hugging Face sets it up.

The templates in templates/, and those of the GGUF files in --models, on
generated conversations; then short snippets, one a line of a table, on which
both sides must print the same or both must fail; then random expressions.

With --published: every *.jinja file in the folder that QUERN_TEST_TEMPLATES
names, on the conversations of `published_conversations`, odd ones included.
"""

import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import common

jinja2, sandbox, *_ = common.need("jinja2", "jinja2.sandbox", "jinja2.ext", "jinja2.nodes")

CONTEXT = {
    "s": "Hello, Wörld ", "t": "a-b-c", "e": "", "n": 7, "m": -3, "f": 2.5, "z": 0, "yes": True, "no": False,
    "nil": None, "l": [3, 1, 2], "w": ["x", "Yy", "z z"], "d": {"b": 1, "a": [1, {"k": "v"}], "c": None},
    "o": [{"role": "user", "n": 2}, {"role": "tool", "n": 1}, {"role": "user", "n": 3, "x": {"y": 5}}],
    "u": "ünï 👍 漢字\t\n'q' \"p\" \\ <b>&", "empty": [], "big": 12345678901234, "tiny": 1e-7, "huge": 1e22,
}

# fmt: off
SNIPPETS = r"""
{{ 1 + 2 * 3 - 4 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ -2 ** 2 }} {{ 2 ** -1 }}
{{ 1.0 }} {{ 1e100 }} {{ 1.5e-7 }} {{ 123456789.123 }} {{ 1e16 }} {{ 1e15 }} {{ 0.1 + 0.2 }} {{ 3.0 * 2 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }}
{{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 1_000 }} {{ 1_0.5 }}
{{ true }} {{ True }} {{ none }} {{ None }} {{ false }} {{ [true, none, 'a', "b'c", 1.0] }} {{ {'a': 1, "b": [2]} }}
{{ u }}|{{ [u] }}|{{ u|tojson }}|{{ d|tojson }}|{{ d|tojson(indent=2) }}|{{ o|tojson(indent=4) }}|{{ []|tojson(indent=2) }}|{{ {}|tojson }}
{{ u|tojson(ensure_ascii=true) }} {{ d|tojson(sort_keys=true) }} {{ d|tojson(separators=(',', ':')) }} {{ huge|tojson }} {{ tiny|tojson }}
{{ s|trim }}| {{ s|upper }} {{ s|lower }} {{ s|length }} {{ s|replace('l', 'L') }} {{ s|replace('l', 'L', 1) }} {{ s|title }} {{ t|capitalize }}
{{ s.strip() }}|{{ s.lstrip('H') }}|{{ s.rstrip() }}|{{ s.strip(' Hd') }}|{{ s.upper() }}|{{ s.title() }}|{{ "it's o'neil x2y".title() }}
{{ t.split('-') }} {{ t.split('-', 1) }} {{ ' a  b '.split() }} {{ 'a b c'.split(none, 1) }} {{ t.rsplit('-', 1) }} {{ 'a\nb\r\nc'.splitlines() }} {{ ''.split(',') }}
{{ t.startswith('a') }} {{ t.endswith(('x', 'c')) }} {{ t.find('b') }} {{ u.find('漢') }} {{ t.replace('-', '') }} {{ t.count('-') }} {{ 'x'.join(w) }}
{{ u[4] }} {{ u[-1] }} {{ u[2:6] }} {{ u[::-1] }} {{ t[::2] }} {{ t[3:1:-1] }} {{ t[:-2] }} {{ t[-2:] }} {{ t[100:] }} {{ l[1:] }} {{ l[::-1] }} {{ l[-1] }} {{ l[9] }}
{{ l[:1] + l[2:] }} {{ l * 2 }} {{ 'ab' * 3 }} {{ 3 * 'x' }} {{ 'x' * -1 }} {{ [0] * 0 }}
{{ d.b }} {{ d['b'] }} {{ d.a[1].k }} {{ d.missing }} {{ d['missing'] is defined }} {{ d.get('b') }} {{ d.get('q') }} {{ d.get('q', 5) }} {{ d.keys()|list }} {{ d.values()|list }}
{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %} {% for k in d %}{{ k }}{% endfor %} {% for k, v in d|items %}{{ k }}{% endfor %} {% for k, v in d|dictsort %}{{ k }}{% endfor %}
{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }} {% endfor %}
{% for x in l if x > 1 %}{{ x }}{{ loop.index }}/{{ loop.length }}{% else %}none{% endfor %}{% for x in empty %}x{% else %}empty{% endfor %}{% for x in nothing %}x{% else %}undefined{% endfor %}
{% for c in 'aé👍' %}[{{ c }}]{% endfor %}{% for x in range(3) %}{{ x }}{% endfor %}{% for x in range(5, 0, -2) %}{{ x }}{% endfor %}{{ range(2, 4)|list }}
{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% if x == 2 %}{% break %}{% endif %}{% endfor %}
{% for x in l %}{% for y in w %}{{ loop.index }}{% endfor %}{{ loop.index }};{% endfor %}{% for a, b in [(1, 2), (3, 4)] %}{{ a }}{{ b }}{% endfor %}{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}
{% for x in l %}{{ loop.cycle('odd', 'even') }}{% endfor %}
{% set x = 1 %}{% for i in l %}{% set x = i %}{{ x }}{% endfor %}{{ x }}
{% set ns = namespace(n=0, s='') %}{% for i in l %}{% set ns.n = ns.n + i %}{% set ns.s = ns.s ~ i %}{% endfor %}{{ ns.n }}{{ ns.s }}
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set t2 = (1, 2) %}{{ t2[1] }}{% set c %}x{{ n }}y{% endset %}{{ c }}|{{ c|length }}
{% if n > 5 and not no %}a{% elif n %}b{% else %}c{% endif %}{% if e %}a{% elif z %}b{% else %}c{% endif %}{% if nil is none %}d{% endif %}
{{ 'a' if yes else 'b' }}{{ 'a' if no }}{{ ('x' if no else 'y') ~ 'z' }}{{ 1 if no else 2 if no else 3 }}
{{ 1 < 2 }} {{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1.0 }} {{ 'a' < 'b' }} {{ 'a' == 1 }} {{ [1, 2] == [1, 2] }} {{ [1, 2] < [1, 3] }} {{ d == d }} {{ true == 1 }} {{ none == none }} {{ nope == none }} {{ nope == nada }}
{{ 1 in l }} {{ 9 not in l }} {{ 'b' in d }} {{ 'll' in s }} {{ 'q' in nothing }} {{ not 1 in l }} {{ 1 in [1, 2] and 2 in [2] }}
{{ yes and 'x' }} {{ no or 'y' }} {{ e or 'dflt' }} {{ not e }} {{ not not n }} {{ 1 and 0 }} {{ none or none }}
{{ n is defined }} {{ nope is defined }} {{ nope is undefined }} {{ nil is none }} {{ nil is not none }} {{ s is string }} {{ d is mapping }} {{ l is iterable }} {{ l is sequence }} {{ d is sequence }} {{ n is number }} {{ yes is number }} {{ f is float }} {{ n is integer }} {{ yes is integer }} {{ yes is boolean }}
{{ yes is true }} {{ n is true }} {{ no is false }} {{ n is odd }} {{ n is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ n is eq 7 }} {{ n is gt 3 }} {{ 'a' is in 'abc' }} {{ n is sameas n }} {{ 'abc' is lower }} {{ 'ABC' is upper }} {{ nope is iterable }} {{ nope is string }} {{ n is not string }}
{{ l|first }} {{ l|last }} {{ empty|first }} {{ l|sum }} {{ l|min }} {{ l|max }} {{ l|sort }} {{ l|sort(reverse=true) }} {{ w|sort }} {{ l|reverse|list }} {{ 'abc'|reverse }} {{ [1, 1, 2]|unique|list }} {{ o|sort(attribute='n')|map(attribute='n')|list }}
{{ l|join }} {{ l|join(', ') }} {{ w|join('-') }} {{ o|join(',', attribute='role') }} {{ o|map(attribute='role')|join(',') }} {{ w|map('upper')|list }} {{ w|map('replace', 'z', 'q')|list }} {{ o|map(attribute='x.y')|list }} {{ o|map(attribute='x', default=0)|list }}
{{ o|selectattr('role', 'equalto', 'user')|list|length }} {{ o|rejectattr('role', '==', 'user')|map(attribute='n')|list }} {{ o|selectattr('x', 'defined')|list|length }} {{ o|selectattr('n')|list|length }} {{ l|select('odd')|list }} {{ l|reject('gt', 1)|list }} {{ [0, 1, '']|select|list }}
{{ nope|default('x') }} {{ e|default('x') }} {{ e|default('x', true) }} {{ nil|default('x') }} {{ nope|d('y') }} {{ nope.a|default('x') }}
{{ d.q|default('none') }} {{ (d.q or 'x')|upper }} {{ nope|length }} {{ nope|join }} {{ nope ~ 'x' }} {{ nope }}
{{ '42'|int }} {{ '4.7'|int }} {{ 'x'|int }} {{ 'x'|int(9) }} {{ 4.9|int }} {{ '1.5'|float }} {{ 'q'|float }} {{ yes|int }} {{ n|string ~ 'x' }} {{ 'ff'|int(0, 16) }} {{ n|float }}
{{ 2.675|round(2) }} {{ 2.5|round }} {{ 3.5|round }} {{ 1.21|round(1, 'ceil') }} {{ 1.29|round(1, 'floor') }} {{ m|abs }} {{ -f|abs }} {{ 7|round }}
{{ '<a href="x">&\'' |escape }} {{ 'a\nb\n\nc'|indent }}|{{ 'a\nb'|indent(2, true) }}|{{ 'a\n\nb'|indent('> ', blank=true) }} {{ 'x'|safe }} {{ 'abc'|list }}
{{ 'a' 'b' "c" }} {{ "\n\t\\\"\'\x41\u00e9\101" }} {{ 'a\qb' }} {{ "é" ~ 1 ~ none ~ 2.0 }}
{% macro f(a, b=2, c='z') %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(1) }} {{ f(1, 3) }} {{ f(1, c='q') }} {{ f(c=1, a=2) }} {{ f() }} {{ f(1)|upper ~ f(2) }}
{% macro fact(k) %}{% if k <= 1 %}1{% else %}{{ k * (fact(k - 1)|int) }}{% endif %}{% endmacro %}{{ fact(6) }}
{% set g = 5 %}{% macro h() %}{{ g }}{{ q }}{% endmacro %}{% set q = 6 %}{{ h() }}{% for g in [1] %}{{ h() }}{% endfor %}
{% macro a1(x) %}[{{ x }}]{% endmacro %}{% macro a2(y) %}{{ a1(y) ~ a1(y) }}{% endmacro %}{{ a2(3) }}{% set ff = a1 %}{{ ff(9) }}{{ a1 is callable }}
{% raw %}{{ not }} {% parsed %}{% endraw %} x {%- raw -%}  y  {%- endraw -%}  z
  {# comment #}  a {#- strip -#}  b {# multi
a{{ 1 }}  {{- 2 -}}  {{ 3 }}b{%- if true -%}  c  {%- endif -%}  d {%+ if true +%} e {%+ endif %} f
{{ {'a': {'b': {}}} }}{{ {'x': 1}['x'] }}{{ [[1, [2]], []] }}{{ {} }}{{ [] }}{{ ({'a': 1, 'a': 2}) }}
{{ dict(a=1, b='x') }} {{ namespace(a=1).a }} {{ dict(d, z=1) }}
{{ (1, 2)|length }} {{ (1,)|length }} {{ ()|length }} {{ (1)|string }}
{{ [1, 2, 3,] }} {{ {'a': 1,} }} {{ [1, 2][0] }} {{ 'abc'[1] }} {{ 'abc'.upper()[0] }} {{ 'abc'|upper|lower|first }} {{ -n|abs }} {{ (-n)|abs }} {{ not n is none }} {{ -5 % 3 }} {{ 2 - -2 }} {{ +3 }}
{{ n + 1 is odd }} {{ n * 2 is even }} {{ 'a' ~ 'b' in 'xaby' }} {{ 1 + 1 == 2 }} {{ 1 ~ 2 + 3 }} {{ 2 * 3 ~ 4 }} {{ 2 ** 3 ** 2 }} {{ 10 - 2 - 3 }} {{ 100 // 7 // 2 }}
{% call f() %}x{{ n }}{% endcall %}{% macro g2(a) %}<{{ caller() }}|{{ a }}>{% endmacro %}{% call g2(1) %}b{{ n }}{% endcall %}
{% macro g3(l) %}{% for i in l %}{{ caller(i, q=loop.index) }}{% endfor %}{% endmacro %}{% for z9 in [5] %}{% call(i, q=0) g3([1, 2]) %}[{{ i }}/{{ q }}/{{ z9 }}]{% endcall %}{% endfor %}
{% macro v(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ v(1, 2, 3, k=4) }}{{ v() }}{% macro w2(a) %}{{ a }}{% endmacro %}{{ w2(*[1]) }}{{ w2(**{'a': 5}) }}
{% macro w2(a) %}{{ a }}{% endmacro %}{{ w2(1, 2) }}
{% macro w2(a) %}{{ a }}{% endmacro %}{{ w2(b=2) }}
{% macro w2(a) %}{{ a }}{% endmacro %}{% call w2(1) %}x{% endcall %}
{% filter upper|replace('A', 'b') %} a {{ t }} {% endfilter %}{% set y %}q{% endset %}{% set y | upper %}q{{ y }}{% endset %}{{ y }}
{% with a = 1, b = n %}{{ a }}{{ b }}{% set a = 9 %}{{ a }}{% endwith %}{{ a }}{% with %}{% set q = 1 %}{% endwith %}{{ q }}
{% block one %}{{ n }}{% set n = 1 %}{{ n }}{% endblock %}{{ n }}{% for i in l %}{% block two scoped %}{{ i }}{% endblock two %}{% endfor %}{% for i in l %}{% block three %}{{ i }}{% endblock %}{% endfor %}
{% block x %}{% endblock %}{% block x %}{% endblock %}
{% for x in [{'n': 1, 'c': [{'n': 2, 'c': [{'n': 3}]}]}, {'n': 4}] recursive %}{{ x.n }}{{ loop.depth }}{{ loop.depth0 }}{% if x.c %}({{ loop(x.c) }}){% endif %}{% endfor %}
{% for x in l %}{{ loop(l) }}{% endfor %}
{% for x in [1, 1, 2] %}{{ loop.changed(x) }}{% endfor %}
{{ (1, 'a') }} {{ (1,) }} {{ () }} {{ (1, 2) == [1, 2] }} {{ (1, 2) + (3,) }} {{ (1, 2)[::-1] }} {{ (1, 2)|tojson }} {{ [(1, 2)] }} {{ d.items() }} {{ d.keys() }} {{ d.values() }} {{ d.items()|list }} {{ d|items|list }} {{ d|dictsort }}
{{ (1, 2) + [3] }}
{{ d.items()|tojson }}
{{ (l|select)|length }}
{{ (l|map('string'))[0] }} {{ 'y' if empty|select else 'n' }} {% set it = l|select('odd') %}{{ it|list }}{{ it|list }} {{ none|select|list }}
{{ range(3)|tojson }}
{{ range(10)[2:4]|list }} {{ range(3)[1] }} {{ range(3)|last }} {{ range(3) == range(3) }}
{{ {1: 'a', 'b': 2, none: 3} }} {{ {1: 'a'}[1] }} {{ 1 in {1: 2} }} {{ {1: 2}.get(1) }} {{ {1: 2}|tojson }} {{ {0: 1}|list }} {{ {1: 2}[3] }} {{ {1: 2}.items()|list }} {{ '1' in {1: 2} }}
{{ 'a{}b{}'.format(1, 'x') }} {{ '{0}{1}{0}'.format(1, 2) }} {{ '{a}{{}}'.format(a=3) }} {{ '{0.b} {0[a][0]}'.format(d) }} {{ '{!r}'.format('q') }}
{{ '{}'.format() }}
{{ '{0}{}'.format(1, 2) }}
{{ '{'.format(1) }}
{{ '{0.__class__}'.format(1) }}
{{ '%s and %d%%' % ('a', 3) }} {{ '%s' % 5 }} {{ '%s|%s'|format(1, none) }} {{ 'x' % [] }} {{ '%r' % 'a' }}
{{ '%s' % (1, 2) }}
{{ '%d' % 'a' }}
{{ '%s %s' % 'a' }}
{{ ('<b>'|safe) + '<i>' }} {{ '<a>' + ('<b>'|e) }} {{ '<b>'|safe ~ '<' }}
{{ 1 if true else (2|nofilter) }}{% if false %}{{ x|nofilter }}{{ x is notest }}{% endif %}
{% if true %}{{ x|nofilter }}{% endif %}
{{ (1|nofilter) if false }}
{% if false %}{% for i in l %}{{ i|nofilter }}{% endfor %}{% endif %}
{{ ''.__class__ }} {{ d.__class__ }} {{ l.__len__ }}
{{ ''.__class__.__mro__ }}
{{ strftime_now('%d %b %Y %H:%M') }}
{% generation %}{% set q = 1 %}{{ q }}{% endgeneration %}{{ q }}
{{ raise_exception('boom') }}
{{ 'ab'|center(7) }}|{{ 'abc'|center(8) }}|{{ 'abc'|center }}|{{ 'toolong'|center(3) }}|{{ 5|center(4) }}
{{ 'It is 2 o_clock, naïve-ish 漢字'|wordcount }} {{ ''|wordcount }} {{ 12|wordcount }}
{{ 'foo bar baz qux'|truncate(9) }}|{{ 'foo bar baz qux'|truncate(9, true) }}|{{ 'foo bar baz qux'|truncate(11) }}|{{ 'foo bar baz qux'|truncate(11, false, '...', 0) }}|{{ 'foobarbazqux'|truncate(5, end='') }}|{{ nope|truncate(3) }}|{{ u|truncate(8, leeway=0) }}
{{ 'abc'|truncate(2) }}
{{ [1, 2, 3, 4, 5]|batch(2)|list }} {{ 'abcde'|batch(3, '-')|list }} {{ []|batch(2)|list }} {{ l|batch(5, 0)|list }} {{ l|batch(1, fill_with=none)|list }} {{ l|batch(-1)|list }}
{{ [1, 2, 3, 4, 5]|slice(2)|list }} {{ [1, 2, 3, 4, 5, 6, 7]|slice(3, 'x')|list }} {{ []|slice(2)|list }} {{ l|slice(5, 0)|list }} {{ l|slice(-1)|list }}
{{ l|slice(0)|list }}
{% for g, items in o|groupby('role') %}{{ g }}: {{ items|map(attribute='n')|list }};{% endfor %}{% for g in o|groupby('x.y', default=0) %}{{ g.grouper }}={{ g.list|length }};{% endfor %}
{{ [{'a': 'B'}, {'a': 'b'}, {'a': 'A'}]|groupby('a') }} {{ [{'a': 'B'}, {'a': 'b'}, {'a': 'A'}]|groupby('a', case_sensitive=true) }} {{ [[1, 2], [1, 3]]|groupby(0) }} {{ (o|groupby('role'))[0][0] }} {{ (o|groupby('role'))|tojson }}
{{ d|attr('b') }}|{{ s|attr('nope') }}|{{ namespace(a=4)|attr('a') }}|{% for i in l %}{{ loop|attr('index') }}{% endfor %}|{{ 5|attr('x') is defined }}
{{ nope|attr('x') }}
{{ ''|attr('__class__') }}|{{ (''|attr('__class__'))|attr('__mro__') }}
{{ (''|attr('__class__')).__mro__ }}
{{ u|urlencode }} {{ 'a b/c?d=e&f~'|urlencode }} {{ d|urlencode }} {{ [('a b', 1), ('/', none)]|urlencode }} {{ 5|urlencode }} {{ nope|urlencode }}|{{ {1: 'x y'}|urlencode }}
{{ ('<b>'|safe)|forceescape }} {{ '<b>'|e|e }} {{ '<b>'|forceescape|forceescape }} {{ 5|forceescape }}
{{ {'class': 'a "b"', 'id': 5, 'no': none, 'u': nope, 'x-y': '<'}|xmlattr }}|{{ {'a': 1}|xmlattr(false) }}|{{ {}|xmlattr }}
{{ {'a b': 1}|xmlattr }}
{{ 0|filesizeformat }} {{ 1|filesizeformat }} {{ 999|filesizeformat }} {{ 1000|filesizeformat }} {{ 1024|filesizeformat(true) }} {{ 123456789|filesizeformat }} {{ 12345678901234|filesizeformat(binary=true) }} {{ '2500'|filesizeformat }} {{ 1e27|filesizeformat }} {{ 1.5|filesizeformat }} {{ -5|filesizeformat }} {{ 1e30|filesizeformat }}
{{ 'upper' is filter }} {{ 'nofilter' is filter }} {{ 'odd' is test }} {{ 'no' is test }} {{ ('a'|safe) is escaped }} {{ 'a' is escaped }} {{ 5 is filter }}
{{ 'ab'.ljust(5) }}|{{ 'ab'.rjust(5, '*') }}|{{ 'ab'.center(5) }}|{{ 'abc'.center(6, '漢') }}|{{ '42'.zfill(5) }}|{{ '-42'.zfill(6) }}|{{ '+'.zfill(3) }}|{{ 'abc'.zfill(2) }}
{{ 'ab'.ljust(5, '**') }}
{{ t.index('b') }} {{ t.rindex('-') }} {{ u.index('漢') }} {{ t.partition('-') }} {{ t.rpartition('-') }} {{ t.partition('x') }} {{ t.rpartition('x') }} {{ 'AbC dß'.swapcase() }}
{{ t.index('x') }}
{{ 'banana'.find('a', 2) }} {{ 'banana'.find('a', 2, 3) }} {{ 'banana'.rfind('a', 0, 4) }} {{ 'banana'.count('a', 2) }} {{ 'banana'.count('', 2, 4) }} {{ 'banana'.startswith('na', 2) }} {{ 'banana'.endswith('an', 0, 5) }} {{ 'banana'.find('', 9) }} {{ 'banana'.find('n', -3) }} {{ 'ünï漢'.find('漢', 1) }} {{ 'abc'.count('', 9) }} {{ 'abc'.startswith('', 9) }} {{ 'abc'.startswith('', 3) }} {{ 'abc'.find('b', none, -1) }} {{ 'abc'.find('', 2, 1) }}
{{ 'a1'.isalnum() }} {{ ''.isalnum() }} {{ 'a b'.isalnum() }} {{ '12'.isdecimal() }} {{ '½'.isnumeric() }} {{ '½'.isdecimal() }} {{ 'é'.isascii() }} {{ ''.isascii() }} {{ 'ab1'.islower() }} {{ 'aB'.islower() }} {{ 'AB 1'.isupper() }} {{ '1'.isupper() }} {{ 'a\tb\tccccccccc\td'.expandtabs() }}|{{ 'ab\tc\n\td'.expandtabs(4) }}|{{ 'a\tb'.expandtabs(0) }}
{{ dict(d, b=7).b }} {{ dict(d, b=7)|length }} {{ namespace({'a': 1}, a=2).a }}
{% include 'x' %}
{% extends 'x' %}
{% import 'x' as y %}
{% from 'x' import y %}
{{ -0.0 }} {{ 1e16|tojson }} {{ 1e15|tojson }} {{ -0.0|tojson }} {{ 123456789012345680.0|tojson }} {{ 1e-5|tojson }} {{ [true, True, none, 1.0, -0.0, 1e400]|tojson }} {{ 1e400 }} {{ -1e400|tojson }} {{ 5e-324 }} {{ 1.7976931348623157e308 }}
{{ true + 1 }} {{ True ~ true }} {{ true * 3 }} {{ 'a' * true }} {{ l[true] }} {{ [1, 2][false] }} {{ true == 1.0 }} {{ 1 in [true] }} {{ -true }} {{ true / 2 }} {{ true|int }} {{ true|tojson }} {{ {'a': true}|tojson }} {{ 'x%d' % true }}
{{ 9007199254740993 == 9007199254740992.0 }} {{ 2 ** 62 }} {{ 1_0 // 3.0 }} {{ 1e3|int }} {{ 3.7 // 1 }} {{ -3.7|int }} {{ 0.1 + 0.7 }} {{ 1 / 3 }} {{ 100.0 }} {{ 1e2 ~ '' }}
{{ strftime_now('%Y-%m-%d') }} {{ strftime_now('%%') }} {{ strftime_now('') }}| {{ strftime_now('%A %B %-d, %j %U %H:%M:%S %p') }} {{ strftime_now('日 %d') }}
{{ raise_exception('must alternate: ' ~ l) }}
{{ nope.x }}
{{ nope() }}
{{ 1 / 0 }}
{{ 1 % 0 }}
{{ 'a' + 1 }}
{{ none + 1 }}
{{ nope + 1 }}
{{ l.append(1) }}
{{ 1 < 'a' }}
{{ s.nope() }}
{{ d.nope.x }}
{{ none.x }} {{ none[0] }} {{ 5 .x }} {{ l.x }} {{ l['x'] }} {{ d[0] }} {{ s['q'] }}
{% for x in 5 %}{% endfor %}
{% for x in none %}{% endfor %}
{{ none|length }}
{{ 1 in none }}
{{ 1 in 'abc' }}
{{ d|join(',') }} {{ 'abc'|join('.') }} {{ d|length }} {{ d|first }} {{ d|list }}
{{ nope|tojson }}
{% set s.x = 1 %}
{% for a, b in [1] %}{% endfor %}
{% for a, b in [(1, 2, 3)] %}{% endfor %}
{{ f(
{% if %}{% endif %}
{% if true %}
{% endfor %}
{{ 1 + }}
{{ 'abc }}
{% frobnicate %}
{{ x|frobnicate }}
{{ x is frobnicate }}
{{ a b }}
{{ ] }}
{% for x in %}{% endfor %}
{% set x %}
{% break %}
{{ (1, 2 }}
{{ {1 2} }}
{{ $ }}
"""
# fmt: on

BLOCKS = [
    "a\n{% if true %}\nb\n{% endif %}\nc\n", "  {% if true %}  \n  b\n  {% endif %}  \n c", "x {% if true %} y {% endif %} z\n\n",
    "{% for i in [1, 2] %}\n  * {{ i }}\n{% endfor %}\n", "{% for i in [1, 2] -%}\n  * {{ i }}\n{%- endfor %}\n",
    "\n\n{{ 1 }}\n\n{{ 2 }}\n\n", "{# c #}\nx\n  {# d #}\ny", "\t{%- if true %}\n\tq{% endif %}\r\n\r\nw\r", "{{ 1 -}} \n {{- 2 }}",
    "{%+ if true %}\na\n    {%+ endif %}\nb", "{% if true +%}\na\n{% endif +%}\nb", "a {#- x -#}\n b\n{#+ y +#}\nc", "{% raw %}\n a {{ b }}\n {% endraw %}\n c",
    "{% set x %}\n  v\n{% endset %}\n[{{ x }}]", "  {% macro m() %}\n  body\n  {% endmacro %}\n  {{ m() }}", "{{ 'a\nb' }}\n{{ 'c' }}", "{{ {\n'a': 1\n} }}", "a\n    {{- 1 }}\n  b {%- if 1 %} c\n {% endif -%} \n d",
    "{% if true %}x{% endif %}\n{% if true %}y{% endif %}\n", " {% if true %} {% if true %} x {% endif %} {% endif %} ", "{{ 1 }}\n  {% if true %}\n{{ 2 }}{% endif %}", "{", "{{ '{{' }}", "}}", "a\n", "\n", "",
    "{% if true %}{% else %}{% endif %}\n\n\nx", "{#\n#}\n\n  {#\n\n#}  \n y", "  {{ 1 }}  {% if 1 %}\n  {{ 2 }}", "\u3000{%- if 1 -%}\u00a0x\u2003{%- endif -%}\u2028y", "{%- if 1 -%}\n{%- endif -%}\n \n{%- if 1 %} z {% endif %}",
]


NOW = datetime.datetime(2026, 3, 5, 7, 8, 9, tzinfo=datetime.timezone.utc)


class Generation(jinja2.ext.Extension):
    """{% generation %} as Hugging Face has it: a call block, so a scope."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        call = self.call_method("_generation")
        return jinja2.nodes.CallBlock(call, [], [], body).set_lineno(line)

    def _generation(self, caller):
        return caller()


def environment():
    env = sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True,
                                                extensions=["jinja2.ext.loopcontrols", Generation])

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators,
                          sort_keys=sort_keys)

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


ENV = environment()


def expected(source, contexts):
    try:
        template = ENV.from_string(source)
    except Exception as error:  # noqa: BLE001
        return [("-", str(error))] * len(contexts)
    out = []
    for context in contexts:
        try:
            out.append(("+", template.render(**context)))
        except Exception as error:  # noqa: BLE001
            out.append(("-", str(error)))
    return out


class Driver:
    def __init__(self, path):
        self.path = path
        self.folder = tempfile.TemporaryDirectory()
        self.base = pathlib.Path(self.folder.name)

    def render(self, source, contexts):
        (self.base / "template").write_bytes(source.encode())
        result = subprocess.run([self.path, "compile", self.base / "template", self.base / "program"],
                                stderr=subprocess.PIPE, check=False)
        if result.returncode != 0:
            return [("-", result.stderr.decode().strip())] * len(contexts)
        now = {"strftime_now": int(NOW.timestamp())}
        data = b"".join(common.blob(json.dumps(now | c, ensure_ascii=False).encode()) for c in contexts)
        result = common.run(self.path, "render", self.base / "program", data=data)
        return [(b[:1].decode(), b[1:].decode()) for b in common.blobs(result)]


def conversations(rng, count):
    texts = ["Hi", " padded \n", "", "two\nlines", "emoji 👨‍👩‍👧 漢字", "<|im_end|> {{ x }} {% y %}", "\"quoted\" 'text' \\n",
             "<think>\nhm\n</think>\n\nanswer", "<tool_response>r</tool_response>", "\u3000wide\u00a0"]

    def content():
        if rng.random() < 0.15:
            return [rng.choice(({"type": "text", "text": rng.choice(texts)}, {"type": "image"}))
                    for _ in range(rng.randrange(1, 4))]
        return rng.choice(texts)

    tools = [{"type": "function", "function": {
        "name": "weather", "description": "It's <b>weather</b> & more", "parameters": {
            "type": "object", "properties": {"city": {"type": "string", "enum": ["Köln", "東京"]}, "n": {"type": "number"}},
            "required": ["city"]}}}, {"name": "other", "x": [1, 2.5, None, True, {}]}]
    out = []
    for _ in range(count):
        messages = []
        if rng.random() < 0.4:
            messages.append({"role": "system", "content": content()})
        for turn in range(rng.randrange(1, 7)):
            role = "assistant" if turn % 2 else "user"
            if rng.random() < 0.1:
                role = rng.choice(("user", "assistant", "tool", "system"))
            message = {"role": role, "content": content()}
            if role == "assistant" and rng.random() < 0.4:
                message["tool_calls"] = [{"type": "function", "function": {
                    "name": "weather", "arguments": rng.choice(({"city": "Köln", "n": 1.0, "q": None}, {}))}}
                    for _ in range(rng.randrange(1, 3))]
                messages.append(message)
                message = {"role": "tool", "content": rng.choice(("12 °C", {"t": 12, "ok": True}, None, 5))}
            if rng.random() < 0.2:
                message["reasoning_content"] = "because\n"
            messages.append(message)
        context = {"messages": messages, "add_generation_prompt": rng.random() < 0.6, "bos_token": "<s>",
                   "eos_token": "</s>"}
        if rng.random() < 0.4:
            context["tools"] = tools
        if rng.random() < 0.3:
            context["tools_in_user_message"] = rng.random() < 0.5
        if rng.random() < 0.3:
            context["enable_thinking"] = rng.random() < 0.5
        out.append(context)
    return out


def published_conversations():
    """What chat front ends send, and what they should not."""
    def tool(name, **more):
        return {"type": "function", "function": {"name": name, "description": f"Does <{name}> & 'more'", "parameters": {
            "type": "object", "required": ["city"], "properties": {
                "city": {"type": "string", "description": "Where", "enum": ["Köln", "東京"]},
                "days": {"type": ["integer", "null"], "default": 3}, "deep": {"type": "array", "items": {"type": "object", "properties": {
                    "x": {"type": "number", "minimum": 0.5}}}}}}} | more}

    def call(name, arguments, **more):
        return {"type": "function", "function": {"name": name, "arguments": arguments}} | more

    def text(*parts):
        return [{"type": "text", "text": part} for part in parts]

    user = {"role": "user", "content": "What is the weather in Köln?"}
    system = {"role": "system", "content": "Be brief."}
    answer = {"role": "assistant", "content": "It rains."}
    tools = [tool("weather"), tool("time_of_day", strict=True)]
    given, dumped = {"city": "Köln", "days": 2, "f": 1.5, "no": None, "l": [1, {"a": True}]}, '{"city": "東京", "days": 2}'
    asked = {"role": "assistant", "content": "", "tool_calls": [call("weather", given, id="call_0a1b2")]}
    result = {"role": "tool", "content": "12 °C", "tool_call_id": "call_0a1b2", "name": "weather"}
    bad = {"messages": [user, answer, {"role": "user", "content": "Why?"}], "enable_thinking": False}
    return [common_context | c for common_context in [{
        "add_generation_prompt": True, "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}] for c in [
        {"messages": [user]},
        {"messages": [system, user, answer, {"role": "user", "content": " And\nthen? 👍 "}]},
        {"messages": [system, user, answer], "add_generation_prompt": False},
        {"messages": [user], "tools": tools},
        {"messages": [system, user, asked, result, answer, {"role": "user", "content": "Ok"}], "tools": tools},
        {"messages": [user, asked | {"content": None}, result, answer], "tools": tools, "add_generation_prompt": False},
        {"messages": [user, asked | {"tool_calls": [call("weather", dumped, id="abcdefghi"), call("time_of_day", "{}", id="123456789")]},
                      result | {"tool_call_id": "abcdefghi"}, result | {"content": '{"t": 1}', "tool_call_id": "123456789"}], "tools": tools},
        {"messages": [system | {"content": text("Be ", "brief.")}, user | {"content": text("One", "two")}, answer | {"content": text("x")}, user]},
        {"messages": [user, answer | {"reasoning_content": "Clouds\nabove.", "reasoning": "r", "thinking": "t"}, user], "enable_thinking": True},
        {"messages": [user, answer | {"content": "<think>\nhm\n</think>\n\nYes </s> {{ x }}"}, user], "enable_thinking": False, "thinking": True},
        {"messages": [user, asked | {"reasoning_content": "Need a tool", "thinking": "t"}, result], "tools": tools, "enable_thinking": True,
         "reasoning_effort": "high", "model_identity": "You are Quern.", "builtin_tools": ["browser", "python"], "date_string": "1 May 2026"},
        {"messages": [{"role": "developer", "content": "Follow rules."}, user], "tools": tools, "reasoning_effort": "low"},
        {"messages": [user], "tools": [], "documents": []},
        {"messages": [system, user], "tools": None, "documents": [{"title": "T", "text": "Body & soul", "doc_id": 1, "snippet": "s"}]},
        {"messages": [user, user, answer, answer, system]},
        {"messages": []},
        {"messages": [{"role": "user"}, {"role": "assistant", "content": None}, {"role": "user", "content": None}]},
        {"messages": [{"content": "no role"}, {"role": 7, "content": 5}, {"role": "alien", "content": {"a": 1}}]},
        {"messages": [user, asked | {"tool_calls": []}, result | {"content": text("r1", "r2")}, result | {"content": {"t": 1.0, "ok": [None, True]}}]},
        {"messages": [user, {"role": "assistant", "tool_calls": [{"name": "weather", "arguments": given}]}, {"role": "tool", "content": None}],
         "tools": [{"name": "flat", "description": None, "parameters": {}}, tool("bare", description=None)]},
        {"messages": [user | {"content": [{"type": "image"}, {"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "u"}}, "str"]},
                      answer | {"prefix": True, "tool_calls": None}], "continue_final_message": True, "add_generation_prompt": False},
        {"messages": [system | {"content": ""}, user | {"content": ""}, answer | {"content": "", "reasoning_content": ""}, user | {"content": " \u3000\u00a0ß ǆ\u2028\t"}]},
        {"messages": [system, system, user, asked, asked, result, result], "tools": [tool("w", parameters={"type": "object"})], "tool_choice": "auto"},
        {"messages": [user, {"role": "assistant", "content": "c", "tool_calls": [call("python", {"code": "print('a')\n\"b\""}), call("x", None)]},
                      {"role": "ipython", "content": "a"}, {"role": "function", "name": "x", "content": "f"}], "tools": tools, "tools_in_user_message": False},
        bad, {}, {"messages": None}, {"messages": "text"},
    ]]


def expression(rng, depth=0):
    """A random expression over CONTEXT; many fail, on both sides alike."""
    if depth > 3 or rng.random() < 0.2:
        return rng.choice([n for n in CONTEXT if n not in ("huge", "big")] + ["nope", "1", "0", "2.5", "'ab'", "''", "true", "none", "[]", "[1, 'a']", "-1",
                                           "{'k': 1}", "d.a", "o[0]", "l[0]", "w[1]"])
    sub = lambda: expression(rng, depth + 1)  # noqa: E731
    kind = rng.randrange(12)
    if kind == 0:
        return f"({sub()} {rng.choice('+ - * / // % ~'.split())} {sub()})"
    if kind == 1:
        return f"({sub()} {rng.choice(['==', '!=', '<', '<=', '>', '>=', 'in', 'not in'])} {sub()})"
    if kind == 2:
        return f"({sub()} {rng.choice(['and', 'or'])} {sub()})"
    if kind == 3:
        return f"(not {sub()})"
    if kind == 4:
        return f"({sub()} if {sub()} else {sub()})"
    if kind == 5:
        return f"({sub()}|{rng.choice(['length', 'upper', 'lower', 'trim', 'first', 'last', 'string', 'list', 'int', 'float', 'tojson', 'sort', 'sum', 'min', 'max', 'title', 'capitalize', 'reverse|list', 'join', 'items|list', 'abs', 'round', 'indent'])})"
    if kind == 6:
        return f"({sub()}|{rng.choice(['default', 'join', 'replace(1, 2)|default', 'int'])}({sub()}))"
    if kind == 7:
        return f"({sub()} is {rng.choice(['', 'not '])}{rng.choice(['defined', 'none', 'string', 'mapping', 'iterable', 'number', 'sequence', 'odd', 'even', 'true', 'false', 'integer', 'float', 'lower', 'upper', 'boolean'])})"
    if kind == 8:
        return f"{sub()}[{sub()}]"
    if kind == 9:
        # Of names only: Jinja folds wrong slices of constants to undefined.
        name = rng.choice(("s", "t", "u", "l", "w", "o", "empty", "d.a"))
        return f"{name}[{rng.choice(['1:', ':-1', '::-1', '::2', '1:3', '-2:', '5:1:-1'])}]"
    if kind == 10:
        return f"{sub()}.{rng.choice(['strip()', 'upper()', 'split()', 'split(1)', 'title()', 'lower()', 'k', 'role', 'b', 'startswith(t)', 'count(1)', 'get(t)'])}"
    return f"[{sub()}, {sub()}]"


def main():
    args = common.arguments("--published")
    driver = Driver(args.driver)
    failures = 0

    def check(what, source, contexts):
        nonlocal failures
        for got, want in zip(driver.render(source, contexts), expected(source, contexts)):
            # Messages differ, except those that templates raise themselves.
            raised = want[0] == "-" and "raise_exception" in source and "must alternate" in want[1]
            same = got == want if want[0] == "+" else got[0] == "-" and (not raised or want[1] in got[1])
            if not same:
                failures += 1
                if failures <= 25:
                    at = next((i for i, (a, b) in enumerate(zip(got[1], want[1])) if a != b), 0)
                    near = slice(max(at - 40, 0), at + 160)
                    print(f"{what}: {source if len(source) < 300 else ''}\n  got  {got[0]} {got[1][near]!r}\n  want {want[0]} {want[1][near]!r}")

    if args.published:
        folder = os.environ.get("QUERN_TEST_TEMPLATES")
        paths = sorted(pathlib.Path(folder).glob("*.jinja")) if folder else []
        if not paths:
            common.skip("QUERN_TEST_TEMPLATES names no folder with *.jinja files")
        contexts, rendered = published_conversations(), 0
        for path in paths:
            source = path.read_text(encoding="utf-8")
            before, count = failures, sum(e[0] == "+" for e in expected(source, contexts))
            check(path.name, source, contexts)
            rendered += count
            print(f"{path.name}: {count} rendered, {failures - before} failures")
        print(f"{len(paths)} templates on {len(contexts)} conversations, {rendered} rendered, {failures} failures")
        return 1 if failures else 0

    rng = random.Random(5)
    folder = pathlib.Path(__file__).parent / "templates"
    sources = {path.name: path.read_text() for path in sorted(folder.glob("*.jinja"))}
    for path in sorted(pathlib.Path(args.models).glob("*.gguf")) if args.models else []:
        template = common.Vocabulary.read(path).template
        if template:
            sources[path.name] = template
    for name, source in sources.items():
        contexts = conversations(rng, 200)
        rendered = sum(e[0] == "+" for e in expected(source, contexts))
        check(name, source, contexts)
        print(f"{name}: 200 conversations, {rendered} rendered")
        if rendered < 20:
            failures += 1
    snippets = [s for s in SNIPPETS.split("\n") if s]
    for source in snippets + BLOCKS:
        check("snippet", source, [CONTEXT])
    # Many expressions in one template would stop at the first that fails.
    count = args.lines // 20
    for _ in range(count):
        check("expression", "{{ " + expression(rng) + " }}", [CONTEXT])
    print(f"{len(snippets) + len(BLOCKS)} snippets, {count} expressions, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
