"""Anchors: a fixed set of translations by several translators, and how these fared against each other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

import msgspec

from komainu.errors import UsageError
from komainu.eval.items import Source
from komainu.files import read_objects, read_rows, write_objects, write_rows
from komainu.rows import Chat, Message
from komainu.stage import Stage

if TYPE_CHECKING:
    from komainu.context import Context
    from komainu.eval.stats.bradley_terry import Duels

ROWS, MET = "rows.jsonl", "duels.jsonl"


Count = Annotated[float, msgspec.Meta(ge=0, le=1000)]


class Met(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How two anchors fared on one text: wins of each, and ties; fractions where several verdicts are one."""

    id: str
    a: str
    b: str
    wins_a: Count
    wins_b: Count
    ties: Count = 0.0

    @property
    def duels(self) -> Duels:
        from komainu.eval.stats.bradley_terry import Duels

        return Duels(self.a, self.b, self.wins_a, self.wins_b, self.ties)


class AnchorSet(NamedTuple):
    """The translations by item and anchor, and what the anchors won against each other."""

    texts: Mapping[str, Mapping[str, str]]
    met: tuple[Met, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(next(iter(self.texts.values())))


@dataclass(frozen=True, kw_only=True)
class Anchors(Stage, ABC):
    """Makes an anchor set: Chat rows with the id of an item, the translation as the reply and meta.anchor, the name of
    who made it; and `duels.jsonl`, an object a text and pair of anchors (`id`, `a`, `b`, `wins_a`, `wins_b`, `ties`).

    The files of the artifact, in a folder of their own, are a version of the set that `AnchorFiles` reads.
    """

    makes: ClassVar[type] = Chat

    @abstractmethod
    def read(self, ctx: Context) -> AnchorSet:
        """The set. Raises UsageError with file:line where it is read from files that are not as they should be."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The anchors, in the set's order."""

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return self.written(self.read(ctx), out)

    def written(self, found: AnchorSet, out: Path) -> dict[str, Any]:
        """Write the set's files; the anchors' own strengths for the summary."""
        from komainu.eval.stats.bradley_terry import fit, parts, tally

        results = tally(met.duels for met in found.met)
        if len(parts(results)) != 1 or {*results.names} != {*found.names}:
            raise UsageError(
                f"{self.label}: the anchors must all have met, be it through others; add comparisons that link them"
            )
        placed = fit(results)
        rows = (row(item, name, text) for item, by in found.texts.items() for name, text in by.items())
        write_objects(out / MET, map(msgspec.structs.asdict, found.met))
        strengths = zip(results.names, placed.strengths, placed.sides, strict=True)
        return {
            "rows": write_rows(out / ROWS, rows),
            "items": len(found.texts),
            "met": len(found.met),
            "anchors": {name: {"strength": round(float(s), 6), "side": side} for name, s, side in strengths},
        }


@dataclass(frozen=True, kw_only=True)
class AnchorFiles(Anchors):
    """The anchor set in a folder's `rows.jsonl` and `duels.jsonl`; its identity is their content."""

    source: Source

    def check(self) -> Iterator[str]:
        yield from (f"AnchorFiles.source: {problem}" for problem in self.source.problems())

    @property
    def names(self) -> tuple[str, ...]:
        return self.found.names

    @cached_property
    def found(self) -> AnchorSet:
        return load(self.source.file(ROWS).parent)

    def read(self, ctx: Context) -> AnchorSet:
        return self.found


def row(item: str, name: str, text: str) -> Chat:
    return Chat(item, (Message("user", item), Message("assistant", text)), {"anchor": name})


def load(folder: Path) -> AnchorSet:
    """The anchor set of a folder: every text by every anchor, and comparisons of these alone."""
    texts: dict[str, dict[str, str]] = {}
    for number, found in enumerate(read_rows(folder / ROWS), 1):
        at = f"{folder / ROWS}: row {number}"
        name = found.meta.get("anchor") if isinstance(found, Chat) else None
        if not isinstance(found, Chat) or not isinstance(name, str) or not found.reply.strip():
            raise UsageError(
                f"{at}: an anchor's row is a chat with a translation as its reply and meta.anchor"
                "; mend or remove this row"
            )
        if name in texts.setdefault(found.id, {}):
            raise UsageError(f"{at}: {name!r} has translated {found.id!r} already; keep one of the two rows")
        texts[found.id][name] = found.reply
    names = {name for by in texts.values() for name in by}
    for item, by in texts.items():
        if lacking := sorted(names - {*by}):
            raise UsageError(
                f"{folder / ROWS}: {item!r} is not translated by {lacking[0]!r}; every anchor has every text"
            )
    if len(names) < 2:
        raise UsageError(f"{folder / ROWS}: an anchor set needs at least two anchors")
    return AnchorSet(texts, tuple(compared(folder / MET, texts, names)))


def compared(path: Path, items: Container[str], names: Container[str]) -> Iterator[Met]:
    """The comparisons of a file, each of a text and two anchors of the set."""
    for line, value in read_objects(path):
        try:
            met = msgspec.convert(value, Met)
        except msgspec.ValidationError as error:
            raise UsageError(f"{path}:{line}: {error}") from None
        if met.a == met.b or met.a not in names or met.b not in names or met.id not in items:
            raise UsageError(
                f"{path}:{line}: a comparison is of a text and two anchors of {path.parent / ROWS}"
                "; mend or remove this line"
            )
        yield met
