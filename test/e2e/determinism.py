"""One artifact gives one set of logits: however its rows are put in steps."""
import itertools

import e2e

SPANS = {"prompt": (1, 7, 64), "generated": (1, 3, 8)}


class Determinism(e2e.Case):
    CTX = 300  # crosses four boundaries between pages of 64 tokens

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Five chunks of CTX: a group of four sequences and one alone.
        cls.text.write_text(e2e.makeText(3600))

    def hashOf(self, artifact, role, **flags):
        args = [x for k, v in flags.items() for x in ("--" + k, v)]
        got = artifact.json("perplexity", self.text, "--ctx", self.CTX,
                            "--role", role, *args)
        self.assertEqual(got["tokens"] % (self.CTX - 1 - self.CTX // 2), 0)
        self.assertGreaterEqual(got["tokens"], 5 * 149)
        return got["logits_hash"], got["perplexity"]

    def check(self, artifact):
        """Same logits for all ways to cut; returns them by role."""
        all = {}
        for role, spans in SPANS.items():
            first = self.hashOf(artifact, role)
            most = 8 if role == "generated" else 300
            ways = [dict(threads=t) for t in (1, 2, 3)]
            ways += [dict(chunk=c, parallel=p, threads=t)
                     for (c, p), t in zip(itertools.product(spans, (1, 4)),
                                          itertools.cycle((2, 1, 3)))
                     if c * p <= most]
            for way in ways:
                with self.subTest(role=role, **way):
                    self.assertEqual(self.hashOf(artifact, role, **way),
                                     first)
            all[role] = first
        # Integers are the same in both roles; bf16 is not, nor are sums of floats.
        about = artifact.json("info")["metadata"]
        same = "bf16" not in about["chip"] and not {"f16", "bf16"} & set(about["formats"])
        self.assertEqual(all["prompt"] == all["generated"], same)
        return all

    def test_llama(self):
        """Its artifact is made twice: the same bytes, so the same logits."""
        model = self.tiny("llama", arch="llama", format="q4_0", context=512,
                          overrides={"ffn": "q5_1", "output": "q8_0"})
        artifact = self.compile(model)
        again = self.compile(model, output=self.folder / "again")
        self.assertTrue(
            artifact.path.read_bytes() == again.path.read_bytes(),
            "two compilations of one model gave different files")
        self.check(artifact)

    def test_attention_in_parts(self):
        """Of generated rows over 512 tokens and more: as exact, the same bits in any
        company, and those of one part where there is one."""
        ctx = 1100
        model = self.tiny("parts", arch="llama", format="q8_0", context=ctx)
        artifact = self.compile(model)
        plan = self.quern("compile", model, "--emit", "plan").stdout
        self.assertIn("generated.merge_parts.0", plan)
        text = self.folder / "long"
        text.write_text(e2e.makeText(2 * 3 * ctx))
        ids = artifact.ids(text)
        hashes = set()
        for threads, parallel in ((1, 1), (2, 2), (3, 1)):
            got = artifact.json("perplexity", text, "--ctx", ctx, "--role",
                                "generated", "--threads", threads,
                                "--parallel", parallel)
            hashes.add(got["logits_hash"])
        self.assertEqual(len(hashes), 1)
        reference = e2e.referenceLogits(model, ids, ctx)
        off = e2e.Difference(artifact.logits(text, ctx, "generated"), reference)
        self.assertLess(off.kl, 2e-6, off)
        short = self.compile(model, "--ctx", 400, output=self.folder / "short")
        both = {a.json("perplexity", self.text, "--ctx", 300, "--role",
                       "generated")["logits_hash"] for a in (artifact, short)}
        self.assertEqual(len(both), 1)

    def test_windows_much_shorter_than_the_context(self):
        model = self.tiny("narrow", arch="gemma3", format="q8_0", context=512,
                          window=9, tied=True)
        self.check(self.compile(model))

    @e2e.slow
    def test_windows_of_whole_and_broken_pages(self):
        for window in (64, 65, 100, 128):
            with self.subTest(window=window):
                model = self.tiny("wide", arch="gemma3", format="f16",
                                  context=512, window=window)
                self.check(self.compile(model, "--kv-type", "f32"))

    @e2e.slow
    def test_compiling_alone_or_with_others_gives_the_same_logits(self):
        model = self.tiny("threads", arch="llama", format="q4_k")
        hashes = set()
        for threads in (1, 2, 5):
            artifact = self.compile(model, "--threads", threads)
            got = artifact.json("perplexity", self.text, "--ctx", 128)
            hashes.add(got["logits_hash"])
        self.assertEqual(len(hashes), 1)

    @e2e.slow
    def test_compiling_again_and_again(self):
        """A race between the threads that compile kernels shows here: one
        that crashes every fiftieth compilation is found nine times of ten."""
        model = self.tiny("again", arch="llama", format="q4_0", layers=1)
        first = self.compile(model, "--threads", 1).path.read_bytes()
        for count in range(120):
            with self.subTest(count=count):
                again = self.compile(model, "--threads", 8,
                                     output=self.folder / "again")
                self.assertTrue(again.path.read_bytes() == first,
                                "another file than the first time")


if __name__ == "__main__":
    e2e.main()
