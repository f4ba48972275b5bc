"""What `quern compile --report` says of the CPU's kernels. (The GPU's: test/vulkan.)"""
import json

import e2e


class Report(e2e.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.tiny("model", arch="llama", format="q4_k", context=2048,
                             overrides={"attn_v": "q8_0", "ffn_down": "f16"})

    def report(self, form, *flags):
        done = self.quern("compile", self.model, "--report", form, *flags)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def kernels(self, *flags):
        return {k["kernel"]: k for k in json.loads(self.report("json", *flags))}

    def numbers(self, *flags):
        """By role and layout of the weights: in what rows meet them."""
        return {(k["kernel"].split(".")[0], k["layout"]): k["numbers"]
                for k in self.kernels(*flags).values()
                if k["kernel"].split(".")[1] == "linear"}

    def test_every_kernel_has_its_line(self):
        plan = self.quern("compile", self.model, "--emit", "plan").stdout
        kernels = self.kernels()
        called = {word for word in plan.split() if word.startswith(("prompt.", "generated."))}
        self.assertEqual(set(kernels), called)
        lines = self.report("text").splitlines()
        self.assertRegex(lines[0], r"^kernel +numbers +weights .*tile +why$")
        self.assertEqual([line.split()[0] for line in lines[1:]], list(kernels))
        for name, kernel in kernels.items():
            with self.subTest(name):
                self.assertTrue(kernel["tile"])
                self.assertTrue(kernel["why"])

    def test_numbers_are_those_of_the_chip(self):
        codes, wide, floats = ("4-bit codes, groups of 32, 8-bit scales, offsets",
                               "8-bit codes, groups of 32", "floats of 16 bits")
        words = {("prompt", codes): "i16_words", ("generated", codes): "i16_words",
                 ("prompt", wide): "i16_words", ("generated", wide): "i16_words",
                 ("prompt", floats): "f32", ("generated", floats): "f32"}
        self.assertEqual(self.numbers("--mcpu", "x86-64-v3"), words)
        halves = {key: "f32" if key[1] == floats else "i16" for key in words}
        self.assertEqual(self.numbers("--mcpu", "armv8.2-a+dotprod"), halves)
        best = {key: "bf16" if key[0] == "prompt" else value
                for key, value in halves.items()}
        self.assertEqual(self.numbers("--mcpu", "x86-64-v4+vnni+bf16"), best)
        few = self.numbers("--mcpu", "x86-64-v3", "--activations", 8)
        self.assertEqual(few[("generated", codes)], "i8")
        self.assertEqual(few[("generated", wide)], "i16_words")

    def test_tiles_are_those_of_the_chip(self):
        def tiles(chip):
            return {k["tile"] for name, k in self.kernels("--mcpu", chip).items()
                    if name.startswith("prompt.linear") and k["numbers"] == "i16_words"}
        self.assertTrue(tiles("x86-64-v3"))
        self.assertTrue(tiles("x86-64-v3").isdisjoint(tiles("x86-64-v4")))

    def test_a_pair_is_one_kernel(self):
        """Gate and up product."""
        pairs = [k for k in self.kernels().values()
                 if k.get("weights", {}).get("matrices") == 2]
        self.assertEqual(len(pairs), 2)  # one a role

    def test_two_targets(self):
        both = self.report("text", "--target", "vulkan,cpu", "--gpu-layers", 1)
        self.assertIn("workgroups", both)
        self.assertIn("numbers", both)
        both = self.kernels("--target", "vulkan,cpu", "--gpu-layers", 1)
        self.assertEqual({k["target"] for k in both.values()}, {"vulkan", "cpu"})


if __name__ == "__main__":
    e2e.main()
