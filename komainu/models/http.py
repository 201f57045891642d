"""A client of the OpenAI chat completions protocol: many requests at once behind a synchronous face."""

from __future__ import annotations

import os
import re
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from typing import Protocol

import aiohttp
from yarl import URL

from komainu.errors import UsageError
from komainu.models.base import CHAT, Model, Question, Reply
from komainu.models.errand import Errand
from komainu.models.failures import Trouble, read_status
from komainu.models.job import Job
from komainu.models.pool import Pool
from komainu.models.purse import Purse
from komainu.models.replica import LOOKS, Replica
from komainu.models.wire import Wire
from komainu.settings import Endpoint


class Upstream(Protocol):
    """What may stand before the addresses: a server that is started when first asked, or looked at before it is."""

    def urls(self) -> tuple[str, ...]: ...

    def fate(self) -> str: ...

    def close(self) -> None: ...


class HttpClient:
    """Asks one endpoint. Sends the role and content of each message and the model's sampling parameters.

    At most `concurrency` requests are on their way at once, over all callers and servers; see `Pool` for which server
    is asked and `Errand` for what is tried again and what ends a run. `purse` counts the money.
    The key is read from the environment at each request and kept nowhere. Not covered: proxies, streaming, redirects.
    """

    batch_sensitive = False

    def __init__(
        self, endpoint: Endpoint, name: str, server: Upstream | None = None, purse: Purse | None = None
    ) -> None:
        assert endpoint.url or server, f"the settings let through the endpoint {name!r} with neither url nor start"
        self.endpoint, self.name, self.server, self.purse = endpoint, name, server, purse
        self.pool: Pool | None = None
        self.lock = threading.Lock()
        self._wire: Wire | None = None
        self._end: weakref.finalize[[], HttpClient] | None = None

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        """One reply a question, in the order of the questions."""
        source = self.arrivals(model, questions)
        early: dict[int, Reply] = {}
        try:
            for index in range(len(questions)):
                while index not in early:
                    early.update((a.which, a.reply) for a in next(source) if a.reply is not None)
                yield early.pop(index)
        finally:
            source.close()

    def arrivals(self, model: Model, questions: Sequence[Question]) -> Job:
        """The replies as they come; the requests start now."""
        if self.endpoint.key and not os.environ.get(self.endpoint.key):
            raise UsageError(f"endpoint {self.name!r}: set its key in the environment variable {self.endpoint.key}")
        urls = self.server.urls() if self.server else self.endpoint.urls
        with self.lock:
            if self.pool is None or self.pool.urls != urls:
                self.pool = Pool(self.endpoint, urls)
            if self._wire is None:
                self._wire = Wire(self.endpoint)
                self._end = weakref.finalize(self, self._wire.close)
            job = Job(model, questions)
            job.work = self._wire.submit(Errand(self, job, self.pool).run())
        return job

    def close(self) -> None:
        """Give up what is on its way, close the connections, and end the server when it was started here."""
        with self.lock:
            if self._end is not None:
                self._end()
            self._end = self._wire = None
        if self.server is not None:
            self.server.close()

    async def post(self, replica: Replica, body: bytes, model: Model) -> bytes:
        """The body of the response with status 200; raises Trouble for all else."""
        key = self.key()
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        try:
            assert self._wire is not None
            async with self._wire.session.post(
                address(replica.url, model),
                data=body,
                headers=headers,
                allow_redirects=False,
            ) as response:
                found = await response.read()
                if key and key.encode() in found:  # a server may send back what it was sent
                    found = found.replace(key.encode(), b"***")
                if response.status == 200:
                    return found
                raise read_status(response.status, found, response.headers.get("Retry-After"), time.time())
        except TimeoutError as error:
            slow = not isinstance(error, aiohttp.ConnectionTimeoutError)
            what = f"no answer within {self.endpoint.timeout:g} s" if slow else "no connection in time"
            raise Trouble(what, kind="infrastructure", slow=slow, down=not slow) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            what = f"{type(error).__name__}: {without_secrets(str(error))}"
            if key:
                what = what.replace(key, "***")
            down = isinstance(error, aiohttp.ClientConnectorError)
            raise Trouble(what, kind="infrastructure", down=down) from None

    async def lives(self, replica: Replica) -> bool:
        """Whether GET /v1/models gets a response, of whatever status. No key is sent."""
        assert self._wire is not None
        url = beside(replica.url, "/models").with_query(None)
        timeout = aiohttp.ClientTimeout(total=replica.patience / LOOKS)
        try:
            async with self._wire.session.get(url, timeout=timeout, allow_redirects=False):
                return True
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError):
            return False

    def key(self) -> str:
        return os.environ.get(self.endpoint.key, "") if self.endpoint.key else ""


def address(url: URL, model: Model) -> URL:
    """Where a model is asked at the server whose chat completions are at `url`; /classify lies beside /v1."""
    if model.reward:
        top = url.path.removesuffix(CHAT).removesuffix("/v1")
        return url.with_path(top + "/classify", keep_query=True)
    return url if model.path == CHAT else beside(url, model.path)


def beside(url: URL, path: str) -> URL:
    """Another address of the server whose chat completions are at `url`."""
    return url.with_path(url.path.removesuffix(CHAT) + path, keep_query=True)


def without_secrets(text: str) -> str:
    """An error's words, URLs in them without user, password and query."""
    return re.sub(r"\?\S+", "", re.sub(r"://[^/@\s]*@", "://", text))
