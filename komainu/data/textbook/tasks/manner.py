"""Requests for a register: after another task's prompt, and of a text that is shown, to be rewritten.

They are those of `AskRegister` and `Recast`, word for word. The textbook is plain and polite in Japanese; in English
formal, and casual where something can be contracted. It has no honorific forms.
"""

from __future__ import annotations

import random
import re
from functools import cache, partial
from typing import ClassVar

from komainu.data.ask_register import Wording, wordings
from komainu.data.template import render
from komainu.data.textbook.sentence import Sentence, english, japanese
from komainu.data.textbook.tasks.base import Fields, Lang, Phrasings, Reading, Solution, Task, item
from komainu.data.textbook.tasks.limits import SPACE, sentences
from komainu.data.textbook.tasks.sentences import altered, understand_in
from komainu.data.textbook.tasks.wrapped import Posed, shortened, wrapped
from komainu.rows import Message

OTHER = {"plain": "polite", "polite": "plain", "casual": "formal", "formal": "casual"}
_NOT = re.compile(r"\b(do|does|did|is|are|was|were) not\b")
_SHORT = re.compile(r"\b(do|does|did|is|are|was|were)n't\b")


def casual(text: str) -> str:
    """English with its denials contracted; `formal` takes it back."""
    return _NOT.sub(r"\1n't", text)


def formal(text: str) -> str:
    return _SHORT.sub(r"\1 not", text)


def in_register(register: str, found: Solution, lang: Lang) -> Solution | None:
    """What is right in a register; None where the content cannot be said in it."""
    said: dict[str, str] = {}
    if lang == "en":
        (best, *_), short = found.references, casual(formal(found.references[0]))
        said = {"formal": formal(best)} | ({"casual": short} if short != formal(best) else {})
    elif found.preferred:  # both are right where none is asked for
        said = dict(zip(("polite", "plain"), found.references, strict=True))
    if register not in said:
        return None
    other = said.get(OTHER[register], "")
    return found._replace(references=(said[register],), register=register, preferred=False, other=other)


def asked_after(messages: tuple[Message, ...], posed: Posed) -> Reading | None:
    """The reading of another task's prompt that ends with a request for a register."""
    last = messages[-1].content.rstrip()
    for register, said in requests():
        if last.endswith(said) and (found := posed(shortened(messages, last.removesuffix(said).rstrip()))):
            return wrapped(found, messages, partial(in_register, register))
    return None


@cache
def requests() -> tuple[tuple[str, str], ...]:
    """The ways to ask for a register, each after the register; none ends with another one."""
    return tuple((each.register, said) for each in wordings() for said in each.say)


class Rewrite(Task):
    """Sentences of the textbook in another register; the content and its order stay. It is read, never posed."""

    name: ClassVar[str] = "rewrite"
    phrasings: ClassVar[Phrasings] = {}

    def fields(self, rng: random.Random, side: str, lang: Lang) -> Fields:
        raise AssertionError("a rewriting is asked for of what a model has said")

    def solve(self, fields: Fields, lang: Lang) -> Solution | None:
        said = parsed(fields["text"], lang)
        if not said:
            return None
        ways = (
            (english,) if lang == "en" else (partial(japanese, register="polite"), partial(japanese, register="plain"))
        )
        references = tuple(SPACE[lang].join(map(way, said)) for way in ways)
        return in_register(fields["register"], Solution(references, said[0].key, preferred=lang == "ja"), lang)

    def altered(self, rng: random.Random, fields: Fields, lang: Lang) -> Fields:
        first, *rest = parsed(fields["text"], lang)
        said = (altered(rng, first), *rest)
        return {**fields, "text": SPACE[lang].join(map(english if lang == "en" else japanese, said))}


def parsed(text: str, lang: Lang) -> list[Sentence]:
    """The sentences of a text; none where one of them is not the textbook's."""
    found = [understand_in(said, lang) for said in sentences(formal(text) if lang == "en" else text)]
    return [read[0] for read in found if read] if all(found) else []


def rewriting(messages: tuple[Message, ...]) -> Reading | None:
    """The reading of a request to rewrite a text."""
    for each, head in heads():
        text = messages[0].content
        if len(messages) == 1 and text.startswith(head):
            lang: Lang = "ja" if each.lang == "ja" else "en"
            fields = {"text": text.removeprefix(head).strip(), "register": each.register}
            solution = REWRITE.solve(fields, lang)
            return Reading(REWRITE, lang, fields, item(messages, solution, lang)) if solution else None
    return None


@cache
def heads() -> tuple[tuple[Wording, str], ...]:
    """How a request to rewrite something in each register begins."""
    mark = "\0"
    return tuple(
        (each, render("recast", each.lang, register=each.name, text=mark).partition(mark)[0]) for each in wordings()
    )


REWRITE = Rewrite()
