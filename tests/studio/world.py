"""A studio that is served to tests, and a plain client that may say any header."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web

from komainu.settings import Settings
from komainu.store import Store
from komainu.studio.app import application
from komainu.studio.base import Studio

HERE = "127.0.0.1"
TOKEN = "a token for tests, long enough"


class Told(NamedTuple):
    """An answer; `headers` by their names in small letters, a repeated one joined by lines."""

    status: int
    headers: dict[str, str]
    text: str


class Client(NamedTuple):
    """Asks a studio; Host is the address itself unless it is given."""

    studio: Studio
    port: int

    def ask(self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: str = "") -> Told:
        said = {"Host": f"{HERE}:{self.port}", **(headers or {})}
        connection = HTTPConnection(HERE, self.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in said.items():
                connection.putheader(name, value.encode())
            if body:
                connection.putheader("Content-Type", "application/x-www-form-urlencoded")
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body.encode() or None)
            response = connection.getresponse()
            found: dict[str, str] = {}
            for name, value in response.getheaders():
                found[name.lower()] = "\n".join(filter(None, [found.get(name.lower()), value]))
            return Told(response.status, found, response.read().decode())
        finally:
            connection.close()

    def send(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Told:
        """A form as a browser sends it from one of the studio's own pages."""
        known = {"Origin": f"http://{HERE}:{self.port}", **(headers or {})}
        return self.ask(path, known, "POST", urlencode({"form_key": self.studio.form_key, **fields}))

    def url(self, path: str) -> str:
        return f"http://{HERE}:{self.port}{path}"


def studio_of(root: Path, **fields: Any) -> Studio:
    return Studio(Store(root), Settings(store=str(root)), **fields)


@contextmanager
def served(studio: Studio, *more: web.RouteDef) -> Iterator[Client]:
    """The studio at a free port while the block runs; `more` are routes of the test's own."""
    loop, runner = asyncio.new_event_loop(), web.AppRunner(made(studio, more), access_log=None)
    ready: list[int] = []
    started = threading.Event()

    async def start() -> None:
        await runner.setup()
        site = web.TCPSite(runner, HERE, 0)
        await site.start()
        ready.append(runner.addresses[0][1])
        started.set()

    def run() -> None:
        loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert started.wait(30)
    try:
        yield Client(studio, ready[0])
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def made(studio: Studio, more: tuple[web.RouteDef, ...]) -> web.Application:
    app = application(studio)
    app.add_routes(more)
    return app
