"""Steps for tests of the engine, in a module that other processes can import."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from komainu.context import Context
from komainu.data.base import Dropped, Note, Step
from komainu.errors import UsageError
from komainu.rows import Chat


@dataclass(frozen=True, kw_only=True)
class Twice(Step):
    """Two rows of each; of every third id the second one is dropped. Notes count both."""

    alone: ClassVar[bool] = True

    @property
    def per_row(self) -> int:
        return 2

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped | Note]:
        made = {"first": 0, "second": 0}
        for row in rows:
            made["first"] += 1
            yield Chat(f"{row.id}a", row.messages, row.meta)
            second = Chat(f"{row.id}b", row.messages, row.meta)
            if sum(map(ord, row.id)) % 3:
                made["second"] += 1
                yield second
            else:
                yield Dropped(second, f"third: {row.id}")
        yield Note({"made": made})


@dataclass(frozen=True, kw_only=True)
class Everyother(Step):
    """Drops by what came before, so it cannot work on pieces; reads `ahead` rows before it gives one."""

    ahead: int = 1

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped | Note]:
        held: list[Chat] = []
        count = 0
        for row in rows:
            held.append(row)
            if len(held) == self.ahead:
                yield from (Dropped(r, "odd") if (count + i) % 2 else r for i, r in enumerate(held))
                count += len(held)
                held = []
        yield from (Dropped(r, "odd") if (count + i) % 2 else r for i, r in enumerate(held))
        yield Note({"rows": count + len(held)})


@dataclass(frozen=True, kw_only=True)
class Kills(Step):
    """Ends its process, as the kernel does when memory runs out, on one row; not where `flag` is there."""

    alone: ClassVar[bool] = True
    row: str
    flag: str

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat]:
        for row in rows:
            if row.id == self.row and not Path(self.flag).exists():
                os.kill(os.getpid(), signal.SIGKILL)
            yield row


@dataclass(frozen=True, kw_only=True)
class Refuses(Step):
    """An error of the user's, or one of ours, on one row."""

    alone: ClassVar[bool] = True
    row: str
    ours: bool = False

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat]:
        for row in rows:
            if row.id == self.row:
                raise ZeroDivisionError(row.id) if self.ours else UsageError(f"{row.id}: nothing to be done")
            yield row


@dataclass(frozen=True, kw_only=True)
class Sleeps(Step):
    """Writes down its process and does not come back."""

    alone: ClassVar[bool] = True
    folder: str

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat]:
        for row in rows:
            (Path(self.folder) / str(os.getpid())).touch()
            time.sleep(600)
            yield row


@dataclass(frozen=True, kw_only=True)
class Waits(Step):
    """Writes down its process on one row, and waits there until the file `go` is in the folder."""

    alone: ClassVar[bool] = True
    row: str
    folder: str

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat]:
        for row in rows:
            if row.id == self.row:
                (Path(self.folder) / f"pid-{os.getpid()}").touch()
                while not (Path(self.folder) / "go").exists():
                    time.sleep(0.05)
            yield row


@dataclass(frozen=True, kw_only=True)
class Tells(Step):
    """Puts a variable of the environment, and whether this is the process `of`, into each row."""

    alone: ClassVar[bool] = True
    variable: str
    of: int

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat]:
        for row in rows:
            yield row.with_meta(variable=os.environ.get(self.variable), here=os.getpid() == self.of)


@dataclass(frozen=True, kw_only=True)
class Looks(Step):
    """Says that it is alone, and uses the context."""

    alone: ClassVar[bool] = True

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat]:
        print(ctx.store)
        yield from rows
