"""An event loop in a thread of its own, and one session of kept connections on it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import aiohttp
import uvloop

from komainu.models.eager import REQUEST
from komainu.settings import Endpoint

CONNECT = 10.0  # seconds a connection may take to come about
END = 3.0  # seconds the loop may take to end


class Wire:
    """Runs coroutines for other threads."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.loop = uvloop.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="komainu-http", daemon=True)
        self.thread.start()
        self.session = asyncio.run_coroutine_threadsafe(self._open(endpoint), self.loop).result()

    async def _open(self, endpoint: Endpoint) -> aiohttp.ClientSession:
        timeout = aiohttp.ClientTimeout(total=endpoint.timeout, sock_connect=min(CONNECT, endpoint.timeout))
        connector = aiohttp.TCPConnector(limit=0)
        jar = aiohttp.DummyCookieJar()
        return aiohttp.ClientSession(timeout=timeout, connector=connector, cookie_jar=jar, request_class=REQUEST)

    def submit(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def close(self) -> None:
        """Give up what is on its way, close the connections, end the thread."""
        if threading.current_thread() is self.thread:  # the last reference went away on the loop itself
            threading.Thread(target=self.close, daemon=True).start()
            return
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._close(), self.loop).result(END)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(END)
        self.loop.close()

    async def _close(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.session.close()
