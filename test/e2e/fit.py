"""`quern fit`: what it says is what an artifact's own plan says, it needs no more
than a model's header, and the largest limits that it names are the largest.
"""
import itertools
import json
import os
import pathlib
import re
import shlex
import subprocess

import e2e
import gguf_edit

# The geometry of Llama 3 8B.
LLAMA_8B = {
    "architectures": ["LlamaForCausalLM"], "hidden_act": "silu",
    "hidden_size": 4096, "intermediate_size": 14336,
    "max_position_embeddings": 8192, "num_attention_heads": 32,
    "num_hidden_layers": 32, "num_key_value_heads": 8, "rms_norm_eps": 1e-05,
    "rope_theta": 500000.0, "vocab_size": 128256}


class Fit(e2e.Case):
    def fit(self, model, *flags):
        done = self.quern("fit", model, "--json", *flags)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def says(self, model, *flags):
        done = self.quern("fit", model, *flags)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    @staticmethod
    def total(device):
        return sum(device[part + "_bytes"] for part in
                   ("weights", "kv", "activation", "overhead"))

    def refuse(self, *args, words=()):
        self.assertOneLine(self.quern("fit", *args), "error", *words)


class Plan(Fit):
    def comparePlans(self, model, *flags):
        """What `fit` says, and what the artifact says of itself."""
        device = self.fit(model, *flags)["devices"][0]
        artifact = self.compile(model, *flags, output=self.folder / "out")
        memory = artifact.json("info")["memory"]
        parts = {part["name"]: part["reserved_bytes"]
                 for part in memory["parts"]}
        self.assertEqual(device["weights_bytes"], memory["weight_bytes"])
        self.assertEqual(device["activation_bytes"], parts["activations"])
        self.assertEqual(device["kv_bytes"], parts["keys and values"])
        self.assertEqual(self.total(device), memory["reserved_bytes"]
                         + memory["weight_bytes"])

    def test_it_is_the_artifacts_own(self):
        for arch in ("llama", "gemma3"):
            model = self.tiny(arch, arch=arch, format="q4_0", layers=6)
            for flags in ((), ("--ctx", 100, "--kv-type", "f32"),
                          ("--max-batch", 3, "--chunk", 40)):
                with self.subTest(arch=arch, flags=flags):
                    self.comparePlans(model, *flags)

    @e2e.slow
    def test_it_is_that_of_real_models(self):
        for name in ("smollm2.gguf", "gemma3-270m.gguf"):
            model = e2e.realModel(name)
            for context, kind in itertools.product((512, 3000, 8192),
                                                   ("f16", "f32")):
                with self.subTest(name=name, context=context, kind=kind):
                    self.comparePlans(model, "--ctx", context, "--kv-type",
                                      kind)

    @e2e.slow
    def test_the_mixtures_of_real_models(self):
        """Made by llama-quantize, and named after what they are."""
        for name, quantization in (("smollm2.gguf", "Q4_1"),
                                   ("gemma3-270m.gguf", "Q4_K_M")):
            model = e2e.realModel(name)
            with self.subTest(name):
                self.assertEqual(
                    self.fit(model),
                    self.fit(model, "--quantization", quantization))

    def test_the_largest_limits_are_the_largest(self):
        model = self.tiny("llama", arch="llama", format="q8_0", layers=4,
                          context=4096)
        for memory in (3 << 20, 6 << 20, 9 << 20, 1 << 30):
            flags = ("--device-memory", memory)
            said = self.fit(model, *flags)
            for limit, flag, most in (("max_context", "--ctx", 4096),
                                      ("max_sequences", "--max-batch", 256)):
                with self.subTest(memory=memory, limit=limit):
                    n = said[limit]
                    self.assertLessEqual(n, most)
                    if n > 0:
                        self.assertTrue(self.fit(model, flag, n, *flags)["fits"])
                    if n < most:
                        more = self.fit(model, flag, n + 1, *flags)
                        self.assertFalse(more["fits"])
                        self.assertGreater(self.total(more["devices"][0]),
                                           memory)

    def test_units_of_sizes(self):
        model = self.tiny("llama", arch="llama", format="q8_0", layers=1)
        for text, size in (("3000000", 3000000), ("64M", 64 << 20),
                           ("0.5GiB", 1 << 29), ("1.5GB", 1500000000),
                           ("2t", 2 << 40)):
            said = self.fit(model, "--device-memory", text)
            self.assertEqual(said["devices"][0]["memory_bytes"], size)

    def test_a_device_that_is_too_small(self):
        model = self.tiny("llama", arch="llama", format="q8_0", layers=4)
        need = self.total(self.fit(model)["devices"][0])
        self.assertIn("It fits.", self.says(model, "--device-memory", need))
        self.assertIn("It does not fit, by 1 byte.",
                      self.says(model, "--device-memory", need - 1))
        said = self.fit(model, "--device-memory", "1K")
        self.assertEqual((said["fits"], said["max_context"],
                          said["max_sequences"]), (False, 0, 0))

    def test_speed_is_bounded_by_what_is_read(self):
        """All weights but the embedding, of which a token reads one row."""
        model = self.tiny("llama", arch="llama", format="f16", layers=2)
        said = self.fit(model, "--bandwidth", 1)
        tensors = json.loads(self.quern("inspect", "--json", model).stdout)
        read = sum(t["bytes"] for t in tensors["tensors"]
                   if t["name"] != "token_embd.weight")
        self.assertAlmostEqual(said["most_tokens_per_second"], 1e9 / read,
                               delta=1e9 / read / 100)
        self.assertNotIn("most_tokens_per_second", self.fit(model))
        self.assertIn("tokens per second", self.says(model, "--bandwidth", 1))


class Splits(Fit):
    """Layers on two targets, of which here both work in the process's memory."""

    def comparePlans(self, model, *flags):
        flags = ("--target", "toy,cpu", *flags)
        said = self.fit(model, *flags)
        memory = self.compile(model, *flags, output=self.folder / "out").json(
            "info")["memory"]
        parts = {part["name"]: part["reserved_bytes"]
                 for part in memory["parts"]}
        for key, part in (("activation_bytes", "activations"),
                          ("kv_bytes", "keys and values")):
            self.assertEqual(sum(d[key] for d in said["devices"]), parts[part])
        self.assertEqual(sum(d["overhead_bytes"] for d in said["devices"]),
                         memory["reserved_bytes"] - parts["activations"]
                         - parts["keys and values"])
        return said["devices"]

    def setUp(self):
        super().setUp()
        targets = json.loads(self.quern("targets", "--json").stdout)
        if "toy" not in [t["name"] for t in targets]:
            self.skipTest("built without test/extra")

    def test_they_are_the_artifacts_own(self):
        for arch in ("llama", "gemma3"):
            model = self.tiny(arch, arch=arch, format="q4_0", layers=6)
            whole = self.fit(model)["devices"][0]
            for layers in (0, 1, 3, 5, 6):
                with self.subTest(arch=arch, layers=layers):
                    both = self.comparePlans(model, "--gpu-layers", layers)
                    self.assertEqual(sum(d["kv_bytes_per_token"] for d in both),
                                     whole["kv_bytes_per_token"])
                    self.assertEqual([d["kv_bytes"] > 0 for d in both],
                                     [layers > 0, layers < 6])
                    self.assertEqual([d["weights_bytes"] > 0 for d in both],
                                     [layers > 0, layers < 6])

    def test_tensors_by_name(self):
        """Hidden layers, caches, many seams; and ends that are one matrix, or two
        where the one is here and the other there."""
        model = self.tiny("named", arch="gemma3", format="q4_0", layers=6,
                          tied=True)
        all = ("--gpu-layers", 6)
        place = lambda *places: [w for p in places for w in ("--place", p)]
        hidden = self.comparePlans(model, *all, *place("blk.*.ffn_*=cpu"))
        self.assertEqual((hidden[1]["kv_bytes"], hidden[0]["kv_bytes"] > 0),
                         (0, True))
        self.assertGreater(hidden[1]["weights_bytes"], 0)
        cached = self.comparePlans(model, *all, *place(
            "blk.[0-3].attn_*=cpu", "blk.*.ffn_down=cpu", "output=cpu"))
        self.assertEqual(cached[1]["kv_bytes_per_token"],
                         2 * cached[0]["kv_bytes_per_token"])
        ends = [self.fit(model, "--target", "toy,cpu", *way) for way in (
            (*all, *place("output=cpu")), (*all, *place("*=cpu", "output=toy")),
            (*all, *place("*=cpu", "output=toy", "token_embd=toy")))]
        bytes = [[d["weights_bytes"] for d in end["devices"]] for end in ends]
        self.assertEqual(bytes[1][0], bytes[2][0])
        self.assertEqual(bytes[1][1] - bytes[2][1], bytes[1][0])
        self.assertEqual(bytes[0][1], bytes[1][0])

    def test_as_many_layers_as_fit_beside_what_has_a_name(self):
        model = self.tiny("beside", arch="llama", format="q8_0", layers=6)
        target = ("--target", "toy,cpu", "--place", "blk.*.ffn_*=cpu",
                  "--place", "token_embd=toy")
        sizes = [self.total(self.fit(model, *target, "--gpu-layers", n)
                            ["devices"][0]) for n in range(7)]
        self.assertEqual(sizes, sorted(sizes))
        for n in range(7):
            for memory, most in ((sizes[n], n), (sizes[n] - 1, n - 1)):
                said = self.fit(model, *target, "--device-memory", memory)
                self.assertEqual((said["gpu_layers"], said["fits"]),
                                 (max(most, 0), most >= 0))
                self.assertEqual(said["place"], list(target[3::2]))
        out = self.folder / "none"
        for layers in ("auto", 0, 2):
            done = self.quern("compile", model, *target, "--gpu-layers", layers,
                              "--device-memory", sizes[0] - 1, "-o", out)
            self.assertOneLine(done, "error", "1 byte more" if layers != 2
                               else "more", "--place has to put less there")
        self.compile(model, *target, "--device-memory", sizes[0], output=out,
                     warning="--device-memory: not one layer fits, so only what "
                             "--place says is on toy")
        self.assertIn("placed by name: blk.*.ffn_*=cpu, token_embd=toy",
                      self.says(model, *target, "--gpu-layers", 1))

    def test_as_many_layers_as_fit(self):
        model = self.tiny("llama", arch="llama", format="q8_0", layers=6)
        target = ("--target", "toy,cpu")
        sizes = [self.total(self.fit(model, *target, "--gpu-layers", n)
                            ["devices"][0]) for n in range(7)]
        self.assertEqual(sizes, sorted(sizes))
        for n in range(1, 7):
            for memory, most in ((sizes[n], n), (sizes[n] - 1, n - 1)):
                flags = (*target, "--device-memory", memory)
                said = self.fit(model, *flags)
                self.assertEqual((said["max_gpu_layers"], said["gpu_layers"]),
                                 (most, most))
                explicit = self.fit(model, *flags, "--gpu-layers", n)
                self.assertEqual((explicit["fits"], explicit["max_gpu_layers"]),
                                 (most == n, most))
        text = self.says(model, *target, "--device-memory", sizes[2],
                         "--gpu-layers", 3)
        self.assertRegex(text, "It does not fit, by .* on toy\\.")
        self.assertIn("toy: layers 3 to 5, output", text)
        self.assertIn("cpu: embedding, layers 0 to 2", text)

    def test_what_is_wrong_is_said(self):
        model = self.tiny("llama", arch="llama", format="q8_0", layers=6)
        both = ("--target", "toy,cpu")
        for flags, words in (
                ((*both, "--gpu-layers", 7), ("--gpu-layers 7", "6 layers")),
                ((*both, "--gpu-layers", -1), ("--gpu-layers",)),
                ((*both, "--gpu-layers", "some"), ("some", "auto")),
                (both, ("--gpu-layers N", "--device-memory SIZE")),
                (("--gpu-layers", 1), ("--gpu-layers 1", "two targets")),
                (("--target", "cpu,cpu"), ("two different",)),
                (("--target", "cpu,toy,cpu"), ("two at most",)),
                (("--target", "toy,"), ("unknown target ''",)),
                (("--target", "toy,abacus"), ("abacus",)),
                ((*both, "--mcpu", "x86-64-v3,x86-64-v3,x86-64-v3",
                  "--gpu-layers", 1), ("--mcpu", "toy,cpu")),
                ((*both, "--gpu-layers", 1, "--place", "blk.1.*"),
                 ("--place blk.1.*: expected PATTERN=TARGET",)),
                ((*both, "--gpu-layers", 1, "--place", "blk.1.*=gpu"),
                 ("--place blk.1.*=gpu: expected toy or cpu",)),
                ((*both, "--gpu-layers", 1, "--place", "blk.1.*=toy",
                  "--place", "blk.6.*=toy"),
                 ("no tensor's name matches 'blk.6.*'",)),
                ((*both, "--gpu-layers", 1, "--place", "blk.[=toy"),
                 ("blk.[", "unmatched")),
                (("--place", "blk.1.*=cpu"),
                 ("--place blk.1.*=cpu: needs two targets",)),
                ((*both, "--gpu-layers", 3, "--device-memory", "1K"),
                 ("--device-memory 1.0 KiB", "more", "weights"))):
            out = self.folder / "never"
            with self.subTest(flags=flags):
                done = self.quern("compile", model, *flags, "-o", out)
                self.assertOneLine(done, "error", *words)
                self.assertFalse(out.exists())


class Documentation(Fit):
    @staticmethod
    def chips(command):
        """--mcpu for the page's chip, of a CPU; others are what they are."""
        names = re.search(r"--target (\S+)", command)
        names = names[1].split(",") if names else ["cpu"]
        return ",".join("x86-64-v4+vnni+bf16" if name == "cpu" else "native"
                        for name in names)

    def test_its_examples(self):
        """Every console block of docs/Fit.md, word for word but for `...`."""
        folder = self.folder / "llama-3-8b"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(LLAMA_8B))
        page = pathlib.Path(__file__).parents[2] / "docs" / "Fit.md"
        cpus = sorted(os.sched_getaffinity(0))[:2]  # as the page says
        if len(cpus) < 2:
            self.skipTest("the examples are those of two CPUs")
        blocks = re.findall(r"```console\n\$ quern (.*)\n((?:.*\n)*?)```",
                            page.read_text())
        self.assertGreaterEqual(len(blocks), 5)
        for command, expected in blocks:
            with self.subTest(command):
                command, _, tail = command.partition(" | ")
                done = self.quern(
                    *shlex.split(command), "--mcpu", self.chips(command),
                    cwd=self.folder,
                    preexec_fn=lambda: os.sched_setaffinity(0, cpus))
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                lines = done.stdout.splitlines(keepends=True)
                said = "".join(lines[-1:] if tail == "tail -1" else lines)
                pattern = re.escape(expected).replace(re.escape("..."),
                                                      "(?s:.*)")
                self.assertRegex(said, f"^{pattern}$")


class Header(Fit):
    def test_the_beginning_of_a_file_will_do(self):
        model = self.tiny("llama", arch="llama", format="q8_0", layers=4)
        whole, data = self.fit(model), model.read_bytes()
        cut = self.folder / "cut.gguf"
        begin = data.index(b"output_norm.weight")
        cut.write_bytes(data[:len(data) - 100])
        self.assertEqual(self.fit(cut), whole)
        for size in (begin, 100, 3):
            cut.write_bytes(data[:size])
            self.refuse(cut, words=("cut.gguf",))
        cut.write_bytes(data[:len(data) - 100])
        done = self.quern("compile", cut, "-o", self.folder / "never")
        self.assertOneLine(done, "error", "cut.gguf", "lies in bytes")

    def config(self, **changes):
        path = self.folder / self._testMethodName / "config.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({**LLAMA_8B, **changes}))
        return path

    def test_a_configuration_will_do(self):
        path = self.config()
        flags = ("--quantization", "F16", "--max-batch", 1, "--device-memory",
                 "1T")
        device = self.fit(path, *flags)["devices"][0]
        self.assertEqual(device["kv_bytes_per_token"], 128 << 10)
        self.assertEqual(device["kv_bytes"], 8192 * 128 << 10)
        parameters = (2 * 128256 * 4096 + 32 * 4096 * (
            2 * 4096 + 2 * 1024 + 3 * 14336))
        self.assertAlmostEqual(device["weights_bytes"] / (2 * parameters), 1,
                               delta=1e-3)
        self.assertEqual(self.fit(path.parent, *flags),
                         self.fit(path, *flags))
        tied = self.config(tie_word_embeddings=True)
        self.assertEqual(
            device["weights_bytes"] - 2 * 128256 * 4096,
            self.fit(tied, *flags)["devices"][0]["weights_bytes"])

    def test_weights_that_are_not_there_yet(self):
        """An index, but no shards; with some of them there, all must be."""
        path = self.config()
        expected = self.fit(path)
        index = path.with_name("model.safetensors.index.json")
        index.write_text(json.dumps({"weight_map": {
            "lm_head.weight": "model-00001-of-00002.safetensors",
            "model.norm.weight": "model-00002-of-00002.safetensors"}}))
        for model in (path, path.parent):
            self.assertEqual(self.fit(model), expected)
        path.with_name("model-00001-of-00002.safetensors").write_bytes(b"")
        self.refuse(path.parent, words=("model-00001-of-00002",))

    def test_a_file_without_tensors_is_no_outline(self):
        model = self.folder / "none.gguf"
        tiny = self.tiny("llama", arch="llama", format="q8_0", layers=1)
        names = [t["name"] for t in json.loads(self.quern(
            "inspect", "--json", tiny).stdout)["tensors"]]
        gguf_edit.edit(tiny, model, tensors=dict.fromkeys(names))
        self.refuse(model, words=("none.gguf", "token_embd"))
        self.refuse(model, "--quantization", "F16",
                    words=("none.gguf", "token_embd"))

    def test_what_is_wrong_is_said(self):
        self.refuse(self.config(num_hidden_layers=0), words=("block_count",))
        self.refuse(self.config(num_hidden_layers="x"),
                    words=("num_hidden_layers",))
        self.refuse(self.config(num_hidden_layers=1 << 40),
                    words=("block_count",))
        self.refuse(self.config(architectures=["Other"]), words=("Other",))
        path = self.config()
        self.refuse(path, "--ctx", 9000, words=("--ctx 9000", "8192"))
        self.refuse(path, "--quantization", "Q9", words=("Q9", "Q4_K_M"))
        self.refuse(path, "--quantization", "Q8_0", "--table",
                    words=("--quantization", "--table", "do not go together"))
        for size in ("", "x", "8X", "8Gb", "8GBs", "-1", "0", "1e99", "G", "4é"):
            self.refuse(path, f"--device-memory={size}",
                        words=("--device-memory",))
        self.refuse(self.folder / "nowhere", words=("nowhere",))
        self.refuse(self.folder, words=("config.json",))
        done = self.quern("compile", path, "-o", self.folder / "never")
        self.assertOneLine(done, "error", "config.json", "folder")


class Quantizations(Fit):
    def test_a_table_of_them(self):
        path = self.folder / "config.json"
        path.write_text(json.dumps(dict(LLAMA_8B, num_hidden_layers=3)))
        table = self.fit(path, "--table", "--device-memory", "8G")
        weights = [row["devices"][0]["weights_bytes"] for row in table]
        self.assertGreater(len(table), 10)
        self.assertEqual(max(weights), weights[0])
        self.assertEqual(min(weights), weights[-1])
        for row in table:
            single = self.fit(path, "--device-memory", "8G", "--quantization",
                              row["quantization"])
            self.assertEqual({**single, "quantization": row["quantization"]},
                             row)
        lines = self.says(path, "--table", "--device-memory", "8G")
        self.assertEqual(lines.count("\n"), len(table) + 1)

    def test_as_llama_quantize_makes_them(self):
        """Its files, of models whose layers and heads meet every rule."""
        program = os.environ.get("QUERN_TEST_LLAMA_QUANTIZE")
        if not program:
            self.skipTest("QUERN_TEST_LLAMA_QUANTIZE is no llama-quantize")
        names = [row["quantization"] for row in self.fit(
            self.tiny("any", arch="llama", format="f16"), "--table")]
        shapes = ({"layers": 16, "heads": 8, "kvHeads": 8},
                  {"layers": 33, "heads": 8, "kvHeads": 2},
                  {"layers": 33, "heads": 8, "kvHeads": 4, "tied": True},
                  {"layers": 80, "heads": 8, "kvHeads": 1},
                  {"layers": 80, "heads": 8, "kvHeads": 8},
                  {"layers": 19, "heads": 4, "kvHeads": 1, "arch": "gemma3"})
        for number, shape in enumerate(shapes):
            model = self.tiny(f"mixed-{number}", **{
                "arch": "llama", "format": "f16", "headSize": 32,
                "embed": 256, "ff": 768, **shape})
            for name in names:
                made = self.folder / "made.gguf"
                subprocess.run([program, model, made, name], check=True,
                               capture_output=True)
                with self.subTest(shape=shape, quantization=name):
                    self.assertEqual(self.fit(model, "--quantization", name),
                                     self.fit(made))

    def test_the_files_own_by_its_name(self):
        """A file whose matrices all have one format is that quantization."""
        for format, name in (("q8_0", "Q8_0"), ("f16", "F16")):
            model = self.tiny(name, arch="llama", format=format, layers=2)
            with self.subTest(name):
                self.assertEqual(self.fit(model),
                                 self.fit(model, "--quantization", name))

    def test_rows_that_are_no_multiple_of_a_block(self):
        """Fall back as llama-quantize does, and are planned all the same."""
        model = self.tiny("llama", arch="llama", format="f16", layers=2)
        for name in ("Q4_K_M", "Q6_K", "Q2_K"):
            self.assertGreater(
                self.fit(model, "--quantization", name)["devices"][0][
                    "weights_bytes"], 0)


if __name__ == "__main__":
    e2e.main()
