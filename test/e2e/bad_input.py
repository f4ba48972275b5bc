"""Bad models: one line that says what and where. (bad_output.py: bad places.)

Whatever is wrong, quern ends with exit code 1 and one line on standard error,
"error: FILE: ...", leaves no output, and nothing under a temporary name.
"""
import json
import shutil
import struct

import e2e
import gguf_edit
import make_tiny  # found by e2e
import numpy as np
from gguf import GGMLQuantizationType as Type

NAN, INFINITY = float("nan"), float("inf")


class BadInput(e2e.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.good = {arch: cls.tiny(arch, arch=arch, format="q8_0", layers=2)
                    for arch in ("llama", "gemma3")}
        cls.output = cls.folder / "output"
        cls.output.mkdir()

    def refuse(self, model, *words, output=None, flags=(), **more):
        """Compiling ends in words, with nothing written."""
        before = sorted(self.output.iterdir())
        done = self.quern("compile", model, "-o",
                          output or self.output / "model", *flags, **more)
        self.assertOneLine(done, "error", *words)
        self.assertEqual(sorted(self.output.iterdir()), before,
                         "files were left behind")
        return done.stderr

    def refuseEdited(self, arch, *words, **changes):
        path = self.folder / "edited.gguf"
        gguf_edit.edit(self.good[arch], path, **changes)
        return self.refuse(path, str(path), *words)


class Keys(BadInput):
    def test_an_edited_file_is_a_good_file(self):
        """Else every refusal below could be one of the editor's mistakes."""
        path = self.folder / "same.gguf"
        gguf_edit.edit(self.good["gemma3"], path)
        self.compile(path, "--emit", "plan", output=self.folder / "plan")

    def test_values(self):
        """Key by key: what it is changed to (None: it is missing)."""
        cases = {
            "block_count": (None, 0, 3, 1 << 20, (1 << 64) - 1, -1, "two",
                            1.5),
            "embedding_length": (None, 0, 95, 1 << 40, "wide"),
            "feed_forward_length": (None, 0, 161, (1 << 63) + 5),
            "attention.head_count": (None, 0, 2, 5, 1 << 31),
            "attention.head_count_kv": (0, 2, 4, 1 << 63),
            "attention.key_length": (0, 31, 33, 1 << 50),
            "attention.value_length": (0, 16),
            "attention.layer_norm_rms_epsilon": (None, 0.0, -1e-5, NAN,
                                                 INFINITY, "small"),
            "rope.freq_base": (0.0, -1.0, NAN, INFINITY, "high"),
            "context_length": (None, 0, 1 << 40, "long"),
        }
        for arch in ("llama", "gemma3"):
            for name, values in cases.items():
                # What the second architecture shares needs no second list.
                for value in values if arch == "llama" else values[:2]:
                    key = f"{arch}.{name}"
                    with self.subTest(**{key: value}):
                        self.refuseEdited(arch, keys={key: value})

    def test_the_key_is_named(self):
        """Where nothing else in the file can be what is wrong."""
        for key, value in (("block_count", 0), ("block_count", None),
                           ("attention.head_count", 0),
                           ("attention.layer_norm_rms_epsilon", 0.0),
                           ("attention.layer_norm_rms_epsilon", NAN),
                           ("context_length", None), ("context_length", 0),
                           ("rope.freq_base", NAN),
                           ("embedding_length", "wide")):
            for arch in ("llama", "gemma3"):
                with self.subTest(arch=arch, key=key, value=value):
                    self.refuseEdited(arch, f"'{arch}.{key}'",
                                      keys={f"{arch}.{key}": value})

    def test_heads_are_named(self):
        """Heads that kv heads do not divide, in words about heads."""
        for arch in ("llama", "gemma3"):
            with self.subTest(arch):
                self.refuseEdited(arch, "heads", keys={
                    f"{arch}.attention.head_count": 3,
                    f"{arch}.attention.head_count_kv": 2})

    def test_architecture(self):
        for value in ("mamba9", "Llama", "llama\nx"):
            with self.subTest(value):
                self.refuseEdited("llama", "architecture", keys={
                    "general.architecture": value})
        self.refuseEdited("llama", "'general.architecture'",
                          keys={"general.architecture": None})

    def test_windows(self):
        for value in (None, 0, -1, "wide"):
            with self.subTest(value):
                key = "gemma3.attention.sliding_window"
                self.refuseEdited("gemma3", f"'{key}'", keys={key: value})

    def test_tokenizer(self):
        """Its tables must be there, and fit the embedding's rows."""
        prefix = "tokenizer.ggml."
        tokens = gguf_edit.parts(self.good["llama"])[0][prefix + "tokens"][0]
        cases = {
            "model": (None, "magic", 7),
            "tokens": (None, tokens[:-1], tokens + ["more"], "tokens"),
            "merges": (["no-space"], ["x y z"], "merges"),
            "token_type": ([1, 2], "types", [1 << 32 | 1] * len(tokens)),
            "eos_token_ids": ([1 << 32], [-1 << 40], [300], "end"),
            "pre": ("no-such-split", 3),
            "eos_token_id": (300, 1 << 30, "end"),
            "bos_token_id": (300, 5000),
        }
        for name, values in cases.items():
            for value in values:
                with self.subTest(**{name: str(value)[:40]}):
                    self.refuseEdited("llama", keys={prefix + name: value})

    def test_a_tokenizer_that_does_not_say_how_it_cuts_words(self):
        path = gguf_edit.edit(self.good["llama"], self.folder / "pre.gguf",
                              keys={"tokenizer.ggml.pre": None})
        self.compile(path, warning=f"{path}: has no key 'tokenizer.ggml.pre': "
                     "words are cut as by 'default', and perhaps not as the "
                     "model knows them")

    def resized(self, change):
        """A model whose vocabulary has other rows than the tokenizer."""
        path = self.folder / "resized.gguf"
        return gguf_edit.edit(self.good["llama"], path, tensors={
            "token_embd.weight": change, "output.weight": change})

    def test_more_tokens_than_rows_of_the_embedding(self):
        """The message tells both counts."""
        self.refuse(self.resized(lambda data: data[:-1]), "300", "299")

    def test_fewer_tokens_than_rows_of_the_embedding(self):
        """Rows that pad a vocabulary are usual; they are no text."""
        path = self.resized(lambda data: np.concatenate([data] * 4))
        artifact = self.compile(path)
        for seed in range(8):
            done = artifact.start("run", "--temp", 5, "--top-k", 0, "--top-p",
                                  1, "--min-p", 0, "-n", 20, "--seed", seed,
                                  "the cat")
            self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_template(self):
        for text in ("{% for x in y %}", "{{ x", "{% no %}", "{{ 1 + }}"):
            with self.subTest(text):
                self.refuseEdited("llama", "tokenizer.chat_template",
                                  keys={"tokenizer.chat_template": text})


class Tensors(BadInput):
    def names(self, arch):
        """Of the last layer and of what is outside of layers."""
        return [name for name in gguf_edit.parts(self.good[arch])[1]
                if not name.startswith("blk.0.")]

    def test_every_tensor_is_needed(self):
        for arch in ("llama", "gemma3"):
            for name in self.names(arch):
                if name == "output.weight":
                    continue  # without it the model is a tied one
                with self.subTest(arch=arch, tensor=name):
                    self.refuseEdited(arch, f"'{name}'", "missing",
                                      tensors={name: None})

    def test_every_tensor_has_one_shape(self):
        for arch in ("llama", "gemma3"):
            for name in self.names(arch):
                if name == "token_embd.weight":
                    continue  # any number of rows is a vocabulary
                with self.subTest(arch=arch, tensor=name):
                    self.refuseEdited(arch, f"'{name}'", "shape", tensors={
                        name: lambda data: data[:-1]})

    def test_a_matrix_is_no_vector_and_no_cube(self):
        one = np.ones(96, np.float32)
        for array in (np.ones((96, 96, 1), np.float32),
                      np.ones(96 * 96, np.float32)):
            self.refuseEdited("llama", "'blk.0.attn_q.weight'", "shape",
                              tensors={"blk.0.attn_q.weight":
                                       (Type.F32, array)})
        self.refuseEdited("llama", "'blk.0.attn_norm.weight'", "shape",
                          tensors={"blk.0.attn_norm.weight": (
                              Type.F32, np.stack([one, one]))})

    def test_tensors_that_nothing_uses(self):
        for name in ("blk.2.attn_q.weight", "blk.0.attn_q.bias", "v.patch",
                     "\u00e4 b", "x" * 60):
            with self.subTest(name):
                self.refuseEdited("llama", f"'{name}'", tensors={
                    name: (Type.F32, np.ones(96, np.float32))})

    def test_norms_that_are_not_f32(self):
        """Either they work or they are refused, but never in between."""
        path = self.folder / "norm.gguf"
        gguf_edit.edit(self.good["llama"], path, tensors={
            "output_norm.weight": (Type.F16, np.ones(96, np.float16))})
        done = self.quern("compile", path, "-o", self.folder / "norm")
        if done.returncode:
            self.assertOneLine(done, "error", "output_norm")

    def test_formats_without_kernels(self):
        """Known to the reader, or not even that: named in either case."""
        path = self.folder / "format.gguf"
        for format, type in (("iq2_xxs", 16), ("iq3_s", 21), ("iq1_s", 19)):
            with self.subTest(format):
                make_tiny.makeGguf(path, make_tiny.Shape(
                    layers=1, overrides={"ffn_up": format}, format="q8_0"))
                done = self.quern("compile", path, "-o", self.output / "x")
                if done.returncode == 0:
                    (self.output / "x").unlink()  # it has kernels by now
                else:
                    self.assertOneLine(done, "error", str(path), format,
                                       "blk.0.ffn_up")

    def test_formats_that_there_are_not(self):
        data = bytearray(self.good["llama"].read_bytes())
        name = b"blk.1.ffn_up.weight"
        at = data.index(name) + len(name) + 4 + 2 * 8  # after its dimensions
        self.assertEqual(struct.unpack_from("<I", data, at)[0], Type.Q8_0)
        path = self.folder / "type.gguf"
        for type in (4, 5, 31, 99, 0xffffffff):
            with self.subTest(type=type):
                struct.pack_into("<I", data, at, type)
                path.write_bytes(data)
                self.refuse(path, str(path), name.decode())


class Files(BadInput):
    def test_truncated(self):
        """Everywhere in the head, and at some places of the data."""
        rng = np.random.default_rng(7)
        for arch, count in (("llama", 18), ("gemma3", 6)):
            data = self.good[arch].read_bytes()
            path = self.folder / "cut.gguf"
            # The last bytes may be padding, but never 32 of them.
            sizes = {0, 3, 4, 8, 24, len(data) - 32,
                     *rng.integers(24, 12000, count).tolist(),
                     *rng.integers(12000, len(data), 4).tolist()}
            for size in sorted(sizes):
                with self.subTest(arch=arch, bytes=size, of=len(data)):
                    path.write_bytes(data[:size])
                    self.refuse(path, str(path))

    def test_other_things(self):
        cases = {"empty": b"", "text": b"hello\n" * 100,
                 "elf": b"\x7fELF" + bytes(300), "zeros": bytes(5000)}
        for name, data in cases.items():
            with self.subTest(name):
                path = self.folder / name
                path.write_bytes(data)
                self.refuse(path, str(path))
        for path in (self.folder / "nothing", self.folder / "nothing" / "more",
                     "/dev/null", self.output):
            with self.subTest(path=path):
                self.refuse(path, str(path))

    def test_bytes_changed_by_chance(self):
        """A damaged head is refused or still means something; no crash."""
        data = self.good["llama"].read_bytes()
        rng = np.random.default_rng(11)
        path = self.folder / "flipped.gguf"
        for at in rng.integers(0, 8000, 25).tolist():
            bad = bytearray(data)
            bad[at] ^= 1 << int(rng.integers(8))
            path.write_bytes(bad)
            with self.subTest(offset=at):
                done = self.quern("compile", path, "--emit", "plan")
                if done.returncode:
                    self.assertOneLine(done, "error", str(path))

    def folderOf(self, **shape):
        path = self.folder / "hf"
        shutil.rmtree(path, ignore_errors=True)
        make_tiny.makeSafetensors(path, make_tiny.Shape(layers=1, **shape),
                                  shards=2)
        return path

    def test_folders(self):
        for name in ("config.json", "tokenizer.json",
                     "model-00002-of-00002.safetensors"):
            with self.subTest(missing=name):
                path = self.folderOf()
                (path / name).unlink()
                self.refuse(path, str(path), name)
            with self.subTest(truncated=name):
                path = self.folderOf()
                data = (path / name).read_bytes()
                (path / name).write_bytes(data[:len(data) // 2])
                self.refuse(path, str(path), name)
        for key, value in (("num_hidden_layers", 2), ("hidden_size", 64),
                           ("num_attention_heads", 0), ("rms_norm_eps", 0),
                           ("architectures", ["Mamba9ForCausalLM"]),
                           ("hidden_act", "relu9"),
                           ("rope_scaling", {"rope_type": "warp"})):
            with self.subTest(**{key: value}):
                path = self.folderOf()
                config = json.loads((path / "config.json").read_text())
                config[key] = value
                (path / "config.json").write_text(json.dumps(config))
                self.refuse(path, str(path))


if __name__ == "__main__":
    e2e.main()
