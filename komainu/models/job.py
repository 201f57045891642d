"""One list of questions on its way: what has come of it, read on another thread than it comes."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from concurrent.futures import Future

from komainu.errors import EndpointError
from komainu.models.arrivals import Arrival
from komainu.models.base import Model, Question, Reply
from komainu.models.failures import Attempt


class Job:
    """The answers to one list of questions, as they come."""

    def __init__(self, model: Model, questions: Sequence[Question]) -> None:
        self.model, self.questions = model, questions
        self.failure: Exception | None = None
        self.inbox: queue.SimpleQueue[Arrival | None] = queue.SimpleQueue()  # None: nothing more will come
        self.work: Future[None] | None = None
        self.over = False

    def arrived(self, which: int, reply: Reply | None, seconds: float, failed: tuple[Attempt, ...]) -> None:
        self.inbox.put(Arrival(which, reply, seconds, failed))

    def end(self) -> None:
        self.inbox.put(None)

    def __iter__(self) -> Job:
        return self

    def __next__(self) -> list[Arrival]:
        """What has come since the last call; waits for the first. Raises the failure after the last."""
        found: list[Arrival] = []
        while not self.over and not (found and self.inbox.empty()):
            if (item := self.inbox.get()) is None:
                self.over = True
            else:
                found.append(item)
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
