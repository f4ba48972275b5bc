"""Folders with a tokenizer.json against the `tokenizers` package.

Every configuration is trained here on generated lines, written to a folder as
published models have it, read by quern's reader of such folders, and compared
with the package on other lines: ids with and without special tokens, and what
the ids decode to.
"""

import json
import pathlib
import struct
import sys
import tempfile
import unicodedata

import common
import lines as generated

(tokenizers,) = common.need("tokenizers")
import families  # noqa: E402
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers,  # noqa: E402
                        processors, trainers)

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
ATTRIBUTES = [AddedToken("<left>", lstrip=True), AddedToken("<right>", rstrip=True),
              AddedToken("<both>", lstrip=True, rstrip=True, normalized=False),
              AddedToken("word", single_word=True), AddedToken("the", single_word=True, normalized=False),
              AddedToken("漢字x", normalized=True), AddedToken("[ X ]", normalized=True),
              AddedToken("  ", normalized=False), AddedToken("\n\n\n", normalized=True)]


def weights(path, rows):
    """A safetensors file with an embedding."""
    header = json.dumps({"model.embed_tokens.weight": {
        "dtype": "BF16", "shape": [rows, 2], "data_offsets": [0, rows * 4]}}).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(rows * 4))


def write_folder(base, tokenizer, config=None):
    rows = tokenizer.get_vocab_size()
    rows = max(rows, max(tokenizer.get_vocab().values()) + 1)
    (base / "tokenizer.json").write_text(tokenizer.to_str())
    (base / "config.json").write_text(json.dumps({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 2,
        "intermediate_size": 2, "num_hidden_layers": 0, "num_attention_heads": 1,
        "num_key_value_heads": 1, "max_position_embeddings": 64, "vocab_size": rows,
        "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": True, **(config or {})}))
    weights(base / "model.safetensors", rows)


def train(model, lines, **options):
    tokenizer = Tokenizer(model)
    for part in ("normalizer", "pre_tokenizer", "decoder"):
        if options.get(part) is not None:
            setattr(tokenizer, part, options[part])
    special = options.get("special", SPECIAL)
    if isinstance(model, models.Unigram):
        trainer = trainers.UnigramTrainer(vocab_size=1500, show_progress=False, unk_token="<unk>",
                                          special_tokens=["<unk>"] + special)
    else:
        trainer = trainers.BpeTrainer(
            vocab_size=options.get("size", 2500), show_progress=False, special_tokens=special,
            initial_alphabet=options.get("alphabet", []), limit_alphabet=400)
    # What is special must not become a token twice.
    lines = [l for l in lines if not any(t in l for t in ["<0x", "<unk>"] + special)]
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


def byte_level(pre_tokenizer, normalizer=None, ignore_merges=False):
    tokenizer = train(models.BPE(ignore_merges=ignore_merges), generated.lines(1200, seed=7),
                      pre_tokenizer=pre_tokenizer, normalizer=normalizer, decoder=decoders.ByteLevel(),
                      alphabet=pre_tokenizers.ByteLevel.alphabet())
    return tokenizer


def with_bytes(tokenizer):
    """The same model with tokens for all bytes, which the trainer cannot make."""
    spec = json.loads(tokenizer.to_str())
    model = spec["model"]
    model["byte_fallback"] = True
    if model["type"] == "Unigram":
        model["vocab"] += [[f"<0x{b:02X}>", -20.0 - b / 64] for b in range(256)]
    else:
        for b in range(256):
            model["vocab"][f"<0x{b:02X}>"] = len(model["vocab"])
    return Tokenizer.from_str(json.dumps(spec))


LLAMA_DECODER = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]


def characters(normalizer=None, pre_tokenizer=None, decoder=None, fuse=True, fallback=True, unk="<unk>",
               ignore_merges=False, lines=None):
    """BPE over characters, as SentencePiece models are published."""
    # Without words to cut at, the trainer would merge whole lines.
    lines = lines or [" ".join(l.split()[:4])[:24] for l in generated.lines(3000, seed=8)]
    model = models.BPE(fuse_unk=fuse, unk_token=unk, ignore_merges=ignore_merges)
    tokenizer = train(model, lines, normalizer=normalizer, pre_tokenizer=pre_tokenizer,
                      decoder=decoder or decoders.Sequence(LLAMA_DECODER), special=["<unk>", "<s>", "</s>"])
    return with_bytes(tokenizer) if fallback else tokenizer


def unigram(normalizer=None, pre_tokenizer=None, fallback=False):
    tokenizer = train(models.Unigram(), generated.lines(800, seed=9), normalizer=normalizer,
                      pre_tokenizer=pre_tokenizer or pre_tokenizers.Metaspace(),
                      decoder=decoders.Metaspace(), special=["<s>", "</s>"])
    if not fallback:
        return tokenizer
    tokenizer = with_bytes(tokenizer)
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    return tokenizer


def precompiled():
    """A small character map, in the format of sentencepiece's compiled ones."""
    import charsmap

    pairs = {"Ａ": "A", "Ｂ": "B", "ａ": "a", "é": "é", "é": "é", "ﬁ": "fi", "①": "1", "\u00a0": " ",
             "\u3000": " ", "▁": " ", "\t": " ", "\n": " ", "™": "tm", "\u200b": "", "½": "1/2", "가": "가",
             "A": "a", "B": "b", "ö": "ö", "❤": "h", "नि": "ni"}
    return charsmap.build(pairs)


def cases():
    split, digits = pre_tokenizers.Split, pre_tokenizers.Digits
    level = pre_tokenizers.ByteLevel
    sequence = pre_tokenizers.Sequence
    nfc, nfkc, replace = normalizers.NFC, normalizers.NFKC, normalizers.Replace
    norms = normalizers.Sequence
    for name in families.FAMILIES:
        if any("&&" in str(part) for part in families.parts(name)):
            continue  # no tokenizer.json has Kimi's pattern; such classes are refused
        yield f"family {name}", lambda name=name: byte_level(
            families.pre_tokenizer(name), ignore_merges=name in families.WHOLE_WORDS)
    yield "gpt-2 with prefix", lambda: byte_level(level(add_prefix_space=True, use_regex=True))
    yield "qwen2 with NFC", lambda: byte_level(families.pre_tokenizer("qwen2"), nfc())
    for form in ("NFD", "NFKC", "NFKD"):
        yield form, lambda form=form: byte_level(families.pre_tokenizer("gpt-2"), getattr(normalizers, form)())
    yield "lowercase, strip", lambda: byte_level(
        families.pre_tokenizer("gpt-2"), norms([normalizers.Strip(), normalizers.Lowercase()]))
    yield "strip right, accents, nmt", lambda: byte_level(
        families.pre_tokenizer("gpt-2"),
        norms([normalizers.Strip(left=False), normalizers.Nmt(), normalizers.NFD(), normalizers.StripAccents()]))
    yield "replace by pattern", lambda: byte_level(
        families.pre_tokenizer("gpt-2"), norms([replace(Regex(r"\s+"), " "), replace("a", "bb"),
                                               replace(Regex(r"\d{2}"), "#"),
                                               normalizers.Prepend("~")]))
    for behavior in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"):
        for invert in (False, True):
            yield f"split {behavior} {invert}", lambda b=behavior, i=invert: byte_level(
                sequence([split(Regex(r"[aeiou]|\s|\d"), b, i), level(add_prefix_space=False, use_regex=False)]))
    yield "split strings", lambda: byte_level(sequence(
        [split(" ", "merged_with_next"), split("e.", "isolated"), level(add_prefix_space=False, use_regex=False)]))
    yield "split with empty matches", lambda: byte_level(sequence(
        [split(Regex(r"\p{N}+"), "isolated"), split(Regex(r"(?=(\d{3})+(?!\d))"), "isolated"),
         level(add_prefix_space=False, use_regex=False)]))
    yield "patterns of another engine", lambda: byte_level(sequence(
        [split(Regex(r"[[a-c][x-z]]+|\h{2}|[^\S\n]+|\w$|^.|[\p{Lu}]{2,3}+|\v|[\S\n]\B."), "isolated"),
         level(add_prefix_space=False, use_regex=False)]))
    yield "possessive", lambda: byte_level(sequence(
        [split(Regex(r"[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"),
               "isolated"), level(add_prefix_space=False, use_regex=False)]))
    yield "tiny aya", lambda: byte_level(sequence(
        [split(Regex(r"\d{1,3}(?=(?:\d{3})*\b)"), "isolated"),
         split(Regex(families.parts("gpt-4o")[0]), "isolated"), level(add_prefix_space=False, use_regex=False)]))
    yield "punctuation, words", lambda: byte_level(sequence(
        [pre_tokenizers.Punctuation("isolated"), digits(individual_digits=False), pre_tokenizers.Whitespace(),
         level(add_prefix_space=True, use_regex=False)]))
    yield "white space", lambda: byte_level(sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("merged_with_previous"),
         level(add_prefix_space=True, use_regex=True)]))

    marking = replace(" ", "▁")
    prepend = norms([normalizers.Prepend("▁"), marking])
    yield "llama 2", lambda: characters(prepend, decoder=decoders.Sequence(
        LLAMA_DECODER + [decoders.Strip(" ", 1, 0)]))
    yield "gemma", lambda: characters(marking, split(" ", "merged_with_previous"))
    yield "mistral", lambda: characters(None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False),
                                        decoders.Sequence(LLAMA_DECODER + [decoders.Strip(" ", 1, 0)]))
    yield "characters, no bytes", lambda: characters(prepend, fallback=False)
    yield "characters, each unknown", lambda: characters(prepend, fallback=False, fuse=False)
    yield "characters, no unknown", lambda: characters(prepend, fallback=False, unk=None)
    yield "characters, words", lambda: characters(
        None, pre_tokenizers.Metaspace(), lines=generated.lines(1000, seed=8), ignore_merges=True)
    yield "characters, cut digits", lambda: characters(
        marking, sequence([digits(individual_digits=True), split(Regex(r"\n+"), "isolated")]))
    yield "characters, plain", lambda: characters(None, pre_tokenizers.WhitespaceSplit(), decoders.ByteFallback(),
                                                  lines=generated.lines(1000, seed=8))
    yield "unigram", lambda: unigram()
    yield "unigram, bytes", lambda: unigram(fallback=True)
    yield "unigram, never", lambda: unigram(None, pre_tokenizers.Metaspace(prepend_scheme="never"))
    yield "unigram, NFKC", lambda: unigram(norms([normalizers.Nmt(), nfkc(), replace(Regex(" {2,}"), " ")]))
    yield "unigram, split", lambda: unigram(
        None, sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]))
    yield "unigram, punctuation", lambda: unigram(
        None, sequence([pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation(), digits(individual_digits=True)]))
    yield "unigram, precompiled", lambda: unigram(
        norms([normalizers.Precompiled(precompiled()), replace(Regex(" {2,}"), "▁")]))


def lines(count):
    """Generated lines, with what added tokens look for."""
    import random

    rng = random.Random(5)
    out = []
    for line in generated.lines(count, seed=11):
        if rng.random() < 0.3:
            for _ in range(rng.randrange(1, 4)):
                token = rng.choice(ATTRIBUTES).content
                at = rng.randrange(len(line) + 1)
                spaces = rng.choice(("", "", " ", "  ", "\t", "\u3000 \n"))
                line = line[:at] + spaces + token + rng.choice(("", spaces)) + line[at:]
        out.append(line)
    return out


def normalized(tokenizer, text):
    return tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text


def newer_characters(tokenizer, texts):
    """Characters that the package's own tables of marks and punctuation do not know:
    they are of an older Unicode than the engine of its patterns."""
    rules = tokenizer.to_str()
    punctuation, accents = pre_tokenizers.Punctuation("removed"), normalizers.StripAccents()
    out = set()
    for char in set("".join(texts)):
        category = unicodedata.category(char)
        if '"Punctuation"' in rules and category[0] == "P" and punctuation.pre_tokenize_str(char):
            out.add(char)
        # Marks change places by their classes.
        if ('"NFD"' in rules or '"NFKD"' in rules) and unicodedata.combining(char) > 1 \
                and normalizers.NFD().normalize_str(char + "\u0334")[0] != "\u0334":
            out.add(char)
        if '"StripAccents"' in rules and category[0] == "M" and accents.normalize_str(char):
            out.add(char)
    return out


def compare(name, args, tokenizer):
    """Ids and decoded texts; the number of differences."""
    table = common.Table(args.driver)
    with tempfile.TemporaryDirectory() as folder:
        write_folder(pathlib.Path(folder), tokenizer)
        common.run(args.folder_driver, folder, table.path)
    texts = lines(args.lines)
    broken = generated.broken(args.lines // 4)
    inputs = [t.encode() for t in texts] + broken
    texts += [b.decode("utf-8", "replace") for b in broken]
    got = table.encode(inputs, "special", "bos")
    want = [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=True)]
    newer = newer_characters(tokenizer, texts)
    # A byte token's name in a text is that token to Unigram of `tokenizers`.
    usable = [i for i, t in enumerate(texts)
              if '"Unigram"' not in tokenizer.to_str() or "<0x" not in t]
    usable = [i for i in usable if not newer.intersection(texts[i])]
    wrong = [i for i in usable if got[i] != want[i]]
    compared = len(usable)
    for i in wrong[:3]:
        print(f"{name}: {inputs[i]!r}\n  got  {got[i]}\n  want {want[i]}")
    # The package decodes an added token to its normalized text, quern to what was there.
    odd = {tokenizer.token_to_id(t.content) for t in ATTRIBUTES
           if t.normalized and normalized(tokenizer, t.content) != t.content}
    usable = [i for i in usable if not odd.intersection(want[i])]
    # Bytes that are no character come back as they are, here U+FFFD each.
    back = [b.decode("utf-8", "replace") for b in table.decode([want[i] for i in usable])]
    decoded = tokenizer.decode_batch([want[i] for i in usable], skip_special_tokens=True)
    bad = [i for i, b, d in zip(usable, back, decoded) if b != d]
    for i in bad[:3]:
        print(f"{name}: decoded {want[i]}: {inputs[i]!r}\n  got  {back[usable.index(i)]!r}\n"
              f"  want {decoded[usable.index(i)]!r}")
    print(f"{name}: {compared} lines, {len(wrong)} failures, "
          f"{len(bad)} of {len(usable)} in decoding", flush=True)
    return len(wrong) + len(bad)


def main():
    args = common.arguments()
    failures = 0
    for name, make in cases():
        if args.case and args.case not in name:
            continue
        tokenizer = make()
        failures += compare(name, args, tokenizer)
        # The same with added tokens of all kinds, and BOS and EOS around.
        first = next(t for t in ("<s>", SPECIAL[0]) if tokenizer.token_to_id(t) is not None)
        last = next(t for t in ("</s>", SPECIAL[2]) if tokenizer.token_to_id(t) is not None)
        # The package never ends on a token that is empty when normalized.
        tokenizer.add_tokens([t for t in ATTRIBUTES if normalized(tokenizer, t.content)])
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{first} $A {last}", pair=f"{first} $A $B",
            special_tokens=[(t, tokenizer.token_to_id(t)) for t in (first, last)])
        failures += compare(name + ", added tokens", args, tokenizer)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
