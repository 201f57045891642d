"""The queue of a sweep: as many points at once as there are places, none that would only wait for another."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from komainu.errors import UsageError
from komainu.progress import Progress
from komainu.seal import RECORD
from komainu.stage import Stage, upstream_first
from komainu.store import Store
from komainu.sweeps.record import Outcome, Point, Shelf, Sweep
from komainu.sweeps.run import Child, Ended, Start

log = logging.getLogger("komainu")
TRIES = 3  # of a run that a signal ends: no fault of the point, unless it is so every time


class Watch(Protocol):
    """Looks at the runs while they go."""

    def hopeless(self, point: Point) -> Outcome | None:
        """Why a running point should be stopped; None for no reason."""


@dataclass
class Queue:
    """Runs the points of a sweep that have no artifact and no outcome yet. `stages` has each point's target.

    A point starts when nobody builds its next missing stage: so a shared stage is built once, by one of those that
    need it, while others build what is their own. The store's locks see to it even where that guess is wrong. Points
    that are one artifact run once.
    """

    store: Store
    sweep: Sweep
    stages: Mapping[str, Stage]  # by the points' refs
    start: Start
    places: int = 1
    watch: Watch | None = None
    pause: float = 0.2  # seconds between two looks
    running: dict[int, tuple[Point, Child]] = field(default_factory=dict)  # by place
    tries: dict[str, int] = field(default_factory=dict)
    faulty: dict[str, tuple[str, Outcome]] = field(default_factory=dict)  # stages that failed, and for which point
    whole: set[str] = field(default_factory=set)  # stages known to be built

    def __post_init__(self) -> None:
        self.shelf = Shelf(self.store.root)
        self.order = {ref: upstream_first(stage) for ref, stage in self.stages.items()}

    def run(self) -> None:
        """Until every point is built, failed or pruned. Raises UsageError while another process runs the sweep."""
        with self.store.lock(f"sweep-{self.sweep.id}", wait=False) as free:
            if not free:
                raise UsageError(
                    f"another process is running the sweep {self.sweep.name} ({self.sweep.id})"
                    "; wait for it (`komainu status`), or end it"
                )
            todo = {p.ref: p for p, state, _ in self.shelf.states(self.sweep) if state == "to run"}
            waiting = [*todo.values()]
            with Progress(len(waiting), self.sweep.name) as bar:
                try:
                    while waiting or self.running:
                        bar.update(self._collect(waiting), f"{len(self.running)} running")
                        self._fill(waiting, bar)
                        if self.running:
                            time.sleep(self.pause)
                finally:
                    for _, child in self.running.values():
                        child.leave()

    def _fill(self, waiting: list[Point], bar: Progress) -> None:
        """Start what can be started."""
        for place in range(self.places):
            if place in self.running:
                continue
            bar.update(self._spare(waiting))
            busy = {self._next(point) for point, _ in self.running.values()}
            ready = (p for p in waiting if (stage := self._next(p)) not in busy and not self._held(stage))
            if (point := next(ready, None)) is None:
                return
            waiting.remove(point)
            words = ["run", self.sweep.target, *point.words, "--json"]
            self.running[place] = (point, self.start(words, self.shelf.log(self.sweep, point), place))
            log.info("start %s", point.name)

    def _collect(self, waiting: list[Point]) -> int:
        """Take in the runs that have ended, and stop the hopeless ones; how many points are settled."""
        settled = 0
        for place, (point, child) in [*self.running.items()]:
            ended = child.ended()
            if ended is None:
                stop = self.watch.hopeless(point) if self.watch else None
                if stop is None:
                    continue
                child.stop()
                outcome: Outcome | None = None if self.shelf.built(point) else stop
            elif self.shelf.built(point):  # also where the run told that verdicts are missing
                outcome = None
            elif ended.killed and self._again(point):
                del self.running[place]
                waiting.insert(0, point)
                log.warning("%s was %s: started again", point.name, ended.why)
                continue
            else:
                outcome = self._failure(point, ended)
            del self.running[place]
            self._settle(point, outcome)
            settled += 1
        return settled

    def _again(self, point: Point) -> bool:
        self.tries[point.ref] = self.tries.get(point.ref, 1) + 1
        return self.tries[point.ref] <= TRIES

    def _failure(self, point: Point, ended: Ended) -> Outcome:
        """The outcome of a run that failed; the stage that it had come to is at fault."""
        at = self._next(point) or ""
        outcome = Outcome("failed", ended.kind, ended.why, at, ended.code)
        if at and not ended.killed:
            self.faulty.setdefault(at, (point.name, outcome))
        return outcome

    def _spare(self, waiting: list[Point]) -> int:
        """Settle the points whose next stage has failed for another one: it would fail for them too."""
        settled = 0
        for point in [*waiting]:
            if (at := self._next(point)) in self.faulty:
                name, outcome = self.faulty[at]
                waiting.remove(point)
                self._settle(point, Outcome("failed", outcome.kind, f"as {name}: {outcome.why}", at, outcome.code))
                settled += 1
        return settled

    def _settle(self, point: Point, outcome: Outcome | None) -> None:
        self.shelf.tell(self.sweep, point, outcome)
        if outcome is None:
            log.info("built %s", point.name)
        else:
            log.warning("%s %s: %s: %s", outcome.state, point.name, outcome.kind, outcome.why)

    def _next(self, point: Point) -> str | None:
        """The stage that a run of the point builds next, as `stage/id`: what is built already is not looked at."""
        wanted, missing = {point.ref}, []
        for stage in reversed(self.order[point.ref]):
            if stage.place in wanted and not self._built(stage.place):
                missing.append(stage.place)
                wanted.update(s.place for s in stage.inputs.values())
        return missing[-1] if missing else None

    def _built(self, ref: str) -> bool:
        if ref not in self.whole and (self.store.root / ref / RECORD).exists():
            self.whole.add(ref)
        return ref in self.whole

    def _held(self, ref: str | None) -> bool:
        """Whether some process, of whatever run, is building it."""
        return ref is not None and self.store.holder(ref.partition("/")[2]) is not None


def classes(told: Sequence[tuple[Point, Outcome]]) -> dict[str, list[tuple[Point, Outcome]]]:
    """Failed points by the class of their error, the most frequent first."""
    found: dict[str, list[tuple[Point, Outcome]]] = {}
    for point, outcome in told:
        found.setdefault(outcome.kind, []).append((point, outcome))
    return dict(sorted(found.items(), key=lambda each: (-len(each[1]), each[0])))
