"""Step: rows in an order that their meta decides: languages one after the other, easy ones first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from komainu.context import Context
from komainu.data.base import Step
from komainu.rows import Chat, Pair


@dataclass(frozen=True, kw_only=True)
class Arrange(Step):
    """All rows, in order of meta[`by`]; a dot goes into a dict, as in `tags.difficulty`.

    First those whose value stands in `first`, in that order, then numbers, small ones first, then other values by
    their text, then rows without one. Equals stay as they came, so a shuffled mix stays shuffled within each. Training
    follows the order where `Fit.order` is "given". Memory: all rows are held.
    """

    eats: ClassVar[type] = object
    by: str
    first: tuple[str, ...] = ()

    def turns(self, came: type) -> type | None:
        return came if came in (Chat, Pair) else None

    @property
    def least(self) -> int:
        return 1

    def __call__(self, rows: Iterator[Chat | Pair], ctx: Context) -> Iterator[Chat | Pair]:
        yield from sorted(rows, key=self.place)

    def place(self, row: Chat | Pair) -> tuple[int, float, str]:
        value: Any = row.meta
        for key in self.by.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and value in self.first:
            return (0, self.first.index(value), "")
        if isinstance(value, (int, float)) and value == value:
            return (1, float(value), "")
        return (3, 0.0, "") if value is None else (2, 0.0, str(value))
