"""Token ids against the `tokenizers` and `sentencepiece` packages.

Every GGUF file in --models is tried: byte BPE against a `tokenizers` model with
the same merges and the published pre-tokenizer, SentencePiece against a model
proto made of the same pieces. Two small vocabularies are always tried.
"""

import pathlib
import random
import re
import struct
import sys

import common
import lines as generated

tokenizers, sentencepiece = common.need("tokenizers", "sentencepiece")
import families  # noqa: E402
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers  # noqa: E402

NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = range(1, 7)


def byte_bpe(v):
    types = v.types or [NORMAL] * len(v.tokens)
    bpe = models.BPE(vocab={t: i for i, t in enumerate(v.tokens)},
                     merges=[tuple(m.split(" ")) for m in v.merges],
                     ignore_merges=families.family(v.pre) in families.WHOLE_WORDS)
    plain, special = Tokenizer(bpe), Tokenizer(bpe)
    for tokenizer in (plain, special):
        tokenizer.pre_tokenizer = families.pre_tokenizer(v.pre)
        tokenizer.decoder = decoders.ByteLevel()
        added = [AddedToken(t, normalized=False) for t, y in zip(v.tokens, types) if y == USER]
        tokenizer.add_tokens(added)
    special.add_special_tokens([AddedToken(t, normalized=False, special=True)
                                for t, y in zip(v.tokens, types) if y in (CONTROL, UNKNOWN)])

    def encode(texts, parse):
        tokenizer = special if parse else plain
        return [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]

    return encode


def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def field(number, payload):  # length-delimited
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def integer(number, value):
    return varint(number << 3) + varint(value)


def sentence_piece(v):
    """A SentencePiece model proto (sentencepiece_model.proto), written by hand."""

    proto = b""
    for token, score, kind in zip(v.tokens, v.scores, v.types):
        piece = token.replace(" ", "▁") if kind == USER else token
        proto += field(1, field(1, piece.encode()) + varint(2 << 3 | 5) + struct.pack("<f", score)
                       + integer(3, kind))
    has_bytes = BYTE in v.types
    unknown = v.tokens[v.types.index(UNKNOWN)] if UNKNOWN in v.types else v.tokens[v.unknown]
    proto += field(2, integer(3, 2) + integer(35, has_bytes) + field(45, unknown.encode()))
    proto += field(3, field(1, b"identity") + integer(3, v.space_prefix) + integer(4, 0) + integer(5, 1))
    processor = sentencepiece.SentencePieceProcessor()
    processor.LoadFromSerializedProto(proto)
    users = sorted((t for t, y in zip(v.tokens, v.types) if y == USER), key=len, reverse=True)
    if not v.space_prefix or not users:
        return lambda texts, parse: processor.EncodeAsIds(texts)
    # The tokenizer.json of such models puts a space behind every added token too.
    cut = re.compile("(" + "|".join(map(re.escape, users)) + ")")

    def encode(texts, parse):
        return [[i for part in cut.split(text) if part
                 for i in ([v.tokens.index(part)] if part in users else processor.EncodeAsIds(part))]
                for text in texts]

    return encode


def character_map(v):
    """What SentencePiece makes of a text with the vocabulary's character map."""
    proto = field(1, field(1, b"<unk>") + integer(3, UNKNOWN)) + field(1, field(1, "▁".encode()))
    proto += field(2, integer(3, 1))
    proto += field(3, field(1, b"map") + field(2, v.charsmap) + integer(3, v.space_prefix)
                   + integer(4, v.remove_extra_spaces) + integer(5, 1))
    processor = sentencepiece.SentencePieceProcessor()
    processor.LoadFromSerializedProto(proto)
    return processor.Normalize


def unigram(v):
    """With `tokenizers`, which adds scores up without rounding, as quern does: the
    order of equal paths in SentencePiece hangs on its rounding of the whole text."""
    vocab = []
    for i, (token, score, kind) in enumerate(zip(v.tokens, v.scores, v.types)):
        # What text must not spell gets a name from the private use area.
        hidden = kind in (CONTROL, UNUSED, UNKNOWN)
        vocab.append((f"\ue000{i}" if hidden else token, 0.0 if hidden else score))
    tokenizer = Tokenizer(models.Unigram(vocab, v.unknown, BYTE in v.types))
    if v.charsmap:
        # SentencePiece changes the text, and `tokenizers` finds the tokens in that.
        normal = character_map(v)
        return lambda texts, parse: [e.ids for e in tokenizer.encode_batch(
            [normal(t) for t in texts], add_special_tokens=False)]
    if v.remove_extra_spaces:
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.Replace(Regex(r"\A[ \u2581]+|[ \u2581]+\z"), ""),
             normalizers.Replace(Regex(r"[ \u2581]+"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(
        prepend_scheme="always" if v.space_prefix else "never", split=False)
    return lambda texts, parse: [e.ids for e in tokenizer.encode_batch(texts,
                                                                       add_special_tokens=False)]


BPE = ("gpt2", "gemma4")
def character_bpe(v):
    """Gemma 4, as its tokenizer.json has it."""
    bpe = models.BPE(vocab={t: i for i, t in enumerate(v.tokens)},
                     merges=[tuple(m.split(" ")) for m in v.merges], unk_token=v.tokens[v.unknown],
                     fuse_unk=True, byte_fallback=True)
    plain, special = Tokenizer(bpe), Tokenizer(bpe)
    for tokenizer in (plain, special):
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
        tokenizer.add_tokens([AddedToken(t, normalized=False) for t, y in zip(v.tokens, v.types) if y == USER])
    special.add_special_tokens([AddedToken(t, normalized=False, special=True)
                                for t, y in zip(v.tokens, v.types) if y in (CONTROL, UNKNOWN)])
    return lambda texts, parse: [e.ids for e in (special if parse else plain).encode_batch(
        texts, add_special_tokens=False)]


REFERENCES = {"gpt2": byte_bpe, "gemma4": character_bpe, "llama": sentence_piece, "t5": unigram}


def fixed_types(v):
    """GGUF files call <unk> a control token where SentencePiece needs one unknown."""
    types = list(v.types)
    if v.model not in BPE and v.unknown >= 0:
        types = [CONTROL if t == UNKNOWN else t for t in types]
        types[v.unknown] = UNKNOWN
    v.types = types
    return v


def restorable(v, text):
    """Whether the vocabulary has every byte of the text (SmolLM lacks some)."""
    if v.charsmap:
        return False
    # The space behind an added token stays.
    if v.space_prefix and any(y == USER and t in text for t, y in zip(v.tokens, v.types) if y == USER):
        return False
    if v.model != "gpt2":
        # U+2581 is a space to them.
        return BYTE in v.types and not v.remove_extra_spaces and "▁" not in text
    if not hasattr(v, "missing"):
        level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        have = set(v.tokens)
        v.missing = set()
        for code in list(range(0x100)) + list(range(0x100, 0x110000, 0x40)):
            if 0xD800 <= code < 0xE000:
                continue
            for byte, char in zip(chr(code).encode(), level.pre_tokenize_str(chr(code))[0][0]):
                if char not in have:
                    v.missing.add(byte)
        v.missing |= {b for b in range(256) if b in (0xC0, 0xC1) or b >= 0xF5}
    data = text.encode() if isinstance(text, str) else text
    return not v.missing.intersection(data)


def compare(name, driver, v, count):
    v = fixed_types(v)
    table = common.Table(driver, v)
    expect = REFERENCES[v.model](v)
    texts = generated.lines(count)
    failures = 0

    def check(what, inputs, got, want):
        nonlocal failures
        for text, g, w in zip(inputs, got, want):
            if g != w:
                failures += 1
                if failures <= 5:
                    print(f"{name}: {what}: {text!r}\n  got  {g}\n  want {w}")

    # Python replaces what is not UTF-8 as quern does; the last quarter is of that kind.
    bad = generated.broken(count // 4)
    inputs = [t.encode() for t in texts] + bad
    texts += [b.decode("utf-8", "replace") for b in bad]
    got = table.encode(inputs)
    # SentencePiece has no parsing of control tokens, and drops null characters.
    usable = [i for i, t in enumerate(texts) if v.model in BPE or "\0" not in t and "<0x" not in t]
    check("ids", [inputs[i] for i in usable], [got[i] for i in usable],
          expect([texts[i] for i in usable], False))
    if v.model in BPE:
        check("special ids", inputs, table.encode(inputs, "special"), expect(texts, True))
    back = [i for i, t in enumerate(texts) if restorable(v, t)]
    check("decoded", [inputs[i] for i in back], table.decode([got[i] for i in back], "special"),
          [texts[i].encode() for i in back])
    print(f"{name}: {len(usable)} lines, {len(bad)} of them broken, {len(back)} round trips, "
          f"{failures} failures", flush=True)
    return failures


def small_bpe(pre):
    """A byte vocabulary with merges learned from the generated lines."""
    level = pre_tokenizers.ByteLevel.alphabet()
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = families.pre_tokenizer(pre)
    from tokenizers import trainers

    trainer = trainers.BpeTrainer(vocab_size=3000, initial_alphabet=level, show_progress=False,
                                  special_tokens=["<|im_start|>", "<|im_end|>"])
    # Merges must not make a control token: quern would not let them.
    tokenizer.train_from_iterator([t for t in generated.lines(1500, seed=7) if "<|im_" not in t], trainer)
    import json

    model = json.loads(tokenizer.to_str())["model"]
    vocab = sorted(model["vocab"], key=model["vocab"].get)
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    types = [CONTROL] * 2 + [NORMAL] * (len(vocab) - 2)
    vocab.append("[multimodal]")
    types.append(USER)
    return common.Vocabulary("gpt2", pre, vocab, types=types, merges=merges, bos=0, eos=1)


def small_pieces(seed, byte_fallback, space_prefix, unused=False, model="llama"):
    """Random pieces with many ties of score and overlaps."""
    rng = random.Random(seed)
    tokens, types, scores = ["<unk>", "<s>", "</s>"], [UNKNOWN, CONTROL, CONTROL], [0.0] * 3
    if byte_fallback:
        for b in range(256):
            tokens.append(f"<0x{b:02X}>"), types.append(BYTE), scores.append(0.0)
    for t in ("\n\n", "  ", "<h1>", "[multimodal]"):
        tokens.append(t), types.append(USER), scores.append(0.0)
    seen = {t.replace(" ", "▁") for t in tokens}
    text = "".join(generated.lines(400, seed)).replace(" ", "▁").replace("\0", "")
    for c in ["▁"] + sorted(set(text))[:300]:
        if c not in seen:
            seen.add(c)
            tokens.append(c), types.append(NORMAL), scores.append(-1000.0)
    while len(tokens) < 2500:
        at = rng.randrange(len(text))
        t = text[at : at + rng.randrange(2, 8)]
        if t not in seen and " " not in t:
            seen.add(t)
            tokens.append(t), scores.append(-float(rng.randrange(400)))
            types.append(UNUSED if unused and rng.random() < 0.1 else NORMAL)
    return common.Vocabulary(model, "default", tokens, scores, types, bos=1, eos=2, unknown=0,
                             space_prefix=space_prefix,
                             remove_extra_spaces=model == "t5" and space_prefix)


def published(path, driver, v):
    """Ids that the model's own tokenizer gave, in files next to the vocabulary."""
    texts, ids = (path.with_name(path.name + end) for end in (".inp", ".out"))
    if not texts.exists() or not ids.exists():
        return 0
    texts = texts.read_bytes().split(b"\n__ggml_vocab_test__\n")
    want = [list(map(int, line.split())) for line in ids.read_text().splitlines()]
    got = common.Table(driver, v).encode(texts)
    wrong = [(t.decode(), g, w) for t, g, w in zip(texts, got, want) if g != w]
    for text, g, w in wrong[:5]:
        print(f"{path.name}: published ids: {text!r}\n  got  {g}\n  want {w}")
    print(f"{path.name}: {len(want)} published texts, {len(wrong)} failures")
    return len(wrong)


def files(folder):
    return sorted(pathlib.Path(folder).glob("*.gguf")) if folder else []


def main():
    args = common.arguments()
    failures = 0
    if args.only_vocabularies:
        if not args.vocabularies:
            common.skip("QUERN_TEST_VOCABULARIES is no folder of GGUF files")
        for path in files(args.vocabularies):
            if args.case and args.case not in path.name:
                continue
            v = common.Vocabulary.read(path)
            if v.model not in REFERENCES:
                print(f"{path.name}: tokenizer '{v.model}' is not supported")
                continue
            failures += compare(path.name, args.driver, v, args.lines)
            failures += published(path, args.driver, v)
        return 1 if failures else 0
    fast = args.lines if args.all_lines else args.lines // 4
    for pre in families.FAMILIES:
        if args.case and args.case not in pre:
            continue
        failures += compare(f"small {pre}", args.driver, small_bpe(pre), fast)
    for seed, fallback, unused in ((3, True, False), (4, False, False), (5, True, True)):
        failures += compare(f"small pieces {seed}", args.driver,
                            small_pieces(seed, fallback, False, unused), fast)
    for seed, fallback, prefix, unused in ((6, True, False, False), (7, False, True, True)):
        v = small_pieces(seed, fallback, prefix, unused, "t5")
        rng = random.Random(seed)
        v.scores = [struct.unpack("f", struct.pack("f", s - rng.random()))[0] for s in v.scores]
        # The reference would take these only where the sum is best.
        v.types = [NORMAL if t == USER else t for t in v.types]
        v.tokens = [t.replace(" ", "▁") for t in v.tokens]
        failures += compare(f"small unigram {seed}", args.driver, v, fast)
    for path in files(args.models):
        failures += compare(path.name, args.driver, common.Vocabulary.read(path), args.lines)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
