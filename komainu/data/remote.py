"""Shard tasks on other machines: chunks go there, and come back, through files in the dataset's scratch folder.

What is sent is files only: the task names a recipe, a stage of it and a stretch, never code. A shard is done when its
file in `out` is there under its key; so a second run takes what is finished, whoever was killed in between.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, Self

from komainu.cluster.arrays import shards
from komainu.cluster.base import Array, failure, tail
from komainu.cluster.queue import Unheard
from komainu.context import Context, Elsewhere
from komainu.data.executor import Inline
from komainu.data.shard_files import read_done, write_chunks
from komainu.data.stretch import Chunk, Done, Stretch
from komainu.errors import JobFailed, UsageError
from komainu.progress import Progress
from komainu.stage import code_hash, sources_of
from komainu.store import WORK

WAVE = 1000  # shards in one array: Slurm takes indices up to 1000 unless told otherwise
TRIES = 4  # how often a shard is begun that is lost each time
LOOKS = 2  # looks that find neither a task nor its file, until a shard counts as lost
TICK = 0.2  # seconds between two looks for a file
INPUTS, OUTPUTS, FAILED, LOGS = "in", "out", "failed", "logs"
log = logging.getLogger("komainu")


class Remote:
    """An executor whose tasks run on Slurm or Ray. Raises what a shard's row raised, or JobFailed."""

    def __init__(self, stretches: Sequence[Stretch], ctx: Context, out: Path, elsewhere: Elsewhere) -> None:
        self.ctx, self.out, self.elsewhere = ctx, out, elsewhere
        self.here = Inline(stretches, ctx)
        self.begun: list[Array] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        for array in self.begun:
            if isinstance(why[1], KeyboardInterrupt):
                log.warning("stopped; %s", array.leave())
            elif why[1] is not None:
                array.cancel()

    def loaded(self, stretch: Stretch) -> Any:
        return self.here.loaded(stretch)

    def map(self, stretch: Stretch, chunks: Iterator[Chunk]) -> Iterator[Done]:
        if not stretch.steps and stretch.prepared is None:
            yield from self.here.map(stretch, chunks)
            return
        code, chunks, number = code_of(stretch), iter(chunks), 0
        while True:
            folder = self.out / WORK / "shards" / f"{stretch.first}-{number}"
            for name in (INPUTS, OUTPUTS, FAILED, LOGS):
                (folder / name).mkdir(parents=True, exist_ok=True)
            keys = self.send(folder / INPUTS, chunks, code)
            if not keys:
                break
            yield from self.wave(stretch, folder, keys)
            number += 1
        if not number:
            yield from self.here.map(stretch, iter(()))

    def send(self, folder: Path, chunks: Iterator[Chunk], code: str) -> list[str]:
        """Write the shards of one wave; returns their keys."""
        keys: list[str] = []
        for first in chunks:
            more = upto(chunks, self.ctx.settings.data.rows - len(first.lines))
            keys.append(write_chunks(folder / f"{len(keys):05}", chain([first], more), code))
            if len(keys) == WAVE:
                break
        return keys

    def wave(self, stretch: Stretch, folder: Path, keys: list[str]) -> Iterator[Done]:
        array = self.array(stretch, folder)
        wave = Wave(array, folder, keys)
        with Progress(len(keys), f"shards of {'+'.join(stretch.labels) or type(stretch.prepared).__name__}") as bar:
            self.begun.append(array)
            wave.begin()
            for number in range(len(keys)):
                wave.wait(number, bar)
                yield from read_done(wave.made(number), stretch.prepared)
                (folder / INPUTS / f"{number:05}").unlink()
            self.begun.remove(array)

    def array(self, stretch: Stretch, folder: Path) -> Array:
        argv = (*self.elsewhere.sharing(self.out.name, folder), str(stretch.first))
        mark = sha256(bytes(folder.resolve())).hexdigest()[:6]
        return shards(self.ctx.settings, folder, f"{self.out.name}-{folder.name}-{mark}", argv)


class Wave:
    """The shards of one array: which are done, which live, which have to be begun again."""

    def __init__(self, array: Array, folder: Path, keys: Sequence[str]) -> None:
        self.array, self.folder, self.keys = array, folder, keys
        self.tries: Counter[int] = Counter()
        self.missed: Counter[int] = Counter()
        self.looked = 0.0

    def made(self, number: int) -> Path:
        return self.folder / OUTPUTS / f"{number:05}-{self.keys[number]}"

    def failed(self, number: int) -> Path:
        return self.folder / FAILED / f"{number:05}-{self.keys[number]}"

    def todo(self) -> list[int]:
        return [n for n in range(len(self.keys)) if not self.made(n).exists()]

    def begin(self) -> None:
        """Begin what is neither done nor under way from an earlier run."""
        try:
            living = {n for n, fate in self.array.fates().items() if fate.lives}
        except Unheard as error:
            raise UsageError(
                f"Slurm does not answer: {error}"
                "; `komainu doctor` tells what it lacks. Run again when it answers: tasks that live are followed"
            ) from None
        todo = self.todo()
        new = [n for n in todo if n not in living]
        for n in new:
            self.failed(n).unlink(missing_ok=True)
        done = len(self.keys) - len(todo)
        log.info(
            "%d shards: %d done before, %d under way, %d to begin", len(self.keys), done, len(todo) - len(new), len(new)
        )
        if new:
            self.array.begin(new)
        self.looked = time.monotonic()

    def wait(self, number: int, bar: Progress) -> None:
        """Until a shard is done. Raises the error of its rows."""
        while not self.made(number).exists():
            if error := failure(self.failed(number)):
                raise error
            if time.monotonic() - self.looked >= self.array.poll:
                self.look()
                bar.update(len(self.keys) - len(self.todo()) - bar.done)
            time.sleep(TICK)

    def look(self) -> None:
        """Begin again what has been lost."""
        self.looked = time.monotonic()
        try:
            fates = self.array.fates()
        except Unheard as error:
            log.warning("%s; asking again", error)
            return
        lost: dict[int, str] = {}
        for number in self.todo():
            fate = fates.get(number)
            if (fate and fate.lives) or self.failed(number).exists():
                self.missed[number] = 0
                continue
            self.missed[number] += 1
            if self.missed[number] >= LOOKS:
                lost[number] = fate.text if fate else "gone without a trace"
        if lost:
            self.again(lost)

    def again(self, lost: dict[int, str]) -> None:
        for number, how in lost.items():
            self.missed[number] = 0
            self.tries[number] += 1
            if self.tries[number] >= TRIES:
                raise JobFailed(
                    f"shard {number} of {self.folder} was begun {TRIES} times and lost each time: {how}. Run the same "
                    "command to go on from what is done. Its last words:\n"
                    f"{tail(self.folder / LOGS / f'{number}.log')}"
                )
            log.warning("shard %d is begun again: its task %s", number, how)
        self.array.begin([*lost])


def upto(chunks: Iterator[Chunk], rows: int) -> Iterator[Chunk]:
    """Chunks until there are so many rows."""
    while rows > 0 and (chunk := next(chunks, None)) is not None:
        yield chunk
        rows -= len(chunk.lines)


def code_of(stretch: Stretch) -> str:
    """A hash of the code of a stretch: what another version of it has made is not taken."""
    steps = [*stretch.steps, *([stretch.prepared] if stretch.prepared else [])]
    found = {module: known for step in steps for module, known in sources_of(step).items()}
    return code_hash(dict(sorted(found.items())))
