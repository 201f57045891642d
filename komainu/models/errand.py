"""What is done about each question of a job on the event loop: asked, asked again, given up."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from komainu.errors import EndpointError
from komainu.models.base import Reply
from komainu.models.failures import ADVICE, WAIT, Attempt, Trouble
from komainu.models.job import Job
from komainu.models.pool import Pool
from komainu.models.protocol import answer_in, pause, request_of
from komainu.models.replica import Replica
from komainu.models.seeds import seed_of

if TYPE_CHECKING:
    from komainu.models.http import HttpClient

log = logging.getLogger("komainu")
OF_QUESTION = {400, 413, 422}  # may be about one question alone
CHECK = "check that the server runs and that its URL is right"


class History:
    """The requests for one question that gave no answer."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.attempts: list[Attempt] = []
        self.tries = 0


class Errand:
    """Sees one job through.

    What may pass is tried again, `tries` times in all, with growing pauses; a 429, 503 or 529 with Retry-After is no
    try, it waits as it is told, for ten minutes at most. A prompt that does not fit or that the provider refuses
    becomes an empty reply whose `finish` says so. What cannot pass ends the job: nothing new is sent, what is on its
    way is awaited, then EndpointError is raised. So does a question that spends its tries while nothing at all is
    answered. While others are answered it is given up, and so is one that the server finds wrong (400, 413, 422) after
    it has answered others; the error then comes after the rest.
    """

    def __init__(self, client: HttpClient, job: Job, pool: Pool) -> None:
        self.client, self.job, self.pool = client, job, pool
        self.todo: Iterator[int] = iter(range(len(job.questions)))
        self.troubled: dict[int, History] = {}
        self.answers = 0
        self.lost: list[EndpointError] = []  # one for each question that was given up
        self.unsaid, self.quiet = 0, 0.0  # failures not logged yet, and until when none is
        self.group = asyncio.TaskGroup()
        self.ended = asyncio.Event()  # nothing more is begun

    async def run(self) -> None:
        watch = asyncio.create_task(self.pool.watch(self.client.lives, self.dead))
        try:
            async with self.group:
                for _ in range(min(self.client.endpoint.concurrency, len(self.job.questions))):
                    self.group.create_task(self.work())
            if self.lost:
                self.fail(self.all_lost())
        except asyncio.CancelledError:
            self.fail(EndpointError(f"endpoint {self.client.name!r}: given up; what was answered is kept"))
            raise
        except ExceptionGroup as errors:  # raised again where the answers are read
            self.fail(errors.exceptions[0])
        finally:
            watch.cancel()
            self.job.end()

    async def work(self) -> None:
        for index in self.todo:
            if not await self.send(index):
                return

    async def send_later(self, index: int, wait: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ended.wait(), wait)
        if not await self.send(index):
            self.arrived(index, None, 0.0)

    async def send(self, index: int) -> bool:
        """Ask one question once, and see to what comes of it; False when the job has ended before."""
        model, question, pool, purse = self.job.model, self.job.questions[index], self.pool, self.client.purse
        tokens = pool.guess(model, question)
        place = await pool.take(self.ended.is_set, tokens)
        if place is None:
            return False
        started = time.monotonic()
        try:
            if purse is not None and (over := purse.over()):
                self.fail(over)
                return False
            served_as = self.client.endpoint.model or model.name
            body = request_of(model, question, served_as, seed_of(model, question, 31))
            reply = answer_in(await self.post(place, body), model)
            pool.answered(place, tokens, reply)
            if purse is not None:
                purse.pay(model, question, reply)
            self.answers += 1
            self.arrived(index, reply, time.monotonic() - started)
        except Trouble as trouble:
            pool.failed(place, trouble, index, started)
            self.see_to(index, trouble, place, started)
        finally:
            pool.give_back(place)
        return True

    async def post(self, place: Replica, body: bytes) -> bytes:
        """As the client's; a server that is taken out meanwhile loses the request."""
        task = asyncio.current_task()
        assert task is not None
        place.tasks.add(task)
        try:
            return await self.client.post(place, body, self.job.model)
        except asyncio.CancelledError:
            if task not in place.lost or task.uncancel():
                raise
            place.lost.discard(task)
            raise Trouble(place.reason, kind="infrastructure", down=True) from None
        finally:
            place.tasks.discard(task)

    def see_to(self, index: int, trouble: Trouble, place: Replica, started: float) -> None:
        """What is done about a request that gave no answer."""
        now, endpoint = time.monotonic(), self.client.endpoint
        past = self.troubled.setdefault(index, History(started))
        past.attempts.append(Attempt(trouble.kind, trouble.status, trouble.what, place.shown, now - started))
        past.tries += not trouble.waits
        if trouble.finish:
            return self.arrived(index, Reply("", trouble.finish), now - started)
        hopeless = not trouble.again or (trouble.after or 0.0) > WAIT
        spent = past.tries >= endpoint.tries or (trouble.waits and now - past.began > WAIT)
        if hopeless:
            fatal = trouble.status not in OF_QUESTION or not self.answers
        else:
            fatal = spent and self.pool.last_answer < past.began
        if fatal:
            self.fail(self.failure(trouble, place, past))
        if hopeless or spent or self.ended.is_set():
            self.lost.append(self.failure(trouble, place, past))
            return self.arrived(index, None, now - started)
        wait = 0.0 if trouble.waits else pause(past.tries - 1, seed_of(self.job.model, self.job.questions[index], 31))
        self.say(trouble, max(wait, place.until - now))
        self.group.create_task(self.send_later(index, wait))

    def say(self, trouble: Trouble, wait: float) -> None:
        """Log a failure; when they come fast, one a second with the number of the others."""
        self.unsaid += 1
        if (now := time.monotonic()) >= self.quiet:
            more = f" ({self.unsaid - 1} more failures before)" if self.unsaid > 1 else ""
            log.info("%s: %s; again in %.1f s%s", self.client.name, trouble.what, wait, more)
            self.unsaid, self.quiet = 0, now + 1.0

    def arrived(self, index: int, reply: Reply | None, seconds: float) -> None:
        past = self.troubled.pop(index, None)
        self.job.arrived(index, reply, seconds, tuple(past.attempts) if past else ())

    def fail(self, failure: Exception) -> None:
        """Begin nothing more; what is on its way is still awaited. The first failure stands."""
        self.job.failure = self.job.failure or failure
        self.ended.set()
        self.pool.wake()

    def dead(self, why: str) -> None:
        """Every server counts as dead."""
        patience = self.client.endpoint.patience
        self.fail(EndpointError(self.said(f"has been dead for {patience:g} s: {why}", CHECK)))
        for replica in self.pool.replicas:
            replica.lose()

    def failure(self, trouble: Trouble, place: Replica, past: History) -> EndpointError:
        """The error of one question."""
        counted = f"after {past.tries} tries" if past.tries > 1 else "at the first try"
        what = f"at {place.shown} gave no usable answer {counted}: {trouble.what}"
        return EndpointError(self.said(what, ADVICE.get(trouble.status, CHECK)))

    def all_lost(self) -> EndpointError:
        """One error for every question that was given up."""
        if len(self.job.questions) == 1:
            return self.lost[0]
        return EndpointError(
            f"{len(self.lost)} of {len(self.job.questions)} questions got no answer, the others did. Run again to "
            f"ask for them alone. The last: {self.lost[-1]}"
        )

    def said(self, what: str, todo: str) -> str:
        fate = self.client.server.fate() if self.client.server else ""
        return (
            f"endpoint {self.client.name!r} {what}. What to do: {todo}; then run again, answers so far are kept.{fate}"
        )
