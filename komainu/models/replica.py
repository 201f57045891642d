"""One server of an endpoint: how many requests it may have at a time, and whether it is well."""

from __future__ import annotations

import asyncio

from yarl import URL

from komainu.models.failures import WAIT, Trouble
from komainu.models.protocol import bare, chat_url

SICK = 10  # questions that fail in a row until a server is taken out
SURE = 5  # questions that fail in a row, for as long as its patience, until it counts as dead
FEWER, MORE = 0.7, 16  # times as many after a sign of overload; rounds of answers from 1 back to the ceiling
FIRST = 0.5  # seconds until a server that was taken out is looked at, doubled each time
LOOKS = 3  # how often a silent server is looked at before its time is up
LONGEST = 6  # looks at a server that is out within its patience, at least


class Replica:
    """What is known of one server; all times are seconds of the monotonic clock.

    It starts at the ceiling: only signs of overload (429, 503, 529, no answer in time) lower `limit`, once for the
    requests sent before, and every answer raises it by a share of the ceiling.
    """

    def __init__(self, url: str, ceiling: int, patience: float) -> None:
        self.url, self.shown = URL(chat_url(url)), bare(chat_url(url))
        self.ceiling, self.patience = ceiling, patience
        self.limit, self.busy = float(ceiling), 0
        self.tasks: set[asyncio.Task[object]] = set()  # with a request on its way
        self.lost: set[asyncio.Task[object]] = set()  # of these, cancelled because the server is dead
        self.until = 0.0  # nothing is sent before
        self.heard = 0.0  # the last sign of life
        self.good = 0.0  # the last answer
        self.lowered = 0.0  # when `limit` was last lowered
        self.out = False  # taken out until it shows that it lives
        self.down = False  # because nobody was there, rather than for its failures
        self.outs = 0  # how often since the last answer
        self.dead = False  # from the first failure to the last there was nothing else for the whole of its patience
        self.failures, self.failing = 0, 0.0  # since the last answer: how many in a row, and since when
        self.last: object = None  # the question that failed last
        self.reason = ""
        self.looking = False

    def ready(self, now: float) -> bool:
        return not self.out and self.busy + 1 <= self.limit and now >= self.until

    def begin(self, now: float) -> None:
        if not self.busy:
            self.heard = now  # silence counts from here
        self.busy += 1

    def answered(self, now: float) -> None:
        self.heard = self.good = now
        self.failures = self.outs = 0
        self.down = self.dead = False
        self.limit = min(float(self.ceiling), self.limit + max(1.0, self.ceiling / MORE) / self.limit)

    def failed(self, trouble: Trouble, question: object, started: float, now: float) -> None:
        """A request that was sent at `started` gave no answer."""
        if trouble.status:
            self.heard = now
        if trouble.busy and started >= self.lowered:
            self.limit, self.lowered = max(1.0, FEWER * min(self.limit, self.busy)), now
        if trouble.after is not None and trouble.after <= WAIT:  # a longer one ends the job
            self.until = max(self.until, now + trouble.after)
        if trouble.kind != "infrastructure" or trouble.waits:
            return
        self.reason = trouble.what
        if not self.failures:
            self.failing = max(started, self.good)  # a request that ran into its time tells of all of it
        if question != self.last or not self.failures:
            self.failures += 1
        self.last = question
        if trouble.down:
            self.failures, self.down = max(self.failures, SICK), True
        if self.failures >= SICK and not self.out:
            self.take_out(now)
        if self.failures >= SURE:
            self.dead = now - self.failing >= self.patience

    def begin_anew(self, now: float) -> None:
        """Nothing was asked for a while: what failed before is no evidence any more, and it is looked at at once."""
        self.failures, self.failing, self.outs = min(self.failures, SICK - 1), now, 0
        self.dead = False
        if self.out:
            self.until = now

    def take_out(self, now: float) -> None:
        self.out = True
        self.outs += 1
        self.until = now + min(FIRST * 2.0 ** (self.outs - 1), self.patience / LONGEST)

    def lose(self) -> None:
        """Give up the requests on their way."""
        for task in self.tasks - self.lost:
            self.lost.add(task)
            task.cancel()

    def silent(self, now: float) -> bool:
        """Whether its time is up: requests are on their way, and nothing at all has come back."""
        return bool(self.busy) and not self.out and now - self.heard >= self.patience

    def to_look_at(self, now: float) -> bool:
        """Whether it is time to see if it lives: when it is out, or has been quiet for long."""
        if self.looking:
            return False
        if self.out:
            return now >= self.until
        return bool(self.busy) and now - self.heard >= self.patience / LOOKS

    def looked_at(self, lives: bool, now: float) -> None:
        """What a look has shown. A server that comes back is sent one request first; one failure takes it out again.

        That it lives is news of one that was down. One that only fails was known to live.
        """
        if lives:
            self.heard = now
        if not self.out:
            return
        if not lives:
            self.take_out(now)
            self.dead = now - self.failing >= self.patience
            return
        self.out, self.limit = False, 1.0
        if self.down:
            self.down, self.failures, self.failing = False, SICK - 1, now
