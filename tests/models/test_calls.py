"""The call log beside its answers: failures stand apart, the ledger is exact, older logs are read."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from komainu.models.arrivals import Arrival
from komainu.models.base import Model, Question, Reply
from komainu.models.cache import Cached
from komainu.models.calls import CallLog, Entry
from komainu.models.failures import Attempt
from komainu.models.purse import Purse, cost
from komainu.models.seeds import key_of
from komainu.rows import Message
from komainu.settings import Price, Settings

MODEL = Model(name="m")
PRICED = Settings(prices={"m": Price(input=1.0, output=10.0)})
RESET = Attempt("infrastructure", 0, "reset", "http://h", 0.1)
OVERFLOW = Attempt("context_overflow", 400, "too long", "http://h", 0.1)


def question(text: str) -> Question:
    return Question((Message("user", text),))


def entry(text: str, reply: Reply | None, *failed: Attempt, money: float | None = None) -> Entry:
    return Entry(key_of(MODEL, question(text)), question(text), reply, 0.5, money, failed)


class Sends:
    """Hands on arrivals as told."""

    batch_sensitive = False

    def __init__(self, *arrivals: Arrival) -> None:
        self.some = [*arrivals]
        self.asked = 0

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        raise AssertionError

    def arrivals(self, model: Model, questions: Sequence[Question]) -> Sends:
        self.asked += len(questions)
        return self

    def __iter__(self) -> Sends:
        return self

    def __next__(self) -> list[Arrival]:
        if not self.some:
            raise StopIteration
        return [self.some.pop(0)]

    def close(self) -> None:
        pass


def test_failures_stand_apart_with_their_class_and_are_no_hits(tmp_path: Path) -> None:
    log = CallLog(tmp_path / "calls.sqlite")
    kept = log.add(
        MODEL,
        [
            entry("a", Reply("fine"), RESET, RESET),
            entry("b", Reply("", "context_overflow"), OVERFLOW),
            entry("c", None, RESET),
            entry("d", Reply("cut", "length")),
        ],
        "answers/1",
    )
    assert sorted(r.text for r in kept.values()) == ["", "cut", "fine"]
    known = log.known([key_of(MODEL, question(t)) for t in "abcd"])
    assert sorted(r.text for r in known.values()) == ["cut", "fine"]
    log.close()
    with closing(sqlite3.connect(tmp_path / "calls.sqlite")) as db:
        failures = db.execute("select kind, status, what, place, stage from failures order by kind").fetchall()
        kinds = dict(db.execute("select text, kind from calls").fetchall())
    assert failures[0] == ("context_overflow", 400, "too long", "http://h", "answers/1")
    assert [f[0] for f in failures[1:]] == ["infrastructure"] * 3
    assert kinds == {"fine": "", "cut": "truncated"}


def test_an_answer_that_was_withheld_is_handed_on_and_asked_for_again_in_the_next_run(tmp_path: Path) -> None:
    for _ in range(2):
        client = Sends(Arrival(0, Reply("", "context_overflow"), 0.1, (OVERFLOW,)))
        cached = Cached(client, tmp_path / "calls.sqlite")
        assert [r.finish for r in cached.ask(MODEL, [question("long")])] == ["context_overflow"]
        assert client.asked == 1
        cached.close()


def test_the_ledger_counts_by_stage_and_model_what_was_paid_also_for_an_answer_that_came_second(
    tmp_path: Path,
) -> None:
    log = CallLog(tmp_path / "calls.sqlite")
    log.add(MODEL, [entry("a", Reply("x", "stop", 10, 5), RESET, money=0.25)], "answers/1")
    stands = log.add(MODEL, [entry("a", Reply("y", "stop", 10, 7), money=0.5)], "answers/1")
    log.add(MODEL, [entry("b", Reply("z", "stop", 1, 1))], "dataset/2")
    assert [r.text for r in stands.values()] == ["x"]
    assert log.ledger() == [
        ("answers/1", "m", 2, 20, 12, 0.75, 0, 1),
        ("dataset/2", "m", 1, 1, 1, 0.0, 1, 0),
    ]


def test_the_ledger_is_exact_under_many_threads(tmp_path: Path) -> None:
    log = CallLog(tmp_path / "calls.sqlite")

    def work(n: int) -> None:
        for i in range(30):
            log.add(MODEL, [entry(f"{n % 4}-{i}", Reply("x", "stop", 1, 2), money=0.125)], f"s/{n % 2}")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(row.calls, row.completion_tokens, row.money) for row in log.ledger()] == [(120, 240, 15.0)] * 2
    with closing(sqlite3.connect(tmp_path / "calls.sqlite")) as db:
        assert db.execute("select count(*) from calls").fetchone() == (120,)


def test_a_stage_sees_what_it_spent_and_the_log_what_each_call_cost(tmp_path: Path) -> None:
    cached = Cached(Sends(Arrival(0, Reply("x", "stop", 100, 20), 0.1)), tmp_path / "calls.sqlite", purse=Purse(PRICED))
    list(cached.within("answers/1").ask(MODEL, [question("a")]))
    assert cached.spent("answers/1") == {
        "m": {"calls": 1, "prompt_tokens": 100, "completion_tokens": 20, "money": 0.0003}
    }
    assert cached.spent("answers/2") == {}
    with closing(sqlite3.connect(tmp_path / "calls.sqlite")) as db:
        assert db.execute("select stage, money, seconds from calls").fetchone() == ("answers/1", 0.0003, 0.1)


def test_tokens_that_a_server_does_not_tell_are_guessed_for_the_price() -> None:
    price = PRICED.prices["m"]
    told = cost(price, question("x" * 30), Reply("y" * 300, "stop", 10, 100))
    assert told == pytest.approx((10 * 1 + 100 * 10) / 1e6)
    assert cost(price, question("x" * 30), Reply("y" * 300)) == pytest.approx(told)
    assert cost(None, question("x"), Reply("y")) is None


def test_a_log_of_an_older_version_is_read_and_goes_on(tmp_path: Path) -> None:
    key = key_of(MODEL, question("a"))
    with closing(sqlite3.connect(tmp_path / "calls.sqlite")) as db, db:
        db.execute(
            "create table calls (key text primary key, model text not null, name text not null, messages text not "
            "null, sample integer not null, text text not null, finish text not null, prompt_tokens integer not null, "
            "completion_tokens integer not null, hidden text not null, seconds real not null, time real not null) "
            "without rowid"
        )
        row = (key, MODEL.id, "m", "[]", 0, "old", "stop", 1, 2, "{}", 0.1, 0.1)
        db.execute(f"insert into calls values ({','.join('?' * 12)})", row)
    log = CallLog(tmp_path / "calls.sqlite")
    assert log.known([key]) == {key: Reply("old", "stop", 1, 2)}
    log.add(MODEL, [entry("b", Reply("new", thinking="hm"))])
    new = key_of(MODEL, question("b"))
    assert log.known([new]) == {new: Reply("new", thinking="hm")}


def test_the_budget_stops_a_job_at_most_what_was_on_its_way_over(tmp_path: Path) -> None:
    purse = Purse(Settings(prices=PRICED.prices, budget=0.001))
    for _ in range(3):
        assert purse.over() is None
        purse.pay(MODEL, question("a"), Reply("x", "stop", 100, 30))
    assert "budget of 0.001 USD is reached: 0.0012 USD are spent" in str(purse.over())
    assert Purse(PRICED).over() is None
