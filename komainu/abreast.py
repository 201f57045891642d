"""Many small artifacts built by several processes, where making them keeps a core busy."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

from komainu import launch
from komainu.data.hand import told
from komainu.settings import Settings
from komainu.stage import Stage

EACH = 2  # processes a core: one waits for the disk while another computes


def abreast(groups: Sequence[Sequence[Stage]], here: Settings) -> Iterator[None]:
    """Builds the stages of each group, in order, by processes that share the groups; yields once a group.

    What several groups need must have been built, and no context may be open: a call log is not for two processes.
    The processes know what this one has read. An error of one is raised here and ends the others; when this process is
    killed, they build what they have begun with.
    """
    several = get_context("fork")
    count = min(EACH * len(os.sched_getaffinity(0)), len(groups))
    ends, hands = list[Connection](), []
    try:
        for i in range(count):
            end, other = several.Pipe(duplex=False)
            hand = several.Process(target=work, args=(groups[i::count], here, other), daemon=True)
            hand.start()
            other.close()  # so that the end is seen when that process is gone
            ends.append(end)
            hands.append(hand)
        while ends:
            for ready in wait(ends):
                assert isinstance(ready, Connection)
                try:
                    found = ready.recv()
                except EOFError:
                    ends.remove(ready)
                    continue
                if found is not None:
                    raise found
                yield
        for hand in hands:
            hand.join()
            if hand.exitcode:
                raise RuntimeError(f"a process that built artifacts ended with {hand.exitcode}; run again to go on")
    finally:
        for hand in hands:
            hand.terminate()
            hand.join()


def work(groups: Sequence[Sequence[Stage]], here: Settings, heard: Connection) -> None:
    """A process' share; tells None for each group, or what went wrong."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who began this one ends it
    try:
        with launch.open_context(here) as ctx:
            for group in groups:
                for stage in group:
                    ctx.store.build(stage, ctx)
                heard.send(None)
    except Exception as error:
        heard.send(told(error))
