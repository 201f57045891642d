"""The rows of any file of chats or pairs, each with its place; what is wrong with one is told, not raised."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from komainu.data.reading import meta_problem
from komainu.errors import UsageError
from komainu.files import scan
from komainu.layouts import detect, to_row
from komainu.rows import Chat, Message, Pair, Role, pair_problem, turns_problem

ENDS: tuple[Role, ...] = ("assistant", "user", "tool")


class Line(NamedTuple):
    """One object of a file: where it stands, its id, its layout; the row, or what is wrong with it."""

    at: str  # file:line
    id: str
    layout: str
    row: Chat | Pair | None
    problem: str = ""
    again: bool = False  # an earlier row has the same id


def read(path: Path, layout: str = "") -> Iterator[Line]:
    """Every object of a file, in any layout, and in several in one file where none is given.

    Raises UsageError for a file that cannot be read at all.
    """
    taken: set[str] = set()
    for found in scan(path):
        at = f"{path}:{found.line}"
        if found.value is None:
            yield Line(at, "", "", None, found.problem)
            continue
        own = found.value.get("id")
        named = isinstance(own, (str, int)) and not isinstance(own, bool) and own != ""
        id, how, row = str(own) if named else f"line {found.line}", layout, None
        try:
            how = layout or detect(found.value)
            row = to_row(found.value, id, how)
            problem = wrong(row)
        except UsageError as error:
            problem = str(error)
        yield Line(at, id, how, None if problem else row, problem, id in taken)
        taken.add(id)


def wrong(row: Chat | Pair) -> str:
    """What is wrong with a row, in a sentence; "" when nothing is. A chat may be a prompt."""
    problem = turns_problem(row.messages, ENDS) if isinstance(row, Chat) else pair_problem(row)
    return problem or meta_problem(row.meta)


def answers(row: Chat | Pair) -> list[Chat]:
    """What would be trained as right: a chat up to each answer with text; of a pair the chosen answer."""
    if isinstance(row, Pair):
        return [Chat(row.id, (*row.prompt, Message("assistant", row.chosen)), row.meta)]
    ends = [i for i, m in enumerate(row.messages, 1) if m.role == "assistant" and m.content.strip()]
    return [Chat(row.id, row.messages[:end], row.meta) for end in ends]
