"""What strangers may give to quern and to artifacts.

Templates without an end, prompts of 10 MB, saved conversations that are none: one
line that says what is wrong and exit code 1, and nothing hangs. What is wrong with
models is in bad_input.py, with what is around quern in surroundings.py.
"""
import json
import os
import pathlib
import resource
import subprocess
import tempfile
import time
import unittest

import e2e
import gguf_edit

PROMPT = "the other cat"
BIG = 10_000_000

# One artifact for every attack on rendering: the message picks it.
ATTACKS = """
{%- macro again(n) %}{{ again(n + 1) }}{% endmacro -%}
{%- set which = messages[-1].content -%}
{%- if which == 'loop' -%}
{%- for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}
{%- elif which == 'range' -%}{% for i in range(10**9) %}x{% endfor %}
{%- elif which == 'list' -%}{{ range(10**9) | list | length }}
{%- elif which == 'macro' -%}{{ again(0) }}
{%- elif which == 'repeat' -%}{{ 'x' * 10**9 }}
{%- elif which == 'double' -%}
{%- set ns = namespace(x='x') -%}
{%- for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}
{%- elif which == 'output' -%}
{%- for i in range(9000) %}{{ 'x' * 9000 }}{% endfor %}
{%- elif which == 'raise' -%}{{ raise_exception('one\\ntwo\\x1b[2J') }}
{%- else -%}{{ which }}{%- endif -%}
"""
NAMES = ("loop", "range", "list", "macro", "repeat", "double", "output",
         "raise")


def setUpModule():
    """What all tests share: a model, artifacts of it, how long one takes."""
    global folder, model, artifact, attacked, seconds
    holder = tempfile.TemporaryDirectory(prefix="quern-e2e-")
    unittest.addModuleCleanup(holder.cleanup)
    folder = pathlib.Path(holder.name)
    Hostile.folder = folder
    model = Hostile.tiny("model", arch="llama", format="q8_0", layers=1,
                         context=65536)
    begin = time.monotonic()
    artifact = Hostile.compile(model, "--ctx", 65536)
    seconds = time.monotonic() - begin
    template = folder / "attacks.jinja"
    template.write_text(ATTACKS)
    attacked = Hostile.compile(model, "--chat-template", template,
                               output=folder / "attacked")


class Hostile(e2e.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.output = cls.folder / "output"
        cls.output.mkdir()

    def chat(self, text, *args, program=None, **more):
        """What happened to a chat that reads these bytes."""
        text = text if isinstance(text, bytes) else text.encode()
        return (program or artifact).start("chat", "--temp", 0, "-n", 2, *args,
                                           input=text, **more)

    def assertGoesOn(self, done, *words):
        """The chat said so in one line, and answered the next message."""
        err = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, 0, err[:400])
        self.assertEqual(err.count("\n"), 1, f"one line expected: {err[:400]}")
        self.assertLess(len(err), 4000)
        self.assertTrue(err[:-1].isprintable(), repr(err[:400]))
        for word in words:
            self.assertIn(word, err)
        self.assertTrue(done.stdout.strip(), "no answer afterwards")


class Templates(Hostile):
    def test_while_they_run(self):
        """10 million steps, 500 levels, 64 MiB, a range of 10**9."""
        for name in NAMES:
            for args in (("run", name), ("tokenize", "--chat", name)):
                with self.subTest(args=args):
                    done = attacked.start(*args)
                    self.assertOneLine(done, "attacked")
                    self.assertTrue(done.stderr[:-1].decode().isprintable())
            with self.subTest(chat=name):
                self.assertOneLine(self.chat(name, program=attacked),
                                   "attacked")
        self.assertEqual(attacked.start("run", "-n", 1, "cat").returncode, 0)

    def test_while_they_are_compiled(self):
        many = 60_000
        path = self.folder / "deep.jinja"
        for text in ("{{ " + "(" * many + "1" + ")" * many + " }}",
                     "{{ " + "[" * many + "]" * many + " }}",
                     "{{ " + "not " * many + "1 }}",
                     "{{ 1" + " ~ -" * many + "1 }}" + "{{",
                     "{% if 1 %}" * many + "{% endif %}" * many,
                     "{{ x" + "[x" * many + "]" * many + " }}",
                     "{% for " + "x" * BIG):
            with self.subTest(text=text[:20]):
                path.write_text(text)
                done = self.quern("compile", model, "--chat-template", path,
                                  "-o", self.output / "x")
                self.assertOneLine(done, "error", str(path))
                self.assertLess(len(done.stderr), 1000)
                self.assertEqual(list(self.output.iterdir()), [])

    def test_of_the_model_itself(self):
        path = self.folder / "deep.gguf"
        gguf_edit.edit(model, path, keys={
            "tokenizer.chat_template":
                "{{ " + "(" * 60_000 + "1" + ")" * 60_000 + " }}"})
        done = self.quern("compile", path, "-o", self.output / "x")
        self.assertOneLine(done, "error", str(path), "nested")

    def test_a_file_that_never_ends(self):
        pipe = self.folder / "template pipe"
        os.mkfifo(pipe)
        for path in ("/dev/zero", pipe):
            self.assertOneLine(
                self.quern("compile", model, "--chat-template", path, "-o",
                           self.output / "x"), "error", str(path))


class Prompts(Hostile):
    def test_ten_megabytes_of_one_character(self):
        path = self.folder / "big"
        for one in (b"a", b" ", b"\n", b"1", b"'", b"\xff", b"\0",
                    "\U0001f600".encode(), "\u0301".encode(), b"<|im_end|>"):
            text = one * (BIG // len(one))
            path.write_bytes(text)
            for args in (("run", "-"), ("run", "--raw", "-"),
                         ("run", "-f", path))[:3 if one == b"a" else 2]:
                with self.subTest(one=one, args=args):
                    self.assertOneLine(artifact.start(*args, input=text),
                                       "model.out", "context holds 65536")

    def test_as_lines_of_a_chat(self):
        for before in (b"", b"/system ", b"/no"):
            with self.subTest(before=before):
                done = self.chat(before + b"a" * BIG + b"\n" + b"cat\n"
                                 if before != b"/system " else
                                 before + b"a" * BIG + b"\ncat\n/system x\n"
                                 b"x\n")
                err = done.stderr.decode()
                self.assertEqual(done.returncode, 0, err[:400])
                self.assertTrue(done.stdout.strip())
                self.assertLess(len(err), 4000)
                self.assertLessEqual(err.count("\n"), 3)

    def test_special_tokens_in_messages_are_text(self):
        def ids(text):
            return attacked.run("tokenize", "--chat", "--ids", "-",
                                input=text).split()
        special = {t: attacked.run("tokenize", "--ids", "--special", t).split()
                   for t in ("<|im_start|>", "<|im_end|>")}
        for name, one in special.items():
            self.assertEqual(len(one), 1, name)
            self.assertNotIn(one[0], ids(f"a{name}b".encode()))
            own = artifact.run("tokenize", "--chat", "--ids", f"a{name}b")
            plain = artifact.run("tokenize", "--chat", "--ids", "ab")
            self.assertEqual(own.split().count(one[0]),
                             plain.split().count(one[0]))

    def test_invalid_utf8_is_answered(self):
        for text in (b"\xff\xfe\x80", b"a\xc3", b"\xed\xa0\x80", b"a\0b",
                     b"\xf4\x90\x80\x80", b"\xc0\xaf"):
            with self.subTest(text=text):
                saved = self.folder / "saved"
                done = self.chat(text + b"\n/save " + bytes(saved) + b"\n")
                self.assertEqual(done.returncode, 0, done.stderr)
                done.stdout.decode()  # whole characters
                messages = json.loads(saved.read_bytes())["messages"]
                self.assertEqual([m["role"] for m in messages],
                                 ["user", "assistant"])
                done = artifact.start("run", "-n", 2, "-", input=text)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                done.stdout.decode()

    def test_flags(self):
        for args in (("chat", "--frobnicate"), ("chat", "--on-full", "maybe"),
                     ("chat", "--ctx", "0"), ("chat", "--ctx", "65537"),
                     ("chat", "x"), ("verify", "--x"), ("run", "-n", "9" * 30,
                                                        "x"),
                     ("run", "--seed", "9" * 30, "x"), ("run", "--temp",
                                                        "1e999", "x"),
                     ("run", "--ctx", "-1", "x"), ("tokenize", "--ids", "a",
                                                   "b"),
                     ("run", "--" + "x" * 100_000), ("run", "--\x1b[2J\n", "x"),
                     ("\xff",)):
            with self.subTest(args=str(args)[:60]):
                done = artifact.start(*args)
                self.assertOneLine(done, "model.out")
                self.assertTrue(done.stderr[:-1].decode().isprintable())

    def test_flags_of_quern_run(self):
        for args in (("--ctx", "0", model, "x"), ("--kv-type", "q7", model),
                     ("--mcpu", "z80", model, "x"), ("--mcpu",)):
            with self.subTest(args=args):
                self.assertOneLine(self.quern("run", *args, env=dict(
                    os.environ, XDG_CACHE_HOME=str(self.output))), "error")


    def test_one_that_never_ends(self):
        for args in (("run", "-f", "/dev/zero"), ("perplexity", "/dev/zero"),
                     ("tokenize", "-f", "/dev/zero")):
            self.assertOneLine(artifact.start(*args), "model.out", "/dev/zero",
                               "the most that is read")


class Conversations(Hostile):
    """/load of what is no saved conversation, or one made to harm."""

    def load(self, path, **more):
        return self.chat(f"/load {path}\ncat\n", timeout=60, **more)

    def file(self, content):
        path = self.folder / "saved conversation"
        path.write_bytes(content if isinstance(content, bytes)
                         else content.encode())
        return path

    def test_nesting(self):
        for text in ("[" * BIG, '{"messages":' + "[" * BIG,
                     '{"messages":' + '{"a":' * (BIG // 5),
                     '{"messages":' + "[" * BIG + "]" * BIG + "}"):
            path = self.file(text)
            with self.subTest(text=text[:20]):
                self.assertGoesOn(self.load(path), str(path))

    def test_types(self):
        for text in ("", "null", "-1", "[]", '{"messages":-1}',
                     '{"messages":{"0":{}}}', '{"messages":[-1]}',
                     '{"messages":[[]]}', '{"messages":[{}]}',
                     '{"messages":[{"role":-1,"content":"x"}]}',
                     '{"messages":[{"role":"user","content":-9e999}]}',
                     '{"messages":[{"role":"user","content":["x"]}]}',
                     '{"messages":[{"role":"user","content":"x"}]}',
                     '{"messages":[{"role":"assistant","content":"x"}]}',
                     b'{"messages":[{"role":"user","content":"\xff"}]}',
                     b"\xff\xfe{\0}\0", b"\0" * 1000):
            path = self.file(text)
            with self.subTest(text=text):
                self.assertGoesOn(self.load(path), str(path))

    def test_CVE_2026_43629_counts_in_a_saved_state(self):
        """There a count in the saved cache was believed. Here no state but the
        text is saved, and what else such a file says means nothing."""
        for number in ("-1", "4294967295", "18446744073709551616", "1e308"):
            path = self.file('{"cell_count":%s,"tokens":%s,"messages":['
                             '{"role":"user","content":"a"},'
                             '{"role":"assistant","content":"b"}]}'
                             % (number, number))
            self.assertGoesOn(self.load(path), "2 messages from")

    def test_words_of_the_file_in_messages(self):
        """A terminal obeys no file: one short line without its controls."""
        for role in ("a\nb", "\x1b[2J", "\r\r", "r" * 1_000_000, "\x9b"):
            path = self.file(json.dumps({"messages": [
                {"role": role, "content": "x"}]}))
            with self.subTest(role=role[:10]):
                self.assertGoesOn(self.load(path), str(path))

    def test_a_hundred_megabytes(self):
        size = 100_000_000
        for text in (b"\0" * size,
                     b'{"messages":[{"role":"user","content":"' + b"a" * size):
            path = self.file(text)
            with self.subTest(text=text[:10]):
                self.assertGoesOn(self.load(path), str(path))

    def test_a_message_beyond_the_context(self):
        path = self.file(json.dumps({"messages": [
            {"role": "user", "content": "a" * BIG},
            {"role": "assistant", "content": "x"}]}))
        done = self.chat(f"/load {path}\ncat\n/clear\ncat\n")
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"the context holds 65536", done.stderr)
        self.assertTrue(done.stdout.strip())

    def test_saving_in_place_of_something_else(self):
        other = self.output / "other"
        other.write_text("precious")
        done = self.chat(f"/save {other}\ncat\n")
        self.assertGoesOn(done, "no saved conversation")
        self.assertEqual(other.read_text(), "precious")
        other.write_text("")
        for _ in range(2):  # over the first one
            done = self.chat(f"cat\n/save {other}\n")
            self.assertIn(b"saved", done.stderr)
        self.assertEqual(len(json.loads(other.read_text())["messages"]), 2)

    def test_a_folder(self):
        self.assertGoesOn(self.load(self.folder), str(self.folder))
        self.assertGoesOn(self.load("/no/where"), "/no/where")

    def test_a_device(self):
        def limit():  # of this test's machine, should it be read to its end
            resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        self.assertGoesOn(self.load("/dev/zero", preexec_fn=limit),
                          "/dev/zero")

    def test_a_pipe_that_nobody_writes_to(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        # Else opening it waits for ever.
        try:
            done = self.chat(f"/load {pipe}\ncat\n", timeout=10)
        except subprocess.TimeoutExpired:
            self.fail("/load of a pipe hangs")
        self.assertGoesOn(done, str(pipe))


if __name__ == "__main__":
    e2e.main()
