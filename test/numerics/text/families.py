"""The pre-tokenizers of model families, as their tokenizer.json files have them."""

from tokenizers import Regex, pre_tokenizers
from tokenizers.pre_tokenizers import ByteLevel, Digits, Punctuation, Split

CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
HEAD = CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|"
MARKS = r"| ?[^\s\p{L}\p{N}]+"
TAIL = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
HAN_KANA = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"
EAST_ASIAN = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
BLOOM = " ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+"
DEEPSEEK3 = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"
             r"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+")
# DeepSeek LLM's letters, first and last of each range.
LETTERS = """41-5a 61-7a b5 c0-d6 d8-f6 f8-1ba 1bc-1bf 1c4-293 295-2af 370-373 376 377 37b-37d 37f
386 388-38a 38c 38e-3a1 3a3-3f5 3f7-481 48a-52f 531-556 10a0-10c5 13a0-13f5 13f8-13fd 1c90-1cba
1cbd-1cbf 1d00-1d2b 1d6b-1d77 1d79-1d9a 1e00-1f15 1f18-1f1d 1f20-1f45 1f48-1f4d 1f50-1f57 1f59
1f5b 1f5d 1f5f-1f7d 1f80-1fb4 1fb6-1fbc 1fbe 1fc2-1fc4 1fc6-1fcc 1fd0-1fd3 1fd6-1fdb 1fe0-1fec
1ff2-1ff4 1ff6-1ffc 2102 2107 210a-2113 2115 2119-211d 2124 2126 2128 212a-212d 212f-2134 2139
213c-213f 2145-2149 214e 2183 2184 2c00-2c7b 2c7e-2ce4 2ceb-2cee 2cf2 2cf3 a640-a66d a680-a69b
a722-a76f a771-a787 a78b-a78e ab70-abbf fb00-fb06 fb13-fb17 ff21-ff3a ff41-ff5a 10400-1044f
104b0-104d3 104d8-104fb 10c80-10cb2 10cc0-10cf2 118a0-118df 1e900-1e943"""


KIMI = (r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*"
        r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+"
        r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL)
# Chinese, Japanese, Thai, Lao, Khmer, Burmese and Korean, first and last of each block.
SPACELESS = "".join(f"{chr(a)}-{chr(b)}" for a, b in (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x8C48, 0xFAFF), (0x3040, 0x309F), (0x30A0, 0x30FF),
    (0xFF65, 0xFF9F), (0x2F00, 0x2FDF), (0xE40, 0xE7F), (0xE80, 0xEFF), (0x1780, 0x17FF),
    (0x1000, 0x109F), (0xAA60, 0xAA7F), (0xA9E0, 0xA9FF), (0xAC00, 0xD7AF), (0x1100, 0x11FF)))


def letters():
    return "".join("-".join(chr(int(end, 16)) for end in part.split("-"))
                   for part in LETTERS.split())


def o200k(suffix, digits, slash="/"):
    word = r"[^\r\n\p{L}\p{N}]?"
    return (f"{word}{UPPER}*{LOWER}+{suffix}|{word}{UPPER}+{LOWER}*{suffix}|{digits}"
            rf"{MARKS}[\r\n{slash}]*{TAIL}")


def parts(name):
    """What a family's Sequence holds; a string is a Split whose matches are words."""
    words = ByteLevel(add_prefix_space=False, use_regex=True)
    cl100k = HEAD + r"\p{N}{1,3}" + MARKS + r"[\r\n]*" + TAIL
    qwen2 = HEAD + r"\p{N}" + MARKS + r"[\r\n]*" + TAIL
    cascade = "".join(rf"|\s{{{n}}}(?!\S)" for n in (512, 256, 128, 64, 32, 16, 8, 4, "1,2"))
    optional = CONTRACTION + "?"
    digits = Digits(individual_digits=True)
    return {
        "gpt-2": [words],
        "default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
        "falcon": [Punctuation("contiguous"), words, Digits(individual_digits=False),
                   "[0-9][0-9][0-9]"],
        "smollm": [digits, words],
        "llama-bpe": [cl100k],
        "dbrx": [cl100k],
        "jais-2": [HEAD + r"\p{N}{1,3}" + MARKS + r"[\r\n]*|\s*[\r\n]+" + cascade + r"|\s{1}"],
        "qwen2": [qwen2],
        "qwen35": [CONTRACTION + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
                   r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + TAIL],
        "ufakzeka": [r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + MARKS + r"[\r\n]*" + TAIL],
        "laguna": [r"[^\n]+|[\n]+", qwen2],
        "seed-coder": [HEAD + r"\p{N}{1}" + r"| ?[^\s\p{L}\p{N}\r\n]+" + TAIL],
        "bailingmoe": [r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}"
                       r"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"],
        "minicpm5": [r"\p{N}{1,3}", HEAD + r"\p{N}+" + MARKS + r"[\r\n]*" + TAIL],
        "exaone-moe": [CONTRACTION + r"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}"
                       r"| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"],
        "gpt-4o": [o200k(optional, r"\p{N}{1,3}")],
        "granite-embed-multi-97m": [o200k(optional, r"\p{N}{1,3}")],
        "tekken": [o200k("", r"\p{N}")],
        "youtu": ["[\uac00-\ud7a3\u3131-\u318e]+|[\uff01\u2026\u201c\u201d\u2018\u2019\u2014\uff1a"
                  "\uff1b\uff0c\u3001-\u303f\ufe30-\ufe4f]+|[\u3105-\u312f]+|" + HAN_KANA,
                  o200k(optional, r"\p{N}")],
        "deepseek-v3": [r"\p{N}{1,3}", HAN_KANA, DEEPSEEK3 + r"[\r\n]*" + TAIL],
        "spark2_5": [r"\p{N}{1,3}", HAN_KANA, DEEPSEEK3 + r"|[\r\n]|\s+(?!\S)|\s+", r"\p{N}"],
        "kimi-k2": [KIMI],
        "tiny_aya": [r"\d{1,3}(?=(?:\d{3})*\b)", o200k(optional, r"\p{N}{1,3}")],
        "superbpe": [r"\p{N}+", r"(?=(\d{3})+(?!\d))"],
        "afmoe": [r"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))", f"[{SPACELESS}]+", DEEPSEEK3 + r"[\r\n]*" + TAIL],
        "deepseek-coder": [r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", EAST_ASIAN, digits],
        "deepseek-llm": [r"[\r\n]", rf"\s?[{letters()}]+",
                         "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+",
                         r"\s+$", EAST_ASIAN, digits],
        "bloom": [BLOOM],
        "viking": [BLOOM, digits],
        "chameleon": ["<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
                      r"([\t\n]|    |  )", digits, Punctuation("isolated"), words],
    }[name]


# Names whose families share a rule with one above.
SAME = {"gpt-2": "phi-2 olmo jais mpt exaone4", "smollm": "starcoder refact command-r exaone "
        "minerva-7b codeshell", "llama-bpe": "falcon3 pixtral glm4", "dbrx": "smaug-bpe chatglm-bpe",
        "qwen2": "stablelm2 deepseek-r1-qwen megrez hunyuan", "bloom": "poro-chat gpt3-finnish",
        "gpt-4o": "llama4", "deepseek-v3": "deepseek-r1 hunyuan-dense", "tiny_aya": "cohere2moe"}
FAMILIES = ("gpt-2 default falcon smollm llama-bpe dbrx jais-2 qwen2 qwen35 ufakzeka laguna "
            "seed-coder bailingmoe minicpm5 exaone-moe gpt-4o granite-embed-multi-97m tekken youtu "
            "deepseek-v3 spark2_5 deepseek-coder deepseek-llm bloom viking chameleon kimi-k2 tiny_aya superbpe afmoe").split()
# A word that is a token is not merged.
WHOLE_WORDS = ("llama-bpe", "minicpm5", "granite-embed-multi-97m", "tekken", "youtu")


def family(name):
    for first, others in SAME.items():
        if name in others.split():
            return first
    return name


def pre_tokenizer(name):
    steps = [Split(Regex(p), "isolated", False) if isinstance(p, str) else p
             for p in parts(family(name))]
    if not any(isinstance(p, ByteLevel) for p in steps):
        # In tokenizer.json it is the last.
        steps.append(ByteLevel(add_prefix_space=False, use_regex=False))
    return pre_tokenizers.Sequence(steps)
