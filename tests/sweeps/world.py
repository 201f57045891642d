"""A sweep of small stages, and runs of it that are no processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from komainu.stage import Stage
from komainu.store import Store
from komainu.sweeps.points import combinations, factors
from komainu.sweeps.queue import Queue
from komainu.sweeps.record import Point, Shelf, Sweep
from komainu.sweeps.run import Ended
from tests.core_fakes import Join, Source, context

Play = Callable[[list[str], int], Ended | None]  # the words, how often they came: how it ends; None builds the point


def target(n: str, word: str = "x") -> Join:
    return Join(parts=(Source(n=4, word="shared"), Source(n=1, word=word)), rate=float(n))


def swept(*settings: str, name: str = "it") -> tuple[Sweep, dict[str, Stage]]:
    """A sweep over `target`."""
    some = factors(settings)
    values = combinations(some)
    made = [target(**each) for each in values]
    points = tuple(Point(v, f"it,{v}", stage.place) for v, stage in zip(values, made, strict=True))
    return Sweep(name, "x.py:it", {f.name: f.levels for f in some}, points), {s.place: s for s in made}


@dataclass
class Run:
    """Goes on for `looks` looks, then builds its target or ends as it was told."""

    world: World
    stage: Stage
    words: list[str]
    ending: Ended | None
    looks: int
    stopped: bool = False

    def ended(self) -> Ended | None:
        self.looks -= 1
        if self.looks > 0:
            return None
        self.world.at_once.remove(self)
        if self.ending is None:
            ctx = context(self.world.store.root)
            ctx.store.build(self.stage, ctx)
        return self.ending or Ended(0, "", "")

    def stop(self) -> None:
        self.stopped = True
        if self in self.world.at_once:
            self.world.at_once.remove(self)

    def leave(self) -> None:
        self.stop()


@dataclass
class World:
    """A store, a sweep in it, and what its runs do."""

    root: Path
    sweep: Sweep
    stages: dict[str, Stage]
    play: Play = lambda words, time: None
    looks: int = 2
    started: list[list[str]] = field(default_factory=list)
    at_once: list[Run] = field(default_factory=list)
    most: int = 0

    def __post_init__(self) -> None:
        self.store, self.shelf = Store(self.root), Shelf(self.root)
        self.shelf.keep(self.sweep)

    def start(self, words: Sequence[str], log: Path, place: int) -> Run:
        said = [*words]
        self.started.append(said)
        point = next(p for p in self.sweep.points if said == ["run", self.sweep.target, *p.words, "--json"])
        run = Run(self, self.stages[point.ref], said, self.play(said, self.started.count(said)), self.looks)
        self.at_once.append(run)
        self.most = max(self.most, len(self.at_once))
        return run

    def queue(self, places: int = 2) -> Queue:
        return Queue(self.store, self.sweep, self.stages, self.start, places, pause=0.0)

    def states(self) -> list[str]:
        return [state for _, state, _ in self.shelf.states(self.sweep)]
