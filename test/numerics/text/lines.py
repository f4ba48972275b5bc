"""Generated lines that a tokenizer may meet: deterministic, ugly, varied."""

import random

WORDS = ("the of and a to in is was he for it with as his on be at by I this had not are but "
         "from or have an they which one you were all her she there would their we him been has "
         "when who will no more if out so up said what its about than into them can only other "
         "time new some could these two may first then do any like my now over such our man me "
         "even most made after also did many off before must well back through years where much "
         "don't I'm we're you've she'll he'd it's O'Neil rock'n'roll internationalization "
         "antidisestablishmentarianism GGUF LLaMA tokenization iPhone McDonald USA NASA e.g. i.e."
         ).split()

SCRIPTS = [
    "привет мир как дела Съешь ещё этих мягких французских булок",
    "你好世界 今天天气怎么样 我们去吃饭吧 東京都 漢字 數學",
    "こんにちは世界 カタカナ ひらがな 日本語のテキスト",
    "안녕하세요 세계 한국어 텍스트 가나다라",
    "مرحبا بالعالم كيف حالك اللُّغَةُ العَرَبِيَّة",
    "שלום עולם מה שלומך",
    "नमस्ते दुनिया क्या हाल है हिन्दी क्षत्रिय",
    "สวัสดีชาวโลก ภาษาไทยไม่มีช่องว่าง",
    "Γειά σου Κόσμε ΑΒΓ αβγ ἀρχή",
    "héllo wörld naïve café Zürich Ångström ñandú čeština Łódź ßtraße",
    "Tiếng Việt có dấu đầy đủ",
    "வணக்கம் உலகம் தமிழ்", "ជំរាបសួរ ពិភពលោក", "გამარჯობა მსოფლიო", "Բարեւ աշխարհ",
    "ሰላም ልዑል", "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", "e\u0301 a\u0308 o\u0302\u0323 n\u0303",
]

EMOJI = ["😀", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪🇫🇷", "❤️", "1️⃣", "🧑🏿‍🚀", "😶‍🌫️", "🤷🏻‍♀️", "☃", "™"]

CODE = [
    "def f(x):\n    return x ** 2 + 1\n", "for (int i = 0; i < n; ++i) {\n\tsum += a[i];\n}\n",
    "#include <vector>\r\nstd::vector<int> v{1, 2, 3};\r\n", "SELECT * FROM t WHERE a >= 10;--x",
    "<div class=\"a\"><b>x</b></div>", "https://example.org/a?b=c&d=%20e#f", "{\"k\": [1, 2.5e-3, null]}",
    "$ ls -la | grep '^d' > /dev/null 2>&1", "x=0xDEADBEEF;;;...???!!!---===", "\\alpha_{i}^{2} \\frac{a}{b}",
    "\t\t\tif a:\n\t\t\t\tb()", "// ----------------\n/* * * */", "a_b_c__d CamelCaseWord snake_case_word",
]

SPACES = [" ", "  ", "   ", "\t", "\n", "\n\n", " \n", "\r\n", "\u00a0", "\u3000", "\u2003", "\u200b",
          "\u2028", "\x0b", "\x0c", "\x85", "\u202f", "\ufeff", "\u180e"]

SPECIAL = ["<|im_start|>", "<|im_end|>", "<start_of_turn>", "<end_of_turn>", "<bos>", "</s>", "<s>",
           "<h1>", "[multimodal]", "<0x41>", "<unk>", "<pad>", "▁", "▁▁", "Ġ", "<|", "|>", "</", "<unused3>"]


def _piece(rng):
    kind = rng.randrange(14)
    if kind < 3:
        words = rng.choices(WORDS, k=rng.randrange(1, 12))
        if rng.random() < 0.2:
            words = [rng.choice((str.upper, str.title, str.swapcase))(w) for w in words]
        return rng.choice((" ", " ", " ", ", ", ". ", "")).join(words)
    if kind < 5:
        text = rng.choice(SCRIPTS)
        a = rng.randrange(len(text))
        return text[a : a + rng.randrange(1, 30)]
    if kind == 5:
        return "".join(rng.choices(EMOJI, k=rng.randrange(1, 5)))
    if kind == 6:
        return "".join(rng.choices("0123456789", k=rng.randrange(1, 14)))
    if kind == 7:
        return rng.choice(CODE)
    if kind == 8:
        return rng.choice(SPACES) * rng.choice((1, 1, 2, 3, 5, 17, 40))
    if kind == 9:
        return "".join(rng.choices(SPACES, k=rng.randrange(1, 6)))
    if kind == 10:
        return rng.choice("ab-=_*#.~!?0\n\t ") * rng.randrange(1, 90)
    if kind == 11:
        return "".join(chr(rng.randrange(0x20, 0x7f)) for _ in range(rng.randrange(1, 20)))
    if kind == 12:
        return rng.choice(SPECIAL)
    out = []  # anything assigned before Unicode 14, control characters included
    import unicodedata

    while len(out) < rng.randrange(1, 12):
        c = rng.choice((rng.randrange(0x20), rng.randrange(0x250), rng.randrange(0x3000),
                        rng.randrange(0x10000), rng.randrange(0x20000)))
        if unicodedata.category(chr(c)) not in ("Cs", "Cn", "Co"):
            out.append(chr(c))
    return "".join(out)


def lines(count, seed=1):
    rng = random.Random(seed)
    return ["".join(_piece(rng) for _ in range(rng.randrange(1, 7))) for _ in range(count)]


def broken(count, seed=2):
    """Byte strings that are mostly not valid UTF-8."""
    rng = random.Random(seed)
    out = []
    for line in lines(count, seed):
        data = bytearray(line.encode())
        for _ in range(rng.randrange(1, 5)):
            at = rng.randrange(len(data) + 1)
            what = rng.randrange(3)
            if what == 0:
                data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 4)))
            elif what == 1:
                del data[at : at + 1]
            else:
                data[at : at + 1] = bytes([rng.randrange(0x80, 0x100)])
        out.append(bytes(data))
    return out
