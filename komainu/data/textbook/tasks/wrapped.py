"""Requests that go with another task's prompt: the content is the task's, the answer another one."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import ClassVar

from komainu.data.textbook.tasks.base import Fields, Lang, Phrasings, Reading, Solution, Task, item
from komainu.rows import Message

Change = Callable[[Solution, Lang], Solution | None]  # what is right now; None: it cannot be said so
Posed = Callable[[tuple[Message, ...]], Reading | None]  # how the tasks read a prompt alone


class Wrapped(Task):
    """A task of which more is asked: `change` makes what is right of the task's solutions. It is read, never posed."""

    name: ClassVar[str] = "wrapped"
    phrasings: ClassVar[Phrasings] = {}

    def __init__(self, inner: Task, change: Change) -> None:
        self.inner, self.change = inner, change

    def fields(self, rng: random.Random, side: str, lang: Lang) -> Fields:
        raise AssertionError("a request that goes with a prompt is not posed by itself")

    def solve(self, fields: Fields, lang: Lang) -> Solution | None:
        found = self.inner.solve(fields, lang)
        return self.change(found, lang) if found else None

    def altered(self, rng: random.Random, fields: Fields, lang: Lang) -> Fields:
        return self.inner.altered(rng, fields, lang)


def wrapped(
    reading: Reading, messages: tuple[Message, ...], change: Change, kind: type[Wrapped] = Wrapped
) -> Reading | None:
    """The reading of a prompt by that of a part of it; None where the content cannot be said as is asked."""
    task = kind(reading.task, change)
    solution = task.solve(reading.fields, reading.lang)
    return solution and Reading(task, reading.lang, reading.fields, item(messages, solution, reading.lang))


def shortened(messages: tuple[Message, ...], text: str) -> tuple[Message, ...]:
    """The turns with another text in the last one."""
    return (*messages[:-1], Message(messages[-1].role, text))
