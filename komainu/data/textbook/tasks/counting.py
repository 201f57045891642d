"""Counting: a noun and a number in digits, said with the Japanese counter or the English plural."""

from __future__ import annotations

import random
from typing import ClassVar

from komainu.data.textbook.sentence import count_en, count_ja, countable, everyday
from komainu.data.textbook.tasks.base import NUMBER, Fields, Lang, Phrasings, Solution, Task
from komainu.data.textbook.tasks.nouns import Content, content, key_of, known, written
from komainu.data.textbook.words import common

MOST = 10


class Counting(Task):
    """「本 5」 to 本を五冊; "book 5" to five books. Numbers from 1 to 10."""

    name = "counting"
    holes: ClassVar[dict[str, str]] = {"n": NUMBER}
    phrasings: ClassVar[Phrasings] = {
        "ja": (
            "数え方を答えてください。\n{noun} {n}",
            "数えて言ってください: {noun} {n}",
            "「{noun} {n}」を漢数字で言ってください。",
            "{noun} {n}\n助数詞を使って書いてください。",
        ),
        "en": (
            "Write the number in words.\n{noun} {n}",
            "How do you say this many? {noun} {n}",
            "Count in words: {noun} {n}",
            "{noun} {n}\nSay this without digits.",
        ),
    }

    def fields(self, rng: random.Random, side: str, lang: Lang) -> Fields:
        def make(r: random.Random) -> Content:
            word, n = common(r, countable(), [w for w in everyday("noun") if w.counter]), r.randint(1, MOST)
            return Content(key_of(self.name, word.ja, n), {"noun": written(word, lang), "n": str(n)})

        return content(rng, side, make)

    def solve(self, fields: Fields, lang: Lang) -> Solution | None:
        word, n = known(fields["noun"], lang), int(fields["n"])
        if word is None or not word.counter or not 0 < n <= MOST:
            return None
        text = f"{word.ja}を{count_ja(word, n)}" if lang == "ja" else count_en(word, n)
        return Solution((text,), key_of(self.name, word.ja, n))

    def altered(self, rng: random.Random, fields: Fields, lang: Lang) -> Fields:
        if rng.random() < 0.5:
            return {**fields, "n": str(rng.randint(1, MOST))}
        return {**fields, "noun": written(rng.choice(countable()), lang)}
