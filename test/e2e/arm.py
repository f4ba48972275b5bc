"""Artifacts for 64-bit ARM, under an emulator.

Integers are exact, and floating-point operations are those of x86-64-v3 in their
order: one hash of the logits, whatever the CPU. So what is shown of numerics there
holds here.
"""
import os
import platform
import shutil
import unittest

import e2e

DOT, MIXED = "armv8.2-a+dotprod", "armv8.2-a+dotprod+i8mm"
EMULATOR = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
FORMATS = ("f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "mxfp4",
           "q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "iq4_nl", "iq4_xs")


class Case(e2e.Case):
    CTX = 150  # crosses two boundaries between pages

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not EMULATOR:
            raise unittest.SkipTest("there is no qemu-aarch64-static")
        model = cls.tiny("probe", arch="llama", format="q8_0", layers=1)
        done = cls.quern("compile", model, "--mcpu", DOT, "-o", cls.folder / "probe")
        if "without a runtime" in done.stderr:
            raise unittest.SkipTest(done.stderr.strip())
        if done.returncode:
            raise AssertionError(done.stderr)
        cls.text.write_text(e2e.makeText(800))

    def artifact(self, model, chip, *flags):
        name = "-".join([model.stem, chip, *map(str, flags)])
        return self.compile(model, "--mcpu", chip, *flags, output=self.folder / name)

    def start(self, artifact, *args, cpu="max", **more):
        return e2e.Artifact(EMULATOR).start("-cpu", cpu, artifact.path, *args, **more)

    def json(self, artifact, *args, cpu="max"):
        return e2e.Artifact(EMULATOR).json("-cpu", cpu, artifact.path, *args)

    def hashOf(self, artifact, *args, cpu="max"):
        return self.json(artifact, "perplexity", self.text, "--ctx", self.CTX, *args,
                         cpu=cpu)["logits_hash"]


@unittest.skipUnless(e2e.cpuHas("avx2", "fma", "f16c", "bmi2"), "needs AVX2")
class Bits(Case):
    def same(self, name, *flags, **shape):
        model = self.tiny(name, context=256, **shape)
        ours = self.artifact(model, "x86-64-v3", *flags)
        artifacts = [self.artifact(model, chip, *flags) for chip in (DOT, MIXED)]
        for role in ("prompt", "generated"):
            with self.subTest(name, role=role):
                want = ours.json("perplexity", self.text, "--ctx", self.CTX, "--role",
                                 role)["logits_hash"]
                got = {a.path.name: self.hashOf(a, "--role", role) for a in artifacts}
                self.assertEqual(set(got.values()), {want}, got)

    def test_llama(self):
        self.same("llama", arch="llama", format="q4_k",
                  overrides={"ffn_down": "q8_0", "attn_v": "f16"})

    @e2e.slow
    def test_gemma(self):
        self.same("gemma", arch="gemma3", format="q4_0", overrides={"ffn_down": "q6_k"})

    @e2e.slow
    def test_every_format(self):
        for format in FORMATS:
            self.same(format, arch="llama", format=format)

    @e2e.slow
    def test_activations_of_8_bits(self):
        self.same("bytes", "--activations", 8, arch="llama", format="q4_k",
                  overrides={"ffn_down": "q6_k"})


class Artifacts(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.tiny("model", arch="llama", format="q4_k", context=256)
        cls.both = cls.compile(cls.model, "--mcpu", f"{DOT},{MIXED}",
                               output=cls.folder / "both")

    def test_no_company_no_threads_no_chunks(self):
        hashes = {self.hashOf(self.both, "--threads", t, "--parallel", p, "--chunk", c)
                  for t, p, c in ((1, 1, 150), (3, 2, 7), (2, 1, 64))}
        self.assertEqual(len(hashes), 1)

    def test_the_best_that_the_machine_has_is_chosen(self):
        self.assertEqual(self.json(self.both, "info")["limits"]["kernels"], MIXED)
        few = self.json(self.both, "info", cpu="neoverse-n1")["limits"]["kernels"]
        self.assertEqual(few, DOT)
        self.assertEqual(self.hashOf(self.both), self.hashOf(self.both, cpu="neoverse-n1"))

    def test_a_machine_that_has_less(self):
        done = self.start(self.both, "info", cpu="cortex-a72")
        self.assertOneLine(done, "both", DOT, "lacks dotprod")

    def test_a_file_that_was_cut(self):
        cut = self.folder / "cut"
        whole = self.both.path.read_bytes()
        for length in (len(whole) - 1, len(whole) // 2, 200_000, 5000):
            with self.subTest(length):
                cut.write_bytes(whole[:length])
                cut.chmod(0o755)
                done = self.start(e2e.Artifact(cut), "info")
                self.assertOneLine(done, "cut", "cut short")

    @unittest.skipUnless(e2e.cpuHas("avx2", "fma", "f16c", "bmi2"), "needs AVX2")
    def test_an_answer(self):
        done = self.start(self.both, "run", "one two", "-n", 8, "--temp", 0, "--raw")
        self.assertEqual(done.returncode, 0, done.stderr)
        ours = self.artifact(self.model, "x86-64-v3")
        self.assertEqual(done.stdout.decode(),
                         ours.run("run", "one two", "-n", 8, "--temp", 0, "--raw"))

    def test_machines_do_not_mix(self):
        done = self.quern("compile", self.model, "--mcpu", f"x86-64-v3,{DOT}")
        self.assertOneLine(done, "error", "--mcpu", DOT, "x86-64-v3", "aarch64")
        done = self.quern("compile", self.model, "--target", "vulkan,cpu", "--mcpu",
                          f"portable,{DOT}")
        self.assertOneLine(done, "error", "--mcpu", DOT, "vulkan for x86_64")

    @unittest.skipIf(platform.machine() == "aarch64", "it would run here")
    def test_run_is_for_this_machine(self):
        done = self.quern("run", self.model, "--mcpu", DOT, "x",
                          env={**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache")})
        self.assertOneLine(done, "error", "--mcpu", DOT, "quern compile")
        self.assertFalse((self.folder / "cache").exists())

    def test_chips_have_extensions_of_their_own(self):
        done = self.quern("compile", self.model, "--mcpu", "armv8.2-a+vnni")
        self.assertOneLine(done, "error", "vnni", "armv8.2-a", "dotprod or i8mm")
        for chip in ("armv8.2-a", "armv8.2-a+i8mm"):
            done = self.quern("compile", self.model, "--mcpu", chip)
            self.assertOneLine(done, "error", f"'{chip}' lacks an extension", DOT)


if __name__ == "__main__":
    e2e.main()
