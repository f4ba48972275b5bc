"""reference.py: windows, blocks and the judge, on tiny models."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "tools")]
import float_model  # noqa: E402
import make_tiny  # noqa: E402


class Reference(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.ids = np.random.default_rng(1).integers(0, 300, 130)
        (self.folder / "ids").write_text(" ".join(map(str, self.ids)))

    def model(self, **shape):
        path = self.folder / "model.gguf"
        make_tiny.makeGguf(path, make_tiny.Shape(**shape))
        return path

    def run_reference(self, *args):
        return subprocess.run(
            [sys.executable, HERE / "reference.py", self.folder / "model.gguf",
             "--ids", self.folder / "ids", *args],
            capture_output=True, text=True)

    def test_blocks_do_not_change_the_states(self):
        for arch in ("llama", "gemma3"):
            model = float_model.Model(self.model(arch=arch, format="q8_0"))
            whole = float_model.hiddenStates(model, self.ids)
            block, float_model.BLOCK = float_model.BLOCK, 37
            try:
                cut = float_model.hiddenStates(model, self.ids)
            finally:
                float_model.BLOCK = block
            np.testing.assert_allclose(cut, whole, rtol=0, atol=1e-4)

    def test_a_window_hides_what_lies_before_it(self):
        # Six sliding layers would see 6 * 7 positions back; with five of
        # them and no full layer, position 60 is independent of position 0.
        model = float_model.Model(
            self.model(arch="gemma3", layers=5, window=8))
        changed = self.ids.copy()
        changed[0] = (changed[0] + 1) % 300
        a = float_model.hiddenStates(model, self.ids)
        b = float_model.hiddenStates(model, changed)
        reach = 5 * 7
        self.assertTrue((a[1] != b[1]).any())
        self.assertTrue((a[reach] != b[reach]).any())
        np.testing.assert_array_equal(a[reach + 1:], b[reach + 1:])

    def test_llama_rope_depends_on_distance_alone(self):
        # Scores of q at i and k at j must be equal for equal i - j.
        model = float_model.Model(self.model())
        x = np.random.default_rng(2).standard_normal((1, 1, 32), np.float32)
        for interleaved in (True, False):
            turned = [float_model.rope(
                x, float_model.ropeTable(model, 0, np.array([p])), interleaved)
                for p in (3, 5, 90, 92)]
            near = float((turned[0] * turned[1]).sum())
            self.assertAlmostEqual(
                near, float((turned[2] * turned[3]).sum()), places=3)

    def test_the_judge(self):
        self.model(arch="gemma3", format="q4_0", tied=True)
        rows = self.folder / "rows"
        flags = ("--ctx", "32", "--cache", self.folder / "cache")
        done = self.run_reference(*flags, "--dump", rows)
        self.assertEqual(done.returncode, 0, done.stderr)
        same = json.loads(
            self.run_reference(*flags, "--compare", rows).stdout)
        self.assertEqual(same["tokens"], 4 * 15)
        self.assertEqual(same["mean_kl"], 0)
        self.assertEqual(same["top1_agreement"], 1)
        logits = np.fromfile(rows, np.float32)
        noise = np.random.default_rng(3).standard_normal(logits.shape)
        (logits + 0.01 * noise).astype(np.float32).tofile(rows)
        near = json.loads(
            self.run_reference(*flags, "--compare", rows).stdout)
        # Logits off by s everywhere cost s^2 / 2 of divergence.
        self.assertTrue(2.5e-5 < near["mean_kl"] < 1e-4, near)
        self.assertLess(abs(near["nll_difference"]),
                        5 * near["nll_difference_se"])

    def test_a_short_or_long_candidate_is_refused(self):
        self.model()
        rows = self.folder / "rows"
        flags = ("--positions", "all")
        self.run_reference(*flags, "--dump", rows)
        data = rows.read_bytes()
        for bad, words in ((data[:-4], "ends 4 bytes before"),
                           (data + b"\0\0\0\0", "more rows")):
            rows.write_bytes(bad)
            done = self.run_reference(*flags, "--compare", rows)
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    unittest.main()
