"""Progress of long work: a bar on a terminal, a plain line now and then elsewhere; always on stderr."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import ClassVar, Self

QUIET = 10.0  # seconds between two plain lines
FRAME = 0.1  # seconds between two drawings of a bar
TOLD = 1.0  # seconds between two notes for other processes
TELLING: ContextVar[Path | None] = ContextVar("telling", default=None)
CLEAR = "\r\x1b[K"  # to the start of the line, and what stood there is gone


class Progress:
    """Counts done work towards `total` (None when unknown); `note` is shown beside it.

    Work within work is shown on one line: the outermost and the innermost. A quiet one shows nothing.
    """

    at_work: ClassVar[list[Progress]] = []
    drawing: ClassVar[Lock] = Lock()

    def __init__(self, total: int | None, what: str, *, quiet: bool = False) -> None:
        self.total, self.what, self.done, self.note = total, what, 0, ""
        self.started = self.shown = time.monotonic()
        self.bar, self.quiet = False, quiet
        self.file, self.told = TELLING.get(), self.started  # short work tells nobody

    def __enter__(self) -> Self:
        self.bar = sys.stderr.isatty() and not self.quiet
        self.at_work.append(self)
        if self.bar and self is self.at_work[0]:
            self._draw()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.at_work.remove(self)
        if self.bar and not self.at_work:
            sys.stderr.write(CLEAR)
            sys.stderr.flush()

    def update(self, n: int = 1, note: str = "") -> None:
        """`n` more are done; `note` stays until another comes."""
        self.done += n
        self.note = note or self.note
        now, first = time.monotonic(), self.at_work[0] if self.at_work else self
        if now - first.shown >= (FRAME if self.bar else QUIET) and not self.quiet:
            first.shown = now
            if self.bar:
                first._draw()
            else:
                print(first.whole(), file=sys.stderr, flush=True)
        if self.file and not self.quiet:
            outer = next((each for each in self.at_work if each.file == self.file), self)
            if now - outer.told >= TOLD:
                outer.told = now
                outer._tell(self.file)

    def whole(self) -> str:
        """This line, and that of the innermost work."""
        last = self.at_work[-1] if self.at_work else self
        return self.line() if last is self else f"{self.line()} | {last.line()}"

    def line(self) -> str:
        """`SFT 120/900 [31 s, about 201 s left] loss 0.41`."""
        spent = time.monotonic() - self.started
        left = f", about {spent / self.done * (self.total - self.done):.0f} s left" if self.total and self.done else ""
        return f"{self.what} {self.done}/{self.total or '?'} [{spent:.0f} s{left}] {self.note}".rstrip()

    def _draw(self) -> None:
        width = shutil.get_terminal_size().columns - 1
        full = int(20 * min(1.0, self.done / self.total)) if self.total else 0
        gauge = f"[{'#' * full}{'.' * (20 - full)}] " if self.total else ""
        with self.drawing:
            sys.stderr.write(CLEAR + (gauge + self.whole())[:width])
            sys.stderr.flush()

    def _tell(self, path: Path) -> None:
        """Write down how far this is. A full disk, or a folder that is gone, does not stop the work itself."""
        found: dict[str, object] = {"what": self.what, "done": self.done, "total": self.total}
        spent = time.monotonic() - self.started
        if self.total and self.done:
            found["seconds_left"] = round(spent / self.done * max(0, self.total - self.done))
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        with contextlib.suppress(OSError):
            partial.write_text(json.dumps(found) + "\n", encoding="utf-8")
            os.replace(partial, path)


@contextlib.contextmanager
def telling(path: Path) -> Iterator[None]:
    """`path` tells other processes how far the outermost work is that begins in this block, and in this thread: `what`,
    `done`, `total`, `seconds_left`."""
    before = TELLING.set(path)
    try:
        yield
    finally:
        TELLING.reset(before)
