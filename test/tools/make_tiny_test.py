"""make_tiny.py: the same flags give the same bytes, whatever the container."""
import json
import pathlib
import struct
import sys
import tempfile
import unittest

import gguf
import numpy as np
from gguf.quants import dequantize
from tokenizers import Tokenizer

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import make_tiny  # noqa: E402

FORMATS = ("f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1",
           "q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "mxfp4", "iq4_nl", "iq4_xs")


def readGguf(path):
    """{name without .weight: float32 weights} as the gguf package reads it."""
    return {t.name.removesuffix(".weight"): dequantize(
        t.data, t.tensor_type).reshape([int(n) for n in reversed(t.shape)])
        for t in gguf.GGUFReader(path).tensors}


def readSafetensors(path):
    data = path.read_bytes()
    size, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__")
    return {name: np.frombuffer(data[8 + size:], "<f4", int(np.prod(
        t["shape"])), t["data_offsets"][0]).reshape(t["shape"])
        for name, t in header.items()}


class MakeTiny(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_same_flags_same_bytes(self):
        for arch in ("llama", "gemma3"):
            shape = make_tiny.Shape(arch=arch, format="q4_k")
            for name in ("a", "b"):
                make_tiny.makeGguf(self.folder / name, shape)
            self.assertEqual((self.folder / "a").read_bytes(),
                             (self.folder / "b").read_bytes())

    def test_every_format_has_finite_centred_weights(self):
        for format in FORMATS:
            with self.subTest(format):
                shape = make_tiny.Shape(format=format, layers=1)
                path = self.folder / format
                expected = make_tiny.makeGguf(path, shape)
                for name, weights in readGguf(path).items():
                    np.testing.assert_array_equal(weights, expected[name])
                    if weights.ndim == 2:
                        spread = weights.std() * np.sqrt(weights.shape[1])
                        self.assertTrue(0.5 < spread < 4, spread)
                        self.assertLess(abs(weights.mean()), weights.std())

    def test_safetensors_hold_what_the_gguf_decodes_to(self):
        for arch in ("llama", "gemma3"):
            shape = make_tiny.Shape(arch=arch, format="q5_1", tied=True)
            path = self.folder / (arch + ".gguf")
            make_tiny.makeGguf(path, shape)
            make_tiny.makeSafetensors(self.folder / arch, shape)
            got = readSafetensors(self.folder / arch / "model.safetensors")
            for name, weights in readGguf(path).items():
                other = got.pop(make_tiny.huggingFaceName(
                    name, arch == "gemma3"))
                expected = make_tiny.huggingFaceWeight(name, weights, shape)
                np.testing.assert_array_equal(other, expected)
            self.assertFalse(got)

    def test_queries_are_in_hugging_faces_order(self):
        shape = make_tiny.Shape(heads=2, headSize=4, embed=1)
        rows = np.arange(8, dtype=np.float32)[:, None]
        moved = make_tiny.huggingFaceWeight("blk.0.attn_q", rows, shape)
        self.assertEqual(moved[:, 0].tolist(), [0, 2, 1, 3, 4, 6, 5, 7])

    def test_tokenizers_take_any_text(self):
        text = "the other cat isn't in  Z\u00fcrich\n\n\u65e5\u672c"
        for arch in ("llama", "gemma3"):
            shape = make_tiny.Shape(arch=arch)
            make_tiny.makeSafetensors(self.folder / arch, shape)
            tokenizer = Tokenizer.from_file(
                str(self.folder / arch / "tokenizer.json"))
            ids = tokenizer.encode(text).ids
            self.assertLess(max(ids),
                            len(make_tiny.vocabularyOf(shape).tokens))
            self.assertLess(len(ids), len(text.encode()))
            self.assertEqual(tokenizer.decode(ids), text)

    def test_rows_that_blocks_do_not_divide_are_refused(self):
        shape = make_tiny.Shape(format="q4_0", embed=100)
        with self.assertRaisesRegex(ValueError, "multiple of 32, not 100"):
            make_tiny.makeGguf(self.folder / "x", shape)


if __name__ == "__main__":
    unittest.main()
