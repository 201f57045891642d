"""Answers in the order they come: how a client that waits on many at once hands each one on at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from komainu.models.base import Client, Model, Question, Reply
from komainu.models.failures import Attempt


class Arrival(NamedTuple):
    """What came of one question: which of the list it is, the answer, and how many seconds the last request took.

    `failed` are the requests before it that gave none. `reply` None: there will be no answer in this run.
    """

    which: int
    reply: Reply | None
    seconds: float
    failed: tuple[Attempt, ...] = ()


class Arrivals(Protocol):
    """An iterator over all that has come since it was last asked; it waits when nothing has.

    `close` gives up what is still on its way and may be called from another thread.
    """

    def __iter__(self) -> Arrivals: ...

    def __next__(self) -> list[Arrival]: ...

    def close(self) -> None: ...


@runtime_checkable
class Arriving(Client, Protocol):
    """A client that can also hand on answers as they come, whatever their order."""

    def arrivals(self, model: Model, questions: Sequence[Question]) -> Arrivals: ...
