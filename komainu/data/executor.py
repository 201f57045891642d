"""Where the chunks of a dataset are worked on: in this process, in a pool of them, or on other machines."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, Self

from komainu.context import Context
from komainu.data.stretch import Chunk, Done, Stretch

SMALL = 4096  # rows up to which a pool does not pay
log = logging.getLogger("komainu")


class Executor(Protocol):
    """Works on chunks and gives what is made of them in their order; entered with `with`."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *why: object) -> None: ...

    def map(self, stretch: Stretch, chunks: Iterator[Chunk]) -> Iterator[Done]:
        """What becomes of each chunk, in order. Draws chunks only some way ahead of what has been taken from it."""
        ...

    def loaded(self, stretch: Stretch) -> Any:
        """What the stretch's `load` gave in this process."""
        ...


class Inline:
    """Everything in this process, a chunk at a time."""

    def __init__(self, stretches: Sequence[Stretch], ctx: Context) -> None:
        self.things = {stretch.first: stretch.load(ctx) for stretch in stretches}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        return None

    def map(self, stretch: Stretch, chunks: Iterator[Chunk]) -> Iterator[Done]:
        drawn = False
        for chunk in chunks:
            drawn = True
            yield stretch.work(chunk, self.things[stretch.first])
        if not drawn:  # so that the notes of its steps are there
            yield stretch.work(Chunk([], []), self.things[stretch.first])

    def loaded(self, stretch: Stretch) -> Any:
        return self.things[stretch.first]


def executor(stretches: Sequence[Stretch], ctx: Context, rows: int, out: Path) -> Executor:
    """Other machines or a pool where there is work enough for one, as komainu.toml wants it; else this process."""
    data, count = ctx.settings.data, ctx.settings.processes or cores()
    work = any(stretch.steps or stretch.prepared for stretch in stretches)
    if data.on != "processes" and rows > data.rows and work:
        if ctx.elsewhere is not None:
            from komainu.data.remote import Remote

            return Remote(stretches, ctx, out, ctx.elsewhere)
        log.warning("no recipe is known that %s could find this dataset in: it is made here", data.on)
    if count > 1 and rows > SMALL and work:
        from komainu.data.pool import Pool, Unsendable

        try:
            return Pool(stretches, ctx, count)
        except Unsendable as error:
            log.warning("the steps of this dataset cannot be sent to other processes (%s): one does it all", error)
    return Inline(stretches, ctx)


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
