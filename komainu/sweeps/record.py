"""The record of a sweep: what varied, which artifact each point is, and what came of points that are none.

It stands under `store/.sweeps/<id>/`; names point at ids, as those of artifacts do.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import msgspec

from komainu.errors import UsageError, nearest
from komainu.files import write_json
from komainu.seal import RECORD
from komainu.store import SWEEPS, file_name

FILE, NAMES = "sweep.json", "names"


class Point(msgspec.Struct, frozen=True):
    """One combination of levels: the name its artifact gets, and the artifact as `stage/id`."""

    values: dict[str, str]
    name: str
    ref: str

    @property
    def words(self) -> list[str]:
        return [f"{key}={value}" for key, value in self.values.items()]


class Outcome(msgspec.Struct, frozen=True):
    """Why a point has no artifact. `kind` is the class of the error, `stage` what was being built, `why` the last
    word of the run. Of a pruned one also the step at which it was stopped."""

    state: Literal["failed", "pruned"]
    kind: str
    why: str
    stage: str = ""
    code: int | None = None
    step: int | None = None


class Sweep(msgspec.Struct, frozen=True):
    """What was swept: the recipe as it was given, each factor's levels, and the points."""

    name: str
    target: str
    factors: dict[str, tuple[str, ...]]
    points: tuple[Point, ...]

    @property
    def id(self) -> str:
        """Twelve hex digits: of what varied and of the artifacts, so neither its name nor its place counts."""
        said = msgspec.json.encode([sorted([[*p.values.items()], p.ref] for p in self.points)])
        return hashlib.sha256(said).hexdigest()[:12]

    @property
    def varied(self) -> dict[str, tuple[str, ...]]:
        """The factors with several levels."""
        return {name: levels for name, levels in self.factors.items() if len(levels) > 1}


@dataclass(frozen=True)
class Shelf:
    """The sweeps of a store."""

    root: Path  # of the store

    @property
    def folder(self) -> Path:
        return self.root / SWEEPS

    def place(self, sweep: Sweep) -> Path:
        return self.folder / sweep.id

    def keep(self, sweep: Sweep) -> None:
        """Write a sweep down and point its name at it; what it did before stays where it is."""
        place, names = self.place(sweep), self.folder / NAMES
        for folder in (place / "outcomes", place / "logs", names):
            folder.mkdir(parents=True, exist_ok=True)
        if not (place / FILE).exists():
            write_json(place / FILE, msgspec.to_builtins(sweep))
        partial = names / f".{os.getpid()}.partial"
        partial.unlink(missing_ok=True)
        partial.symlink_to(Path("..") / sweep.id)
        os.replace(partial, names / file_name(sweep.name))

    def names(self) -> dict[str, str]:
        """Name to id, sorted by name."""
        folder = self.folder / NAMES
        links = [p for p in folder.iterdir() if p.is_symlink()] if folder.is_dir() else []
        return {unquote(p.name): p.readlink().name for p in sorted(links) if not p.name.startswith(".")}

    def find(self, word: str) -> Sweep:
        """The sweep of a name, an id, or the beginning of one; raises UsageError when there is none."""
        names = self.names()
        ids = [p.parent.name for p in self.folder.glob(f"*/{FILE}") if p.parent.name != NAMES]
        found = {names[word]} if word in names else {i for i in ids if word and i.startswith(word)}
        if len(found) != 1:
            many = f"{word!r} begins {len(found)} ids of sweeps; give more digits"
            raise UsageError(many if found else f"{self.root} has no sweep {word!r}{nearest(word, names)}")
        path = self.folder / found.pop() / FILE
        try:
            return msgspec.json.decode(path.read_bytes(), type=Sweep)
        except (OSError, msgspec.DecodeError) as error:
            raise UsageError(f"{path} is damaged ({error}); run the sweep again") from None

    def built(self, point: Point) -> bool:
        return (self.root / point.ref / RECORD).exists()

    def outcome(self, sweep: Sweep, point: Point) -> Outcome | None:
        """What was written down of a point that has no artifact."""
        try:
            return msgspec.json.decode(self._outcome(sweep, point).read_bytes(), type=Outcome)
        except FileNotFoundError:
            return None

    def tell(self, sweep: Sweep, point: Point, outcome: Outcome | None) -> None:
        """Write down what came of a point, or forget it."""
        path = self._outcome(sweep, point)
        if outcome is None:
            path.unlink(missing_ok=True)
        else:
            write_json(path, msgspec.to_builtins(outcome))

    def states(self, sweep: Sweep) -> Iterator[tuple[Point, str, Outcome | None]]:
        """Each point as `built`, `failed`, `pruned` or `to run`."""
        for point in sweep.points:
            told = None if self.built(point) else self.outcome(sweep, point)
            yield point, "built" if self.built(point) else told.state if told else "to run", told

    def log(self, sweep: Sweep, point: Point) -> Path:
        """The file that a run's words go to; they may be many, and only the last count."""
        return self.place(sweep) / "logs" / f"{flat(point)}.log"

    def _outcome(self, sweep: Sweep, point: Point) -> Path:
        return self.place(sweep) / "outcomes" / f"{flat(point)}.json"


def flat(point: Point) -> str:
    return point.ref.replace("/", "-")


def described(outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(outcome)
    return {key: value for key, value in found.items() if value not in (None, "")}
