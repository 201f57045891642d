"""The rows of any file of chats or pairs, each with its place; what is wrong with one is told, not raised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from komainu.data.part import Part, part_of, split_part
from komainu.data.places import files_at, hub_ref, missing
from komainu.data.reading import meta_problem
from komainu.errors import UsageError
from komainu.files import TABLES, Found, count, form, scan
from komainu.layouts import detect, to_row
from komainu.rows import Chat, Message, Pair, Role, pair_problem, turns_problem

ENDS: tuple[Role, ...] = ("assistant", "user", "tool")


class Line(NamedTuple):
    """One object of a file: where it stands, its id, its layout; the row, or what is wrong with it."""

    at: str  # file:line; where several stand on one line, also the number of all but the first
    id: str
    layout: str
    row: Chat | Pair | None
    problem: str = ""
    again: bool = False  # an earlier row has the same id


def read(place: str, layout: str = "") -> Iterator[Line]:
    """Every object of a place, in any layout, and in several in one file where none is given.

    A place is what `ChatFile` takes: a file, a folder, a glob, or a set of the hub, with a part at its end. Raises
    UsageError for what cannot be read at all.
    """
    taken: set[str] = set()
    before, nth = "", 0  # a JSON array may have all its objects on one line
    files, part = located(place)
    first, last = part.span(sum(map(count, files)) if part.counted else 1 << 62)
    for file, found in islice(found_in(files), first, last):
        place = f"{file}:{found.line}"
        before, nth = place, nth + 1 if place == before else 1
        at = f"{place}, object {nth}" if nth > 1 else place
        if found.value is None:
            yield Line(at, "", "", None, found.problem)
            continue
        own = found.value.get("id")
        named = isinstance(own, (str, int)) and not isinstance(own, bool) and own != ""
        unnamed = at if len(files) > 1 else f"line {at.removeprefix(f'{file}:')}"
        id, how, row = str(own) if named else unnamed, layout, None
        try:
            how = layout or detect(found.value)
            row = to_row(found.value, id, how)
            problem = wrong(row)
        except UsageError as error:
            problem = str(error)
        yield Line(at, id, how, None if problem else row, problem, id in taken)
        taken.add(id)


def located(place: str) -> tuple[list[Path], Part]:
    """The files of a place in the order they are read, and which part of their rows is meant."""
    path, part = (place, "") if Path(place).exists() else split_part(place)
    if not Path(path).exists() and (ref := hub_ref(path)):
        if wrong := ref.problem():
            raise UsageError(wrong)
        from komainu.data.hub import fetched

        return fetched(ref), part_of(part)
    if not (files := files_at(path)):
        raise UsageError(f"{path}: {missing(path)}")
    return files, part_of(part)


def found_in(files: Sequence[Path]) -> Iterator[tuple[Path, Found]]:
    """Every object of some files. Of several an empty one is an error: nobody knows what it held."""
    for file in files:
        empty = True
        for found in scan(file):
            empty = False
            yield file, found
        if empty and len(files) > 1 and form(file) not in TABLES:
            raise UsageError(f"{file}: the file is empty; take it away if it has to be")


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
