"""Bad models, bad paths, damaged artifacts: one line that says what and where.

Whatever is wrong, quern ends with exit code 1 and one line on standard error,
"error: FILE: ...", leaves no output, and nothing under a temporary name. An
artifact's line begins with its own name.
"""
import errno
import itertools
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import time
import unittest

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
            "token_type": ([1, 2], "types"),
            "pre": ("no-such-split", 3),
            "eos_token_id": (300, 1 << 30, "end"),
            "bos_token_id": (300, 5000),
        }
        for name, values in cases.items():
            for value in values:
                with self.subTest(**{name: str(value)[:40]}):
                    self.refuseEdited("llama", keys={prefix + name: value})

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


class Outputs(BadInput):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.good["llama"]

    def test_signals_at_any_moment_leave_nothing_behind(self):
        target = self.output / "model"
        for delay, sent in itertools.product(
                (0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9),
                (signal.SIGINT, signal.SIGTERM)):
            process = subprocess.Popen([e2e.options.quern, "compile",
                                        self.model, "-o", target],
                                       stderr=subprocess.PIPE)
            time.sleep(delay)
            process.send_signal(sent)
            process.communicate()
            if process.returncode == 0:  # it was done before
                target.unlink()
            else:
                self.assertEqual(process.returncode, -sent)
            self.assertEqual(list(self.output.iterdir()), [], delay)

    def test_places_where_nothing_can_be_written(self):
        self.refuse(self.model, output=self.output)  # a folder
        self.refuse(self.model, "nowhere",
                    output=self.folder / "nowhere" / "m")
        self.refuse(self.model, "text", output=self.text / "m")
        self.refuse(self.model, output="/proc/model")
        pipe = self.folder / "pipe"  # and so not /dev/null, for the superuser
        os.mkfifo(pipe)
        self.refuse(self.model, "pipe: is no regular file", output=pipe)
        self.refuse(self.model, "an executable needs", output="-")

    def test_the_model_is_no_place_to_write_to(self):
        model = self.folder / "precious.gguf"
        shutil.copy(self.model, model)
        before = model.read_bytes()
        link = self.folder / "link to precious"
        link.symlink_to(model)
        for output, flags in ((model, ()), (link, ()),
                              (model, ("--emit", "plan"))):
            self.refuse(model, "is of the model itself", output=output,
                        flags=flags)
        self.assertEqual(model.read_bytes(), before)

    def test_a_link_is_followed(self):
        target = self.folder / "target"
        target.write_text("old")
        link = self.folder / "link"
        link.symlink_to(target)
        self.compile(self.model, output=link)
        self.assertTrue(link.is_symlink())
        self.assertGreater(target.stat().st_size, 1000)

    def test_what_has_a_temporary_name_is_left_alone(self):
        for name in ("-dash", "plain"):
            (self.folder / f"{name}.tmp").write_text("precious")
            done = self.quern("compile", self.model, "-o", name,
                              cwd=self.folder)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual((self.folder / f"{name}.tmp").read_text(),
                             "precious")

    def test_a_full_standard_output(self):
        for args in (("inspect", self.model), ("targets",),
                     ("inspect", self.model, "--json")):
            with open("/dev/full", "w") as full:
                done = subprocess.run([e2e.options.quern, *map(str, args)],
                                      stdout=full, stderr=subprocess.PIPE,
                                      text=True)
            self.assertOneLine(done, "error", "standard output")

    @unittest.skipIf(os.geteuid() == 0, "the superuser may write anywhere")
    def test_a_folder_without_permission(self):
        closed = self.folder / "closed"
        closed.mkdir(mode=0o555)
        self.refuse(self.model, "closed", output=closed / "m")

    def test_a_full_disk(self):
        """A limit on the size of files stops the writes as a disk does."""
        whole = self.compile(self.model, output=self.folder / "whole")
        size = whole.path.stat().st_size

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        for most in (1000, 100_000, size // 2, size - 70_000, size - 10):
            with self.subTest(bytes=most, of=size):
                # Python leaves SIGXFSZ ignored, which makes it EFBIG.
                self.refuse(self.model, os.strerror(errno.EFBIG),
                            restore_signals=False, preexec_fn=limit)

    def test_what_was_there_stays_on_an_error(self):
        (self.output / "model").write_text("mine")
        try:
            gguf_edit.edit(self.model, self.folder / "x.gguf",
                           tensors={"output_norm.weight": None})
            self.refuse(self.folder / "x.gguf")
            self.assertEqual((self.output / "model").read_text(), "mine")
        finally:
            (self.output / "model").unlink()

    def test_context_beyond_the_models(self):
        self.refuse(self.model, "--ctx", flags=("--ctx", 257))

    def test_flags(self):
        for flags, word in ((("--kv-type", "q7"), "--kv-type"),
                            (("--target", "abacus"), "abacus"),
                            (("--mcpu", "z80"), "z80"),
                            (("--mcpu", "x86-64-v4+warp"), "warp"),
                            (("--chunk", "0"), "--chunk"),
                            (("--max-batch", "1e9"), "--max-batch"),
                            (("--ctx", "-1"), "--ctx"),
                            (("--frobnicate",), "--frobnicate"),
                            (("--emit", "poetry"), "--emit"),
                            (("--threads", ""), "--threads")):
            with self.subTest(flags):
                self.refuse(self.model, word, flags=flags)

    def test_commands(self):
        for args in ((), ("frobnicate",), ("compile",), ("inspect",),
                     ("reference", self.model), ("--frobnicate",),
                     ("reference", self.model, "1 2 x"),
                     ("reference", self.model, "300"),
                     ("reference", self.model, "-1"),
                     ("reference", self.model, "1", "--logits", "/proc/x")):
            with self.subTest(args=args):
                self.assertOneLine(self.quern(*args), "error")


class Artifacts(BadInput):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.artifact = cls.compile(cls.good["llama"])
        cls.data = cls.artifact.path.read_bytes()
        cls.sections = cls.readSections(cls.data)

    @staticmethod
    def readSections(data):
        """{name: (offset, size)}, as the end of the file tells them."""
        count, at = struct.unpack_from("<IQ", data, len(data) - 64 + 12)
        found = {}
        for i in range(count):
            name, offset, size, _ = struct.unpack_from("<16sQQQ", data,
                                                       at + 40 * i)
            found[name.rstrip(b"\0").decode()] = (offset, size)
        return found

    def start(self, data, *args):
        path = self.output / "damaged"
        path.write_bytes(data)
        path.chmod(0o755)
        try:
            return e2e.Artifact(path).start(*args)
        finally:
            path.unlink()

    def flipped(self, at):
        data = bytearray(self.data)
        data[at] ^= 0x10
        return data

    def test_truncated(self):
        size = len(self.data)
        meta = self.sections["meta"][0]
        for most in (size - 1, size - 64, size - 65, size - 5000,
                     self.sections["weights"][0] + 1, meta + 1, meta,
                     *range(4096, meta, 98765)):  # code and its data, too
            with self.subTest(bytes=most, of=size):
                self.assertOneLine(self.start(self.data[:most], "info"),
                                   "damaged", "cut short")
        with self.subTest("longer"):
            self.assertOneLine(self.start(self.data + b"x", "info"),
                               "damaged")

    def test_a_flipped_bit_in_what_is_checked_at_start(self):
        for name in ("meta", "plan", "tokenizer", "template"):
            offset, size = self.sections[name]
            for at in (offset, offset + size // 2, offset + size - 1):
                with self.subTest(section=name, offset=at):
                    self.assertOneLine(self.start(self.flipped(at), "info"),
                                       "damaged", name)
        table = len(self.data) - 64 - 40 * len(self.sections)
        for at in range(table, len(self.data) - 24, 29):
            with self.subTest(offset=at):
                self.assertOneLine(self.start(self.flipped(at), "info"),
                                   "damaged")

    def test_verify(self):
        self.assertTrue(self.artifact.run("verify").startswith("ok: "))
        offset, size = self.sections["weights"]
        for at in (offset, offset + size // 3, offset + size - 1):
            with self.subTest(offset=at):
                self.assertOneLine(self.start(self.flipped(at), "verify"),
                                   "damaged", "weights")
        _, size = self.sections["program"]  # its end is not run
        self.assertOneLine(self.start(self.flipped(size - 1), "verify"),
                           "damaged", "program")

    def test_a_runtime_without_a_model(self):
        code = bytearray(
            self.data[:min(o for o, _ in self.sections.values() if o)])
        at = code.index(b"QUERNLEN") + 8
        code[at:at + 8] = bytes(8)  # as linked: of unknown length
        self.assertOneLine(self.start(code, "run", "hi"), "damaged",
                           "no model")


if __name__ == "__main__":
    e2e.main()
