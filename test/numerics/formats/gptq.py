"""GPTQ's first checkpoint format in numpy, with and without act-order.

Written from the published layout: eight codes along the input dimension and
eight zero points along the output dimension to an int32, from the low bits;
the stored zero point is one less than the zero point.
"""
import numpy as np

GROUPS = 4


def unpack(words):
    """int32 [...] to eight nibbles each, in a new last dimension."""
    shifts = np.arange(0, 32, 4, dtype=np.uint32)
    return (words.view(np.uint32)[..., None] >> shifts) & 15


def random_parts(rng, rows, columns, act_order):
    def words(*shape):
        return rng.integers(-2**31, 2**31, shape, dtype=np.int64).astype(np.int32)
    scales = rng.normal(0, 0.02, (GROUPS, rows)).astype(np.float16)
    g_idx = np.arange(columns, dtype=np.int32) // (columns // GROUPS)
    if act_order:
        g_idx = rng.permutation(g_idx)
    return [words(columns // 8, rows).tobytes(),
            words(GROUPS, rows // 8).tobytes(), scales.tobytes(),
            g_idx.tobytes()]


def cases(rng):
    """Rows, columns and tensors to decode."""
    for rows, columns, act_order in [(8, 64, False), (24, 256, True)]:
        yield rows, columns, random_parts(rng, rows, columns, act_order)
    rows, columns, parts = 16, 128, random_parts(rng, 16, 128, False)
    yield rows, columns, parts[:3] + [b""]  # older files have no g_idx


def decode(parts, rows, columns):
    qweight, qzeros, scales, g_idx = parts
    codes = unpack(np.frombuffer(qweight, np.int32).reshape(columns // 8, rows))
    codes = codes.transpose(0, 2, 1).reshape(columns, rows)  # [in][out]
    zeros = unpack(np.frombuffer(qzeros, np.int32).reshape(GROUPS, rows // 8))
    zeros = zeros.reshape(GROUPS, rows).astype(np.int32) + 1
    scales = np.frombuffer(scales, np.float16).reshape(GROUPS, rows)
    g_idx = (np.frombuffer(g_idx, np.int32) if g_idx
             else np.arange(columns) // (columns // GROUPS))
    weights = scales[g_idx].astype(np.float32) * (
        codes.astype(np.int32) - zeros[g_idx]).astype(np.float32)
    return weights.T
