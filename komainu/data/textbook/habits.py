"""What goes wrong with answers beside their content: habits of chat models, and damage on the way.

Each is a function of the right answer, its language and a generator. The wordings are not those that the checks know
by name, and none holds anybody's data: names and numbers are drawn.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from komainu.data.textbook.tasks import Lang

Habit = Callable[[str, Lang, random.Random], str]
TALK: dict[Lang, tuple[str, ...]] = {
    "ja": (
        "AIアシスタントとして、個人的な好みはありません。{}",
        "承知しました。以下に回答します。\n{}",
        "私は大規模言語モデルですので、確かなことは言えませんが、答えは次のとおりです。\n{}",
        "{}\n訳注: 文脈によって変わります。",
        "かしこまりました。こちらが答えです。\n{}",
    ),
    "en": (
        "As an AI language model, I have no opinion of my own. {}",
        "Certainly! Here is the answer:\n{}",
        "I'm just an AI, but this should be right.\n{}",
        "{}\nTranslator's note: this depends on the context.",
        "Of course! Here's what you asked for:\n{}",
    ),
}
BROKEN = ("```\n{}", "**{}", "[{}", "{} **", "\\[ {}", "【{}", "`{}")
REFUSED: dict[Lang, tuple[str, ...]] = {
    "ja": (
        "申し訳ありませんが、そのご依頼にはお応えできません。",
        "すみません、この質問にはお答えできません。",
        "恐れ入りますが、その内容については回答を控えさせていただきます。",
    ),
    "en": (
        "I'm sorry, but I can't assist with that request.",
        "Unfortunately, I am unable to provide an answer to this.",
        "I must decline this request.",
    ),
}
MACHINERY = (
    "Error: 503 Service Unavailable",
    '{"error": {"message": "The server is overloaded", "code": 529}}',
    "openai.APITimeoutError: Request timed out.",
    "HTTPConnectionPool(host='localhost', port=8000): Read timed out.",
    "Internal Server Error",
)
FOREIGN: dict[Lang, tuple[str, ...]] = {
    "ja": (
        "This is one of the sentences that people use every day.",
        "The answer is short, and there is nothing to add to it.",
        "Let me think about that for a moment before I answer.",
    ),
    "en": (
        "これは毎日の生活でよく使われる言い方です。",
        "答えは短く、ほかに付け加えることはありません。",
        "答える前に、少し考えさせてください。",
    ),
}
SIGNS = "★☆◆◇=#~_^%&@/\\|<>"
CONTACT = {"ja": "{}\n連絡先: {}", "en": "{}\nContact: {}"}


def boilerplate(right: str, lang: Lang, rng: random.Random) -> str:
    return rng.choice(TALK[lang]).format(right)


def markup(right: str, lang: Lang, rng: random.Random) -> str:
    return rng.choice(BROKEN).replace("{}", right)


def encoding(right: str, lang: Lang, rng: random.Random) -> str:
    """Read as Latin-1 or Shift_JIS, or a character lost; what is ASCII gets a quotation mark to lose."""
    text = f"“{right}”" if right.isascii() else right
    at = rng.randrange(len(text))
    return rng.choice(
        (
            text.encode().decode("latin-1"),
            text.encode().decode("cp932", "replace"),
            f"{text[:at]}\ufffd{text[at + 1 :]}",
            f"{text[:at]}\x9d{text[at:]}",
        )
    )


def private(right: str, lang: Lang, rng: random.Random) -> str:
    """An e-mail address, a telephone number or a street address that nobody has."""
    digits = [str(rng.randrange(10)) for _ in range(8)]
    name = "".join(rng.choice("abdeghikmnorstuy") for _ in range(9))
    mail = f"{name}{digits[0]}@{name[:4]}-mail.jp"
    phone = f"0{rng.choice('789')}0-{''.join(digits[:4])}-{''.join(digits[4:])}"
    place = f"東京都千代田区架空町{rng.randint(1, 9)}-{rng.randint(1, 20)}-{rng.randint(1, 20)}"
    return CONTACT[lang].format(right, rng.choice((mail, phone, place)))


def loop(right: str, lang: Lang, rng: random.Random) -> str:
    return rng.choice(("\n", " ")).join([right] * rng.randint(8, 20))


def refusal(right: str, lang: Lang, rng: random.Random) -> str:
    return rng.choice(REFUSED[lang])


def empty(right: str, lang: Lang, rng: random.Random) -> str:
    return rng.choice((" ", "\n\n", "\u3000", "\u200b", "<think>\nShort.\n</think>\n"))


def error_text(right: str, lang: Lang, rng: random.Random) -> str:
    return rng.choice(MACHINERY)


def language(right: str, lang: Lang, rng: random.Random) -> str:
    return rng.choice(FOREIGN[lang])


def shape(right: str, lang: Lang, rng: random.Random) -> str:
    """More signs than letters."""
    return right + "".join(rng.choice(SIGNS) for _ in range(20 + 2 * len(right)))


HABITS: dict[str, Habit] = {
    "boilerplate": boilerplate,
    "markup": markup,
    "encoding": encoding,
    "private": private,
    "loop": loop,
    "refusal": refusal,
    "empty": empty,
    "error_text": error_text,
    "language": language,
    "shape": shape,
}
