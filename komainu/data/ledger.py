"""dropped.jsonl in the order of the rows, however many places rows are dropped at; memory holds none of them."""

from __future__ import annotations

import heapq
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import IO

from komainu.data.flow import Losing
from komainu.files import whole
from komainu.store import WORK


class Ledger:
    """Takes dropped rows in several streams, each in the order of their places, and puts them into one at the end."""

    def __init__(self, out: Path) -> None:
        self.path, self.scratch = out / "dropped.jsonl", out / WORK / "dropped"
        self.files: list[Path] = []
        self.open = ExitStack()

    def __enter__(self) -> Ledger:
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        return self

    def stream(self) -> Losing:
        """A function that takes the place of a dropped row and its line; its calls come in the order of the places."""
        path = self.scratch / str(len(self.files))
        self.files.append(path)
        file: IO[bytes] = self.open.enter_context(path.open("wb"))

        def lose(at: int, line: bytes) -> None:
            file.write(b"%d " % at + line)

        return lose

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.open.close()
        if kind is None:
            with whole(self.path) as out:
                for _, line in heapq.merge(*map(read, self.files), key=itemgetter(0)):
                    out.write(line)
        shutil.rmtree(self.scratch)


def read(path: Path) -> Iterator[tuple[int, bytes]]:
    with open(path, "rb") as lines:
        for line in lines:
            at, _, rest = line.partition(b" ")
            yield int(at), rest
