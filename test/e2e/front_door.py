"""What both programs say about themselves: help, manuals, completions, version,
and what they say about command lines that are wrong."""
import errno
import fcntl
import os
import pathlib
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios

import e2e

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = {"quern": ("compile", "run", "cache", "inspect", "fit",
                      "targets",
                      "reference", "completion", "manual"),
            "model": ("run", "chat", "perplexity", "bench", "tokenize", "info",
                      "verify", "completion", "manual")}


class Both(e2e.Case):
    """Tests for the compiler and for an artifact that is called `model`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gguf = cls.tiny("tiny", arch="llama", format="q8_0", layers=1)
        cls.artifact = cls.compile(cls.gguf, output=cls.folder / "model")
        cls.programs = {"quern": e2e.options.quern,
                        "model": str(cls.artifact.path)}

    def each(self):
        for name, path in self.programs.items():
            with self.subTest(program=name):
                yield name, path

    def start(self, *args, **more):
        more.setdefault("stdin", subprocess.DEVNULL)
        more.setdefault("stdout", subprocess.PIPE)
        return subprocess.run(list(map(str, args)), text=True, timeout=120,
                              stderr=subprocess.PIPE, **more)

    def output(self, *args, **more):
        done = self.start(*args, **more)
        self.assertEqual((done.returncode, done.stderr), (0, ""), args)
        return done.stdout

    def helps(self):
        for name, path in self.each():
            yield name, self.output(path, "--help")
            for command in COMMANDS[name]:
                yield f"{name} {command}", self.output(path, command, "--help")


class Help(Both):
    def test_every_help_fits_and_has_an_example(self):
        for name, text in self.helps():
            for line in text.splitlines():
                self.assertLessEqual(len(line), 80, f"{name}: {line}")
                self.assertEqual(line, line.rstrip())
            self.assertRegex(text, r"(?m)^Examples?:\n  \S", name)
            self.assertIn(f"Usage: {name}", text)

    def test_ways_to_ask_for_it(self):
        for name, path in self.each():
            command = COMMANDS[name][0]
            text = self.output(path, command, "--help")
            for args in (("help", command), (command, "-h"),
                         ("--help", command), (command, "x", "-h")):
                self.assertEqual(self.output(path, *args), text, args)
            self.assertEqual(self.output(path, "help"),
                             self.output(path, "--help"))

    def test_the_page_is_what_the_programs_print(self):
        done = self.start(ROOT / "tools" / "update-docs", "--check",
                          e2e.options.quern, sys.executable)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_version(self):
        for name, path in self.each():
            lines = self.output(path, "--version").splitlines()
            self.assertRegex(lines[0], r"^quern \d+\.\d+\.\d+ \(commit "
                             r"([0-9a-f]{7,}(-dirty)?|unknown), \w*, "
                             r"LLVM \d+\.\d+\.\d+\)$")
            if name == "model":
                self.assertEqual(lines[1], "kernels for " + self.artifact.json(
                    "info")["limits"]["kernels"])
                self.assertEqual(lines[2:], ["model tiny llama q8_0"])

    def test_output_that_cannot_be_written(self):
        for name, path in self.each():
            prefix = "error" if name == "quern" else name
            asked = [("--help",), ("--version",), ("manual",),
                     ("completion", "bash"), (COMMANDS[name][0], "--help")]
            if name == "quern":
                asked += [("targets",), ("inspect", self.gguf)]
            else:
                asked += [("info",), ("tokenize", "x"), ("run", "-n", 3, "x")]
            for args in asked:
                with open("/dev/full", "w") as full:
                    done = self.start(path, *args, stdout=full)
                self.assertOneLine(done, prefix, os.strerror(errno.ENOSPC))
                done = self.start("sh", "-c", '"$@" >&-', "sh", path, *args)
                self.assertOneLine(done, prefix, os.strerror(errno.EBADF))


class Manual(Both):
    def setUp(self):
        super().setUp()
        self.pages = {}
        for name, path in self.programs.items():
            page = self.folder / f"{name}.1"
            page.write_text(self.output(path, "manual"))
            self.pages[name] = page

    def test_sections(self):
        for name, page in self.pages.items():
            text = page.read_text()
            sections = re.findall(r'^\.SH "?([^"\n]+)"?$', text, re.M)
            for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS",
                            "COMMANDS", "EXAMPLES", "EXIT STATUS",
                            "ENVIRONMENT"):
                self.assertIn(section, sections)
            for command in COMMANDS[name]:
                self.assertIn(f'.SS "{name} {command}"', text)
            self.assertTrue(text.isascii())
            for line in text.splitlines():
                if line[:1] in ".'":
                    self.assertRegex(line, r"^\.(TH|SH|SS|TP|PP|B|EX|EE|br)\b")
                if not line.startswith(".TH"):
                    # roff would make other signs of these.
                    self.assertNotRegex(re.sub(r"\\.", "", line), r"[-`^~]")

    def test_by_those_who_read_it(self):
        tools = [(["mandoc", "-Tlint", "-W", "warning"], True),
                 (["groff", "-man", "-ww", "-Tutf8"], False),
                 (["man", "--warnings", "-l", "-Tutf8", "-Z"], False)]
        # man needs groff's programs.
        found = [(tool, quiet) for tool, quiet in tools
                 if shutil.which(tool[0]) and (tool[0] != "man" or
                                               shutil.which("troff"))]
        if not found:
            self.skipTest("neither mandoc nor groff")
        for tool, quiet in found:
            for page in self.pages.values():
                done = self.start(*tool, page)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                if quiet:  # outside of a git tree there is no date
                    self.assertEqual([line for line in done.stdout.split("\n")
                                      if line and "missing date" not in line],
                                     [])


class Completion(Both):
    def setUp(self):
        super().setUp()
        self.files = self.folder / "files"
        if not self.files.exists():
            self.files.mkdir()
            for name in ("a model.gguf", "b.gguf"):
                (self.files / name).write_text("")
        for name, path in self.programs.items():
            for shell in ("bash", "zsh", "fish"):
                (self.files / f"{name}.{shell}").write_text(
                    self.output(path, "completion", shell))

    EXPECTED = (
        (["quern", ""], list(COMMANDS["quern"])),
        (["quern", "com"], ["compile", "completion"]),
        (["quern", "--v"], ["--version"]),
        (["quern", "compile", "--ou"], ["--output"]),
        (["quern", "compile", "--emit", "a"], ["asm"]),
        (["quern", "compile", "--kv-type", ""], ["f16", "f32"]),
        (["quern", "compile", "a"], ["a model.gguf"]),
        (["quern", "compile", "-o", "b"], ["b.gguf"]),
        (["quern", "run", "b.gguf", "--top-"], ["--top-k", "--top-p",
                                                "--top-nsigma"]),
        (["quern", "run", "b.gguf", "--on-full", "s"], ["stop", "shift"]),
        (["quern", "completion", ""], ["bash", "zsh", "fish"]),
        (["model", "c"], ["chat", "completion"]),
        (["model", "perplexity", "--role", "g"], ["generated"]),
        (["model", "run", "--file", "b"], ["b.gguf"]),
        (["model", "run", "--js"], ["--json"]),
    )

    def shell(self, *args):
        return self.output(*args, cwd=self.files)

    def test_bash(self):
        def ask(words):
            return self.shell(
                "bash", "-c", f"source {words[0]}.bash && COMP_WORDS=(\"$@\") "
                "COMP_CWORD=$(($# - 1)) && $(complete -p \"$1\" | sed "
                "'s/.*-F \\([^ ]*\\).*/\\1/') && printf '%s\\n' "
                "\"${COMPREPLY[@]}\"", "bash", *words).split("\n")[:-1]
        for words, expected in self.EXPECTED:
            with self.subTest(words=words):
                self.assertEqual(ask(words), expected)
        # bash makes three words of --emit=a.
        self.assertEqual(ask(["quern", "compile", "--emit", "=", "a"]),
                         ["asm"])
        self.assertEqual(ask(["quern", "compile", "--emit", "="])[:2],
                         ["quern", "stages"])
        self.assertEqual(ask(["model", "run", "--temp", ""]), [""])

    def test_an_artifact_of_any_name(self):
        for name in ("it's v2.1", "na\u00efve", "a$(b)`c`"):
            path = self.folder / name
            shutil.copy(self.artifact.path, path)
            script = self.output(path, "completion", "bash")
            self.assertEqual(self.start(
                "bash", "-c", script + "\ncomplete -p -- \"$1\" >/dev/null",
                "bash", name).stderr, "")

    def test_zsh(self):
        if not shutil.which("zsh"):
            self.skipTest("no zsh")
        for name in self.programs:
            self.shell("zsh", "-n", f"{name}.zsh")
            self.assertIn(f"_{name}", self.shell(
                "zsh", "-fc", "autoload -Uz compinit; compinit -u -D; source "
                f"./{name}.zsh; print $_comps[{name}]"))

    def test_fish(self):
        if not shutil.which("fish"):
            self.skipTest("no fish")
        for name in self.programs:
            self.shell("fish", "-n", f"{name}.fish")
        for words, expected in self.EXPECTED:
            with self.subTest(words=words):
                line = " ".join(words)
                got = self.shell("fish", "-N", "-c", f"source {words[0]}.fish;"
                                 f" complete -C '{line}'")
                self.assertEqual({entry.split("\t")[0].replace("\\ ", " ")
                                  for entry in got.splitlines()},
                                 set(expected))


class Messages(Both):
    def test_what_is_wrong_is_said_and_what_was_meant(self):
        model = self.gguf
        for args, message in (
                ([], "no command given; see `quern --help`"),
                (["comple"], "unknown command 'comple'; did you mean "
                             "compile?"),
                (["xyz"], "unknown command 'xyz'; see `quern --help`"),
                (["--versoin"], "unknown flag '--versoin'; did you mean "
                                "--version?"),
                (["--emit=asm", "compile"], "unknown flag '--emit'; it comes "
                                            "after a command: compile"),
                (["compile"], "MODEL is missing; see `quern compile --help`"),
                (["compile", model, "--outptu", "x"],
                 "unknown flag '--outptu'; did you mean --output?"),
                (["compile", model, "--temp", "0"],
                 "unknown flag '--temp'; it is one of run"),
                (["compile", model, "-x"],
                 "unknown flag '-x'; see `quern compile --help`"),
                (["compile", model, "-o"],
                 "--output needs a value: --output FILE"),
                (["compile", model, "-o", "--verbose"],
                 "--output needs a value: --output FILE; if '--verbose' is "
                 "meant, --output=--verbose"),
                (["compile", ""], "MODEL is given, but empty"),
                (["compile", model, "-o", ""], "--output is given, but empty"),
                (["run", model, "-temp", "0"],
                 "unknown flag '-temp'; did you mean --temp?"),
                (["compile", model, "--kv-type"],
                 "--kv-type needs a value: --kv-type f16|f32"),
                (["compile", model, "--kv-type", "f64"],
                 "--kv-type f64: not one of f16, f32"),
                (["compile", model, "--ctx", "0"], "--ctx 0: not a whole "
                 "number between 1 and 16777216"),
                (["compile", model, "--ctx=x"], "--ctx x: not a whole "
                 "number between 1 and 16777216"),
                (["compile", model, "--ctx", "5", "--ctx=6"],
                 "--ctx is given twice: 5 and 6"),
                (["compile", model, "-v=1"], "-v takes no value, but is given "
                                             "'1'"),
                (["targets", "--json=1"],
                 "--json takes no value, but is given '1'"),
                (["compile", model, "other"],
                 "unknown argument 'other'; see `quern compile --help`"),
                (["run", model, "Why", "is"], "unknown argument 'is'; a text "
                 "of several words is put in quotes"),
                (["run", model, "- dash"], "unknown flag '- dash'; what begins "
                 "with - and is no flag comes after --"),
                (["completion", "ksh"],
                 "SHELL ksh: not one of bash, zsh, fish")):
            with self.subTest(args=args):
                done = self.quern(*args)
                self.assertOneLine(done, "error")
                self.assertEqual(done.stderr, f"error: {message}\n")

    def test_values_that_look_like_something_else(self):
        for args, same in ((["--stop=", "x"], ["x"]),
                           (["--stop", "--temp", "x"], ["x"]),
                           (["--system=", "--", "x"], ["x"]),
                           (["--", "-x"], None), (["--", "--help"], None),
                           (["chat"], None), (["run"], None)):
            with self.subTest(args=args):
                answer = self.artifact.run("run", "--temp", 0, "-n", 9, *args)
                self.assertTrue(answer)
                if same:
                    self.assertEqual(answer, self.artifact.run(
                        "run", "--temp", 0, "-n", 9, *same))

    def test_what_a_terminal_would_obey_is_spelled(self):
        done = self.quern("\x1b[31mred\n")
        self.assertOneLine(done, "error", r"\x1b[31mred")
        done = self.artifact.start("run", "--\x1b]0;x\x07")
        self.assertOneLine(done, "model", r"\x1b]0;x\x07")


class Progress(Both):
    """Long prompts, with standard error on a terminal of some width."""

    def errors(self, columns, **environment):
        """What `run` writes to a terminal on standard error."""
        self.long.write_text("the other cat " * 90)
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(
            [self.narrow.path, "run", "--raw", "--temp", "0", "-n", "3", "-f",
             self.long], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=slave, env={"PATH": os.environ["PATH"], **environment})
        os.close(slave)
        shown = b""
        try:
            while piece := os.read(master, 65536):
                shown += piece
        except OSError:  # the terminal's other end is closed
            pass
        os.close(master)
        answer = process.stdout.read()
        process.stdout.close()
        self.assertEqual(process.wait(), 0)
        return shown.decode(), answer

    def setUp(self):
        super().setUp()
        self.long = self.folder / "long"
        self.narrow = e2e.Artifact(self.folder / "narrow")
        if not self.narrow.path.exists():
            long = self.tiny("long", arch="llama", format="q8_0", layers=1,
                             context=4096)
            self.compile(long, "--chunk", 32, output=self.narrow.path)

    def test_it_fits_and_goes_away(self):
        for columns in (80, 20):
            shown, answer = self.errors(columns, TERM="xterm")
            lines = re.split(r"\r(?:\x1b\[K)?", shown)
            texts = [line.replace("\x1b[K", "") for line in lines]
            self.assertGreater(len(texts), 3)
            self.assertTrue(any(t.startswith("reading the prom")
                                for t in texts), shown)
            self.assertLess(max(map(len, texts)), columns)
            self.assertTrue(shown.endswith("\r\x1b[K"), repr(shown[-20:]))
            self.assertNotIn("\n", shown)
            self.assertNotIn(b"reading", answer)

    def test_terminals_that_cannot(self):
        for environment in ({"TERM": "dumb"}, {}):
            self.assertEqual(self.errors(80, **environment)[0], "")

    def test_nothing_in_a_pipe(self):
        self.long.write_text("the other cat " * 90)
        done = self.start(self.narrow.path, "run", "--raw", "-n", 3, "-f",
                          self.long, errors="replace")
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    e2e.main()
