"""toy3 in numpy: blocks of 16 weights, f16 scale, then 16 x 3 bits."""
import numpy as np


def cases(rng):
    """Rows, columns and tensors to decode."""
    for rows, columns in [(1, 16), (7, 80)]:
        blocks = rng.integers(0, 256, (rows, columns // 16, 8), dtype=np.uint8)
        blocks[..., 1] &= 0xBF  # no infinite scale
        yield rows, columns, [blocks.tobytes()]


def decode(parts, rows, columns):
    blocks = np.frombuffer(parts[0], np.uint8).reshape(-1, 8)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    bits = np.unpackbits(blocks[:, 2:], axis=1, bitorder="little")
    codes = bits.reshape(-1, 16, 3) @ np.array([1, 2, 4])
    return (scale * (codes - 4).astype(np.float32)).reshape(rows, columns)
