"""`quern run` and `quern cache`."""
import concurrent.futures
import os
import pathlib
import platform
import shutil
import subprocess
import time

import e2e
import make_tiny  # found by e2e


class Cache(e2e.Case):
    def setUp(self):
        super().setUp()
        self.cache = self.folder / f"cache of {self._testMethodName}"
        self.environment = dict(os.environ, XDG_CACHE_HOME=str(self.cache))
        self.model = self.folder / "a model.gguf"
        if not self.model.exists():
            shutil.copy(self.tiny("tiny", arch="llama", format="q8_0",
                                  layers=1), self.model)

    def run_quern(self, *args, **more):
        return self.quern(*args, env=self.environment, **more)

    def entries(self):
        return sorted(self.cache.glob("quern/artifacts/*"))

    def test_the_answer_is_that_of_the_artifact(self):
        artifact = self.compile(self.model, output=self.folder / "out")
        expected = artifact.run("run", "--temp", 0, "-n", 9, "the cat")
        for _ in range(2):  # compiled, then found
            done = self.run_quern("run", self.model, "the cat", "--temp", 0,
                                  "-n", 9)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (0, expected, ""))
            self.assertEqual(len(self.entries()), 1)
        self.assertEqual(self.entries()[0].read_bytes(),
                         artifact.path.read_bytes())

    def test_what_it_depends_on_is_in_the_key(self):
        first = self.run_quern("run", self.model, "cat", "-n", 1, "--temp", 0)
        self.assertEqual(first.returncode, 0, first.stderr)
        self.run_quern("run", "--kv-type", "f32", self.model, "cat", "-n", 1)
        self.assertEqual(len(self.entries()), 2)
        other = self.folder / "sub" / "a model.gguf"  # the same name
        other.parent.mkdir()
        shutil.copy(self.tiny("tiny2", arch="llama", format="q8_0", layers=1,
                              seed=2), other)
        self.run_quern("run", other, "cat", "-n", 1)
        self.assertEqual(len(self.entries()), 3)

    def test_compiler_and_runtime_are_in_the_key(self):
        """The same program with another runtime, and another program."""
        root = self.folder / "installed"
        bundle = root / "lib" / "quern" / "bundle"
        (root / "bin").mkdir(parents=True)
        built = pathlib.Path(e2e.options.quern).parent.parent
        shutil.copytree(built / "lib" / "quern" / "bundle", bundle)
        program = root / "bin" / "quern"
        shutil.copy(e2e.options.quern, program)
        layout, = bundle.glob(platform.machine() + "/layout.ld")
        for count, change in enumerate((None, layout, program)):
            if change:
                change.write_bytes(change.read_bytes() + b"\n")
            done = subprocess.run(
                [program, "run", self.model, "cat", "-n", "1"], check=False,
                capture_output=True, text=True, env=self.environment)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(len(self.entries()), count + 1)

    def test_a_folders_other_files_are_in_the_key(self):
        """Whether the folder is named or its weights."""
        model = self.folder / "folder"
        make_tiny.makeSafetensors(model, make_tiny.Shape(
            arch="llama", format="f16", layers=1), "f16", 1)
        for count, change in enumerate((
                None, ("config.json", b"\n"), ("tokenizer.json", b"\n"))):
            if change:
                file = model / change[0]
                file.write_bytes(file.read_bytes() + change[1])
            for number, name in enumerate((model, model / "model.safetensors")):
                for _ in range(2):
                    done = self.run_quern("run", name, "cat", "-n", 1)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertEqual(len(self.entries()),
                                     2 * count + number + 1)

    def test_what_is_damaged_is_made_again(self):
        self.run_quern("run", self.model, "cat", "-n", 1)
        entry, = self.entries()
        good = entry.read_bytes()
        for damage in (good[:-9], good[:5000], b"", None):
            if damage is None:
                entry.chmod(0o644)
            else:
                entry.write_bytes(damage)
            done = self.run_quern("run", self.model, "cat", "-n", 1)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(entry.read_bytes(), good)

    def test_only_artifacts_are_cleared(self):
        self.run_quern("run", self.model, "cat", "-n", 1)
        entry, = self.entries()
        others = [entry.with_name("notes.txt"),
                  entry.with_name(entry.name + ".01234567.tmp"),
                  entry.with_name(entry.name + ".01234567.tmp.0.o")]
        for other in others:
            other.write_text("")
        self.assertRegex(self.run_quern("cache").stdout,
                         r"\n1 artifact, [0-9.]+ MiB\n$")
        self.assertIn("removed 1 artifact",
                      self.run_quern("cache", "--clear").stdout)
        self.assertEqual(self.entries(), sorted(others))
        for other in others:  # nobody compiles for so long
            os.utime(other, (time.time() - 100_000,) * 2)
        self.run_quern("cache")
        self.assertEqual(self.entries(), sorted(others))
        self.run_quern("cache", "--clear")
        self.assertEqual(self.entries(), others[:1])

    def test_two_at_once(self):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            done = list(pool.map(lambda _: self.run_quern(
                "run", self.model, "the cat", "-n", 9, "--temp", 0), range(4)))
        self.assertEqual({(d.returncode, d.stderr) for d in done}, {(0, "")})
        self.assertEqual(len({d.stdout for d in done}), 1)
        self.assertEqual(len(self.entries()), 1)

    def test_without_a_prompt_it_is_a_chat(self):
        done = self.run_quern("run", self.model, "--temp", 0, "-n", 2,
                              input="one\ntwo\n", stdin=None)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertGreaterEqual(done.stdout.count("\n"), 2)

    def test_listing_and_clearing(self):
        self.assertEqual(self.run_quern("cache").stdout,
                         "0 artifacts, 0.0 MiB\n")
        self.run_quern("run", self.model, "cat", "-n", 1)
        listed = self.run_quern("cache").stdout
        self.assertIn(str(self.entries()[0]), listed)
        self.assertRegex(listed, r"\n1 artifact, [0-9.]+ MiB\n$")
        self.assertIn("removed 1 artifact", self.run_quern("cache",
                                                           "--clear").stdout)
        self.assertEqual(self.entries(), [])

    def test_what_is_wrong_is_one_line(self):
        for args, word in ((["run"], "MODEL is missing"),
                           (["run", "/nowhere"], "/nowhere"),
                           (["run", self.text, "x"], "text: "),
                           (["run", "--target", "x", self.model, "x"],
                            "unknown target"),
                           (["cache", "--everything"], "--everything")):
            self.assertOneLine(self.run_quern(*args), "error", word)
        self.cache.parent.joinpath("file").write_text("")
        self.environment["XDG_CACHE_HOME"] = str(self.cache.parent / "file")
        self.assertOneLine(self.run_quern("run", self.model, "x"), "error",
                           "file/quern")
        self.environment["XDG_CACHE_HOME"] = str(self.cache)

    def test_the_artifacts_flags_are_checked_before_anything_is_compiled(self):
        for args, word in ((["x", "--no-such-flag"], "--no-such-flag"),
                           (["--tempp", "1", "x"], "mean --temp?"),
                           (["x", "--top-p", "7"], "--top-p 7"),
                           (["--raw"], "--raw needs a prompt"),
                           (["x", "--on-full", "shift"], "--on-full")):
            self.assertOneLine(self.run_quern("run", self.model, *args),
                               "error", word)
        self.assertEqual(self.entries(), [])

    def test_flags_may_stand_anywhere(self):
        flags = ["--temp", "0", "-n", 9, "--stop", "never", "--system="]
        answers = {self.run_quern("run", *before, self.model, *between,
                                  "the cat", *after).stdout
                   for before, between, after in (
                       (flags, [], []), ([], flags, []), ([], [], flags),
                       (["--kv-type", "f16"], [], flags),
                       (flags, ["--kv-type=f16", "--"], []))}
        self.assertEqual(len(answers), 1)
        self.assertTrue(answers.pop())


if __name__ == "__main__":
    e2e.main()
