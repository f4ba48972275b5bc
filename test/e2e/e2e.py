"""What the end-to-end tests share: running quern and what it makes.

A test file is a script: `formats.py --quern PATH [unittest's own flags]`. It
ends with e2e.main(), which takes --quern (and --slow, --models) out of the
command line and hands the rest to unittest, so that `formats.py --quern Q -v
-k gemma3` runs what it says. Exit code 77 means that everything was skipped.

`--mcpu CHIP --runner "COMMAND"` tests artifacts for a CPU that is not this one's:
they run under the command, an emulator.
"""
import argparse
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

SKIPPED = 77
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tools"),
                str(HERE.parent / "numerics" / "models")]
try:
    import numpy as np

    import float_model
    import make_tiny
    import tiny_tokenizer
except ModuleNotFoundError as error:
    print(f"skipped: {error}; QUERN_PYTHON needs numpy and gguf")
    sys.exit(SKIPPED)

options = argparse.Namespace()  # filled in by main()


def makeText(characters, seed=0):
    """Words that the tiny vocabularies know, among such that they do not."""
    rng = np.random.default_rng([seed, 5])
    words = tiny_tokenizer.TEXT.split()
    parts, size = [], 0
    while size < characters:
        if rng.random() < 0.7:
            word = words[rng.integers(len(words))]
        else:
            word = "".join(map(chr, rng.integers(33, 127, 3)))
        parts.append(word)
        size += len(word) + 1
    return " ".join(parts)


class Artifact:
    """A compiled model."""

    def __init__(self, path, model=None):
        self.path, self.model = pathlib.Path(path), model

    def start(self, *args, **more):
        """Runs it and returns what happened, whatever that is; text is bytes
        here, because an answer may be anything."""
        more.setdefault("stdin", subprocess.DEVNULL)
        if "input" in more:
            del more["stdin"]
        more.setdefault("timeout", 600)
        return subprocess.run([*options.runner, self.path, *map(str, args)],
                              capture_output=True, **more)

    def run(self, *args, **more):
        """Standard output of a run that must succeed."""
        done = self.start(*args, **more)
        if done.returncode:
            raise AssertionError(
                f"{shown(self.path, args)}: exit code {done.returncode}: "
                f"{done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode(errors="replace")

    def json(self, *args, **more):
        return json.loads(self.run(*args, "--json", **more))

    def ids(self, text):
        """Token ids of a file, as `perplexity` sees them."""
        return np.array(self.run("tokenize", "--ids", "--file", text).split(),
                        np.int64)

    def logits(self, text, ctx, role):
        """Scored rows [rows, vocabulary] of all chunks of a text."""
        path = self.path.with_suffix(".logits")
        self.run("perplexity", text, "--ctx", ctx, "--role", role, "--logits",
                 path)
        rows = np.fromfile(path, np.float32)
        path.unlink()
        return rows.reshape(-1, self.json("info")["limits"]["vocabulary"])


def shown(command, args):
    return " ".join([pathlib.Path(command).name, *map(str, args)])


def referenceLogits(path, ids, ctx):
    """The same rows as Artifact.logits, by the numpy reference."""
    model = float_model.Model(path)
    output, rows = model.output(), []
    for begin in range(0, len(ids) // ctx * ctx, ctx):
        chunk = ids[begin:begin + ctx].copy()
        if model.addsBos():
            chunk[0] = model.key("tokenizer.ggml.bos_token_id", scoped=False)
        hidden = float_model.hiddenStates(model, chunk)
        rows.append(hidden[ctx // 2:ctx - 1] @ output.T)
    return np.concatenate(rows)


def logSoftmax(logits):
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


class Difference:
    """How far logits are from the reference's, relative to their spread."""

    def __init__(self, logits, reference):
        if logits.shape != reference.shape:
            raise AssertionError(f"logits have shape {logits.shape}, the "
                                 f"reference's {reference.shape}")
        if not np.isfinite(logits).all():
            bad = np.argwhere(~np.isfinite(logits))[0].tolist()
            raise AssertionError(f"logit {bad} is not finite")
        spread = float(reference.std())
        off = logits.astype(np.float64) - reference
        self.rms = float(np.sqrt(np.mean(off * off))) / spread
        self.most = float(np.abs(off).max()) / spread
        ref, own = logSoftmax(reference), logSoftmax(logits)
        self.kl = float((np.exp(ref) * (ref - own)).sum(-1).mean())

    def __str__(self):
        return (f"rms {self.rms:.2e} and most {self.most:.2e} of the spread, "
                f"KL {self.kl:.2e}")


class Case(unittest.TestCase):
    """A test with a folder for its class, which goes with the class."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        holder = tempfile.TemporaryDirectory(prefix="quern-e2e-")
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name)
        cls.text = cls.folder / "text"
        cls.text.write_text(makeText(6000))

    @classmethod
    def tiny(cls, name, **shape):
        """Makes a tiny GGUF model; shape as make_tiny.Shape has it."""
        path = cls.folder / (name + ".gguf")
        make_tiny.makeGguf(path, make_tiny.Shape(**shape))
        return path

    @classmethod
    def quern(cls, *args, **more):
        """Runs quern and returns what happened, whatever that is."""
        more.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run([options.quern, *map(str, args)], text=True,
                              errors="replace", capture_output=True,
                              timeout=600, **more)

    @classmethod
    def compile(cls, model, *flags, output=None, warning=None):
        """Compiles a model, which must succeed in silence but for `warning`."""
        output = output or pathlib.Path(model).with_suffix(".out")
        if options.mcpu and "--mcpu" not in flags:
            flags = ("--mcpu", options.mcpu, *flags)
        done = cls.quern("compile", model, "-o", output, *flags)
        expected = f"warning: {warning}\n" if warning else ""
        if done.returncode or done.stdout or done.stderr != expected:
            raise AssertionError(
                f"{shown('quern', ['compile', pathlib.Path(model).name])} "
                f"{' '.join(map(str, flags))}: exit code {done.returncode}: "
                f"{done.stdout}{done.stderr.strip()}")
        return Artifact(output, model)

    def setUp(self):
        method = getattr(self, self._testMethodName)
        if getattr(method, "slow", False) != options.slow:
            self.skipTest("with --slow" if not options.slow else
                          "without --slow")

    def assertOneLine(self, done, prefix, *words):
        """Exit code 1, nothing on stdout, one line on stderr."""
        err = done.stderr
        if isinstance(err, bytes):
            err = err.decode(errors="replace")
        if done.returncode < 0:
            self.fail(f"died of signal {-done.returncode}: {err.strip()}")
        self.assertEqual(done.returncode, 1, f"exit code, stderr: {err!r}")
        self.assertFalse(done.stdout, "something on standard output")
        self.assertEqual(err.count("\n"), 1, f"one line expected: {err!r}")
        self.assertTrue(err.endswith("\n"), f"half a line: {err!r}")
        self.assertTrue(err.startswith(prefix + ": "),
                        f"expected '{prefix}: ...': {err!r}")
        for word in words:
            self.assertIn(word, err)


def cpuHas(*features):
    """Whether this machine's CPU has features of /proc/cpuinfo's names."""
    for line in open("/proc/cpuinfo"):
        if line.startswith("flags"):
            return set(features) <= set(line.split(":", 1)[1].split())
    return False


def realModel(name):
    """A file of the model folder, or a skip that says what is missing."""
    if not options.models:
        raise unittest.SkipTest("QUERN_TEST_MODELS is not set")
    path = pathlib.Path(options.models) / name
    if not path.exists():
        raise unittest.SkipTest(f"{path} is not there")
    return path


class Result(unittest.TextTestResult):
    """Says why what is skipped is skipped, unless that was asked for."""

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        if not reason.endswith("--slow"):
            self.stream.writeln(f"skipped: {test}: {reason}")


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--quern", required=True, help="the compiler to test")
    parser.add_argument("--slow", action="store_true",
                        help="the tests that take minutes, instead")
    parser.add_argument("--models", default=os.environ.get(
        "QUERN_TEST_MODELS"), help="folder of real models")
    parser.add_argument("--mcpu", help="chip to compile for, where a test says none")
    parser.add_argument("--runner", type=shlex.split, default=[],
                        help="command that runs artifacts")
    rest = parser.parse_known_args(namespace=options)[1]
    options.verbose = "-v" in rest
    options.quern = shutil.which(options.quern) or sys.exit(
        f"{sys.argv[0]}: no compiler '{options.quern}'")
    options.quern = os.path.abspath(options.quern)
    runner = unittest.TextTestRunner(resultclass=Result, verbosity=1)
    program = unittest.main(argv=[sys.argv[0], *rest], exit=False,
                            testRunner=runner)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.testsRun == len(result.skipped):
        sys.exit(SKIPPED)


def slow(test):
    """Marks a test, or a class of them, that takes minutes: such run with
    --slow, and nothing else does then."""
    test.slow = True
    return test


if __name__ == "__main__":
    sys.exit("this is no test but what tests share")
