"""Arithmetic: how many there are after some more or some fewer; sums up to 20."""

from __future__ import annotations

import random
from functools import cache
from typing import ClassVar

from komainu.data.textbook.sentence import countable
from komainu.data.textbook.tasks.base import NUMBER, Fields, Lang, Phrasings, Solution, Task, one_of
from komainu.data.textbook.tasks.nouns import Content, content, key_of
from komainu.data.textbook.words import Word, common

MOST = 10
VERBS: dict[Lang, dict[str, int]] = {
    "ja": {
        "もらいました": 1,
        "買いました": 1,
        "見つけました": 1,
        "あげました": -1,
        "売りました": -1,
        "なくしました": -1,
    },
    "en": {"get": 1, "buy": 1, "find": 1, "give away": -1, "sell": -1, "lose": -1},
}


class Arithmetic(Task):
    """2 to 10 of a thing, then 1 to 10 more or fewer, at least one left. The answer is digits with the unit.

    The key is the noun, the numbers and the sign: held-out items are held-out combinations, the numbers alone
    are seen in training with other nouns.
    """

    name = "arithmetic"
    holes: ClassVar[dict[str, str]] = {
        "a": NUMBER,
        "b": NUMBER,
        "verb": one_of(verb for verbs in VERBS.values() for verb in verbs),
    }
    phrasings: ClassVar[Phrasings] = {
        "ja": (
            "{noun}が{a}{unit}あります。{b}{unit}{verb}。何{unit}になりましたか。",
            "{noun}を{a}{unit}持っています。{b}{unit}{verb}。今、何{unit}ですか。",
            "初めは{noun}が{a}{unit}でした。{b}{unit}{verb}。全部で何{unit}ありますか。",
            "計算してください。{noun}が{a}{unit}あり、{b}{unit}{verb}。",
        ),
        "en": (
            "You have {a} {noun}. You {verb} {b}. How many {noun} now?",
            "There are {a} {noun}. You {verb} {b}. How many {noun} are there?",
            "Start with {a} {noun}. You {verb} {b}. What do you have?",
            "How many {noun}? You had {a}. Now you {verb} {b}.",
        ),
    }

    def fields(self, rng: random.Random, side: str, lang: Lang) -> Fields:
        def make(r: random.Random) -> Content:
            word, verb = common(r, things()), r.choice(list(VERBS[lang]))
            sign, a = VERBS[lang][verb], r.randint(2, MOST)
            b = r.randint(1, MOST if sign > 0 else a - 1)
            filled = {"noun": word.ja, "unit": word.counter} if lang == "ja" else {"noun": word.plural}
            return Content(self.key(word, a, sign, b), {**filled, "a": str(a), "b": str(b), "verb": verb})

        return content(rng, side, make)

    def solve(self, fields: Fields, lang: Lang) -> Solution | None:
        word, sign = named(lang).get(fields["noun"]), VERBS[lang].get(fields["verb"])
        a, b = int(fields["a"]), int(fields["b"])
        if word is None or sign is None or max(a, b) > MOST or a + sign * b < 1 or b < 1:
            return None
        if lang == "ja" and fields["unit"] != word.counter:
            return None
        left = a + sign * b
        unit = word.counter if lang == "ja" else f" {word.one if left == 1 else word.plural}"
        return Solution((f"{left}{unit}",), self.key(word, a, sign, b))

    def altered(self, rng: random.Random, fields: Fields, lang: Lang) -> Fields:
        return {**fields, "b": str(int(fields["b"]) + rng.choice((-2, -1, 1, 2)))}

    def key(self, word: Word, a: int, sign: int, b: int) -> str:
        return key_of(self.name, word.ja, f"{a}{'+' if sign > 0 else '-'}{b}")


@cache
def things() -> tuple[Word, ...]:
    return tuple(word for word in countable() if not word.animate)


@cache
def named(lang: Lang) -> dict[str, Word]:
    return {word.ja if lang == "ja" else word.plural: word for word in things()}
