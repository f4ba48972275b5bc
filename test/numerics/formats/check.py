"""Compares the reference decoder with others, bit by bit, for every format.

usage: check.py DECODER FOLDER...

A format is decoded by a module NAME.py in one of the folders, which has
`cases(rng)` (rows, columns and tensors) and `decode(tensors, rows, columns)`;
where there is none, by the gguf package, which must know its number.
"""
import importlib.util
import pathlib
import subprocess
import sys
import tempfile

try:
    import gguf
    import numpy as np
    from gguf.quants import dequantize
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

BLOCKS = 8000


def gguf_cases(rng, number, name, weights, size):
    kind = gguf.GGMLQuantizationType(number)
    if kind.name.lower() != name:
        raise ValueError(f"GGUF type {number} is {kind.name}")
    if gguf.GGML_QUANT_SIZES[kind] != (weights, size):
        raise ValueError(f"gguf has {gguf.GGML_QUANT_SIZES[kind]} as its block")
    blocks = rng.integers(0, 256, (BLOCKS, size), dtype=np.uint8)
    with np.errstate(all="ignore"):
        want = dequantize(blocks, kind).reshape(-1, weights).astype(np.float32)
    finite = np.isfinite(want).all(axis=1)
    blocks, want = blocks[finite], want[finite]
    count = len(blocks) // 4 * 4
    yield (4, count // 4 * weights, [blocks[:count].tobytes()],
           want[:count].reshape(4, -1))


def module_cases(rng, path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for rows, columns, parts in module.cases(rng):
        yield rows, columns, parts, module.decode(parts, rows, columns)


def run(decoder, name, rows, columns, parts):
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder) / f"part{i}" for i in range(len(parts))]
        for path, part in zip(paths, parts):
            path.write_bytes(part)
        out = pathlib.Path(folder) / "out"
        subprocess.run([decoder, name, str(rows), str(columns), out, *paths],
                       check=True)
        return np.fromfile(out, np.float32).reshape(rows, columns)


def check(decoder, cases, name):
    weights = 0
    for rows, columns, parts, want in cases:
        got = run(decoder, name, rows, columns, parts)
        want = np.ascontiguousarray(want, np.float32)
        wrong = np.argwhere(got.view(np.uint32) != want.view(np.uint32))
        if len(wrong):
            row, column = wrong[0]
            raise ValueError(f"{len(wrong)} weights differ, e.g. row {row} column"
                             f" {column}: {got[row, column]!r} instead of"
                             f" {want[row, column]!r}")
        weights += rows * columns
    if weights == 0:
        raise ValueError("nothing was compared")
    return weights


def main(decoder, folders):
    rng = np.random.default_rng(1)
    failed = 0
    listed = subprocess.run([decoder], check=True, capture_output=True, text=True)
    for line in listed.stdout.splitlines():
        name, *numbers = line.split()
        number, weights, size = map(int, numbers)
        paths = [p for f in folders if (p := pathlib.Path(f) / f"{name}.py").exists()]
        try:
            if paths:
                cases = module_cases(rng, paths[0])
            elif number >= 0:
                cases = gguf_cases(rng, number, name, weights, size)
            else:
                raise ValueError(f"there is no {name}.py to compare with")
            print(f"{name:8} {check(decoder, cases, name)} weights, same bits")
        except (ValueError, subprocess.CalledProcessError) as error:
            failed += 1
            print(f"{name:8} FAILED: {error}")
    return 1 if failed or not listed.stdout else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
