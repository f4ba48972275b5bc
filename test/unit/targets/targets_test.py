"""`quern targets` lists the folders of codegen/, and the null target says no."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

try:
    import gguf  # noqa: F401
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import make_tiny  # noqa: E402

options = argparse.Namespace()


def quern(*args, **more):
    return subprocess.run([options.quern, *args], capture_output=True,
                          text=True, **more)


class List(unittest.TestCase):
    def setUp(self):
        self.folders = sorted(path.parent.name for folder in options.folders
                              for path in folder.glob("*/Target.cpp"))

    def test_the_list_is_the_folders(self):
        self.assertIn("null", self.folders)
        done = quern("targets")
        self.assertEqual(done.returncode, 0, done.stderr)
        names = [line.split()[0] for line in done.stdout.splitlines()
                 if not line.startswith(" ")]
        self.assertEqual(sorted(names), self.folders)

    def test_json_says_the_same(self):
        listed = json.loads(quern("targets", "--json").stdout)
        self.assertEqual(sorted(t["name"] for t in listed), self.folders)
        for target in listed:
            with self.subTest(target["name"]):
                self.assertTrue(target["summary"])
                self.assertIn("native", target["mcpu"])

    def test_an_unknown_target_is_answered_with_the_list(self):
        done = quern("compile", "any.gguf", "--target=none")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 1)
        for name in ("--target", "'none'", *self.folders):
            self.assertIn(name, done.stderr)


class Null(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        make_tiny.makeGguf(os.path.join(folder.name, "tiny.gguf"),
                           make_tiny.Shape(layers=1))

    def compile(self, *flags):
        return quern("compile", "tiny.gguf", "--target=null", *flags,
                     cwd=self.folder)

    def refused(self, message, *flags):
        done = self.compile(*flags)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, f"error: {message}\n")
        self.assertEqual(done.stdout, "")
        self.assertEqual(os.listdir(self.folder), ["tiny.gguf"])

    def test_it_generates_no_code(self):
        for phase in ("object", "asm", "llvm", "spirv"):
            with self.subTest(phase):
                self.refused(f"--emit {phase}: the target 'null' has no phase of "
                             "its own", f"--emit={phase}", "-o", "tiny.o")
        for flags in ((), ("-o", "tiny"), ("--threads=1",)):
            with self.subTest(flags):
                self.refused("the null target generates no code", *flags)

    def test_it_has_no_chips(self):
        self.refused("--mcpu: unknown chip 'x86-64-v3', expected native",
                     "--mcpu=x86-64-v3")

    def test_what_comes_before_code_is_printed(self):
        for emit, word in (("quern", "quern.linear"), ("stages", "quern.stage"),
                           ("kernels", "quern.kernel")):
            with self.subTest(emit):
                done = self.compile(f"--emit={emit}")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(word, done.stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quern", required=True, type=os.path.abspath)
    parser.add_argument("--folders", required=True, nargs="+",
                        type=pathlib.Path)
    options, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
