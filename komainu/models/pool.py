"""The servers of one endpoint as one: who is asked next, how much at once, and when all of them count as dead."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from komainu.models.base import Model, Question, Reply
from komainu.models.failures import Trouble
from komainu.models.pace import Pace
from komainu.models.replica import Replica
from komainu.settings import Endpoint

BYTES, USUAL = 3, 256.0  # bytes of a token, and tokens of an answer before any has come; used until a reply tells
TICK = 0.02  # of an endpoint's patience passes between two looks at the servers


class Pool:
    """Hands out places at the least loaded server that is well. Used on the event loop alone.

    A server is taken out when nobody listens there, when too many requests in a row fail, or when it gives no sign of
    life; it comes back when GET /v1/models gets any response. Requests lost with a server go to the others.
    """

    def __init__(self, endpoint: Endpoint, urls: Sequence[str]) -> None:
        self.endpoint, self.urls = endpoint, tuple(urls)
        self.replicas = [Replica(url, endpoint.concurrency, endpoint.patience) for url in urls]
        self.busy = 0
        self.last_answer = 0.0
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.called = 0  # of those who wait: told to look, and not come to it yet
        self.requests = Pace(endpoint.rpm) if endpoint.rpm else None
        self.tokens = Pace(endpoint.tpm) if endpoint.tpm else None
        self.usual = USUAL

    async def take(self, stopped: Callable[[], object], tokens: int) -> Replica | None:
        """A place for a request of about so many tokens, to be given back; None when `stopped` says so meanwhile."""
        if self.waiting or self.called:  # whoever came before goes first, or a question tried again would wait for ever
            await self.turn()
        while not stopped():
            found = self.best()
            if found is None:
                await self.turn()
                continue
            found.begin(time.monotonic())
            self.busy += 1
            if self.waiting and self.best():
                self.wake(1)
            try:
                if wait := self.wait(tokens):
                    await asyncio.sleep(wait)
            except asyncio.CancelledError:
                self.give_back(found)
                raise
            return found
        self.wake(1)
        return None

    def best(self) -> Replica | None:
        if self.busy >= self.endpoint.concurrency:
            return None
        now = time.monotonic()
        ready = [r for r in self.replicas if r.ready(now)]
        return min(ready, key=lambda r: r.busy / r.limit) if ready else None

    def wait(self, tokens: int) -> float:
        """Seconds until the limits by the minute let a request start."""
        now = time.monotonic()
        waits = [self.requests.wait(1, now)] if self.requests else []
        waits += [self.tokens.wait(tokens, now)] if self.tokens else []
        return max(waits, default=0.0)

    def give_back(self, replica: Replica) -> None:
        self.busy -= 1
        replica.busy -= 1
        if self.waiting:
            self.wake(2)  # one for this place, one for what an answer has added to the limit

    def guess(self, model: Model, question: Question) -> int:
        """How many tokens a call may take, where they are limited."""
        if not self.tokens:
            return 0
        asked = sum(len(m.content.encode()) for m in question.messages) // BYTES
        return asked + min(model.max_tokens, int(self.usual))

    def answered(self, replica: Replica, guessed: int, reply: Reply) -> None:
        self.last_answer = time.monotonic()
        replica.answered(self.last_answer)
        used = reply.prompt_tokens + reply.completion_tokens
        if self.tokens and used:
            self.tokens.correct(used - guessed)
            self.usual += 0.05 * (reply.completion_tokens - self.usual)

    def failed(self, replica: Replica, trouble: Trouble, question: object, started: float) -> None:
        now = time.monotonic()
        replica.failed(trouble, question, started, now)
        if replica.until > now:
            asyncio.get_running_loop().call_later(replica.until - now + 0.001, self.wake)

    async def turn(self) -> None:
        """Wait until a place may have become free."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.wake(1)  # the turn goes to the next
            raise
        finally:
            self.called -= place.done() and not place.cancelled()

    def wake(self, most: int | None = None) -> None:
        """Let those who wait look again."""
        for _ in range(len(self.waiting) if most is None else min(most, len(self.waiting))):
            place = self.waiting.popleft()
            if not place.done():
                self.called += 1
                place.set_result(None)

    async def watch(self, lives: Callable[[Replica], Awaitable[bool]], give_up: Callable[[str], None]) -> None:
        """Look at the servers for as long as this runs; `give_up` is called with the reason when all are dead."""
        if not self.busy and not self.waiting:
            for replica in self.replicas:
                replica.begin_anew(time.monotonic())
        async with asyncio.TaskGroup() as looks:
            while True:
                await asyncio.sleep(TICK * self.endpoint.patience)
                now = time.monotonic()
                for replica in self.replicas:
                    if replica.to_look_at(now):
                        looks.create_task(self.look(replica, lives))
                    if replica.silent(now):
                        self.abandon(replica, now)
                if all(r.dead for r in self.replicas):
                    give_up("; ".join(f"{r.shown}: {r.reason}" for r in self.replicas))

    async def look(self, replica: Replica, lives: Callable[[Replica], Awaitable[bool]]) -> None:
        replica.looking = True
        try:
            replica.looked_at(await lives(replica), time.monotonic())
        finally:
            replica.looking = False
        self.wake()

    def abandon(self, replica: Replica, now: float) -> None:
        """Take a silent server out; its requests go to the others."""
        what = f"no sign of life for {replica.patience:g} s"
        replica.failed(Trouble(what, kind="infrastructure", down=True), None, replica.heard, now)
        replica.lose()
