"""Artifacts with kernels for several chips, and with activations of 8 bits."""
import numpy as np

import e2e

# From the best to the least. This machine has the last one at least.
CHIPS = ("x86-64-v4+vnni+bf16+amx", "x86-64-v4+vnni+bf16", "x86-64-v4+vnni",
         "x86-64-v4", "x86-64-v3+vnni", "x86-64-v3")


class Variants(e2e.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.tiny("model", arch="llama", format="q4_k",
                             overrides={"ffn_down": "q6_k"}, context=256)
        cls.all = cls.compile(cls.model, "--mcpu", ",".join(reversed(CHIPS)),
                              output=cls.folder / "all")
        cls.own = cls.all.json("info")["limits"]["kernels"]

    def hashOf(self, artifact):
        return artifact.json("perplexity", self.text, "--ctx",
                             200)["logits_hash"]

    def test_the_best_that_the_machine_has_is_chosen(self):
        """What it would choose alone, and with the same logits."""
        native = self.compile(self.model, output=self.folder / "native")
        self.assertEqual(self.own, native.json("info")["limits"]["kernels"])
        self.assertEqual(self.hashOf(self.all), self.hashOf(native))
        self.assertEqual(self.all.json("info")["metadata"]["chip"],
                         ",".join(CHIPS))

    def test_the_weights_are_there_once(self):
        alone = self.compile(self.model, "--mcpu", "x86-64-v3",
                             output=self.folder / "alone")
        weights = self.all.json("info")["memory"]["weight_bytes"]
        self.assertEqual(weights, alone.json("info")["memory"]["weight_bytes"])
        # A variant of so small a model is code and a plan.
        more = self.all.path.stat().st_size - alone.path.stat().st_size
        self.assertLess(more, (len(CHIPS) - 1) * 2_000_000)
        self.assertTrue(self.all.run("verify").startswith("ok: "))

    def test_one_chip_under_several_names(self):
        """`native` is one of the others."""
        same = self.compile(self.model, "--mcpu", f"native,{self.own}",
                            output=self.folder / "same")
        self.assertEqual(same.json("info")["metadata"]["chip"], self.own)

    def test_a_machine_that_has_none(self):
        if e2e.cpuHas("amx_tile"):
            self.skipTest("this CPU has all that there is")
        lacking = CHIPS[:1 if e2e.cpuHas("avx512f") else 4]
        none = self.compile(self.model, "--mcpu", ",".join(lacking),
                            output=self.folder / "none")
        # What it says is of the one that wants the least.
        self.assertOneLine(none.start("info"), "none", lacking[-1], "lacks")

    def test_sidecar(self):
        both = self.compile(self.model, "--mcpu", "x86-64-v4,x86-64-v3",
                            "--weights", "sidecar", output=self.folder / "side")
        self.assertTrue(both.run("verify").startswith("ok: "))
        alone = self.compile(self.model, "--mcpu", "x86-64-v4,x86-64-v3",
                             output=self.folder / "inside")
        self.assertEqual(self.hashOf(both), self.hashOf(alone))

    def test_what_needs_one_chip_says_so(self):
        for flags in (("--emit", "asm"), ("--emit", "plan"), ("--report", "text")):
            with self.subTest(flags):
                done = self.quern("compile", self.model, "--mcpu",
                                  "x86-64-v3,x86-64-v4", *flags)
                self.assertOneLine(done, "error", flags[0], "one chip")
        done = self.quern("fit", self.model, "--mcpu", "x86-64-v3,x86-64-v4")
        self.assertOneLine(done, "error", "--mcpu", "one chip")
        done = self.quern("compile", self.model, "--target", "vulkan", "--mcpu",
                          "portable,gpu")
        self.assertOneLine(done, "error", "--mcpu", "one chip")

    def test_an_unknown_chip_among_them(self):
        done = self.quern("compile", self.model, "--mcpu", "x86-64-v3,z80")
        self.assertOneLine(done, "error", "--mcpu", "z80")


class BytesOfActivations(e2e.Case):
    CTX = 200
    MOST_KL = 0.003  # four times what was measured

    def judge(self, name, *flags, **shape):
        model = self.tiny(name, context=256, **shape)
        exact = self.compile(model, *flags, output=self.folder / (name + "16"))
        coarse = self.compile(model, *flags, "--activations", 8,
                              output=self.folder / (name + "8"))
        self.assertEqual(coarse.json("info")["metadata"]["activations"], 8)
        reference = e2e.referenceLogits(model, exact.ids(self.text), self.CTX)
        kl = {}
        for bits, artifact in ((16, exact), (8, coarse)):
            logits = artifact.logits(self.text, self.CTX, "generated")
            kl[bits] = e2e.Difference(logits, reference).kl
        if e2e.options.verbose:
            print(f"{name}: {kl}")
        self.assertLess(kl[8], self.MOST_KL)
        self.assertGreater(kl[8], 4 * kl[16])  # else there were no 8 bits
        hashes = {coarse.json("perplexity", self.text, "--ctx", self.CTX,
                              "--role", "generated", "--threads", t,
                              "--parallel", p)["logits_hash"]
                  for t, p in ((1, 1), (2, 4), (3, 8))}
        self.assertEqual(len(hashes), 1)

    def test_codes_of_4_and_6_bits(self):
        self.judge("mixed", arch="llama", format="q4_k",
                   overrides={"ffn_down": "q6_k", "attn_v": "q8_0"})

    def test_blocks_of_32(self):
        self.judge("blocks", arch="gemma3", format="q4_0",
                   overrides={"ffn_down": "q5_1"})

    def test_other_numbers_of_bits(self):
        done = self.quern("compile", "model.gguf", "--activations", 4)
        self.assertOneLine(done, "error", "--activations", "8", "16")


if __name__ == "__main__":
    e2e.main()
