"""`quern reference`, which judges the targets, against the numpy reference."""
import e2e
import float_model  # found by e2e
import numpy as np


class Oracle(e2e.Case):
    def check(self, name, **shape):
        model = self.tiny(name, **shape)
        reference = float_model.Model(model)
        ids = np.random.default_rng(3).integers(0, reference.vocab, 75)
        path = self.folder / "logits"
        done = self.quern("reference", model, " ".join(map(str, ids)),
                          "--logits", path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        own = np.fromfile(path, np.float32).reshape(len(ids), -1)
        states = float_model.hiddenStates(reference, ids)
        off = e2e.Difference(own, states @ reference.output().T)
        self.assertLess(off.most, 1e-4, off)

    def test_llama(self):
        self.check("llama", arch="llama", format="q4_1",
                   overrides={"attn": "q5_0", "output": "f16"})

    def test_llama_tied_odd_shapes(self):
        self.check("odd", arch="llama", tied=True, embed=70, ff=150, heads=4,
                   kvHeads=2, headSize=22, format="bf16")

    def test_gemma3(self):
        self.check("gemma3", arch="gemma3", tied=True, window=9,
                   format="q8_0")

    def test_gemma3_blocks_of_256(self):
        self.check("wide", arch="gemma3", format="q4_k", layers=2,
                   overrides={"ffn": "q6_k", "attn_v": "q3_k"})


if __name__ == "__main__":
    e2e.main()
