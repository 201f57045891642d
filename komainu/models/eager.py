"""Coroutines begun at once, for Python 3.11: from 3.12 on asyncio can do it, and aiohttp then does."""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Generator
from typing import Any

import aiohttp
from aiohttp.abc import AbstractStreamWriter

Waits = Coroutine[Any, Any, None]


class Rest:
    """What is left of a coroutine that waits for `wanted`, what its first step has yielded."""

    def __init__(self, work: Waits, wanted: object) -> None:
        self.work, self.wanted = work, wanted

    def __await__(self) -> Generator[object, None, None]:
        wanted = self.wanted
        try:
            while True:
                try:
                    yield wanted
                except BaseException as error:  # also a cancellation: it is the coroutine's to answer
                    wanted = self.work.throw(error)
                else:
                    wanted = self.work.send(None)
        except StopIteration:
            return


async def finish(rest: Rest | None) -> None:
    if rest is not None:
        await rest


def begun(work: Waits) -> Waits:
    """The coroutine after its first step, which is done here and now; an error of that step is raised here."""
    try:
        return finish(Rest(work, work.send(None)))
    except StopIteration:
        return finish(None)


class EagerRequest(aiohttp.ClientRequest):
    """A request whose body is written at once.

    aiohttp leaves the body to a task, and Python 3.11 begins a task a turn of the loop later. Requests that follow on
    answers that came together would then leave together, each after the work on all of them.
    """

    def write_bytes(
        self, writer: AbstractStreamWriter, conn: aiohttp.connector.Connection, content_length: int | None = None
    ) -> Waits:
        return begun(super().write_bytes(writer, conn, content_length))


REQUEST = EagerRequest if sys.version_info < (3, 12) else aiohttp.ClientRequest
