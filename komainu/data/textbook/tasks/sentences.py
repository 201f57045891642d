"""What the tasks need of sentences: drawing one of a side, saying it, understanding it, changing one word."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from komainu.data.textbook.sentence import (
    Read,
    Register,
    Role,
    Sentence,
    copula_answer_ja,
    english,
    japanese,
    other_word,
    parse,
    place_en,
    role_en,
    role_ja,
    sample,
)
from komainu.data.textbook.sides import draw
from komainu.data.textbook.tasks.base import Lang, Solution

REGISTERS: tuple[Register, ...] = ("plain", "polite")


def some(rng: random.Random, side: str, **wanted: Any) -> Sentence:
    """A sentence of a side; `wanted` is what `sample` takes."""
    return draw(rng, side, lambda r: sample(r, **wanted))


def say(rng: random.Random, s: Sentence, lang: Lang) -> str:
    """The sentence in a language; in Japanese, in either register."""
    return english(s) if lang == "en" else japanese(s, rng.choice(REGISTERS))


@lru_cache(maxsize=4096)
def understand(text: str) -> Read | None:
    """The sentence of a text and how it is said: "plain", "polite" or "en"."""
    return parse(text)


def understand_in(text: str, lang: Lang) -> Read | None:
    """The same, only when the text is in `lang`."""
    read = understand(text)
    return read if read and (read[1] == "en") == (lang == "en") else None


def both_registers(s: Sentence) -> tuple[str, str]:
    return japanese(s, "polite"), japanese(s, "plain")


def into(s: Sentence, lang: Lang) -> Solution:
    """The solution "this sentence in that language": in Japanese polite is preferred and plain is right too."""
    if lang == "en":
        return Solution((english(s),), s.key)
    return Solution(both_registers(s), s.key, "polite", preferred=True)


def in_register(s: Sentence, register: Register) -> Solution:
    """The solution "this sentence in that register", which is asked for."""
    other: Register = "plain" if register == "polite" else "polite"
    return Solution((japanese(s, register),), s.key, register, other=japanese(s, other))


def short_answer(s: Sentence, role: Role, lang: Lang) -> Solution:
    """The word of a role as a whole answer: 駅です。 (駅だ。 is right too), At the station."""
    if lang == "ja":
        word = role_ja(s, role)
        return Solution((copula_answer_ja(word), copula_answer_ja(word, "plain")), s.key, "polite", preferred=True)
    phrase = place_en(s, preposition=True) if role == "place" else role_en(s, role)
    return Solution((f"{phrase[0].upper()}{phrase[1:]}.",), s.key)


def asked_roles(s: Sentence) -> tuple[Role, ...]:
    """The roles of a do or go sentence that who, when, where and what ask for; an object that is a person is none."""
    roles: tuple[Role, ...] = ("subject", "time", "place", "object")
    return tuple(r for r in roles if (word := s.role(r)) and not (r == "object" and word.animate))


def altered(rng: random.Random, s: Sentence, roles: Sequence[Role] = ()) -> Sentence:
    """The sentence with one other word, in one of these roles if any are named; itself when none was found."""
    for _ in range(50):
        changed = other_word(rng, s)
        if not roles or any(changed.role(role) != s.role(role) for role in roles):
            return changed
    return s
