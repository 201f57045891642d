"""A step in two parts: what each row says by itself, and what all rows together decide."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_type_hints

from komainu.context import Context
from komainu.data.base import Dropped, Note, Sieve, windows
from komainu.rows import Chat, Pair


class Verdict(NamedTuple):
    """A row is dropped: the reason, as in Dropped, and what its meta tells about it."""

    reason: str
    meta: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Prepared(Sieve):
    """A sieve that can share its work: `prepare` in any process, `settle` in one, over all rows in order.

    `load` opens what every process needs before it prepares. `prepare` looks at some rows and gives a small value for
    them (arrays, bytes, texts, numbers), the same whatever rows stand beside them. `settle` reads these values, each
    once and in order, and yields for each a list with a Verdict or None (it stays) a row; a Note wherever it likes.
    It never sees the rows, so they need not be decoded where it runs. How many rows a value holds may not change what
    is decided.
    """

    def load(self, ctx: Context) -> Any:
        return None

    def prepare(self, rows: Sequence[Any], loaded: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} needs prepare(rows, loaded)")

    def kind(self) -> Any:
        """The type of what `prepare` gives, by which it is read from a file; for types that are imported late."""
        return get_type_hints(type(self).prepare)["return"]

    def settle(self, prepared: Iterator[Any], loaded: Any) -> Iterator[list[Verdict | None] | Note]:
        raise NotImplementedError(f"{type(self).__name__} needs settle(prepared, loaded)")

    def __call__(self, rows: Iterator[Chat | Pair], ctx: Context) -> Iterator[Chat | Pair | Dropped | Note]:
        loaded = self.load(ctx)
        window = Window()
        for made in self.settle((self.prepare(window.hold(some), loaded) for some in windows(rows)), loaded):
            yield from (made,) if isinstance(made, Note) else window.ruled(made)


@dataclass
class Window:
    """Rows that are prepared and not settled yet."""

    waiting: deque[Sequence[Chat | Pair]] = field(default_factory=deque)

    def hold(self, rows: Sequence[Chat | Pair]) -> Sequence[Chat | Pair]:
        self.waiting.append(rows)
        return rows

    def ruled(self, verdicts: list[Verdict | None]) -> Iterator[Chat | Pair | Dropped]:
        for row, verdict in zip(self.waiting.popleft(), verdicts, strict=True):
            yield row if verdict is None else Dropped(row.with_meta(**verdict.meta), verdict.reason)
