"""A pool of processes that work on chunks: this end of it. `hand` is the other.

One process is started anew, so that no thread, no model and no key of this one is in it. It loads what the stretches
need, once, and splits into hands that share it. Each hand has a socket to here and is sent the next chunk while it
works on one. When this process ends, however it does, the sockets close and the hands end.
"""

from __future__ import annotations

import json
import os
import pickle
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from signal import Signals
from typing import Any, Self

from komainu.context import Context
from komainu.data.executor import Inline
from komainu.data.stretch import Chunk, Done, Stretch
from komainu.errors import Error, JobFailed
from komainu.settings import without_keys

AHEAD = 2  # chunks that a hand has at most: one it works on, one that waits
PROGRAM = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from komainu.data.hand import main; main()"


class Unsendable(Exception):
    """The stretches cannot be made again in another process: a class of theirs is inside a function, for example."""


@dataclass(eq=False)
class Task:
    """A chunk on its way, and what became of it."""

    stretch: int
    chunk: Chunk | None  # until it is sent
    rows: str
    done: Done | None = None
    error: Exception | None = None


@dataclass(eq=False)
class Hand:
    """One process of the pool, and the tasks it has, in order."""

    pipe: Connection
    tasks: deque[Task] = field(default_factory=deque)


class Pool:
    """Raises Unsendable at once where it cannot work, `JobFailed` when a process of it has been ended from outside."""

    def __init__(self, stretches: Sequence[Stretch], ctx: Context, count: int) -> None:
        self.stretches, self.waiting = list(stretches), deque[Task]()
        load = payload(stretches, ctx)
        control, there = pair()
        ends = [pair() for _ in range(count)]
        self.control = control
        self.hands = [Hand(here) for here, _ in ends]
        fds = [there.fileno(), *(end.fileno() for _, end in ends)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, json.dumps(sys.path), *map(str, fds)],
            pass_fds=fds,
            env=without_keys(ctx.settings) | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C is for this process, which ends them
        )
        for end in (there, *(end for _, end in ends)):
            end.close()
        try:
            control.send_bytes(load)
            self.here = Inline(stretches, ctx)  # while the other process loads too
            self.pids: list[int] = self.begun()
        except BaseException:
            self.__exit__()
            raise

    def begun(self) -> list[int]:
        try:
            answer = self.control.recv()
        except (EOFError, OSError):
            raise JobFailed(
                f"a process for the steps of a dataset did not start (exit {self.process.wait()})"
                ". If memory ran out, set `processes` in komainu.toml lower; run again to go on"
            ) from None
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, str):
            raise Unsendable(answer)
        pids: list[int] = answer
        return pids

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        for hand in self.hands:
            hand.pipe.close()
        self.control.close()  # it kills its hands and ends
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def loaded(self, stretch: Stretch) -> Any:
        return self.here.loaded(stretch)

    def map(self, stretch: Stretch, chunks: Iterator[Chunk]) -> Iterator[Done]:
        number = self.stretches.index(stretch)
        begun: deque[Task] = deque()
        drawn = False
        for chunk in chunks:
            drawn = True
            begun.append(Task(number, chunk, span(chunk)))
            self.waiting.append(begun[-1])
            self.pump(0)
            if len(begun) > AHEAD * len(self.hands):
                yield self.result(begun.popleft())
        while begun:
            yield self.result(begun.popleft())
        if not drawn:
            yield from self.here.map(stretch, iter(()))

    def result(self, task: Task) -> Done:
        while task.done is None and task.error is None:
            self.pump(None)
        if task.error is not None:
            raise task.error
        assert task.done is not None
        return task.done

    def pump(self, timeout: float | None) -> None:
        """Send what can be sent, and take what has come."""
        self.send()
        for pipe in wait([hand.pipe for hand in self.hands], timeout):
            hand = next(hand for hand in self.hands if hand.pipe is pipe)
            try:
                made = hand.pipe.recv()
            except (EOFError, OSError):
                raise self.lost(hand) from None
            task = hand.tasks.popleft()
            if isinstance(made, Exception):
                task.error = made
            else:
                task.done = made
        self.send()

    def send(self) -> None:
        for hand in sorted(self.hands, key=lambda hand: len(hand.tasks)):
            if self.waiting and len(hand.tasks) < AHEAD:
                task = self.waiting.popleft()
                hand.tasks.append(task)
                try:
                    hand.pipe.send((task.stretch, task.chunk))
                except OSError:
                    raise self.lost(hand) from None
                task.chunk = None

    def lost(self, hand: Hand) -> Error:
        """What is said when a process has ended that should not have."""
        number, how = self.hands.index(hand), "has ended"
        end = time.monotonic() + 2
        while time.monotonic() < end and self.control.poll(max(0.0, end - time.monotonic())):
            try:
                which, status = self.control.recv()
            except (EOFError, OSError):
                break
            if which == number:
                how = f"ended: {ended(status)}"
                break
        at = f" while it worked on {hand.tasks[0].rows}" if hand.tasks else ""
        return JobFailed(
            f"process {self.pids[number]} {how}{at}. If memory ran out, set `processes` in komainu.toml lower; "
            "run again to go on: no model is asked twice"
        )


def ended(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"killed by {Signals(-code).name}" if code < 0 else f"exit code {code}"


def span(chunk: Chunk) -> str:
    if chunk.file:
        return f"lines {chunk.line} to {chunk.line + len(chunk.lines) - 1} of {chunk.file}"
    return f"rows {chunk.at[0]} to {chunk.at[-1]}" if chunk.at else "no rows"


def pair() -> tuple[Connection, Connection]:
    here, there = socket.socketpair()
    return Connection(here.detach()), Connection(there.detach())


def payload(stretches: Sequence[Stretch], ctx: Context) -> bytes:
    """What the other process needs: files of recipes whose classes are used, then the stretches and where it runs."""
    try:
        values = pickle.dumps((list(stretches), ctx.store, ctx.settings))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise Unsendable(str(error)) from None
    if b"__main__" in values:
        raise Unsendable("a class of theirs is in the program that was started")
    files = {n: m.__file__ for n, m in sys.modules.items() if n.startswith("recipe_") and n.encode() in values}
    return pickle.dumps((files, values))
