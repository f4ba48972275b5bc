"""What strangers may give to quern and to artifacts; signals at any moment.

Templates without an end, prompts of 10 MB, saved conversations that are none,
disks that are full or read-only, pipes that are closed, Ctrl-C: one line that
says what is wrong and exit code 1, or death by the signal; nothing half-written
is left, and nothing hangs. What is wrong with models and artifacts is in
bad_input.py.
"""
import concurrent.futures
import fcntl
import json
import os
import pathlib
import random
import resource
import select
import signal
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


def onDisk(kind, place, *command, **environment):
    """Runs a command with a disk of its own mounted on `place`, and prints what
    files are there afterwards; a skip where one may not mount."""
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True,
                      check=False).returncode:
        raise unittest.SkipTest("no namespace for a disk of the test's own")
    script = ('mount -t tmpfs -o "$1" quern "$2" || exit 77; place="$2"; '
              'shift 2; "$@" </dev/null; code=$?; '
              'find "$place" -type f; exit $code')
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script, "sh", kind,
                           place, *map(str, command)], capture_output=True,
                          text=True, timeout=600, check=False,
                          env=dict(os.environ, **environment))
    if done.returncode == 77:
        raise unittest.SkipTest(f"no disk to mount: {done.stderr.strip()}")
    return done


class Disks(Hostile):
    def setUp(self):
        super().setUp()
        self.place = self.folder / self._testMethodName
        self.place.mkdir()

    def compileOn(self, kind, *flags):
        return onDisk(kind, self.place, e2e.options.quern, "compile", model,
                      "-o", self.place / "x", *flags)

    def test_full(self):
        """At once, in the middle of the executable, and shortly before its
        end, wherever the weights are."""
        size = artifact.path.stat().st_size // 1024
        for most, flags in ((64, ()), (size // 2, ()), (size - 200, ()),
                            (size - 200, ("--weights=sidecar",))):
            with self.subTest(KiB=most, of=size, flags=flags):
                self.assertOneLine(self.compileOn(f"size={most}k", *flags),
                                   "error", "No space left on device")

    def test_full_where_quern_run_caches(self):
        done = onDisk("size=64k", self.place, e2e.options.quern, "run", model,
                      PROMPT, XDG_CACHE_HOME=str(self.place))
        self.assertOneLine(done, "error", "No space left on device")

    def test_read_only(self):
        for flags in ((), ("--weights=sidecar",)):
            self.assertOneLine(self.compileOn("ro", *flags), "error",
                               str(self.place / "x"), "Read-only")
        done = onDisk("ro", self.place, e2e.options.quern, "run", model,
                      PROMPT, XDG_CACHE_HOME=str(self.place))
        self.assertOneLine(done, "error", str(self.place), "Read-only")

    def test_saving_a_conversation(self):
        lines = f"cat\n/save {self.place}/saved\n/exit\n"
        for kind in ("ro", "size=4k"):
            long = "" if kind == "ro" else "x" * 5000 + "\n"
            done = onDisk(kind, self.place, "sh", "-c",
                          'printf %s "$0" | "$@" >&2', long + lines,
                          artifact.path, "chat", "--temp", "0", "-n", "1")
            with self.subTest(disk=kind):
                self.assertEqual((done.returncode, done.stdout), (0, ""))
                self.assertIn(f"{self.place}/saved: cannot write: ",
                              done.stderr)


class Pipes(Hostile):
    def test_closed_pipes(self):
        """Death by SIGPIPE in silence; where that is ignored, a line."""
        for program, args in ((artifact.path, ("run", "-n", 200, PROMPT)),
                              (artifact.path, ("info",)),
                              (artifact.path, ("tokenize", PROMPT)),
                              (artifact.path, ("chat", "-n", 9)),
                              (e2e.options.quern, ("inspect", model)),
                              (e2e.options.quern, ("targets",))):
            for ignored in (False, True):
                with self.subTest(args=args, ignored=ignored):
                    reading, writing = os.pipe()
                    os.close(reading)
                    done = subprocess.run(
                        [program, *map(str, args)], stdout=writing,
                        stderr=subprocess.PIPE, input=b"cat\n", timeout=60,
                        restore_signals=not ignored, check=False)
                    os.close(writing)
                    if ignored or done.returncode == 1:
                        self.assertEqual(done.returncode, 1)
                        self.assertEqual(done.stderr.count(b"\n"), 1)
                        self.assertIn(b"Broken pipe", done.stderr)
                    else:
                        self.assertEqual((done.returncode, done.stderr),
                                         (-signal.SIGPIPE, b""))

    def test_a_full_standard_output(self):
        for args in (("chat", "-n", 9), ("info",), ("tokenize", PROMPT),
                     ("verify",)):
            with self.subTest(args=args), open("/dev/full", "w") as full:
                done = subprocess.run([artifact.path, *map(str, args)],
                                      stdout=full, stderr=subprocess.PIPE,
                                      input=b"cat\n", check=False)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertRegex(done.stderr.decode(), r"^model\.out: .*"
                                 r"No space left on device\n$")


class Signals(Hostile):
    """At 60 moments by chance of compiling, each in a folder of its own."""

    def interrupt(self, number, *command):
        """(folder, what happened, the signal) of a command that is killed."""
        chance = random.Random(number)
        place = self.output / str(number)
        (place / "tmp").mkdir(parents=True)
        sent = (signal.SIGINT, signal.SIGTERM)[number % 2]
        process = subprocess.Popen(
            [e2e.options.quern, *[str(c).replace("HERE", str(place))
                                  for c in command]],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=dict(
                os.environ, TMPDIR=str(place / "tmp"),
                XDG_CACHE_HOME=str(place / "cache")))
        time.sleep(chance.random() ** 1.4 * seconds * 1.05)
        process.send_signal(sent)
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return place, None, sent
        return place, (process.returncode, out, err), sent

    def each(self, first, count, *command):
        """The files left after each that was stopped or came to its end."""
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(lambda n: self.interrupt(n, *command),
                                 range(first, first + count)))
        stopped = 0
        for place, done, sent in runs:
            with self.subTest(moment=place.name, signal=sent.name):
                self.assertIsNotNone(done, "it hangs")
                code, out, err = done
                self.assertIn(code, (0, -sent, 128 + sent), err)
                self.assertLessEqual(err.count(b"\n"), 1, err)
                stopped += code != 0
                left = [p for p in place.rglob("*") if p.is_file()]
                yield code, sorted(str(p.relative_to(place)) for p in left)
        self.assertGreater(stopped, 0, "none was stopped")

    def verify(self, path):
        """A file that is there is a whole one."""
        self.assertTrue(e2e.Artifact(path).run("verify").startswith("ok: "))

    def test_compile(self):
        for code, left in self.each(0, 24, "compile", model, "-o", "HERE/x"):
            self.assertEqual(left, ["x"] if code == 0 else [])

    def test_compile_with_a_side_car(self):
        whole = self.compile(model, "--weights=sidecar",
                             output=self.folder / "whole")
        good = whole.path.with_suffix(".weights").read_bytes()
        for number, (code, left) in enumerate(self.each(
                100, 18, "compile", model, "-o", "HERE/x",
                "--weights=sidecar"), 100):
            # The weights come first, and are good for the next time.
            self.assertIn(left, (["x", "x.weights"],) if code == 0 else
                          ([], ["x.weights"]))
            if "x.weights" in left:
                self.assertEqual((self.output / str(number) / "x.weights")
                                 .read_bytes(), good)

    def test_run(self):
        for number, (code, left) in enumerate(self.each(
                200, 18, "run", model, PROMPT, "-n", 50), 200):
            for name in left:  # the cache's lock may stay
                path = self.output / str(number) / name
                self.assertTrue(name.startswith("cache/"), left)
                if path.stat().st_size:
                    self.verify(path)
            if code == 0:
                self.assertTrue(left)

    def test_answers(self):
        """An artifact keeps nothing, and ends at once."""
        for sent in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen(
                [artifact.path, "run", "--temp", "0", "--raw", PROMPT],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process.stdout.read(1)
            process.send_signal(sent)
            _, err = process.communicate(timeout=60)
            if process.returncode != 0:  # else it had ended before
                self.assertEqual((process.returncode, err), (-sent, b""))

    def test_chat(self):
        """SIGINT stops the answer, and the next message is answered."""
        process = subprocess.Popen(
            [artifact.path, "chat", "--temp", "0"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)

        def said():
            line = b""
            while b"\n" not in line:
                self.assertTrue(select.select([process.stderr], [], [], 60)[0],
                                "nothing is said of the interrupt")
                line += os.read(process.stderr.fileno(), 4096)
            return line
        for _ in range(3):
            # Its answer is all of the context if nothing stops it.
            process.stdin.write(b"x\n")
            process.stdin.flush()
            self.assertTrue(select.select([process.stdout], [], [], 60)[0])
            process.send_signal(signal.SIGINT)
            self.assertEqual(said(), b"[stopped]\n")
            while select.select([process.stdout], [], [], 0)[0]:
                os.read(process.stdout.fileno(), 4096)
            process.stdin.write(b"/clear\n")
            process.stdin.flush()
            self.assertEqual(said(), b"[the conversation is forgotten]\n")
        _, err = process.communicate(b"/exit\n", timeout=60)
        self.assertEqual((process.returncode, err), (0, b""))
        process = subprocess.Popen([artifact.path, "chat"],
                                   stdin=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        time.sleep(0.2)
        process.terminate()
        _, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, err), (-signal.SIGTERM, b""))

    def test_chat_whose_reader_is_slow(self):
        """SIGINT while a pipe is full stops the answer as well."""
        process = subprocess.Popen(
            [artifact.path, "chat", "--temp", "0"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        process.stdin.write(b"x\n")
        process.stdin.flush()
        self.assertTrue(select.select([process.stdout], [], [], 60)[0])
        time.sleep(1)  # for a page of answer
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        _, err = process.communicate(b"/exit\n", timeout=60)
        self.assertEqual((process.returncode, err), (0, b"[stopped]\n"))


class Machines(Hostile):
    def refuses(self, other, *words):
        """Says so whatever it is asked, even if it is damaged as well."""
        for args in (("run", PROMPT), ("chat",), ("info",), ("verify",), (),
                     ("--help",), ("frobnicate",)):
            with self.subTest(args=args):
                self.assertOneLine(other.start(*args), other.path.name,
                                   "this CPU", "lacks", *words)
        data = bytearray(other.path.read_bytes())
        data[-60] ^= 1
        other.path.write_bytes(data)
        self.assertOneLine(other.start("info"), other.path.name, *words)

    def test_an_instruction_set_that_no_machine_has(self):
        """The names in the artifact, of which one is changed."""
        data = artifact.path.read_bytes()
        self.assertEqual(data.count(b"avx,avx2,bmi,"), 1)
        other = e2e.Artifact(self.folder / "other")
        other.path.write_bytes(data.replace(b"avx,avx2,bmi,",
                                            b"avx,avx9,bmi,"))
        other.path.chmod(0o755)
        self.refuses(other, "avx9")

    def test_an_instruction_set_that_is_not_here(self):
        lacking = {"x86-64-v4+vnni+bf16": "avx512_bf16",
                   "x86-64-v4+vnni": "avx512_vnni", "x86-64-v4": "avx512f",
                   "x86-64-v3": "avx2"}
        for cpu, feature in lacking.items():
            if not e2e.cpuHas(feature):
                break
        else:
            self.skipTest("this machine has all instruction sets")
        other = self.compile(model, "--mcpu", cpu, output=self.folder / "other")
        self.refuses(other, cpu)


if __name__ == "__main__":
    e2e.main()
