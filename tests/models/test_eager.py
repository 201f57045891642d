"""A coroutine that is begun at once: its first step is done, the rest waits, fails and is cancelled as it would."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from komainu.models.eager import EagerRequest, Rest, Waits, begun

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def test_the_first_step_is_done_before_anything_is_awaited() -> None:
    async def run() -> list[str]:
        seen: list[str] = []

        async def work() -> None:
            seen.append("first")
            await asyncio.sleep(0)
            seen.append("second")
            await asyncio.sleep(0.001)
            seen.append("third")

        rest = begun(work())
        assert seen == ["first"]
        await asyncio.create_task(rest)
        return seen

    assert asyncio.run(run()) == ["first", "second", "third"]


def test_an_error_of_the_first_step_is_raised_at_once_and_a_later_one_where_the_rest_is_awaited() -> None:
    async def run() -> None:
        async def work(turns: int) -> None:
            for _ in range(turns):
                await asyncio.sleep(0)
            raise LookupError(turns)

        with pytest.raises(LookupError, match="0"):
            await begun(work(0))
        rest = begun(work(2))
        with pytest.raises(LookupError, match="2"):
            await rest

    asyncio.run(run())


def test_a_coroutine_that_waits_for_nothing_is_through() -> None:
    async def run() -> None:
        seen: list[int] = []

        async def work() -> None:
            seen.append(1)

        rest = begun(work())
        assert seen == [1]
        await rest
        assert seen == [1]

    asyncio.run(run())


def test_a_cancellation_reaches_the_coroutine_where_it_waits() -> None:
    async def run() -> list[str]:
        seen: list[str] = []

        async def work() -> None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                await asyncio.sleep(0)  # it may take its time
                seen.append("cancelled")
                raise

        task = asyncio.create_task(begun(work()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return seen

    assert asyncio.run(run()) == ["cancelled"]


def narrow(side: int, bound: bool = False) -> socket.socket:
    """A socket that holds little back, so that a large body has to wait for its reader."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, side, 8192)
    made.setblocking(False)
    if bound:
        made.bind(("127.0.0.1", 0))
    return made


async def served(handler: Handler, talk: Callable[[aiohttp.ClientSession, str], Awaitable[None]]) -> None:
    """Talk to a server of one handler through a session that writes at once."""
    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.SockSite(runner, narrow(socket.SO_RCVBUF, bound=True)).start()
    port = runner.addresses[0][1]
    try:
        connector = aiohttp.TCPConnector(socket_factory=lambda info: narrow(socket.SO_SNDBUF))
        async with aiohttp.ClientSession(request_class=EagerRequest, connector=connector) as session:
            await talk(session, f"http://127.0.0.1:{port}/")
    finally:
        await runner.cleanup()


def test_a_body_is_written_in_the_turn_in_which_it_is_posted() -> None:
    """Whether the writer is through when `send` returns: aiohttp's own needs another turn on Python 3.11."""
    through: list[bool] = []

    class Watched(EagerRequest):
        async def send(self, conn: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
            response = await super().send(conn)
            stream = response._stream_writer  # from 3.12 on there is none any more once all is written
            through.append(stream is None or stream._eof)  # type: ignore[attr-defined]
            return response

    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    async def talk(session: aiohttp.ClientSession, url: str) -> None:
        session._request_class = Watched
        for _ in range(3):
            async with session.post(url, data=b"{}") as response:
                assert await response.read() == b"{}"

    asyncio.run(served(echo, talk))
    assert through == [True] * 3


@pytest.mark.parametrize("size", [0, 10, 60_000, 1_000_000], ids=["empty", "small", "edge", "large"])
def test_a_body_of_any_size_arrives_whole_at_a_server_that_reads_late(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    async def late(request: web.Request) -> web.Response:
        await asyncio.sleep(0.05)
        return web.Response(body=str(hash(await request.read())).encode())

    waited: list[object] = []
    init = Rest.__init__

    def noted(rest: Rest, work: Waits, wanted: object) -> None:
        waited.append(wanted)
        init(rest, work, wanted)

    monkeypatch.setattr(Rest, "__init__", noted)

    async def talk(session: aiohttp.ClientSession, url: str) -> None:
        for _ in range(2):
            async with session.post(url, data=body) as response:
                assert int(await response.read()) == hash(body)

    asyncio.run(served(late, talk))
    assert bool(waited) == (size == 1_000_000)  # more than the connection takes: the rest waits for room


def test_a_request_given_up_while_its_body_is_written_leaves_the_session_well() -> None:
    async def never(request: web.Request) -> web.Response:
        if request.content_length and request.content_length > 10:
            await asyncio.sleep(1)
        return web.Response(body=b"ok")

    async def talk(session: aiohttp.ClientSession, url: str) -> None:
        timeout = aiohttp.ClientTimeout(total=0.1)
        with pytest.raises(TimeoutError):
            await session.post(url, data=b"x" * 1_000_000, timeout=timeout)
        async with session.post(url, data=b"x") as response:
            assert await response.read() == b"ok"

    asyncio.run(served(never, talk))


def test_it_is_used_where_asyncio_cannot_do_it() -> None:
    from komainu.models.eager import REQUEST

    assert (REQUEST is EagerRequest) == (sys.version_info < (3, 12))
