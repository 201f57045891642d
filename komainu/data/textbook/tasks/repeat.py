"""Repetition: a word, n times."""

from __future__ import annotations

import random
from typing import ClassVar

from komainu.data.textbook.sentence import everyday
from komainu.data.textbook.tasks.base import NUMBER, Fields, Lang, Phrasings, Solution, Task
from komainu.data.textbook.tasks.nouns import PART, Content, content, key_of, known, written
from komainu.data.textbook.words import common, of

LEAST, MOST = 2, 4
KINDS = ("noun", "verb", "quality")


class Repeat(Task):
    """A noun, verb or adjective two to five times, with commas: 犬、犬、犬; dog, dog, dog."""

    name = "repeat"
    holes: ClassVar[dict[str, str]] = {"n": NUMBER}
    phrasings: ClassVar[Phrasings] = {
        "ja": (
            "「{word}」を{n}回言ってください。",
            "{n}回くり返してください: {word}",
            "{word}\nこの言葉を{n}回書いてください。",
            "「{word}」と{n}回続けて書いてください。",
            "次の言葉を{n}回どうぞ。\n{word}",
        ),
        "en": (
            'Say "{word}" {n} times.',
            "Repeat {n} times: {word}",
            "{word}\nWrite this word {n} times.",
            'Write "{word}" {n} times in a row.',
            "Please say the next word {n} times.\n{word}",
        ),
    }

    def fields(self, rng: random.Random, side: str, lang: Lang) -> Fields:
        def make(r: random.Random) -> Content:
            word, n = common(r, of(*KINDS), everyday(*KINDS)), r.randint(LEAST, MOST)
            return Content(key_of(self.name, word.ja, n), {"word": written(word, lang), "n": str(n)})

        return content(rng, side, make)

    def solve(self, fields: Fields, lang: Lang) -> Solution | None:
        word, n = known(fields["word"], lang), int(fields["n"])
        if word is None or not LEAST <= n <= MOST:
            return None
        text = fields["word"]
        wanted = {"kind": "repeat", "text": text, "n": n}
        return Solution((PART[lang].join([text] * n),), key_of(self.name, word.ja, n), format=wanted)

    def altered(self, rng: random.Random, fields: Fields, lang: Lang) -> Fields:
        return {**fields, "n": str(int(fields["n"]) + rng.choice((-1, 1)))}
