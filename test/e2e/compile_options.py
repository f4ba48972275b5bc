"""Options of `quern compile` that change what is written: side-cars and chat
templates; and what a terminal shows meanwhile."""
import os
import pathlib
import pty
import shutil
import subprocess

import e2e

PROMPT = ("run", "--temp", 0, "-n", 20, "the other cat")


class Options(e2e.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.tiny("model", arch="llama", format="q4_0", layers=2)
        cls.embedded = cls.compile(cls.model)

    def here(self, name="model"):
        """A path in a folder of the test's own."""
        folder = self.folder / self._testMethodName
        folder.mkdir(exist_ok=True)
        return folder / name

    def refuse(self, *args, words=()):
        done = self.quern("compile", self.model, *args)
        self.assertOneLine(done, "error", *words)


class Sidecar(Options):
    def setUp(self):
        super().setUp()
        self.artifact = self.compile(self.model, "--weights=sidecar",
                                     output=self.here())
        self.weights = self.here("model.weights")

    def test_it_computes_the_same(self):
        self.assertEqual(self.artifact.run(*PROMPT),
                         self.embedded.run(*PROMPT))
        self.assertEqual(self.artifact.run("perplexity", self.text),
                         self.embedded.run("perplexity", self.text))
        self.assertIn("mapped from model.weights", self.artifact.run("info"))
        self.assertIn("ok: ", self.artifact.run("verify"))
        self.assertLess(self.artifact.path.stat().st_size,
                        self.embedded.path.stat().st_size)
        self.assertFalse(os.access(self.weights, os.X_OK))

    def test_it_is_written_once(self):
        before = self.weights.stat()
        self.compile(self.model, "--weights=sidecar", "--chat-template",
                     "vicuna", "--max-batch", 3, output=self.here())
        after = self.weights.stat()
        self.assertEqual((before.st_ino, before.st_mtime_ns),
                         (after.st_ino, after.st_mtime_ns))
        self.assertEqual(self.artifact.json("info")["limits"]["max_batch"], 3)
        self.artifact.run("verify")

    def test_it_is_written_again_for_other_weights_and_when_damaged(self):
        good = self.weights.read_bytes()
        self.weights.write_bytes(good[:1000] + b"\1" + good[1001:])
        self.compile(self.model, "--weights=sidecar", output=self.here())
        self.assertEqual(self.weights.read_bytes(), good)
        other = self.tiny("other", arch="llama", format="q4_0", layers=2,
                          seed=7)
        self.compile(other, "--weights=sidecar", output=self.here())
        self.assertNotEqual(self.weights.read_bytes(), good)
        self.artifact.run("verify")

    def test_it_is_written_again_by_another_build(self):
        """Which may pack in another way."""
        other = self.here("bin") / "quern"
        other.parent.mkdir()
        quern = pathlib.Path(e2e.options.quern)
        other.write_bytes(quern.read_bytes() + b"another")
        other.chmod(0o755)
        self.here("lib").symlink_to(quern.parent.parent / "lib")
        before = self.weights.stat().st_ino
        done = subprocess.run(
            [other, "compile", self.model, "-o", self.here(),
             "--weights=sidecar"], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertNotEqual(self.weights.stat().st_ino, before)
        self.artifact.run("verify")

    def test_it_must_lie_beside(self):
        away = self.here("away")
        away.mkdir()
        moved = e2e.Artifact(shutil.copy(self.artifact.path, away))
        self.assertOneLine(moved.start(*PROMPT), "model", "model.weights",
                           "beside")
        shutil.copy(self.weights, away)
        self.assertEqual(moved.run(*PROMPT), self.artifact.run(*PROMPT))
        link = self.here("link")
        link.symlink_to(self.artifact.path)
        self.assertEqual(e2e.Artifact(link).run(*PROMPT),
                         self.artifact.run(*PROMPT))

    def test_the_wrong_or_a_damaged_one_is_refused(self):
        good = self.weights.read_bytes()
        self.weights.write_bytes(good[:-1])
        self.assertOneLine(self.artifact.start(*PROMPT), "model",
                           "model.weights", "cut short")
        self.weights.write_bytes(good[:1000] + b"\1" + good[1001:])
        self.assertOneLine(self.artifact.start("verify"), "model",
                           "model.weights", "weights", "damaged")
        self.weights.write_bytes(self.embedded.path.read_bytes())
        if self.artifact.start(*PROMPT).returncode:  # the same weights
            self.fail("an artifact's weights are as good")
        other = self.tiny("other", arch="llama", format="q4_0", layers=2,
                          seed=7)
        self.compile(other, "--weights=sidecar", output=self.here("other"))
        shutil.copy(self.here("other.weights"), self.weights)
        self.assertOneLine(self.artifact.start(*PROMPT), "model",
                           "model.weights", "compiled with")
        self.weights.unlink()
        os.mkfifo(self.weights)  # nobody ever writes there
        self.assertOneLine(self.artifact.start(*PROMPT, timeout=60), "model",
                           "model.weights", "regular file")

    def test_its_place_may_be_taken(self):
        self.here("x.weights").mkdir()
        self.refuse("--weights=sidecar", "-o", self.here("x"),
                    words=("x.weights", "folder"))
        shutil.copy(self.model, self.here("y.weights"))
        done = self.quern("compile", self.here("y.weights"), "-o",
                          self.here("y"), "--weights=sidecar")
        self.assertOneLine(done, "error", "y.weights", "is a file of the model")
        self.assertEqual(self.here("y.weights").read_bytes(),
                         self.model.read_bytes())
        left = sorted(p.name for p in self.here().parent.iterdir())
        self.assertEqual(left, ["model", "model.weights", "x.weights",
                                "y.weights"])


class ChatTemplate(Options):
    def rendered(self, *flags, warning=None):
        artifact = self.compile(self.model, *flags, output=self.here(),
                                warning=warning)
        ids = artifact.run("tokenize", "--chat", "--ids", "cat").split()
        return artifact, ids

    def test_a_file_and_a_name_replace_it(self):
        _, own = self.rendered()
        artifact, ids = self.rendered(
            "--chat-template", "phi3", warning="--chat-template phi3: the "
            "model reads <|user|>, <|end|>, <|assistant|> as ordinary text; it "
            "has no such tokens")
        expected = artifact.run("tokenize", "--ids", "--special",
                                "<|user|>\ncat<|end|>\n<|assistant|>\n")
        self.assertEqual(ids, expected.split())
        self.assertNotEqual(ids, own)
        self.assertIn("chat_template            phi3",
                      artifact.run("info"))
        path = self.here("x.jinja")
        path.write_text("{{ messages[0].content }}!")
        artifact, ids = self.rendered("--chat-template", path)
        self.assertIn("chat_template            x.jinja",
                      artifact.run("info"))
        self.assertNotIn(str(path.parent).encode(), artifact.path.read_bytes())
        self.assertEqual(ids, artifact.run("tokenize", "--ids",
                                           "cat!").split())

    def test_what_is_wrong_is_said(self):
        path = self.here("x.jinja")
        path.write_text("one\n{{ messages[ }}")
        self.refuse("--chat-template", path, words=(f"{path}:2:",))
        self.refuse("--chat-template", "nosuch",
                    words=("nosuch", "chatml", "gemma"))
        self.refuse("--chat-template", self.folder, words=("regular file",))
        self.refuse("--chat-template", self.here("none"),
                    words=("No such file",))

    def test_run_compiles_for_each(self):
        environment = dict(os.environ, XDG_CACHE_HOME=str(self.here("cache")))
        for flags in ((), ("--chat-template", "chatml"),
                      ("--chat-template", "llama3")):
            done = self.quern("run", *flags, self.model, "cat", "-n", 1,
                              env=environment)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(list(self.here("cache").rglob("model-*"))), 3)


class Terminal(Options):
    def stderr(self, *flags, term="xterm"):
        """What a compilation shows on a terminal."""
        master, terminal = pty.openpty()
        process = subprocess.Popen(
            [e2e.options.quern, "compile", self.model, "-o", self.here(),
             *flags], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=terminal, env=dict(os.environ, TERM=term))
        os.close(terminal)
        shown = b""
        try:
            while part := os.read(master, 4096):
                shown += part
        except OSError:  # the other end is closed
            pass
        os.close(master)
        self.assertEqual((process.wait(), process.stdout.read()), (0, b""))
        process.stdout.close()
        return shown.decode()

    def test_a_bar_comes_and_goes(self):
        shown = self.stderr()
        self.assertIn("packing weights", shown)
        self.assertIn(" %", shown)
        # A terminal turns \n into \r\n.
        last = shown.rpartition("\r\033[K")[2]
        self.assertRegex(last, r"^wrote .*model in \d+\.\d s\r\n$")
        self.assertNotIn("\033", self.stderr(term="dumb"))

    def test_times_instead_of_the_bar(self):
        shown = self.stderr("-v")
        self.assertNotIn("\033", shown)
        self.assertEqual([line.split()[0] for line in shown.splitlines()],
                         ["import", "plan", "tokenizer", "lower", "kernels",
                          "link", "weights"])


if __name__ == "__main__":
    e2e.main()
