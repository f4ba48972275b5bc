"""The toys, end to end: a model whose architecture, op and target are toys.

Its format too: TOY3 is the number in GGUF files that its description takes.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

try:
    import gguf
    import numpy as np
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "tools"))
import make_tiny  # noqa: E402
import tiny_tokenizer  # noqa: E402

gguf.constants.GGML_QUANT_SIZES[1000] = (16, 8)
CONTEXT = 32
# Most errors of logits that spread by some 3, by how activations are multiplied.
F32, I16, BF16 = 1e-4, 2e-3, 0.2
SOURCES = {".cpp", ".h", ".td", ".def", ".txt", ".cmake", ".c", ".py"}
TOY3 = 1000  # test/extra/formats/toy3.cpp
programs = argparse.Namespace()


def packToy3(kind, data, decoded):
    """A matrix of floats in blocks of 16 weights: an f16 scale and 3-bit codes
    in order, of which 4 is subtracted."""
    if data.ndim < 2:
        return kind, data, decoded
    blocks = data.reshape(-1, 16)
    scales = (np.abs(blocks).max(axis=1) / 3).astype(np.float16)
    codes = np.rint(blocks / scales[:, None].astype(np.float32)) + 4
    codes = codes.clip(1, 7).astype(np.uint64)
    words = (codes << (3 * np.arange(16, dtype=np.uint64))).sum(
        axis=1, dtype=np.uint64)
    packed = np.concatenate([scales.view(np.uint8).reshape(-1, 2),
                             words.view(np.uint8).reshape(-1, 8)[:, :6]], axis=1)
    return TOY3, packed.reshape(data.shape[0], -1), decoded


def makeToy(path, format):
    """A tiny model of the toy architecture: it has no gate."""
    shape = make_tiny.Shape(arch="toy",
                            format="f32" if format == "toy3" else format)
    vocabulary = make_tiny.vocabularyOf(shape)
    writer = gguf.GGUFWriter(path, shape.arch)
    make_tiny.addMetadata(writer, shape, vocabulary)
    tensors = make_tiny.makeTensors(shape, len(vocabulary.tokens))
    if format == "toy3":
        tensors = {name: packToy3(*tensor) for name, tensor in tensors.items()}
    for name, (kind, data, _) in tensors.items():
        if not name.endswith("ffn_gate"):
            raw = None if data.dtype == np.float32 else kind
            writer.add_tensor(name + ".weight", data, raw_dtype=raw)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return vocabulary


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True,
                          text=True)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit code "
                             f"{done.returncode}: {done.stderr}")
    return done.stdout


def opt(text, *flags):
    done = subprocess.run([programs.quern_opt, *flags], input=text, text=True,
                          capture_output=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


class Toys(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.model = self.folder / "toy.gguf"
        self.text = self.folder / "text"
        self.text.write_text(tiny_tokenizer.TEXT)

    def compile(self, name, *flags):
        path = self.folder / name
        run(programs.quern, "compile", self.model, "-o", path,
            "--kv-type", "f32", *flags)
        return path

    def logits(self, artifact, role):
        """The scored rows of the first chunk."""
        path = self.folder / "logits"
        printed = run(artifact, "perplexity", self.text, "--ctx", CONTEXT,
                      "--role", role, "--logits", path, "--json")
        rows = np.fromfile(path, np.float32).reshape(-1, self.size)
        return rows[:CONTEXT // 2 - 1], json.loads(printed)["logits_hash"]

    def reference(self, artifact):
        ids = run(artifact, "tokenize", "--ids", "--file", self.text).split()
        ids = ids[:CONTEXT]
        if self.vocabulary.addBos:
            ids[0] = str(self.vocabulary.special["bos"])
        path = self.folder / "expected"
        run(programs.quern, "reference", self.model, " ".join(ids),
            "--logits", path)
        rows = np.fromfile(path, np.float32).reshape(CONTEXT, self.size)
        return rows[CONTEXT // 2:-1]

    def make(self, format):
        self.vocabulary = makeToy(self.model, format)
        self.size = len(self.vocabulary.tokens)

    def check(self, format, bounds):
        """Both targets against the references; `bounds`: most error by role."""
        self.make(format)
        # The toy target's code is the CPU's for that chip: the same bits.
        toy = self.compile("toy", "--target", "toy")
        lent = self.compile("lent", "--target", "cpu", "--mcpu", "x86-64-v3")
        native = self.compile("native", "--target", "cpu")
        expected = self.reference(toy)
        self.assertGreater(expected.std(), 0.5)
        for role, bound in bounds.items():
            rows, hashes = zip(*(self.logits(artifact, role)
                                 for artifact in (toy, lent, native)))
            self.assertEqual(hashes[0], hashes[1])
            for got in rows:
                np.testing.assert_allclose(got, expected, rtol=0, atol=bound)
        return toy

    def test_a_toy_model_of_floats_says_what_the_references_say(self):
        self.check("f32", {"generated": F32, "prompt": BF16})

    def test_a_toy_model_of_codes_says_what_the_references_say(self):
        artifact = self.check("q8_0", {"generated": I16, "prompt": BF16})
        info = run(artifact, "info")
        for line in ("architecture +toy", "target +toy", "chip +toy-1.*v3"):
            self.assertRegex(info, re.compile(f"^{line}$", re.MULTILINE))

    def test_a_toy_model_of_toy_blocks_says_what_the_references_say(self):
        artifact = self.check("toy3", {"generated": I16, "prompt": BF16})
        self.assertIn("toy3", run(artifact, "info"))

    def test_the_passes_ask_the_target(self):
        self.make("q8_0")
        for target in ("cpu", "toy"):
            stages = run(programs.quern, "compile", self.model, "--target",
                         target, "--emit", "stages")
            bodies = re.findall(r"quern\.stage [^{]*\{(.*?)quern\.yield", stages,
                                re.DOTALL)
            norms = [b for b in bodies if "quern.rms_norm" in b
                     and "quern.convert" in b]
            with self.subTest(target):
                self.assertEqual(bool(norms), target == "cpu")

    def test_it_says_nothing_of_its_kernels(self):
        self.make("f32")
        done = subprocess.run([programs.quern, "compile", self.model, "--target", "toy",
                               "--report", "text"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, "^error: --report: target 'toy': .*\\n$")

    def test_the_op_joins_the_linear_before_it(self):
        self.make("f32")
        stages = run(programs.quern, "compile", self.model,
                     "--emit", "stages")
        bodies = [b for b in re.findall(r"quern\.stage [^{]*\{(.*?)quern\.yield",
                                        stages, re.DOTALL)
                  if "quern.toy_relu2" in b]
        self.assertTrue(bodies)
        for body in bodies:
            self.assertEqual(re.findall(r"= (quern\.\w+)", body),
                             ["quern.linear", "quern.toy_relu2"])

    def test_the_op_alone_is_printed_as_it_is_parsed(self):
        text = ("func.func @f(%x: tensor<?x80xf32>) -> tensor<?x80xf32> {\n"
                "  %y = quern.toy_relu2 %x : tensor<?x80xf32>\n"
                "  return %y : tensor<?x80xf32>\n}\n")
        once = opt(text)
        self.assertIn("quern.toy_relu2 %arg0 : tensor<?x80xf32>", once)
        self.assertEqual(opt(once), once)

    def test_the_format_is_packed(self):
        weight = '!quern.weight<7 x 80, "toy3">'
        packed = opt(f"""
          quern.weight @w : {weight}
          func.func @f(%x: tensor<?x80xf32>) -> tensor<?x7xf32> {{
            %w = quern.get @w : {weight}
            %y = quern.linear %x, %w : (tensor<?x80xf32>, {weight})
                 -> tensor<?x7xf32>
            return %y : tensor<?x7xf32>
          }}""", "--quern-choose-arithmetic", "--quern-pack-weights")
        self.assertRegex(packed, "@w : !quern.panels<7 x 80, <codes = 3")
        self.assertNotIn("toy3", packed)

    def test_no_other_source_names_a_toy(self):
        for part in ("ir", "frontend", "passes", "codegen", "runtime", "tools"):
            for path in (ROOT / part).rglob("*"):
                if path.suffix in SOURCES and path.is_file():
                    text = path.read_text(errors="replace").lower()
                    self.assertIsNone(re.search(r"\btoy|toy\b|toy\d", text),
                                      f"{path} names a toy")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quern", required=True, type=os.path.abspath)
    parser.add_argument("--quern-opt", required=True, type=os.path.abspath)
    programs, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
