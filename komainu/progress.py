"""Progress of long work: a bar on a terminal, a plain line now and then elsewhere; always on stderr."""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType

QUIET = 10.0  # seconds between two plain lines
FRAME = 0.1  # seconds between two drawings of a bar
CLEAR = "\r\x1b[K"  # to the start of the line, and what stood there is gone


class Progress:
    """Counts done work towards `total` (None when unknown); `note` is shown beside it."""

    def __init__(self, total: int | None, what: str) -> None:
        self.total, self.what, self.done, self.note = total, what, 0, ""
        self.started = self.shown = time.monotonic()
        self.bar = False

    def __enter__(self) -> Progress:
        self.bar = sys.stderr.isatty()
        if self.bar:
            self._draw()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.bar:
            sys.stderr.write(CLEAR)
            sys.stderr.flush()

    def update(self, n: int = 1, note: str = "") -> None:
        """`n` more are done; `note` stays until another comes."""
        self.done += n
        self.note = note or self.note
        now = time.monotonic()
        if now - self.shown >= (FRAME if self.bar else QUIET):
            self.shown = now
            if self.bar:
                self._draw()
            else:
                print(self.line(), file=sys.stderr, flush=True)

    def line(self) -> str:
        """`SFT 120/900 [31 s, about 201 s left] loss 0.41`."""
        spent = time.monotonic() - self.started
        left = f", about {spent / self.done * (self.total - self.done):.0f} s left" if self.total and self.done else ""
        return f"{self.what} {self.done}/{self.total or '?'} [{spent:.0f} s{left}] {self.note}".rstrip()

    def _draw(self) -> None:
        width = shutil.get_terminal_size().columns - 1
        full = int(20 * min(1.0, self.done / self.total)) if self.total else 0
        gauge = f"[{'#' * full}{'.' * (20 - full)}] " if self.total else ""
        sys.stderr.write(CLEAR + (gauge + self.line())[:width])
        sys.stderr.flush()
