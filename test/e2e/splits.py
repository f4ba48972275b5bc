"""Layers on two targets: what every pair of them must show.

A module of tests mixes `Splits` into a case and names the pair. Every check sees the
middle, where both have layers before and behind, and the ends; with --slow come the
splits in between.
"""
import re

import e2e


class Splits:
    TARGETS = ""      # "first,second"
    LAYERS = 6
    CTX = 150         # crosses two boundaries between pages
    # Layers of the first and what is placed by name: gate and up here, down there;
    # attention and its cache here, the rest there; the ends of the model exchanged.
    BY_NAME = ((LAYERS, "blk.*.ffn_down={second}"),
               (0, "blk.*.attn_*={first}", "blk.[24].*={second}"),
               (LAYERS // 2, "token_embd={first}", "output={second}"))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.text.write_text(e2e.makeText(800))  # two chunks of CTX
        cls.models, cls.artifacts = {}, {}

    def deep(self, **shape):
        """A model of LAYERS, made once for each shape, as are its splits."""
        key = repr(shape)
        if key not in self.models:
            self.models[key] = self.tiny(f"deep-{len(self.models)}", **shape,
                                         context=512, layers=self.LAYERS)
        return self.models[key]

    def split(self, model, layers, *flags):
        key = (model, layers, *flags)
        if key not in self.artifacts:
            self.artifacts[key] = self.compile(
                model, "--target", self.TARGETS, "--gpu-layers", layers, *flags,
                output=self.folder / f"{model.stem}-{len(self.artifacts)}")
        return self.artifacts[key]

    @property
    def half(self):
        return (self.LAYERS // 2,)

    def others(self):
        return ((0,), (1,), (self.LAYERS - 1,), (self.LAYERS,))

    def byName(self):
        """Layers and flags of every line of BY_NAME."""
        first, second = self.TARGETS.split(",")
        return [(layers, *(word for place in places for word in (
                    "--place", place.format(first=first, second=second))))
                for layers, *places in self.BY_NAME]

    def hashOf(self, artifact, **flags):
        args = [x for k, v in flags.items() for x in ("--" + k, v)]
        return artifact.json("perplexity", self.text, "--ctx", self.CTX,
                             *args)["logits_hash"]

    def check(self, ways, **shape):
        """Logits of splits (layers, flags) and roles against the float reference's."""
        model = self.deep(**shape)
        ids = reference = None
        for way in ways:
            artifact = self.split(model, *way)
            if reference is None:
                ids = artifact.ids(self.text)
                self.assertGreater(len(ids), self.CTX)
                reference = e2e.referenceLogits(model, ids, self.CTX)
            for role in ("prompt", "generated"):
                with self.subTest(shape=shape, way=way, role=role):
                    off = e2e.Difference(
                        artifact.logits(self.text, self.CTX, role), reference)
                    self.assertLess(off.kl, 5e-4, off)

    LLAMA = dict(arch="llama", format="q4_1",
                 overrides={"attn": "q5_0", "output": "f16"})
    TIED = dict(arch="gemma3", tied=True, window=40, format="q8_0")
    PLAIN = dict(arch="llama", format="q8_0")

    def test_llama(self):
        self.check([self.half], **self.LLAMA)

    def test_a_tied_matrix_is_on_both(self):
        self.check([self.half], **self.TIED)

    def test_tensors_by_name(self):
        self.check(self.byName()[:1], **self.TIED)

    @e2e.slow
    def test_every_other_split(self):
        self.check(self.byName(), arch="gemma3", tied=True, window=9,
                   format="q4_0")
        self.check(self.others(), **self.LLAMA)
        self.check(self.others(), **self.TIED)
        self.check((self.half, *self.others()), **{**self.TIED, "window": 9})

    def bits(self, shape, split, *ways):
        """Of rows that are put in steps in all these ways."""
        artifact = self.split(self.deep(**shape), *split)
        for role, most in (("prompt", 150), ("generated", 8)):
            first = self.hashOf(artifact, role=role)
            for way in (*ways, dict(chunk=most // 2, parallel=2)):
                with self.subTest(role=role, **way):
                    self.assertEqual(self.hashOf(artifact, role=role, **way),
                                     first)

    def test_bits_depend_on_nothing_but_the_request(self):
        self.bits(self.TIED, self.half, dict(chunk=7, parallel=1, threads=1))

    @e2e.slow
    def test_bits_depend_on_no_threads_and_no_chunks(self):
        for split in (self.half, *self.byName()[:2]):  # with the most seams
            self.bits(dict(arch="gemma3", format="q4_0", window=40), split,
                      dict(threads=1), dict(threads=3),
                      dict(chunk=1, parallel=1), dict(chunk=7, parallel=1))

    def test_all_or_nothing_is_one_target(self):
        model = self.deep(**self.LLAMA)
        first, second = self.TARGETS.split(",")
        for target, layers in ((first, self.LAYERS), (second, 0)):
            alone = self.compile(model, "--target", target,
                                 output=self.folder / target)
            for role in ("prompt", "generated"):
                with self.subTest(target=target, role=role):
                    self.assertEqual(
                        self.hashOf(alone, role=role),
                        self.hashOf(self.split(model, layers), role=role))

    def test_more_rows_of_logits_than_are_made_at_once(self):
        """The head runs again where there are more than 32, a second time on what
        was copied before it."""
        model = self.tiny("many", arch="llama", format="q8_0", context=512,
                          layers=2)
        artifact = self.split(model, 1)
        sizes = {self.hashOf(artifact, chunk=n, parallel=1)
                 for n in (20, 32, 33, 150)}
        self.assertEqual(len(sizes), 1)

    def test_it_says_where_everything_is(self):
        model = self.deep(**self.PLAIN)
        first, second = self.TARGETS.split(",")
        about = self.split(model, 2).json("info")
        self.assertEqual(about["metadata"]["placement"],
                         {first: "layers 4 to 5, output",
                          second: "embedding, layers 0 to 3"})
        self.assertEqual(about["metadata"]["target"], self.TARGETS)
        text = self.split(model, 1).run("info")
        self.assertIn(f"{first}: layer 5, output; {second}: embedding, "
                      "layers 0 to 4", text)
        plan = self.plan(model, 2)
        self.assertEqual(plan.count(" copy "), 2, "one for each role")
        fit = e2e.json.loads(self.quern(
            "fit", model, "--target", self.TARGETS, "--gpu-layers", 2,
            "--device-memory", "1G", "--json").stdout)["devices"]
        for device in fit:
            lines = [f"    {key} {device[key]}\n" for key in
                     ("weights_bytes", "kv_bytes", "activation_bytes")]
            self.assertIn(f"{device['name']}\n" + "".join(lines), plan)
        self.assertNotIn("arena_bytes", plan, "of both together")

    def plan(self, model, layers, *flags):
        done = self.quern("compile", model, "--target", self.TARGETS,
                          "--gpu-layers", layers, *flags, "--emit", "plan")
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_it_says_what_was_placed_by_name(self):
        model = self.deep(**self.PLAIN)
        first, second = self.TARGETS.split(",")
        flags = ("--place", f"blk.*.ffn_*={second}", "--place",
                 f"blk.5.*={first}")
        artifact = self.split(model, self.LAYERS, *flags)
        self.assertEqual(artifact.json("info")["metadata"]
                         ["placement_of_tensors"], [*flags[1::2]])
        self.assertRegex(artifact.run("info"), "placement_of_tensors +"
                         + re.escape(", ".join(flags[1::2])))
        # There and back in five layers and both roles; the sixth has its own again.
        self.assertEqual(
            self.plan(model, self.LAYERS, *flags).count(" copy "), 2 * 2 * 5)
        self.assertNotIn(" copy ", self.plan(model, self.LAYERS, *flags,
                                             "--place", f"*={first}"))
        # The last layer's cache is where the layer is.
        said = self.fit(model, "--gpu-layers", 0, "--device-memory", "1G",
                        "--place", f"blk.5.attn_*={first}")
        here, there = (d["kv_bytes_per_token"] for d in said["devices"])
        self.assertEqual(there, 5 * here)

    def test_each_kind_of_stage_is_somewhere(self):
        model = self.deep(**self.PLAIN)
        first, second = self.TARGETS.split(",")
        text = self.split(model, 2).run("bench", "--prompt", 4, "--gen", 2,
                                        "--repeats", 1, "--stages")
        for name in (f"{first}: blk.*.attn_q", f"{second}: blk.*.attn_q",
                     f"{first}: copy of blk.*.ffn_down", f"{second}: token_embd",
                     f"{first}: output"):
            self.assertIn(name, text)

    def test_no_room_for_a_layer(self):
        model = self.tiny("small", arch="llama", format="q8_0", context=512,
                          layers=2)
        first, second = self.TARGETS.split(",")
        artifact = self.compile(
            model, "--target", self.TARGETS, "--device-memory", "1K",
            warning="--device-memory: not one layer fits, so nothing runs on "
                    + first)
        self.assertEqual(artifact.json("info")["metadata"]["placement"][first],
                         "nothing")

    def test_the_device_memory_decides(self):
        self.decide("2M")

    @e2e.slow
    def test_more_and_much_more_memory_decides(self):
        self.decide("4M", "64G")

    def decide(self, *sizes):
        model = self.deep(**self.PLAIN)
        for memory in sizes:
            layers = self.fit(model, "--device-memory", memory)["gpu_layers"]
            auto = self.compile(model, "--target", self.TARGETS,
                                "--device-memory", memory,
                                output=self.folder / "auto.out")
            named = self.split(model, layers)
            self.assertEqual(auto.json("info")["memory"],
                             named.json("info")["memory"])

    def fit(self, model, *flags):
        done = self.quern("fit", model, "--target", self.TARGETS, *flags,
                          "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return e2e.json.loads(done.stdout)

    def test_the_largest_limits_are_of_layers_placed_anew(self):
        model = self.tiny("limits", arch="llama", format="q8_0", context=4096,
                          layers=self.LAYERS)
        flags = ("--max-batch", 1, "--device-memory", "1M")
        said = self.fit(model, "--ctx", 64, *flags)
        layers = said["gpu_layers"]
        self.assertGreater(layers, 0)
        self.assertEqual(said["max_gpu_layers"], layers)
        # The fewer layers, the longer; without a layer there is room for all.
        self.assertEqual(said["max_context"], 4096)
        self.assertLess(self.fit(model, "--ctx", 4096, *flags)["gpu_layers"],
                        layers)
        fixed = self.fit(model, "--ctx", 64, *flags, "--gpu-layers", layers)
        longest = fixed["max_context"]
        self.assertLess(longest, 4096)
        for context in (longest, longest + 1):
            said = self.fit(model, "--ctx", context, *flags, "--gpu-layers",
                            layers)
            self.assertEqual(said["fits"], context == longest)
        self.assertGreaterEqual(
            self.fit(model, "--ctx", longest, *flags)["gpu_layers"], layers)

    def test_a_table_says_how_many_layers(self):
        model = self.tiny("table", arch="llama", format="f16", context=512,
                          layers=self.LAYERS)
        flags = ("fit", model, "--target", self.TARGETS, "--table", "--ctx", 64,
                 "--max-batch", 1, "--chunk", 16, "--device-memory", "600K")
        done = self.quern(*flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        heading, *rows = done.stdout.splitlines()
        self.assertTrue(heading.endswith(
            "  layers on " + self.TARGETS.split(",")[0]), heading)
        said = e2e.json.loads(self.quern(*flags, "--json").stdout)
        self.assertEqual([row.split("  ")[-1].strip() for row in rows],
                         [f"{q['gpu_layers']} of {self.LAYERS}" for q in said])
        self.assertLess(said[0]["gpu_layers"], said[-1]["gpu_layers"])

    def test_only_the_compilation_prints_its_ir(self):
        """Trials for --gpu-layers auto do not."""
        model = self.tiny("printed", arch="llama", format="q8_0", layers=2)
        done = self.quern("compile", model, "--target", self.TARGETS,
                          "--device-memory", "1G", "--emit", "plan",
                          "--mlir-print-ir-after-all")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count("After PlanMemory"), 1)

    def test_too_many_layers_say_how_many_would_do(self):
        model = self.deep(**self.PLAIN)
        most = self.fit(model, "--device-memory", "2M")["max_gpu_layers"]
        self.assertLess(most, self.LAYERS)
        done = self.quern("compile", model, "--target", self.TARGETS,
                          "--gpu-layers", self.LAYERS, "--device-memory", "2M")
        self.assertOneLine(done, "error", "--device-memory 2.0 MiB",
                           f"--gpu-layers {most} would fit")
