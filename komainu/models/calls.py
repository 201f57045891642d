"""The call log: every call to a model, what came of it, what it cost, in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from komainu.models.base import Model, Question, Reply
from komainu.models.failures import FINISH, Attempt, kind_of
from komainu.models.seeds import turns

BUSY = 60.0  # seconds to wait for another process's commit
SOME = 500  # keys looked up in one statement
PAGES = 8000  # of the write-ahead log before it is written back
MEMORY = 100_000  # KiB of pages kept: the index of a million keys
SCHEMA = """
create table if not exists models (id text primary key, name text not null, config text not null) without rowid;
create table if not exists calls (
    key text primary key, model text not null, name text not null, messages text not null, sample integer not null,
    text text not null, finish text not null, prompt_tokens integer not null, completion_tokens integer not null,
    hidden text not null, seconds real not null, time real not null
);
create table if not exists failures (
    key text not null, model text not null, name text not null, stage text not null, kind text not null,
    status integer not null, what text not null, place text not null, seconds real not null, time real not null
);
create table if not exists ledger (
    stage text not null, name text not null, calls integer not null, prompt_tokens integer not null,
    completion_tokens integer not null, money real not null, unpriced integer not null, failures integer not null,
    primary key (stage, name)
) without rowid;
"""
ADDED = {  # columns of `calls` that older logs lack
    "thinking": "text not null default ''",
    "kind": "text not null default ''",  # the failure class of an answer that is not a whole one
    "stage": "text not null default ''",
    "money": "real",  # null: the model had no price
}
COLUMNS = "key, model, name, messages, sample, text, finish, prompt_tokens, completion_tokens, hidden, seconds, time"
COLUMNS += ", thinking, kind, stage, money"
INSERT = f"insert or ignore into calls ({COLUMNS}) values ({', '.join('?' * 16)})"
FAIL = f"insert into failures values ({', '.join('?' * 10)})"
ANSWER = "key, text, finish, prompt_tokens, completion_tokens, hidden, thinking"
BOOK = """
insert into ledger values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set
    calls = calls + excluded.calls, prompt_tokens = prompt_tokens + excluded.prompt_tokens,
    completion_tokens = completion_tokens + excluded.completion_tokens, money = money + excluded.money,
    unpriced = unpriced + excluded.unpriced, failures = failures + excluded.failures
"""
Kept = dict[str, Reply]


class Entry(NamedTuple):
    """What came of one question: the answer (None: there was none), what it cost, the requests that gave none."""

    key: str
    question: Question
    reply: Reply | None
    seconds: float
    money: float | None = None
    failed: tuple[Attempt, ...] = ()

    @property
    def answered(self) -> bool:
        """Whether the reply is the model's: one that stands for an answer withheld is not."""
        return self.reply is not None and not (self.failed and self.failed[-1].kind in FINISH)


class Spent(NamedTuple):
    """What a stage has spent on a model. `money` is that of the calls with a price, `unpriced` counts the others."""

    stage: str
    name: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    money: float
    unpriced: int
    failures: int


class Batch:
    """What several writers have committed at once."""

    def __init__(self) -> None:
        self.models: dict[str, tuple[str, str, str]] = {}
        self.calls: list[tuple[object, ...]] = []
        self.failures: list[tuple[object, ...]] = []
        self.ledger: list[Spent] = []
        self.done = False
        self.whole = True  # nobody else had an answer before

    def add(self, model: Model, entries: Sequence[Entry], stage: str) -> None:
        now = round(time.time(), 3)
        if model.id not in self.models:
            config = json.dumps(model.config(), ensure_ascii=False, sort_keys=True)
            self.models[model.id] = (model.id, model.name, config)
        answered = [e for e in entries if e.answered]
        self.calls += [call_of(model, e, stage, now) for e in answered]
        self.failures += [
            (e.key, model.id, model.name, stage, a.kind, a.status, a.what, a.place, round(a.seconds, 6), now)
            for e in entries
            for a in e.failed
        ]
        replies = [e.reply for e in answered if e.reply is not None]
        self.ledger.append(
            Spent(
                stage,
                model.name,
                len(replies),
                sum(r.prompt_tokens for r in replies),
                sum(r.completion_tokens for r in replies),
                sum(e.money or 0.0 for e in answered),
                sum(e.money is None for e in answered),
                sum(len(e.failed) for e in entries),
            )
        )


class CallLog:
    """The calls in one SQLite file (WAL), shared by threads and processes.

    A call is known by its key; the first answer stands. Failures and answers withheld stand in a table of their own
    and are never looked up. The ledger is kept in the same transaction as the calls, so that it counts every call that
    was paid for, also one whose answer came second. Writers that come while another one commits are committed
    together: many answers, few fsyncs.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.batch = Batch()
        self.gate, self.lock = threading.Lock(), threading.Lock()
        self._db: sqlite3.Connection | None = None

    def known(self, keys: Sequence[str]) -> Kept:
        """The replies there are, by key."""
        with self.lock:
            return self._known(keys)

    def add(self, model: Model, entries: Sequence[Entry], stage: str = "") -> Kept:
        """Keep what came and return the answers that stand: an earlier one where there was one. Durable on return."""
        with self.gate:
            batch = self.batch
            batch.add(model, entries, stage)
        with self.lock:
            if not batch.done:
                with self.gate:
                    if self.batch is batch:
                        self.batch = Batch()
                self._commit(batch)  # when it fails, those who wait for it try themselves
            mine = {e.key: e.reply for e in entries if e.reply is not None}
            return mine if batch.whole else mine | self._known([*mine])

    def seconds(self, keys: Sequence[str]) -> float:
        """How long the requests of these calls took when they were made, added up."""
        with self.lock:
            return float(sum(seconds for (seconds,) in self._select("seconds", keys)))

    def ledger(self) -> list[Spent]:
        """What each stage has spent on each model; nothing when there is no log."""
        if not self.path.exists():
            return []
        with self.lock:
            return [Spent(*row) for row in self._open().execute("select * from ledger order by stage, name")]

    def close(self) -> None:
        with self.lock:
            if self._db is not None:
                self._db.close()
            self._db = None

    def _commit(self, batch: Batch) -> None:
        db = self._open()
        db.execute("begin immediate")
        try:
            db.executemany("insert or ignore into models values (?, ?, ?)", batch.models.values())
            before = db.total_changes
            db.executemany(INSERT, batch.calls)
            batch.whole = db.total_changes - before == len(batch.calls)
            db.executemany(FAIL, batch.failures)
            db.executemany(BOOK, batch.ledger)
            db.execute("commit")
        except BaseException:
            db.execute("rollback")
            raise
        batch.done = True

    def _known(self, keys: Sequence[str]) -> Kept:
        found: Kept = {}
        for key, text, finish, prompt_tokens, completion_tokens, hidden, thinking in self._select(ANSWER, keys):
            labels = json.loads(hidden) if hidden != "{}" else {}
            found[key] = Reply(text, finish, prompt_tokens, completion_tokens, labels, thinking)
        return found

    def _select(self, columns: str, keys: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        for start in range(0, len(keys), SOME):
            some = keys[start : start + SOME]
            marks = ",".join("?" * len(some))
            yield from self._open().execute(f"select {columns} from calls where key in ({marks})", some)

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = opened(self.path)
            weakref.finalize(self, self._db.close)  # for a log that nobody closes
        return self._db


def call_of(model: Model, entry: Entry, stage: str, now: float) -> tuple[object, ...]:
    """The row of one call."""
    key, question, reply, seconds, money, _ = entry
    assert reply is not None
    messages = json.dumps(turns(question), ensure_ascii=False)
    hidden = json.dumps(reply.hidden, ensure_ascii=False, sort_keys=True) if reply.hidden else "{}"
    asked = (key, model.id, model.name, messages, question.sample)
    made = (reply.text, reply.finish, reply.prompt_tokens, reply.completion_tokens, hidden)
    return (*asked, *made, round(seconds, 6), now, reply.thinking, kind_of(reply) or "", stage, money)


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
    db.execute(f"pragma wal_autocheckpoint={PAGES}")
    db.execute(f"pragma cache_size=-{MEMORY}")
    db.execute("begin immediate")
    for statement in SCHEMA.split(";"):
        db.execute(statement)
    there = {row[1] for row in db.execute("pragma table_info(calls)")}
    for name, kind in ADDED.items():
        if name not in there:
            db.execute(f"alter table calls add column {name} {kind}")
    db.execute("commit")
    return db
