"""What the text tests share: the driver, and vocabularies of GGUF files."""

import argparse
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

SKIP = 77


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIP)


def need(*modules):
    """Imports modules, or skips the test."""
    import importlib

    try:
        return [importlib.import_module(m) for m in modules]
    except ImportError as error:
        skip(f"Python package {error.name} is not installed")


def arguments(*flags):
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--models", default=os.environ.get("QUERN_TEST_MODELS"))
    parser.add_argument("--vocabularies", default=os.environ.get("QUERN_TEST_VOCABULARIES"),
                        help="folder of GGUF files that need hold no tensors")
    parser.add_argument("--only-vocabularies", action="store_true")
    parser.add_argument("--lines", type=int, default=10000)
    parser.add_argument("--all-lines", action="store_true",
                        help="small vocabularies too are compared on all lines, not on a fourth")
    parser.add_argument("--case", help="only cases with this in their name")
    parser.add_argument("--folder-driver", help="the program tokenizer_folder")
    for flag in flags:
        parser.add_argument(flag, action="store_true")
    return parser.parse_args()


def blob(data):
    return struct.pack("<I", len(data)) + data


def blobs(data):
    out, pos = [], 0
    while pos < len(data):
        (n,) = struct.unpack_from("<I", data, pos)
        out.append(data[pos + 4 : pos + 4 + n])
        pos += 4 + n
    return out


def run(driver, *args, data=b""):
    result = subprocess.run([driver, *map(str, args)], input=data, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, check=False)
    if result.returncode != 0:
        raise RuntimeError(result.stderr.decode(errors="replace").strip())
    return result.stdout


def metadata(path):
    """The tokenizer's part of a GGUF file: the gguf package takes seconds for it."""
    scalars = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q",
               12: "d"}
    with open(path, "rb") as file:
        def take(code):
            return struct.unpack("<" + code, file.read(struct.calcsize("<" + code)))

        def string():
            return file.read(take("Q")[0]).decode("utf-8", "surrogateescape")

        def value(kind):
            if kind == 8:
                return string()
            if kind != 9:
                return take(scalars[kind])[0]
            kind, count = take("IQ")
            if kind in (8, 9):
                return [value(kind) for _ in range(count)]
            return list(take(f"{count}{scalars[kind]}"))

        if take("4s") != (b"GGUF",):
            raise ValueError(f"{path}: no GGUF file")
        _, _, count = take("IQQ")
        out = {}
        for _ in range(count):
            key, kind = string(), take("I")[0]
            out[key] = value(kind)
        return out


class Vocabulary:
    """The tokenizer of a GGUF file, or one that a test makes up."""

    def __init__(self, model, pre, tokens, scores=(), types=(), merges=(), bos=-1, eos=-1,
                 unknown=-1, padding=-1, add_bos=False, add_eos=False, space_prefix=False,
                 remove_extra_spaces=False):
        self.model, self.pre = model, pre
        self.tokens, self.scores = list(tokens), list(scores)
        self.types, self.merges = list(types), list(merges)
        self.bos, self.eos, self.unknown, self.padding = bos, eos, unknown, padding
        self.add_bos, self.add_eos, self.space_prefix = add_bos, add_eos, space_prefix
        self.remove_extra_spaces = remove_extra_spaces
        self.charsmap = b""

    @classmethod
    def read(cls, path):
        fields = metadata(path)

        def get(key, default=None):
            return fields.get(f"tokenizer.ggml.{key}", default)

        model = get("model")
        pieces = model in ("llama", "t5")
        self = cls(model, get("pre", "default"), get("tokens"), get("scores", []),
                   get("token_type", []), get("merges", []), get("bos_token_id", -1),
                   get("eos_token_id", -1), get("unknown_token_id", -1),
                   get("padding_token_id", -1), get("add_bos_token", False),
                   get("add_eos_token", False), get("add_space_prefix", pieces))
        self.remove_extra_spaces = get("remove_extra_whitespaces", False)
        self.charsmap = bytes(b & 255 for b in get("precompiled_charsmap", b""))
        self.template = fields.get("tokenizer.chat_template")
        return self

    def bytes(self):
        def strings(items):
            return struct.pack("<I", len(items)) + b"".join(
                blob(s.encode("utf-8", "surrogateescape")) for s in items)

        def numbers(items, code):
            return struct.pack(f"<I{len(items)}{code}", len(items), *items)

        return (blob(self.model.encode()) + blob(self.pre.encode()) + strings(self.tokens)
                + numbers(self.scores, "f") + numbers(self.types, "i") + strings(self.merges)
                + struct.pack("<iiii????", self.bos, self.eos, self.unknown, self.padding,
                              self.add_bos, self.add_eos, self.space_prefix,
                              self.remove_extra_spaces) + blob(self.charsmap))


class Table:
    """A built table on disk, and what the driver does with it."""

    def __init__(self, driver, vocabulary=None):
        """Without a vocabulary, somebody else writes the table."""
        self.driver = driver
        self.folder = tempfile.TemporaryDirectory()
        base = pathlib.Path(self.folder.name)
        self.path = base / "table"
        if vocabulary:
            (base / "vocabulary").write_bytes(vocabulary.bytes())
            run(driver, "build", base / "vocabulary", self.path)

    def encode(self, texts, *flags):
        out = blobs(run(self.driver, "encode", self.path, *flags,
                        data=b"".join(map(blob, texts))))
        return [list(struct.unpack(f"<{len(b) // 4}i", b)) for b in out]

    def decode(self, lists, *flags):
        data = b"".join(blob(struct.pack(f"<{len(ids)}i", *ids)) for ids in lists)
        return blobs(run(self.driver, "decode", self.path, *flags, data=data))
