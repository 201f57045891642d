"""Every call to a model is kept: what was asked, what came back, when. The first answer stands."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from komainu.models.arrivals import Arrival, Arriving
from komainu.models.base import Client, Model, Question, Reply
from komainu.models.pump import Kept, pumped
from komainu.models.route import Router
from komainu.models.seeds import key_of, turns

CHUNK = 256  # questions a batch-sensitive client is asked at once
BUSY = 60.0  # seconds to wait for another process's commit
SOME = 500  # keys looked up in one statement
SCHEMA = """
create table if not exists models (id text primary key, name text not null, config text not null) without rowid;
create table if not exists calls (
    key text primary key, model text not null, name text not null, messages text not null, sample integer not null,
    text text not null, finish text not null, prompt_tokens integer not null, completion_tokens integer not null,
    hidden text not null, seconds real not null, time real not null
) without rowid;
"""
INSERT = "insert or ignore into calls values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
SELECT = "select key, text, finish, prompt_tokens, completion_tokens, hidden from calls where key in ({})"

Answer = tuple[str, Question, Reply, float]  # the key, what was asked, the answer, seconds
Call = tuple[str, str, str, str, int, str, str, int, int, str, float, float]


class CallLog:
    """The calls in one SQLite file (WAL), shared by threads and processes.

    Writers that come while another one commits are committed together: many answers, few fsyncs.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.waiting: list[Call] = []
        self.models: set[str] = set()  # the ids written by this process
        self.gate, self.lock = threading.Lock(), threading.Lock()
        self._db: sqlite3.Connection | None = None

    def known(self, keys: Sequence[str]) -> Kept:
        """The replies there are, by key."""
        with self.lock:
            return self._known(keys)

    def add(self, model: Model, answers: Sequence[Answer]) -> Kept:
        """Keep answers and return those that stand: an earlier one where there was one. Durable on return."""
        with self.gate:
            self.waiting += [call_of(model, *a) for a in answers]
        with self.lock:
            with self.gate:
                batch, self.waiting = self.waiting, []
            try:
                self._commit(model, batch)
            except BaseException:
                with self.gate:
                    self.waiting = batch + self.waiting  # for those who wait for this commit: they try themselves
                raise
            return self._known([key for key, *_ in answers])

    def close(self) -> None:
        with self.lock:
            if self._db is not None:
                self._db.close()
            self._db = None

    def _commit(self, model: Model, batch: list[Call]) -> None:
        if not batch and model.id in self.models:
            return  # another writer has committed ours
        db = self._open()
        db.execute("begin immediate")
        try:
            config = json.dumps(model.config(), ensure_ascii=False, sort_keys=True)
            db.execute("insert or ignore into models values (?, ?, ?)", (model.id, model.name, config))
            db.executemany(INSERT, batch)
            db.execute("commit")
        except BaseException:
            db.execute("rollback")
            raise
        self.models.add(model.id)

    def _known(self, keys: Sequence[str]) -> Kept:
        found: Kept = {}
        for start in range(0, len(keys), SOME):
            some = keys[start : start + SOME]
            rows = self._open().execute(SELECT.format(",".join("?" * len(some))), some)
            for key, text, finish, prompt_tokens, completion_tokens, hidden in rows:
                found[key] = Reply(text, finish, prompt_tokens, completion_tokens, json.loads(hidden))
        return found

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = opened(self.path)
        return self._db


class Cached:
    """A client that asks no question twice; this is what makes every stage resumable.

    A question is known by its model's id, its messages' role and content, and its sample number. Equal questions
    in one list are asked once. A client that waits (HTTP) is asked only what is missing, and each answer is kept as
    it arrives. A batch-sensitive client is asked in fixed chunks of the whole list: a chunk with a missing answer is
    asked again whole, so that every answer has the same neighbours in a resumed run; answers known before stand.
    `asked` counts questions sent to the client, `hits` replies that needed none.
    """

    batch_sensitive = False

    def __init__(self, client: Client, path: Path, chunk: int = CHUNK) -> None:
        self.client, self.log, self.chunk = client, CallLog(path), chunk
        self.asked = self.hits = 0
        self.counting = threading.Lock()

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        """One reply a question, in order, each as soon as it and those before it are there."""
        keys = [key_of(model, q) for q in questions]
        wanted = dict(zip(keys, questions, strict=True))
        known = self.log.known(list(wanted))
        missing = len(wanted) - len(known)
        self._count(0, len(keys) - missing)
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

    def _count(self, asked: int, hits: int) -> None:
        with self.counting:
            self.asked += asked
            self.hits += hits

    def _answers(self, model: Model, wanted: dict[str, Question], known: Kept) -> Generator[Kept]:
        """The replies that stand, by key, some at a time, until none is missing."""
        client = self.client.client_of(model) if isinstance(self.client, Router) else self.client
        if client.batch_sensitive:
            return self._chunks(client, model, wanted, known)
        asked = [(key, question) for key, question in wanted.items() if key not in known]
        self._count(len(asked), 0)
        if not isinstance(client, Arriving):
            return self._in_turn(client, model, asked)

        def keep(some: list[Arrival]) -> Kept:
            return self.log.add(model, [(*asked[a.which], a.reply, a.seconds) for a in some])

        return pumped(client.arrivals(model, [q for _, q in asked]), keep)

    def _chunks(self, client: Client, model: Model, wanted: dict[str, Question], known: Kept) -> Generator[Kept]:
        pairs = [*wanted.items()]
        missing = wanted.keys() - known.keys()
        for start in range(0, len(pairs), self.chunk):
            part = pairs[start : start + self.chunk]
            if missing.isdisjoint(key for key, _ in part):
                continue
            self._count(len(part), 0)
            started = time.monotonic()
            replies = [*client.ask(model, [q for _, q in part])]
            each = (time.monotonic() - started) / len(part)
            yield self.log.add(model, [(k, q, reply, each) for (k, q), reply in zip(part, replies, strict=True)])

    def _in_turn(self, client: Client, model: Model, asked: list[tuple[str, Question]]) -> Generator[Kept]:
        started = time.monotonic()
        for (key, question), reply in zip(asked, client.ask(model, [q for _, q in asked]), strict=True):
            yield self.log.add(model, [(key, question, reply, time.monotonic() - started)])
            started = time.monotonic()


def nothing() -> Generator[Kept]:
    yield from ()


def call_of(model: Model, key: str, question: Question, reply: Reply, seconds: float) -> Call:
    """The row of one call."""
    messages = json.dumps(turns(question), ensure_ascii=False)
    hidden = json.dumps(reply.hidden, ensure_ascii=False, sort_keys=True)
    made = (reply.text, reply.finish, reply.prompt_tokens, reply.completion_tokens, hidden)
    return (key, model.id, model.name, messages, question.sample, *made, round(seconds, 6), round(time.time(), 3))


def opened(path: Path) -> sqlite3.Connection:
    """A connection to the call log, made if need be; safe when several processes make it at once."""
    db = sqlite3.connect(path, timeout=BUSY, check_same_thread=False, isolation_level=None)
    deadline = time.monotonic() + BUSY
    while True:
        try:
            db.execute("pragma journal_mode=wal")
            break
        except sqlite3.OperationalError as error:  # changing the mode does not wait for a lock by itself
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    db.execute("pragma synchronous=full")  # an answer may have cost money
    db.executescript(f"begin immediate; {SCHEMA} commit;")
    return db
