"""Compiled tiny models against the numpy reference: formats, shapes, roles.

Errors are judged relative to the spread of the reference's logits. Prompt rows
are computed with bfloat16 activations: eight bits of mantissa, and so some
0.6 % of the spread; generated rows with 16-bit integers or better: less than
0.03 %. The limits are two to four times what was measured. A format that is
decoded wrongly, a missing norm or a row that is off by one makes 10 % or more.

Compiling takes seconds, so the fast tests mix formats in one model, a tensor
each. With --slow every format has models of its own: architecture x tied or
not x type of the KV cache, and the architectures for a CPU with AVX2 alone.
"""
import itertools
import unittest

import e2e

CTX = 300  # five pages of 64 tokens, many windows of 8
MOST_RMS = {"prompt": 0.02, "generated": 0.001}
MOST = {"prompt": 0.15, "generated": 0.008}
MOST_KL = {"prompt": 1e-3, "generated": 2e-6}
# The random blocks of some formats make large keys, and attention that is sharp;
# then the eleven bits of an f16 cache show: rms 0.08 %, most 1 % were measured.
SHARP = 4

PLAIN = ("f32", "f16", "bf16")
BLOCKS_OF_32 = ("q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "mxfp4", "iq4_nl")
BLOCKS_OF_256 = ("q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "iq4_xs")
FORMATS = PLAIN + BLOCKS_OF_32 + BLOCKS_OF_256

# No dimension but the size of a head is even a multiple of four.
ODD = dict(embed=70, ff=150, heads=3, headSize=20)

MIX_32 = dict(format="q4_1", overrides={
    "attn_q": "q4_0", "attn_k": "q5_1", "attn_v": "q8_0",
    "attn_output": "q5_0", "ffn_gate": "iq4_nl", "ffn_up": "mxfp4",
    "token_embd": "q8_0", "output": "f16"})
MIX_256 = dict(format="q4_k", overrides={
    "attn_k": "q5_k", "attn_v": "q6_k", "attn_output": "q2_k",
    "ffn_gate": "q3_k", "ffn_up": "iq4_xs", "token_embd": "q6_k"})
MIX_PLAIN = dict(ODD, format="bf16", overrides={
    "attn_q": "f32", "attn_output": "f16", "ffn_gate": "f16", "ffn_up": "f32",
    "token_embd": "f16", "output": "bf16"})


class Formats(e2e.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.text.write_text(e2e.makeText(800))  # one chunk of CTX tokens

    def judge(self, name, *flags, slack=1, **shape):
        """Both roles of one model, each within the limits, of which that of
        generated rows is `slack` times the usual one."""
        model = self.tiny(name, context=CTX, **shape)
        artifact = self.compile(model, *flags)
        reference = e2e.referenceLogits(model, artifact.ids(self.text), CTX)
        for role in ("prompt", "generated"):
            with self.subTest(f"{name}, {role} rows"):
                off = e2e.Difference(artifact.logits(self.text, CTX, role),
                                     reference)
                if e2e.options.verbose:
                    print(f"{name}, {role}: {off}")
                more = slack if role == "generated" else 1
                self.assertLess(off.rms, more * MOST_RMS[role], off)
                self.assertLess(off.most, more * MOST[role], off)
                self.assertLess(off.kl, more * MOST_KL[role], off)
        artifact.path.unlink()


class Fast(Formats):
    def test_llama_blocks_of_32(self):
        self.judge("llama-32", arch="llama", **MIX_32)

    def test_gemma3_blocks_of_256_tied_f32_cache(self):
        self.judge("gemma3-256", "--kv-type", "f32", arch="gemma3", tied=True,
                   **MIX_256)

    def test_gemma3_odd_shapes_without_blocks(self):
        self.judge("gemma3-odd", arch="gemma3", **MIX_PLAIN)

    @unittest.skipUnless(e2e.cpuHas("avx2", "fma", "f16c", "bmi2"),
                         "this CPU has no AVX2")
    def test_llama_for_avx2(self):
        if e2e.options.mcpu:
            self.skipTest("it is for a chip of its own")
        self.judge("llama-avx2", "--mcpu", "x86-64-v3", arch="llama",
                   tied=True, **MIX_32)


class Slow(Formats):
    """Filled in below, a test for each model."""


def addSlow(format, arch, tied, cache, chip):
    def test(self):
        shape = ODD if format in PLAIN else {}
        self.judge("-".join(words), "--kv-type", cache, "--mcpu", chip,
                   slack=SHARP if cache == "f16" else 1, arch=arch, tied=tied,
                   format=format, **shape)
    words = (format, arch, "tied" if tied else "untied", cache, chip)
    needs = {"x86-64-v3": ("avx2", "fma", "f16c", "bmi2"),
             "x86-64-v4": ("avx512f", "avx512bw", "avx512vl", "avx512dq",
                           "avx512cd")}.get(chip, ())
    test = unittest.skipUnless(e2e.cpuHas(*needs),
                               f"this CPU is less than {chip}")(
                                   e2e.slow(test))
    setattr(Slow, "test_" + "_".join(words), test)


for _format, _arch in itertools.product(FORMATS, ("llama", "gemma3")):
    for _tied, _cache in itertools.product((True, False), ("f16", "f32")):
        addSlow(_format, _arch, _tied, _cache, "native")
    addSlow(_format, _arch, True, "f16", "x86-64-v3")
    addSlow(_format, _arch, False, "f16", "x86-64-v4")

if __name__ == "__main__":
    e2e.main()
