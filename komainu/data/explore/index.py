"""The index of a search: for each three characters that stand side by side, the rows that have them.

It is SQLite's own (FTS5 with its trigram tokenizer), in a file for each part of the rows. Parts are made one by one, so
that little is lost when it is stopped, several processes make different ones, and those that are there serve already.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from komainu.data.explore import signs
from komainu.data.explore.rows import Rows
from komainu.data.look.entry import searched
from komainu.store import Store

ROWS, BYTES = 1 << 15, 1 << 27  # of a part, at most: rows, and bytes after which it ends
MOST = 6  # trigrams of a text that are looked up at most; `signs` looks at the others
LONG = 16  # characters of a text from which on its signs alone tell rows apart, and sooner
MANY = 1 << 15  # places of trigrams that begin with a text: with as many it is in so many rows that any will do
SETTINGS = "pragma page_size = 8192; pragma journal_mode = off; pragma synchronous = off"
# Rows alone, no places in them: half the size, and a text is looked at anyway.
TABLE = (
    "create virtual table t using fts5(x, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1')"
)
PLACES = "create virtual table places using fts5vocab(t, instance)"
WITH = "from t where t match ? and rowid >= ?"
WIDTH = 3  # characters of a trigram
ODD = "\ufffd"
ODDS = re.compile("[\0\ufffe\uffff\ud800-\udfff]")  # what SQLite ends a text with, takes for ODD, or cannot take
LAST = "\U0010ffff" * (WIDTH - 1)


@dataclass(frozen=True)
class Part:
    """Some rows that follow each other, and their index where it has been made."""

    first: int
    end: int
    path: Path

    @property
    def indexed(self) -> bool:
        return self.path.exists()

    @property
    def signs(self) -> Path:
        """Beside the index, and there before it."""
        return self.path.with_suffix(".npy")

    def may(self, text: str, start: int) -> Iterable[int]:
        """Rows from `start` on, in order, among which are all that have a text, made as `entry.normal` makes it."""
        every = range(max(self.first, start), self.end)
        if not text or not self.indexed:
            return every
        if len(text) < WIDTH:
            few = self.few(text)
            return every if few is None else (number for number in few if number >= start)
        if len(text) < LONG:
            if len(text) < signs.WIDTH:
                return self.chosen(f"select rowid {WITH} order by rowid", grams(text), start)
            told = next(self.chosen(f"select group_concat(rowid) {WITH}", grams(text), start))  # half the time of rows
            numbers = np.sort(np.fromstring(told, np.int64, sep=",")) - self.first if told else np.zeros(0, np.int64)
        else:
            numbers = np.arange(every.start, every.stop) - self.first
        left: list[int] = (signs.passing(self.signs, self.end - self.first, numbers, text) + self.first).tolist()
        return left

    def count(self, text: str) -> int | None:
        """How many rows have a text; None where the index alone cannot tell."""
        if not self.indexed or not 0 < len(text) <= WIDTH or ODD in ODDS.sub(ODD, text):
            return None
        if len(text) == WIDTH:
            return int(next(self.chosen("select count(*) from t where t match ?", grams(text))))
        few = self.few(text)
        return None if few is None else len(few)

    def few(self, text: str) -> list[int] | None:
        """The rows that have trigrams which begin with a text; None where there are too many to look them up."""
        begin = ODDS.sub(ODD, text)
        found = [*self.chosen("select doc from places where term between ? and ? limit ?", begin, begin + LAST, MANY)]
        return sorted(set(found)) if len(found) < MANY else None

    def chosen(self, statement: str, *values: object) -> Iterator[Any]:
        with closing(sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            for (number,) in db.execute(statement, values):
                yield number


def parts(sizes: NDArray[Any]) -> list[tuple[int, int]]:
    """Where parts of rows begin and end: first row, and the row after the last."""
    found: list[tuple[int, int]] = []
    first = held = 0
    for number, size in enumerate(sizes.tolist()):
        held += size
        if number + 1 - first == ROWS or held >= BYTES:
            found.append((first, number + 1))
            first, held = number + 1, 0
    return [*found, (first, len(sizes))] if first < len(sizes) else found


def parts_of(rows: Rows) -> list[Part]:
    return [Part(first, end, rows.folder / f"{first}.db") for first, end in rows.about["parts"]]


def build(rows: Rows) -> None:
    """Make the index of every part that has none and that no other process is at."""
    locks = Store(rows.folder)
    for part in parts_of(rows):
        if not part.indexed:
            with locks.lock(str(part.first), wait=False) as free:
                if free and not part.indexed:
                    write(rows, part)


def write(rows: Rows, part: Part) -> None:
    """Make the index of a part; it takes its place when it is whole."""
    partial = part.path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    bits: list[signs.Bytes] = []
    with closing(sqlite3.connect(partial, isolation_level=None)) as db:
        db.executescript(";".join((SETTINGS, TABLE, PLACES, "begin")))
        db.executemany("insert into t (rowid, x) values (?, ?)", texts(rows, part, bits))
        db.execute("insert into t (t) values ('optimize')")
        db.execute("commit")
    signs.write(part.signs, bits)
    with open(partial, "rb") as done:
        os.fsync(done.fileno())
    os.replace(partial, part.path)


def texts(rows: Rows, part: Part, bits: list[signs.Bytes]) -> Iterator[tuple[int, str]]:
    """Each row's number and text; its signs are put to the others."""
    for number in range(part.first, part.end):
        text = searched(rows.held(number).row)
        bits.append(signs.signed(text, number - part.first))
        plain = text.isascii() and "\0" not in text
        yield (
            number,
            (text if plain else ODDS.sub(ODD, text)) + "\n\n",
        )  # so that the last two characters begin a trigram too


def grams(text: str) -> str:
    """Trigrams of a text, as SQLite is asked for rows that have them all: evenly spaced where there are many."""
    text = ODDS.sub(ODD, text)
    places = len(text) - WIDTH + 1
    starts = sorted({i * (places - 1) // (MOST - 1) for i in range(MOST)}) if places > MOST else range(places)
    return " AND ".join(f'"{each}"' for each in dict.fromkeys(text[i : i + WIDTH].replace('"', '""') for i in starts))
