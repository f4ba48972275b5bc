"""make-model: models of real geometry with random weights, as files and run."""
import hashlib
import pathlib
import subprocess

import e2e
import gguf
import numpy as np
from gguf.quants import dequantize

TYPES = ("F32", "F16", "BF16", "Q8_0", "Q6_K", "Q5_K", "Q5_1", "Q5_0", "Q4_K",
         "Q4_1", "Q4_0", "IQ4_NL", "IQ4_XS", "MXFP4", "NVFP4", "Q3_K", "Q2_K",
         "IQ2_XXS", "TQ1_0", "TQ2_0")
# The tiny tokenizers have 300 and 335 tokens; all others are unused.
VOCABULARY = 512


class MakeModel(e2e.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program = pathlib.Path(e2e.options.quern).with_name("make-model")
        cls.tokenizers = {arch: cls.tiny(arch, arch=arch, layers=1)
                          for arch in ("llama", "gemma3")}
        cls.output = cls.folder / "output"
        cls.output.mkdir()

    def start(self, *args):
        return subprocess.run([self.program, *map(str, args)], text=True,
                              capture_output=True, stdin=subprocess.DEVNULL,
                              timeout=600)

    def make(self, geometry, type, *flags, layers=1, name="model"):
        """A model with few layers and tokens, which goes with the test."""
        path = self.output / (name + ".gguf")
        arch = "gemma3" if geometry.startswith("gemma") else "llama"
        done = self.start(geometry, "--type", type, "--tokenizer",
                          self.tokenizers[arch], "--layers", layers,
                          "--vocabulary", VOCABULARY, "-o", path, *flags)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "", ""))
        self.addCleanup(path.unlink, missing_ok=True)
        return path

    def digest(self, path):
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()

    def test_the_same_flags_make_the_same_bytes(self):
        first = self.digest(self.make("llama-1b", "Q4_K_M"))
        self.assertEqual(self.digest(self.make("llama-1b", "q4_k_m")), first)
        self.assertNotEqual(
            self.digest(self.make("llama-1b", "Q4_K_M", "--seed", 1)), first)

    def test_a_tensor_does_not_depend_on_others(self):
        few, many = (gguf.GGUFReader(self.make(
            "llama-1b", "Q4_0", layers=layers, name=str(layers))).tensors
            for layers in (1, 2))
        many = {tensor.name: tensor.data for tensor in many}
        for tensor in few:
            self.assertTrue((many.pop(tensor.name) == tensor.data).all())
        self.assertFalse((many["blk.1.attn_q.weight"] == next(
            t.data for t in few if t.name == "blk.0.attn_q.weight")).all())

    def test_weights_have_mean_0_and_the_spread_of_their_rows(self):
        for type in TYPES:
            tensors = gguf.GGUFReader(self.make("llama-1b", type)).tensors
            for tensor in tensors:
                if tensor.name not in ("token_embd.weight",
                                       "blk.0.attn_k.weight",
                                       "blk.0.ffn_down.weight"):
                    continue
                with self.subTest(type, tensor=tensor.name):
                    self.assertEqual(tensor.tensor_type.name, type)
                    weights = dequantize(tensor.data[:256],
                                         tensor.tensor_type)
                    spread = weights.std() * np.sqrt(weights.shape[1])
                    self.assertAlmostEqual(spread, 1, delta=0.03)
                    self.assertLess(abs(weights.mean()), weights.std() / 30)

    def test_norms_are_nearly_1(self):
        for tensor in gguf.GGUFReader(self.make("gemma-3-1b", "Q4_K")).tensors:
            if tensor.name.endswith("norm.weight"):
                with self.subTest(tensor.name):
                    self.assertEqual(tensor.tensor_type.name, "F32")
                    self.assertTrue((abs(tensor.data - 1) < 0.1).all())
                    self.assertGreater(tensor.data.std(), 0.01)

    def test_mixtures_are_those_of_fit(self):
        """attn_v is Q6_K in some layers; a row of 1152 is no row of Q4_K."""
        def typesOf(name, *args, **more):
            return [t.tensor_type.name for t in gguf.GGUFReader(
                self.make(*args, **more)).tensors if name in t.name]
        self.assertEqual(typesOf("attn_v", "llama-1b", "Q4_K_M", layers=3),
                         ["Q4_K", "Q4_K", "Q6_K"])
        self.assertEqual(typesOf("attn_q.", "gemma-3-1b", "Q4_K"), ["Q5_0"])
        self.assertEqual(typesOf("embd", "llama-1b", "Q4_K_M"), ["Q6_K"])
        self.assertEqual(typesOf("embd", "llama-1b", "Q4_0"), ["Q4_0"])

    def test_the_tokenizer_is_copied_and_padded(self):
        for geometry, arch in (("llama-1b", "llama"), ("gemma-3-1b",
                                                       "gemma3")):
            fields = gguf.GGUFReader(self.make(geometry, "Q8_0")).fields
            given = gguf.GGUFReader(self.tokenizers[arch]).fields
            count = len(given["tokenizer.ggml.tokens"].contents())
            unused = range(count, VOCABULARY)
            more = {"tokens": [f"<unused_{i}>" for i in unused],
                    "token_type": [5 for _ in unused],
                    "scores": [-10000.0 for _ in unused]}
            for key, field in given.items():
                if not key.startswith("tokenizer."):
                    continue
                expected = field.contents()
                if (name := key.split(".")[-1]) in more:
                    expected += more[name]
                with self.subTest(geometry, key=key):
                    self.assertEqual(fields[key].types, field.types)
                    self.assertEqual(fields[key].contents(), expected)

    def test_quern_compiles_and_runs_it(self):
        for kind in ("Q4_K_M", "Q8_0"):
            with self.subTest(kind):
                model = self.make("llama-1b", kind)
                artifact = self.compile(model, "--ctx", 256)
                self.addCleanup(artifact.path.unlink, missing_ok=True)
                answer = artifact.json("run", "--raw", "--temp", 0, "-n", 4,
                                       "the cat")
                self.assertEqual(answer["usage"]["completion_tokens"], 4)

    def test_quern_plans_it(self):
        """All that it knows of a model's shape, without a kernel."""
        for geometry, kind in (("llama-8b", "Q4_0"), ("gemma-3-1b", "Q4_K_M"),
                               ("llama-1b", "BF16")):
            with self.subTest(geometry, type=kind):
                model = self.make(geometry, kind, layers=2)
                self.compile(model, "--emit", "plan",
                             output=self.folder / "plan")

    def test_quern_inspects_it(self):
        """Of an architecture that it cannot compile, too."""
        for geometry, name in (("llama-1b", "blk.0.ffn_down"),
                               ("qwen3-1.7b", "blk.0.attn_q_norm")):
            with self.subTest(geometry):
                done = self.quern("inspect", self.make(geometry, "Q8_0"))
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn(f"{geometry}, random weights", done.stdout)
                self.assertIn(f"{name}.weight", done.stdout)

    def test_list(self):
        for word in ("list", "--list"):
            done = self.start(word)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for name in ("llama-1b", "llama-8b", "gemma-3-1b", "qwen3-1.7b"):
                self.assertIn(name, done.stdout)

    def test_what_is_refused(self):
        tokenizer, out = self.tokenizers["llama"], self.output / "refused"
        text = self.folder / "text"
        good = ["--tokenizer", tokenizer, "-o", out, "--type"]
        cases = [
            (["llama-9b"], ["llama-9b"]),
            (["llama-1b", "--type", "Q8_0", "-o", out], ["--tokenizer"]),
            (["llama-1b", "--type", "Q8_0", "--tokenizer", tokenizer],
             ["--output"]),
            (["llama-1b", *good, "Q9"], ["--type Q9", "Q4_K_M"]),
            (["llama-1b", *good, "gptq"], ["--type gptq", "no number"]),
            (["llama-1b", *good, "Q8_0", "--layers", 0], ["--layers 0"]),
            (["llama-1b", *good, "Q8_0", "--vocabulary", 299],
             ["--tokenizer", str(tokenizer), "300", "299"]),
            (["llama-1b", "--type", "Q8_0", "-o", out, "--tokenizer", text],
             ["--tokenizer", str(text), "not a GGUF file"]),
            (["llama-1b", "--type", "Q8_0", "-o", out, "--tokenizer",
              self.folder / "none"], ["--tokenizer", "none"]),
            (["llama-1b", "--type", "Q8_0", "--tokenizer", tokenizer, "-o",
              self.folder / "none" / "x"], ["none/x"]),
            (["llama-1b", "--type", "Q8_0", "--tokenizer", tokenizer, "-o",
              tokenizer], [str(tokenizer)]),
        ]
        for args, words in cases:
            with self.subTest(" ".join(map(str, args))):
                self.assertOneLine(self.start(*args), "error", *words)
                self.assertEqual(list(self.output.iterdir()), [])


if __name__ == "__main__":
    e2e.main()
