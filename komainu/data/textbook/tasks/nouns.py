"""What the tasks about single words need: drawing content of a side, writing a word and finding it again."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from komainu.data.textbook.sides import draw
from komainu.data.textbook.tasks.base import Fields, Lang
from komainu.data.textbook.words import Word, by_en, by_ja

PART: dict[Lang, str] = {"ja": "、", "en": ", "}  # parts the words of a list


class Content(NamedTuple):
    """Content with the key that decides its side."""

    key: str
    fields: Fields


def content(rng: random.Random, side: str, make: Callable[[random.Random], Content]) -> Fields:
    """The fields of the first content on `side` that `make` makes."""
    return draw(rng, side, make).fields


def written(word: Word, lang: Lang) -> str:
    return word.ja if lang == "ja" else word.en


def known(text: str, lang: Lang) -> Word | None:
    """The entry whose dictionary form in `lang` is `text`."""
    word = by_ja(text) if lang == "ja" else by_en(text)
    return word if word is not None and written(word, lang) == text else None


def key_of(name: str, *parts: object) -> str:
    return "|".join((name, *map(str, parts)))
