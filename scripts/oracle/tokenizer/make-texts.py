#!/usr/bin/env python3
"""Writes the texts whose token ids are compared with llama.cpp's: a JSON array of strings.

Some are written by hand (languages, code, emoji, white space, digits, special tokens), the others are put together from
the same parts and from all general categories by a generator with a fixed seed.

usage: make-texts.py OUT.json
"""

import json
import random
import sys
import unicodedata

PROSE = """
In the beginning God created the heaven and the earth. And the earth was without form, and void.
It was the best of times, it was the worst of times; it was the age of wisdom.
Don't, can't, won't, I'll, you're, they've, I'm, he'd, it's, 'tis, 'twas, rock 'n' roll, O'Neill's
DON'T, CAN'T, I'LL, YOU'RE, THEY'VE, I'M, HE'D, IT'S, We'Re, I'Ll, y'All, 'S 'T 'RE 'VE 'M 'LL 'D
She said: "Well... that's 100% fine!?" (and left) -- for $3.50/kg @ 25°C, i.e. ±2.5‰.
HelloWorld helloWorld HTTPServer parseJSON camelCase snake_case SCREAMING_SNAKE kebab-case dot.case
The quick brown fox jumps over the lazy dog 1234567890 times.
Der schnelle braune Fuchs springt über den faulen Hund. Straße, Größe, Äpfel, ÜBERGRÖSSE, daß.
Où est la bibliothèque ? Là-bas, près du café « L'Étoile », à 20 h 30 – s'il vous plaît.
¿Dónde está el niño? ¡Aquí! Mañana comeremos piñas y pingüinos.
Příliš žluťoučký kůň úpěl ďábelské ódy.
Zażółć gęślą jaźń. W Szczebrzeszynie chrząszcz brzmi w trzcinie.
Pijamalı hasta yağız şoföre çabucak güvendi. İstanbul'da ışık IŞIK
Tiếng Việt có nhiều dấu: Cửa Việt, Đà Nẵng, Hà Nội.
Съешь же ещё этих мягких французских булок, да выпей чаю.
Нещо на Български; щось українською: ґанок, їжак, є.
Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. Ἐν ἀρχῇ ἦν ὁ λόγος, ᾧ ΐ Ὦ ῼ.
ქართული ენა და მხედრული დამწერლობა. ႠႡႢ ᲐᲑᲒ
Հայերեն լեզու, ՀԱՅԵՐԵՆ։
אָלֶף־בֵּית עִבְרִי, שלום עולם! מה שלומך?
العربية: مرحبا بالعالم، كيف حالك؟ ١٢٣٤٥٦٧٨٩٠
فارسی: سلام دنیا ۱۲۳۴۵۶ نیم‌فاصله
اردو میں خوش آمدید۔
हिन्दी में नमस्ते दुनिया। क्षत्रिय १२३४५६७८९०
বাংলা ভাষা: আমি ভালো আছি। ১২৩
தமிழ் மொழி: வணக்கம் உலகம் ௧௨௩
తెలుగు భాష: నమస్కారం
ไทย: สวัสดีชาวโลก กำลังเรียนภาษาไทย ๑๒๓
ភាសាខ្មែរ កាន់តែពិសេសអាច
မြန်မာဘာသာ မင်္ဂလာပါ
བོད་ཡིག ང་ལ་དགའ་པོ་བྱུང་།
አማርኛ ሰላም ለዓለም።
中文:你好,世界!我想在apple工作1314151天～ 《红楼梦》第一回。
繁體中文:臺灣與香港的龍門。「引號」『書名』…… 𠀀𠮷𡃁
日本語:こんにちは世界。カタカナとひらがな、漢字ー々〆。ﾊﾝｶｸ ABCＡＢＣ123１２３
한국어: 안녕하세요 세계! 조선말 ㄱㄴㄷ ㅏㅑ 뷁
ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ ꮳꮃꭹ
ᚠᛇᚻ ᛒᛦᚦ ᚠᚱᚩᚠᚢᚱ
𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝒎𝒂𝒕𝒉 𝟙𝟚𝟛 𝕳𝖊𝖑𝖑𝖔
𐐀𐐁𐐨𐐩 𐒰𐒱 𞤀𞤢 𑢠𑣀 𒀀𒁀 𓀀𓂀
∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, α ∧ ¬β ⇒ γ; ∑∏∫√∞ ½ ¼ ² ³ Ⅷ ⅓ ① ㊿
e = mc²; H₂O; 10⁻³; x̄ ± σ; naïve; ﬁnal ﬂow; ŉ; ǆ ǅ Ǆ
€ £ ¥ ₹ ₿ ¢ § ¶ † ‡ • … ‰ ′ ″ ‹ › « » ‚ „ ‘ ’ “ ”
""".strip().split("\n")

CODE = r"""
public static void main(String[] args) { System.out.println("Hello, world!"); }
for (int i = 0; i < n; i++) { sum += a[i] * b[i]; } // O(n)
def f(x: int, *args, **kwargs) -> list[str]: return [str(x)] * 3  # comment
SELECT COUNT(*), AVG(price) FROM t WHERE name LIKE '%foo%' AND id != 42;
#include <stdio.h>
if (!ptr || ptr->next == NULL) { return -1; } else { *ptr ^= ~0xDEADBEEFu >> 3; }
<div class="a b" id='c'>&nbsp;&lt;text&gt;</div><!-- <br/> -->
{"key": [1, 2.5e-10, true, null], "s": "a\tb\n\u00e9"}
$ ls -la | grep -v '^d' && echo "${HOME}/.config" > /dev/null 2>&1
https://example.com/path/to/page.html?query=1&other=a%20b#frag user@mail.example.org
C:\Users\me\file.txt ..\..\x \\server\share
const f = async (x) => { await g(x ?? `t${x}`); };
0x1F 0b1010 0o17 1_000_000 3.14159e+10 .5 1. 1e5 1,234,567.89 192.168.0.1 2026-11-21T12:34:56Z
\begin{equation} \frac{a}{b} = \sum_{i=1}^{n} x_i^2 \end{equation}
::= -> => <- <= >= == === != !== ++ -- += **= //= << >> <<< >>> && || ?? ?. ... .. :: ;; ## @@ ~~
------======= ```````......!!!!!!?????? /////\\\\\\ ((((())))) [[[]]] {{{}}} <<<>>> ||| &&& %%% ^^^
___a__b_ _1_ a_1 $a $$ #tag #1 @me a@b %d %s %5.2f %%
""".strip().split("\n")

QUOTES = ["'" * 6 + '"' * 4, "'" * 3 + "s", "' era", "''t", '"\'re"', "'" + "`" * 3 + "'ll"]

EMOJI = [
    "🚀 (normal) 😶‍🌫️ (joined) ✅ (own token)", "👨‍👩‍👧‍👦 family", "👩🏽‍🚒👨🏿‍⚕️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿🇩🇪🇯🇵🇺🇸🇫", "❤️❤♥︎", "1️⃣2️⃣#️⃣", "😀😀😀 😁😂🤣 🦙.cpp",
    "a😀b", " 😀 ", "😀1😀", "¯\\_(ツ)_/¯", "(╯°□°)╯︵ ┻━┻", "☺☻♠♣♥♦", "🫠🫶🏼🩷",
]

WHITE = ["", " ", "  ", "   ", "    ", "        ", "\t", "\t\t", " \t", "\t ", "\n", "\n\n", "\n\n\n", "\n \n", " \n", "\n ", "\r", "\r\n",
         "\r\n\r\n", "\n\r", " \r\n ", "\v", "\f", "\x85", "\u00a0", "\u00a0\u00a0", "\u1680", "\u2000", "\u2003\u2009", "\u200a",
         "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\u3000\u3000", "\u200b", "\u200d", "\ufeff", "\u180e", "\u2060", "\x1c", "\x1f"]

SPECIAL = ["<s>", "</s>", "<unk>", "<|im_start|>user\nHi<|im_end|>\n", "<|im_start|>", "<|im_end|>", " <|im_end|> ", "<|im_end|><|im_end|>",
           "a<|im_end|>b", "<|im_", "<|im_start", "<|endoftext|>", "<|endoftext|>x", "<tool>", "x<tool>y", "<tool><tool>", " <tool>",
           "<<tool>>", "<to<tool>ol>", "    <|eot_id|>", "<|eot_id|>\n\n", "<0x41>", "<0x0A>", "▁", "▁▁", " ▁ ", "a▁b", "Ġ", "ĊĊ", "Ġthe", "<mask>",
           "\u200c<tool>\u200c", "<s><s>", "<s> <s>", "</s></s>a", "the<s>the", "<unk><unk>", "<|im_start|>system\nYou are<|im_end|>\n<|im_start|>"]

CONTROL = ["a\0b", "a\x01b", "\x7f", "\x1b[31mred\x1b[0m", "\x08\x08", "\ufffd", "a\ufffdb", "\ufffe", "\uffff", "\U0010ffff", "\ue000", "\U000f0000",
           "\u0378", "e\u0301", "a\u0300\u0301\u0302", "\u0301", " \u0301", "\u202eabc\u202c", "\u200eabc\u200f", "\u00ad", "A\u030a", "\u1100\u1161\u11a8"]

DIGITS = ["1" * n for n in range(1, 14)] + [f"a{'7' * n}b" for n in range(1, 8)] + ["٣" * n for n in range(1, 8)] + [
    "1 22 333 4444 55555", "12345.67890", "1a2b3c", "１２３４", "१२३४५", "²³⁴", "Ⅷ Ⅸ", "½¼¾", "12½", "12²", "1٣२３", "3.14.15", "-1 +2 ~3", "1st 2nd 3rd", "𝟏𝟐𝟑𝟒"]


def categories(rng):
    """A text of characters of each general category, between letters, as Unicode 14 has them."""
    by_category = {}
    for cp in range(0x110000):
        category = unicodedata.ucd_3_2_0.category(chr(cp))  # assigned long ago: every table knows them
        if category != "Cs" and cp != 0:
            by_category.setdefault(category, []).append(chr(cp))
    for category, chars in sorted(by_category.items()):
        for _ in range(5):
            some = rng.sample(chars, min(8, len(chars)))
            yield "".join(some)
            yield "a" + "b ".join(some) + "1"


def mixtures(rng, parts, count):
    for _ in range(count):
        text = ""
        for _ in range(rng.randint(2, 9)):
            part = rng.choice(rng.choice(parts))
            if len(part) > 12:
                start = rng.randrange(len(part) - 3)
                part = part[start : start + rng.randint(1, 12)]
            text += part
        yield text


def main():
    rng = random.Random(20261121)
    white_between = [f"a{w}b" for w in WHITE] + [f"{w}x" for w in WHITE] + [f"x{w}" for w in WHITE] + [f"!{w}1" for w in WHITE]
    long = ["a" * 200, " " * 200, "ab" * 100, "\n" * 50, "é" * 100, "1" * 100, "!" * 100, "à" * 120, "한" * 60, "😀" * 40, " a" * 80, "A" * 100]
    parts = [PROSE, CODE, QUOTES, EMOJI, WHITE, CONTROL, DIGITS, SPECIAL, WHITE, [" ", "'", "a", "Z", "s", "1", "."]]
    texts = PROSE + CODE + QUOTES + EMOJI + WHITE + white_between + SPECIAL + CONTROL + DIGITS + long
    texts += ["\n".join(PROSE[:6]), "\n\n".join(CODE[:4]), "\r\n".join(EMOJI), "    " + "\n    ".join(CODE[:5]), "\t" + "\n\t\t".join(CODE[5:9])]
    texts += list(categories(rng)) + list(mixtures(rng, parts, 350))
    texts = list(dict.fromkeys(texts))
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write("[\n" + ",\n".join(json.dumps(text) for text in texts) + "\n]\n")
    print(f"{len(texts)} texts", file=sys.stderr)


if __name__ == "__main__":
    main()
