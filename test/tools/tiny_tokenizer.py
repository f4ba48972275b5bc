"""Vocabularies of some 300 tokens for tiny models, in GGUF and HF form.

Two kinds, as the models have them: byte-level BPE (GGUF "gpt2") and
SentencePiece BPE with byte fallback (GGUF "llama"). Both are trained here on
one paragraph, which makes them deterministic and small, yet every text can be
encoded: the 256 bytes are always there.
"""
import collections
import dataclasses

TEXT = ("the cat sat on the mat and the rain in the north ran to the sea "
        "there is another answer in the other letter and then the teacher "
        "read it to all of us in one hour so that nothing was lost in it")

CHATML = ("{% for message in messages %}{{'<|im_start|>' + message['role'] + "
          "'\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
          "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
          "{% endif %}")
TURNS = ("{{ bos_token }}{% for message in messages %}{{ '<start_of_turn>' + "
         "('model' if message['role'] == 'assistant' else message['role']) + "
         "'\\n' + message['content'] | trim + '<end_of_turn>\\n' }}"
         "{% endfor %}{% if add_generation_prompt %}"
         "{{ '<start_of_turn>model\\n' }}{% endif %}")

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)


@dataclasses.dataclass
class Vocabulary:
    """What a GGUF file says of its tokenizer, and the HF tokenizer.json."""
    model: str
    pre: str
    tokens: list
    types: list
    special: dict  # bos, eos, unk, pad -> id
    addBos: bool
    template: str
    hf: dict
    merges: list = None
    scores: list = None


def byteAlphabet():
    """GPT-2's printable stand-ins for the 256 bytes, in byte order."""
    keep = set(range(33, 127)) | set(range(161, 173)) | set(range(174, 256))
    extra = iter(range(256, 512))
    return [chr(b if b in keep else next(extra)) for b in range(256)]


def train(words, count):
    """Greedy BPE: `count` times the most frequent pair (ties: the smaller)."""
    words = [list(w) for w in words]
    merges = []
    while len(merges) < count:
        pairs = collections.Counter(p for w in words for p in zip(w, w[1:]))
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        for w in words:
            i = 0
            while i + 1 < len(w):
                if (w[i], w[i + 1]) == best:
                    w[i:i + 2] = ["".join(best)]
                i += 1
    return merges


def addedTokens(tokens, types):
    return [{"id": i, "content": t, "single_word": False, "lstrip": False,
             "rstrip": False, "normalized": False, "special": True}
            for i, (t, kind) in enumerate(zip(tokens, types))
            if kind in (CONTROL, UNKNOWN)]


def huggingFace(tokens, types, merges, **parts):
    """The skeleton of a tokenizer.json around a BPE model."""
    model = {"type": "BPE", "dropout": None, "unk_token": None,
             "continuing_subword_prefix": None, "end_of_word_suffix": None,
             "fuse_unk": False, "byte_fallback": False,
             "ignore_merges": False,
             "vocab": {t: i for i, t in enumerate(tokens)},
             "merges": [list(m) for m in merges]}
    model |= parts.pop("model", {})
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": addedTokens(tokens, types), "normalizer": None,
            "pre_tokenizer": None, "post_processor": None, "decoder": None,
            **parts, "model": model}


def byteLevel(merges=41, pre="gpt-2"):
    """Byte-level BPE as in GPT-2, with ChatML's special tokens."""
    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    types = [CONTROL] * len(tokens)
    learned = train([("\u0120" if i else "") + w
                     for i, w in enumerate(TEXT.split())], merges)
    tokens += byteAlphabet() + ["".join(m) for m in learned]
    types += [NORMAL] * (len(tokens) - len(types))
    level = {"type": "ByteLevel", "add_prefix_space": False,
             "trim_offsets": True, "use_regex": True}
    hf = huggingFace(tokens, types, learned, pre_tokenizer=level,
                     decoder=level)
    return Vocabulary("gpt2", pre, tokens, types,
                      {"bos": 1, "eos": 2, "unk": 0, "pad": 2}, False, CHATML,
                      hf, merges=[" ".join(m) for m in learned])


def sentencePiece(merges=41):
    """SentencePiece BPE with byte fallback and without a space prefix."""
    tokens = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>",
              "<end_of_turn>"]
    types = [CONTROL] * 3 + [UNKNOWN] + [CONTROL] * 2
    tokens += [f"<0x{b:02X}>" for b in range(256)]
    types += [BYTE] * 256
    scores = [-1000.0] * len(tokens)
    words = [("\u2581" if i else "") + w for i, w in enumerate(TEXT.split())]
    learned = ["".join(m) for m in train(words, merges)]
    tokens += learned
    scores += [-float(i) for i in range(len(learned))]
    letters = sorted(set("".join(words) + "bgkpvyTIA.,!?'\n"))
    tokens += letters
    scores += [-float(len(learned) + i) for i in range(len(letters))]
    types += [NORMAL] * (len(tokens) - len(types))
    # A pair merges whenever its concatenation is a piece, best score first.
    known = set(learned) | set(letters)
    pairs = [(t[:i], t[i:]) for t in learned for i in range(1, len(t))
             if t[:i] in known and t[i:] in known]
    hf = huggingFace(
        tokens, types, pairs,
        normalizer={"type": "Replace", "pattern": {"String": " "},
                    "content": "\u2581"},
        decoder={"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "\u2581"},
             "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]},
        post_processor={
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<bos>", "type_id": 0}},
                       {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}},
                     {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<bos>": {"id": "<bos>", "ids": [2],
                                         "tokens": ["<bos>"]}}},
        model={"unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True})
    return Vocabulary("llama", "default", tokens, types,
                      {"bos": 2, "eos": 1, "unk": 3, "pad": 0}, True, TURNS,
                      hf, scores=scores)
