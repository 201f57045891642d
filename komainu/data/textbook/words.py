"""The words of the textbook: over 500 entries, read from the TSV files beside this module."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, TypeVar

from komainu.data.textbook.inflect import past_tense, plural, third_person

Class = Literal["noun", "verb", "i_adj", "na_adj", "time", "number"]
Tense = Literal["", "any", "past", "future"]
T = TypeVar("T")
CORE, RARE = 8, 0.005  # everyday words of a list, and how often another is drawn
PEOPLE = ("pronoun", "name", "family", "person")  # the noun categories that are people


@dataclass(frozen=True, slots=True)
class Word:
    """One entry: a Japanese word, its one English word, and what the grammar must know of them.

    Nouns have `article`: "count" (a book), "mass" (bread), "pair" (shoes: always plural), "my" (my sister),
    "name" (Taro, Japan: no article) or "pro" (I, he). `one` and `plural` are what a number is put before
    (cup of tea, cups of tea). `counter` is the Japanese counter (冊), empty where none is used.
    Verbs have `category` "do" (takes を) or "go" (takes に), `takes` (categories, tags or words of the
    object) and `by` (categories of the subject). Adjectives have `takes`: what they can be said of.
    Times have `tense`: "past" (yesterday), "future" (tomorrow) or "any" (every day).
    """

    ja: str
    kana: str
    en: str
    cls: Class
    category: str
    tags: tuple[str, ...] = ()
    article: str = ""
    one: str = ""
    plural: str = ""
    counter: str = ""
    zh: str = ""  # the simplified Chinese word, always unlike every Japanese word here
    group: str = ""  # a verb's conjugation: godan, ichidan, suru, kuru, iku
    third: str = ""
    past: str = ""
    takes: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    tense: Tense = ""
    ja_phrase: str = ""  # a time as it stands in a sentence: 月曜日に
    en_phrase: str = ""  # on Monday

    def __hash__(self) -> int:
        return hash(self.ja)  # quick look-ups in this process; nothing that is kept depends on it

    @property
    def person(self) -> bool:
        return self.category in PEOPLE

    @property
    def animate(self) -> bool:
        """Whether it is there with いる (people, animals) rather than with ある."""
        return self.person or self.category == "animal"

    def fits(self, wanted: tuple[str, ...]) -> bool:
        """Whether its category, one of its tags, or the word itself is among `wanted`."""
        return self.category in wanted or self.ja in wanted or any(tag in wanted for tag in self.tags)


def _rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of words/<name>.tsv as {column: text}; lines that start with # are comments."""
    text = files("komainu.data.textbook").joinpath("words", f"{name}.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    columns = lines[0].split("\t")
    for line in lines[1:]:
        cells = line.split("\t")
        assert len(cells) <= len(columns), f"words/{name}.tsv: too many cells: {line}"
        yield dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=True))


def _noun(row: dict[str, str]) -> Word:
    en, article, measure = row["en"], row["article"], row["measure"]
    one, many = en, row["plural"] or plural(en)
    if measure:
        one, many = f"{measure} of {en}", f"{plural(measure)} of {en}"
    if article in ("name", "pro"):
        one = many = ""
    return Word(
        row["ja"], row["kana"], en, "noun", row["category"], tuple(row["tags"].split()), article,
        one, many, row["counter"], row["zh"],
    )  # fmt: skip


def _verb(row: dict[str, str]) -> Word:
    en = row["en"]
    return Word(
        row["ja"], row["kana"], en, "verb", row["category"], group=row["group"],
        third=row["third"] or third_person(en), past=row["past"] or past_tense(en),
        takes=tuple(row["takes"].split()), by=PEOPLE + tuple(row["by"].split()),
    )  # fmt: skip


def _adjective(row: dict[str, str]) -> Word:
    cls: Class = "i_adj" if row["class"] == "i" else "na_adj"
    return Word(row["ja"], row["kana"], row["en"], cls, "quality", takes=tuple(row["takes"].split()))


def _time(row: dict[str, str]) -> Word:
    tense: Tense = "past" if row["tense"] == "past" else "future" if row["tense"] == "future" else "any"
    return Word(
        row["ja"], row["kana"], row["en"], "time", "time", tense=tense,
        ja_phrase=row["ja"] + row["particle"], en_phrase=f"{row['before']} {row['en']}".strip(),
    )  # fmt: skip


@cache
def _load() -> tuple[Word, ...]:
    numbers = (Word(r["ja"], r["kana"], r["en"], "number", "number") for r in _rows("numbers"))
    return (
        *map(_noun, _rows("nouns")),
        *map(_verb, _rows("verbs")),
        *map(_adjective, _rows("adjectives")),
        *map(_time, _rows("times")),
        *numbers,
    )


WORDS: tuple[Word, ...] = _load()  # a few milliseconds, once
_BY_JA = {word.ja: word for word in WORDS}
_BY_EN = {en: word for word in WORDS for en in (word.plural, word.one, word.third, word.past, word.en) if en}


def by_ja(ja: str) -> Word | None:
    """The entry written `ja` in dictionary form, or None."""
    return _BY_JA.get(ja)


def by_en(en: str) -> Word | None:
    """The entry whose English base, plural, third person or past form is `en`, or None."""
    return _BY_EN.get(en)


@cache
def of(*wanted: str) -> tuple[Word, ...]:
    """The entries of any of these classes, categories or tags ("noun", "food", "fruit"), in file order."""
    return tuple(word for word in WORDS if word.cls in wanted or word.fits(wanted))


def common(rng: random.Random, choices: Sequence[T], core: Sequence[T] = ()) -> T:
    """One of `core` (the first CORE of `choices` unless given), or with probability RARE any of `choices`.

    As in any language a few words make up most of what is said; the lists begin with the everyday ones.
    """
    return rng.choice(choices if rng.random() < RARE else core or choices[:CORE])


def different(rng: random.Random, choices: Sequence[T], core: Sequence[T], n: int) -> list[T]:
    """`n` different ones, drawn as `common` draws."""
    drawn: list[T] = []
    while len(drawn) < n:
        if (one := common(rng, choices, core)) not in drawn:
            drawn.append(one)
    return drawn
