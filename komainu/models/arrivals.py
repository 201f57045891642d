"""Answers in the order they come: how a client that waits on many at once hands each one on at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from komainu.models.base import Client, Model, Question, Reply


class Arrival(NamedTuple):
    """One answer: to which question of the list, and how many seconds it took."""

    which: int
    reply: Reply
    seconds: float


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
