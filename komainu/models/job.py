"""One list of questions on its way: what has come of it, read on another thread than it comes."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future

from komainu.errors import EndpointError
from komainu.models.arrivals import Arrival
from komainu.models.base import Model, Question, Reply
from komainu.models.failures import Attempt

LINGER = 0.1  # seconds that an answer waits for others, so that they are handed on and kept together
FEW = 32  # questions on their way from which on none waits


class Job:
    """The answers to one list of questions, as they come.

    While many are still to come they are handed on in lots: a lot costs one waking of the reader and one commit.
    `arrived` is called on the event loop.
    """

    def __init__(self, model: Model, questions: Sequence[Question]) -> None:
        self.model, self.questions = model, questions
        self.failure: Exception | None = None
        self.inbox: queue.SimpleQueue[list[Arrival] | None] = queue.SimpleQueue()  # None: nothing more will come
        self.lot: list[Arrival] = []
        self.left = len(questions)
        self.gate = threading.Lock()
        self.work: Future[None] | None = None
        self.over = False

    def arrived(self, which: int, reply: Reply | None, seconds: float, failed: tuple[Attempt, ...]) -> None:
        with self.gate:
            self.lot.append(Arrival(which, reply, seconds, failed))
            self.left -= 1
            first = len(self.lot) == 1
        if self.left < FEW:
            self.hand_on()
        elif first:
            asyncio.get_running_loop().call_later(LINGER, self.hand_on)

    def hand_on(self) -> None:
        with self.gate:
            lot, self.lot = self.lot, []
        if lot:
            self.inbox.put(lot)

    def end(self) -> None:
        self.hand_on()
        self.inbox.put(None)

    def __iter__(self) -> Job:
        return self

    def __next__(self) -> list[Arrival]:
        """What has come since the last call; waits for the first. Raises the failure after the last."""
        found: list[Arrival] = []
        while not self.over and not (found and self.inbox.empty()):
            if (lot := self.inbox.get()) is None:
                self.over = True
            else:
                found += lot
        if found:
            return found
        if self.failure is not None:
            raise self.failure
        raise StopIteration

    def close(self) -> None:
        """Give up what is still on its way."""
        self.failure = self.failure or EndpointError("given up; what was answered is kept")
        if self.work is not None:
            self.work.cancel()
        self.end()
