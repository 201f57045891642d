"""A client of the OpenAI chat completions protocol: many requests at once behind a synchronous face."""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import re
import threading
import time
import weakref
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

import aiohttp

from komainu.errors import EndpointError, UsageError
from komainu.models.arrivals import Arrival
from komainu.models.base import Model, Question, Reply
from komainu.models.protocol import ADVICE, Trouble, bare, chat_url, pause, read_reply, read_status, request_of
from komainu.models.seeds import seed_of
from komainu.settings import Endpoint

log = logging.getLogger("komainu")


class Upstream(Protocol):
    """What may stand before the address: a server that is started when first asked, or looked at before it is."""

    def url(self) -> str: ...

    def fate(self) -> str: ...

    def close(self) -> None: ...


class Wire:
    """An event loop in a thread of its own, and one session of kept connections on it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="komainu-http", daemon=True)
        self.thread.start()
        self.session = asyncio.run_coroutine_threadsafe(self._open(endpoint), self.loop).result()

    async def _open(self, endpoint: Endpoint) -> aiohttp.ClientSession:
        timeout = aiohttp.ClientTimeout(total=endpoint.timeout, sock_connect=min(30.0, endpoint.timeout))
        return aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0))

    def submit(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def close(self) -> None:
        """Give up what is on its way, close the connections, end the thread."""
        if threading.current_thread() is self.thread:  # the last reference went away on the loop itself
            threading.Thread(target=self.close, daemon=True).start()
            return
        asyncio.run_coroutine_threadsafe(self._close(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    async def _close(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.session.close()


class HttpClient:
    """Asks one endpoint. Sends the role and content of each message and the model's sampling parameters.

    At most `concurrency` requests are on their way at once, over all callers. 408, 429, 5xx, lost connections
    and answers that cannot be read are tried again, `tries` times in all, with growing pauses or as Retry-After
    says; any other status fails at once. After a failure no new request starts, those on their way end, then
    EndpointError is raised. The key is read from the environment at each request and kept nowhere.
    Not covered: proxies, streaming, redirects.
    """

    batch_sensitive = False

    def __init__(self, endpoint: Endpoint, name: str, server: Upstream | None = None) -> None:
        assert endpoint.url or server, f"the settings let through the endpoint {name!r} with neither url nor start"
        self.endpoint, self.name, self.server = endpoint, name, server
        self.slots = asyncio.Semaphore(max(1, endpoint.concurrency))
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
                    early.update((a.which, a.reply) for a in next(source))
                yield early.pop(index)
        finally:
            source.close()

    def arrivals(self, model: Model, questions: Sequence[Question]) -> Job:
        """The replies as they come; the requests start now."""
        if self.endpoint.key and not os.environ.get(self.endpoint.key):
            raise UsageError(f"endpoint {self.name!r}: set its key in the environment variable {self.endpoint.key}")
        job = Job(model, questions, chat_url(self.server.url() if self.server else self.endpoint.url))
        job.work = self.wire().submit(self._run(job))
        return job

    def wire(self) -> Wire:
        with self.lock:
            if self._wire is None:
                self._wire = Wire(self.endpoint)
                self._end = weakref.finalize(self, self._wire.close)
            return self._wire

    def close(self) -> None:
        """Close the connections, and end the server when it was started here."""
        with self.lock:
            if self._end is not None:
                self._end()
            self._end = self._wire = None
        if self.server is not None:
            self.server.close()

    async def _run(self, job: Job) -> None:
        todo = iter(range(len(job.questions)))
        try:
            workers = min(max(1, self.endpoint.concurrency), len(job.questions))
            await asyncio.gather(*(self._work(job, todo) for _ in range(workers)))
        except Exception as error:  # raised again where the answers are read
            job.failure = error
        finally:
            job.inbox.put(None)

    async def _work(self, job: Job, todo: Iterator[int]) -> None:
        for index in todo:
            async with self.slots:
                if job.failure:
                    return
                started = time.monotonic()
                reply = await self._answer(job, job.questions[index])
            if reply is not None:
                job.inbox.put(Arrival(index, reply, time.monotonic() - started))

    async def _answer(self, job: Job, question: Question) -> Reply | None:
        """The reply to one question; None, and the job's failure set, when every try is spent."""
        body = request_of(job.model, question, self.endpoint.model or job.model.name)
        seed = seed_of(job.model, question, 31)
        for attempt in range(max(1, self.endpoint.tries)):
            try:
                return read_reply(await self._post(job.url, body))
            except Trouble as found:
                trouble = found
            last = attempt + 1 >= self.endpoint.tries or not trouble.again or job.failure
            if last:
                break
            wait = pause(attempt, seed, trouble, self.endpoint.timeout)
            log.info("%s: %s; try %d in %.1f s", self.name, self._clean(trouble.what), attempt + 2, wait)
            await asyncio.sleep(wait)
        if not job.failure:
            job.failure = self._failure(job.url, trouble, attempt + 1)
        return None

    async def _post(self, url: str, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        if self.endpoint.key:
            headers["Authorization"] = f"Bearer {os.environ.get(self.endpoint.key, '')}"
        try:
            assert self._wire is not None
            async with self._wire.session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                found = await response.read()
                if response.status == 200:
                    return found
                raise read_status(response.status, found, response.headers.get("Retry-After"), time.time())
        except TimeoutError:
            raise Trouble(f"no answer within {self.endpoint.timeout:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Trouble(f"{type(error).__name__}: {without_secrets(str(error))}") from None

    def _clean(self, text: str) -> str:
        """Text without the key, should a server send it back."""
        key = os.environ.get(self.endpoint.key, "") if self.endpoint.key else ""
        return text.replace(key, "***") if key else text

    def _failure(self, url: str, trouble: Trouble, tries: int) -> EndpointError:
        what = self._clean(trouble.what)
        todo = ADVICE.get(trouble.status, "check that the server runs and that `url` in komainu.toml is right")
        fate = self.server.fate() if self.server else ""
        counted = f"after {tries} tries" if tries > 1 else "at the first try"
        return EndpointError(
            f"endpoint {self.name!r} at {bare(url)} gave no usable answer {counted}: {what}. "
            f"What to do: {todo}; then run again, answers so far are kept.{fate}"
        )


class Job:
    """The answers to one list of questions, as they come."""

    def __init__(self, model: Model, questions: Sequence[Question], url: str) -> None:
        self.model, self.questions, self.url = model, questions, url
        self.failure: Exception | None = None
        self.inbox: queue.SimpleQueue[Arrival | None] = queue.SimpleQueue()  # None: nothing more will come
        self.work: Future[None] | None = None
        self.over = False

    def __iter__(self) -> Job:
        return self

    def __next__(self) -> list[Arrival]:
        """What has come since the last call; waits for the first. Raises EndpointError after the last."""
        found: list[Arrival] = []
        while not self.over and not (found and self.inbox.empty()):
            if (item := self.inbox.get()) is None:
                self.over = True
            else:
                found.append(item)
        if found:
            return found
        if self.failure is not None:
            raise self.failure
        raise StopIteration

    def close(self) -> None:
        """Give up what is still on its way."""
        if self.work is not None:
            self.work.cancel()
        self.inbox.put(None)


def without_secrets(text: str) -> str:
    """An error's words, URLs in them without user, password and query."""
    return re.sub(r"\?\S+", "", re.sub(r"://[^/@\s]*@", "://", text))
