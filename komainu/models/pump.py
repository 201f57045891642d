"""A thread that takes answers as they arrive and keeps them, however slowly they are read."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator

from komainu.models.arrivals import Arrival, Arrivals
from komainu.models.calls import Kept


def pumped(source: Arrivals, keep: Callable[[list[Arrival]], Kept]) -> Generator[Kept]:
    """What `keep` makes of each lot of arrivals, read ahead by a thread; closing this closes the source.

    An error of the source, or of `keep`, is raised after what came before it.
    """
    kept: queue.SimpleQueue[Kept | BaseException | None] = queue.SimpleQueue()

    def run() -> None:
        end: BaseException | None = None
        try:
            for some in source:
                kept.put(keep(some))
        except BaseException as error:  # raised again where the answers are read
            end = error
        kept.put(end)

    thread = threading.Thread(target=run, name="komainu-answers", daemon=True)
    thread.start()
    try:
        while (item := kept.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        source.close()
        thread.join(3)
