"""The rows of a dataset by number and by id, read from its files through what `register` has noted of them."""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from komainu.data.base import Drop
from komainu.data.look.earlier import Found
from komainu.data.look.entry import Held
from komainu.errors import UsageError
from komainu.rows import Chat, Pair, decode
from komainu.store import Artifact, Store

# Of what is noted and of how texts are made alike (`look.entry.normal`): what another one noted is noted anew.
VERSION = f"2, Unicode {unicodedata.unidata_version}"
CACHE = ".explore"  # under the store's root: nothing of it belongs to an artifact, and all of it may be deleted
FILES = ("rows.jsonl", "dropped.jsonl")
ABOUT = "about.json"  # written last
COLUMNS = ("lang", "source", "drop")
_drop = msgspec.json.Decoder(Drop)


class Column(NamedTuple):
    """A word for each row: the words there are, and the number of each row's."""

    names: list[str]
    of: NDArray[np.uint16]

    def counts(self) -> list[tuple[str, int]]:
        """Each word that rows have, and how many: the most frequent first."""
        found = np.bincount(self.of, minlength=len(self.names)).tolist()
        return sorted(((name, n) for name, n in zip(self.names, found, strict=True) if n), key=lambda each: -each[1])


def place(store: Store, artifact: Artifact) -> Path:
    """Where what is noted of a dataset lies."""
    return store.root / CACHE / artifact.id


def about(store: Store, artifact: Artifact) -> dict[str, Any] | None:
    """What was noted of a dataset as it is; None when nothing was, or of another one of this id."""
    try:
        found: dict[str, Any] = json.loads((place(store, artifact) / ABOUT).read_bytes())
    except (OSError, ValueError):
        return None
    return found if (found.get("version"), found.get("seal")) == (VERSION, artifact.record["seal"]) else None


class Rows:
    """The rows that stay, in their order, then those that were dropped: one number each, from 0.

    To be used with `with`, by one thread.
    """

    def __init__(self, artifact: Artifact, folder: Path, told: dict[str, Any]) -> None:
        self.artifact, self.folder, self.about = artifact, folder, told
        self.kept, self.dropped = int(told["kept"]), int(told["dropped"])
        self.total = self.kept + self.dropped
        self.open = ExitStack()
        self.files: list[int] = []
        self.at = self.load("at")

    def __enter__(self) -> Self:
        for name in FILES[: 2 if self.dropped else 1]:
            file = self.open.enter_context(open(self.artifact.path / name, "rb", buffering=0))
            self.files.append(file.fileno())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.open.close()

    def load(self, name: str) -> NDArray[Any]:
        return np.asarray(np.load(self.folder / f"{name}.npy", mmap_mode="r"))  # as `memmap` a look at one takes longer

    def line(self, number: int) -> bytes:
        """A row's line. Raises IndexError for a number that no row has."""
        if not 0 <= number < self.total:
            raise IndexError(f"{self.artifact.ref} has rows 0 to {self.total - 1}, not {number}")
        at, size = self.at[number].tolist()
        return os.pread(self.files[int(number >= self.kept)], size, at)

    def held(self, number: int) -> Held:
        """A row, and why it was dropped. Raises UsageError when its file is not what it was."""
        try:
            if number < self.kept:
                row, step, reason = decode(self.line(number)), "", ""
            else:
                drop = _drop.decode(self.line(number))
                row, step, reason = drop.row, drop.step, drop.reason
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise UsageError(
                f"row {number} of {self.artifact.ref} cannot be read; `komainu verify` tells more"
            ) from None
        assert isinstance(row, (Chat, Pair)), "other rows are not noted"
        return Held(row, step, reason)

    def numbers(self, id: str) -> list[int]:
        """Every row of an id, in order."""
        ids, key = self.load("ids"), hashed(id)
        begin, end = (int(np.searchsorted(ids["key"], key, side)) for side in ("left", "right"))
        return sorted(n for n in ids["row"][begin:end].tolist() if self.held(n).row.id == id)

    def find(self, id: str) -> Iterator[Found]:
        """Every row of an id that stays."""
        yield from (Found(self.artifact.ref, self.held(n).row) for n in self.numbers(id) if n < self.kept)

    def column(self, name: str) -> Column:
        return Column(list(self.about["columns"][name]), self.load(name))

    def only(self, **words: str) -> NDArray[np.bool_] | None:
        """Which rows have all these words in the columns of that name; None where none is asked for."""
        mask: NDArray[np.bool_] | None = None
        for name, word in words.items():
            if word:
                names, of = self.column(name)
                fits = of == names.index(word) if word in names else np.zeros(self.total, np.bool_)
                mask = fits if mask is None else mask & fits
        return mask

    def cluster_of(self, number: int) -> int | None:
        """The largest cluster that a row is in."""
        found = int(self.load("cluster")[number])
        return None if found < 0 else found

    def cluster(self, number: int) -> dict[str, Any]:
        """A cluster of duplicates, as `look.clusters` tells it: the largest is 0. IndexError past the last."""
        at = self.load("clusters")
        if not 0 <= number < len(at):
            raise IndexError(f"{self.artifact.ref} has {len(at)} clusters")
        with open(self.folder / "clusters.jsonl", "rb") as lines:
            lines.seek(int(at[number]))
            found: dict[str, Any] = json.loads(lines.readline())
        return found


def rows_of(store: Store, artifact: Artifact) -> Rows | None:
    """The rows of a dataset; None as long as nothing is noted of them: see `made.make`."""
    told = about(store, artifact)
    return Rows(artifact, place(store, artifact), told) if told else None


class Several:
    """Rows of some datasets by id, as `look.earlier` has them."""

    def __init__(self, sets: Sequence[Rows]) -> None:
        self.sets = sets

    def find(self, id: str) -> Iterator[Found]:
        for each in self.sets:
            yield from each.find(id)


def hashed(id: str) -> int:
    """64 bits of an id; what has the same ones is told apart by reading the row."""
    return int.from_bytes(hashlib.blake2b(id.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
