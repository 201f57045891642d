"""A task family: poses a prompt with its right answers, and reads any prompt it can pose."""

from __future__ import annotations

import random
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from typing import Any, ClassVar, Literal, NamedTuple

from komainu.rows import Message, Role

Lang = Literal["ja", "en"]
Fields = dict[str, str]  # what fills the holes of a phrasing
Phrasings = dict[Lang, tuple[str, ...]]  # by language of the instruction
TURN = "|"  # parts the turns of a phrasing: user | assistant | user
TEXT, NUMBER = "[^|0-9]+?", "[0-9]{1,3}"  # what a hole holds: text without digits, a number in digits


class Item(NamedTuple):
    """A posed prompt. `lang` is the language of the answer; `key` names the content and decides the side."""

    messages: tuple[Message, ...]
    answer: str  # the best of the references
    references: tuple[str, ...]
    lang: Lang
    register: str | None
    preferred: bool
    format: dict[str, Any] | None
    key: str
    other: str = ""  # the answer in the register that was not asked for, where one was


class Solution(NamedTuple):
    """What is right for some content, whatever the phrasing: all of an Item but its messages."""

    references: tuple[str, ...]  # the best first
    key: str
    register: str | None = None
    preferred: bool = False
    format: dict[str, Any] | None = None
    other: str = ""


class Reading(NamedTuple):
    """A prompt as understood: the task that reads it, the answer's language, and the content."""

    task: Task
    lang: Lang
    fields: Fields
    item: Item


class Task(ABC):
    """One family. A phrasing is a text with holes such as `{text}`; `|` parts its turns.

    `pose` fills a phrasing with `fields`; `read` matches every phrasing and solves the content it
    finds. A phrasing is posed only when `fields` fills all its holes, so one task can ask for several things.
    """

    name: ClassVar[str]
    languages: ClassVar[tuple[Lang, ...]] = ("ja", "en")  # languages of the answer
    phrasings: ClassVar[Phrasings]
    holes: ClassVar[dict[str, str]] = {}  # patterns of holes that are not TEXT, over folded text

    @abstractmethod
    def fields(self, rng: random.Random, side: str, lang: Lang) -> Fields:
        """Content of a side, for an answer in `lang`; the values are as they stand in the prompt."""

    @abstractmethod
    def solve(self, fields: Fields, lang: Lang) -> Solution | None:
        """The right answers, or None when the content is none of this task's."""

    @abstractmethod
    def altered(self, rng: random.Random, fields: Fields, lang: Lang) -> Fields:
        """Content one word or number away: its answer is a wrong but well-formed answer to `fields`."""

    def asked_in(self, lang: Lang) -> tuple[Lang, ...]:
        """Languages of the instruction for an answer in `lang`."""
        return (lang,) if len(self.languages) > 1 else tuple(self.phrasings)

    def pose(self, rng: random.Random, side: str, lang: Lang) -> Item:
        """A prompt whose content is of `side` ("train", "tune" or "test") and whose answer is in `lang`."""
        fields = self.fields(rng, side, lang)
        asked = self.phrasings[rng.choice(self.asked_in(lang))]
        phrasing = rng.choice([p for p in asked if holes_of(p) <= fields.keys()])
        solution = self.solve(fields, lang)
        assert solution is not None, f"{self.name} cannot solve what it drew: {fields}"
        return item(turns(fill(phrasing, fields)), solution, lang)

    def read(self, messages: tuple[Message, ...]) -> Item | None:
        """The item of any prompt this task can pose, also with other spaces, widths and punctuation."""
        return next((reading.item for reading in self.readings(messages, folded(messages))), None)

    def readings(self, messages: tuple[Message, ...], text: str) -> Iterator[Reading]:
        """Every way to read a prompt; `text` is `folded(messages)`."""
        for lang, literal, pattern in self.patterns:
            match = pattern.fullmatch(text) if literal in text else None
            if match is None:
                continue
            fields = {name: unfold(value.strip()) for name, value in match.groupdict().items()}
            solution = self.solve(fields, lang)
            if solution is not None:
                yield Reading(self, lang, fields, item(messages, solution, lang))

    @cached_property
    def patterns(self) -> tuple[tuple[Lang, str, re.Pattern[str]], ...]:
        """Each phrasing as the answer's language, a text that is in every such prompt, and a pattern; all folded."""
        return tuple(
            (lang, max(literals(phrasing), key=len), re.compile(self.pattern(phrasing)))
            for lang in self.languages
            for asked in self.asked_in(lang)
            for phrasing in self.phrasings[asked]
        )

    def pattern(self, phrasing: str) -> str:
        """A pattern over folded text; a hole that stands twice must be filled alike."""
        parts = re.split(r"\{(\w+)\}", folded_text(phrasing))
        found: list[str] = []
        for i, part in enumerate(parts):
            again = part in parts[1:i:2]
            hole = f"(?P={part})" if again else f"(?P<{part}>{self.holes.get(part, TEXT)})"
            found.append(f" ?{hole} ?" if i % 2 else re.escape(part))
        return "".join(found)


def one_of(texts: Iterable[str]) -> str:
    """The pattern of a hole that holds one of a few texts."""
    return "|".join(re.escape(text) for text in sorted({fold(t) for t in texts}, key=lambda t: (-len(t), t)))


def item(messages: tuple[Message, ...], solution: Solution, lang: Lang) -> Item:
    references, key, register, preferred, wanted, other = solution
    return Item(messages, references[0], references, lang, register, preferred, wanted, key, other)


@cache
def holes_of(phrasing: str) -> frozenset[str]:
    return frozenset(re.findall(r"\{(\w+)\}", phrasing))


def folded_text(phrasing: str) -> str:
    return TURN.join(map(fold, phrasing.split(TURN)))


def literals(phrasing: str) -> list[str]:
    """What stands between the holes, folded."""
    return re.split(r"\{\w+\}", folded_text(phrasing))


def fill(phrasing: str, fields: Fields) -> str:
    """The phrasing with its holes filled; values are not read as phrasings again."""
    return re.sub(r"\{(\w+)\}", lambda hole: fields[hole[1]], phrasing)


def turns(text: str) -> tuple[Message, ...]:
    """The messages of a filled phrasing: user, assistant, user, ..."""
    roles: tuple[Role, Role] = ("user", "assistant")
    return tuple(Message(roles[i % 2], part) for i, part in enumerate(text.split(TURN)))


SAME = str.maketrans({"。": ".", "、": ",", "「": '"', "」": '"', TURN: " "})


def fold(text: str) -> str:
    """Text without what near copies differ in: width, kind of punctuation, spaces.

    A space is kept only between two ASCII letters or digits.
    """
    text = " ".join(unicodedata.normalize("NFKC", text).translate(SAME).split())
    return re.sub(r"(?<![A-Za-z0-9]) | (?![A-Za-z0-9])", "", text)


def unfold(text: str) -> str:
    """Folded text as the world writes it: Japanese punctuation in Japanese, spaces after English."""
    if text.isascii():
        return re.sub(r"([.,?!:])(?=[A-Za-z0-9])", r"\1 ", text)
    return text.replace(".", "。").replace(",", "、").replace("?", "？")


def folded(messages: tuple[Message, ...]) -> str:
    """The turns of a prompt folded and joined; empty when the roles do not alternate from user to user."""
    if len(messages) % 2 == 0 or any(m.role != ("user", "assistant")[i % 2] for i, m in enumerate(messages)):
        return ""
    return TURN.join(fold(m.content) for m in messages)
