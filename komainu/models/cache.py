"""No call to a model is made twice: what was answered is read from the call log, what comes is kept there."""

from __future__ import annotations

import copy
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from komainu.models.arrivals import Arrival, Arriving
from komainu.models.base import Client, Model, Question, Reply
from komainu.models.calls import CallLog, Entry, Kept, Spent
from komainu.models.meter import Asking, Meter
from komainu.models.pump import pumped
from komainu.models.purse import Purse, cost
from komainu.models.route import Router
from komainu.models.seeds import key_of
from komainu.settings import Settings

CHUNK = 256  # questions a batch-sensitive client is asked at once


class Cached:
    """A client that asks no question twice; this is what makes every stage resumable.

    A question is known by its model's id, its messages' role and content, and its sample number. Equal questions
    in one list are asked once. A client that waits (HTTP) is asked only what is missing, and each answer is kept as
    it arrives. A batch-sensitive client is asked in fixed chunks of the whole list: a chunk with a missing answer is
    asked again whole, so that every answer has the same neighbours in a resumed run; answers known before stand.
    An answer that the server withheld (see Reply) is handed on and not kept: it is asked for again in the next run.
    `asked` counts questions sent to the client, `hits` replies that needed none.
    """

    batch_sensitive = False

    def __init__(self, client: Client, path: Path, chunk: int = CHUNK, purse: Purse | None = None) -> None:
        self.client, self.log, self.chunk = client, CallLog(path), chunk
        self.purse = purse or Purse(Settings())
        self.meter = Meter()
        self.stage = ""

    @property
    def asked(self) -> int:
        return self.meter.asked

    @property
    def hits(self) -> int:
        return self.meter.hits

    def within(self, stage: str) -> Cached:
        """The same cache, which notes in the call log for which stage it is asked."""
        found = copy.copy(self)
        found.stage = stage
        return found

    def spent(self, stage: str) -> dict[str, dict[str, Any]]:
        """What the calls of a stage have cost, by the model's name."""
        return {row.name: book(row) for row in self.log.ledger() if row.stage == stage}

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        """One reply a question, in order, each as soon as it and those before it are there."""
        keys = [key_of(model, q) for q in questions]
        wanted = dict(zip(keys, questions, strict=True))
        known = self.log.known(list(wanted))
        missing = len(wanted) - len(known)
        self.meter.count(0, len(keys) - missing)
        with closing(self._answers(model, wanted, known) if missing else nothing()) as source:
            for key in keys:
                while key not in known:
                    known.update(next(source))
                yield known[key]

    def close(self) -> None:
        """Close the log, and the client with its connections and servers."""
        close = getattr(self.client, "close", None)
        if close is not None:
            close()
        self.log.close()

    def _answers(self, model: Model, wanted: dict[str, Question], known: Kept) -> Generator[Kept]:
        """The replies that stand, by key, some at a time, until none is missing."""
        client = self.client.client_of(model) if isinstance(self.client, Router) else self.client
        if client.batch_sensitive:
            yield from self._chunks(client, model, wanted, known)
            return
        asked = [(key, question) for key, question in wanted.items() if key not in known]
        self.meter.count(len(asked), 0)
        with self._progress(model, len(asked)) as bar:
            if not isinstance(client, Arriving):
                yield from self._in_turn(client, model, asked, bar)
                return

            def keep(some: list[Arrival]) -> Kept:
                return self._keep(model, [self._entry(model, *asked[a.which], a) for a in some], bar)

            with closing(pumped(client.arrivals(model, [q for _, q in asked]), keep)) as source:
                yield from source

    def _chunks(self, client: Client, model: Model, wanted: dict[str, Question], known: Kept) -> Generator[Kept]:
        pairs = [*wanted.items()]
        parts = [pairs[start : start + self.chunk] for start in range(0, len(pairs), self.chunk)]
        parts = [part for part in parts if any(key not in known for key, _ in part)]
        with self._progress(model, sum(map(len, parts))) as bar:
            for part in parts:
                self.meter.count(len(part), 0)
                started = time.monotonic()
                replies = [*client.ask(model, [q for _, q in part])]
                each = (time.monotonic() - started) / len(part)
                came = [Arrival(i, reply, each) for i, reply in enumerate(replies)]
                yield self._keep(model, [self._entry(model, *part[a.which], a) for a in came], bar)

    def _in_turn(self, client: Client, model: Model, asked: list[tuple[str, Question]], bar: Asking) -> Generator[Kept]:
        started = time.monotonic()
        for i, (pair, reply) in enumerate(zip(asked, client.ask(model, [q for _, q in asked]), strict=True)):
            came = Arrival(i, reply, time.monotonic() - started)
            yield self._keep(model, [self._entry(model, *pair, came)], bar)
            started = time.monotonic()

    def _entry(self, model: Model, key: str, question: Question, came: Arrival) -> Entry:
        price = self.purse.prices.get(model.name)
        money = None if came.reply is None else cost(price, question, came.reply)
        return Entry(key, question, came.reply, came.seconds, money, came.failed)

    def _keep(self, model: Model, came: list[Entry], bar: Asking) -> Kept:
        kept = self.log.add(model, came, self.stage)
        bar.came(came)
        return kept

    def _progress(self, model: Model, total: int) -> Asking:
        return Asking(total, model.name, self.purse.currency)


def book(row: Spent) -> dict[str, Any]:
    """A row of the ledger as a record holds it. `money` only where every call had a price."""
    found = {"calls": row.calls, "prompt_tokens": row.prompt_tokens, "completion_tokens": row.completion_tokens}
    return found if row.unpriced else {**found, "money": round(row.money, 9)}


def nothing() -> Generator[Kept]:
    yield from ()
