"""Source: prompts of a template, one for each way to fill it from our lists."""

from __future__ import annotations

import hashlib
import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from komainu.data.lists import ORIGIN, ROOT, list_hash
from komainu.data.template import LANGUAGES, Lang, fingerprint, render
from komainu.errors import UsageError, nearest
from komainu.files import write_rows
from komainu.rows import Chat, Message
from komainu.stage import Stage

if TYPE_CHECKING:
    from komainu.context import Context

Entry = dict[str, str]  # one line of a list, by language


@dataclass(frozen=True, kw_only=True)
class Grid(Stage):
    """`n` prompts of a template, each filled with one entry of every list in `lists`, in one of `languages`.

    Of all combinations those come first that stand first by SHA-256 of (seed, entries), so that a longer list or a
    greater n changes nobody else's luck. A row's id and meta["seeds"] tell its entries, meta["lang"] its language. With
    role="system" the prompt is a system turn without a question, for a model that is to write the question (OpenTurn).
    """

    makes: ClassVar[type] = Chat
    template: str
    lists: tuple[str, ...]
    n: int
    languages: tuple[Lang, ...] = LANGUAGES
    role: Literal["user", "system"] = "user"
    seed: int = 0

    def config(self, *, full: bool = True) -> dict[str, Any]:
        hashes = {name: list_hash(f"{name}.tsv") for name in self.lists if name in known()}
        return super().config(full=full) | {"prompt": fingerprint(self.template), "hashes": hashes}

    def check(self) -> Iterator[str]:
        if wrong := [name for name in self.lists if name not in known()]:
            yield f"Grid.lists: there is no list {wrong[0]!r}{nearest(wrong[0], known())}"
        elif not 1 <= self.n <= (most := len([*self.cells()])):
            yield f"Grid.n is {self.n}; {' x '.join(self.lists)} x {len(self.languages)} languages give 1 to {most}"

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        return self.n

    def peek(self) -> Iterator[Chat]:
        return self.rows()

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return {"rows": write_rows(out / "rows.jsonl", self.rows())}

    def rows(self) -> Iterator[Chat]:
        """The prompts, in the order of their draw."""
        for rank, lang, entries in heapq.nsmallest(self.n, map(self.ranked, self.cells()), key=lambda cell: cell[0]):
            seeds = {name.removesuffix("s"): entry[lang] for name, entry in zip(self.lists, entries, strict=True)}
            text = render(self.template, lang, **seeds)
            meta = {**ORIGIN, "lang": lang, "set": self.template, "seeds": seeds}
            yield Chat(f"{self.template}-{lang}-{rank[:12]}", (Message(self.role, text),), meta)

    def cells(self) -> Iterator[tuple[Lang, tuple[Entry, ...]]]:
        return itertools.product(self.languages, itertools.product(*map(entries_of, self.lists)))

    def ranked(self, cell: tuple[Lang, tuple[Entry, ...]]) -> tuple[str, Lang, tuple[Entry, ...]]:
        lang, entries = cell
        text = "\0".join([str(self.seed), self.template, lang, *(entry["en"] for entry in entries)])
        return hashlib.sha256(text.encode()).hexdigest(), lang, entries


@cache
def known() -> tuple[str, ...]:
    """The lists there are."""
    return tuple(sorted(file.stem for file in ROOT.glob("*.tsv")))


@cache
def entries_of(name: str) -> tuple[Entry, ...]:
    """The entries of a list: a table with a column for each language."""
    if name not in known():
        raise UsageError(f"there is no list {name!r}{nearest(name, known())}")
    head, *lines = (ROOT / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    return tuple(dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines)
