"""The call cache: nothing is asked twice, nothing that was answered is lost."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from komainu.errors import EndpointError
from komainu.models.arrivals import Arrival
from komainu.models.base import Model, Question, Reply
from komainu.models.cache import Cached
from komainu.rows import Message

MODEL = Model(name="m")


class Fake:
    """Answers with the question and how many were asked before it."""

    def __init__(self, *, batch_sensitive: bool = False) -> None:
        self.batch_sensitive = batch_sensitive
        self.lists: list[list[str]] = []

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        texts = [q.messages[-1].content for q in questions]
        self.lists.append(texts)
        for text in texts:
            beside = "".join(texts) if self.batch_sensitive else str(len(self.lists))
            yield Reply(f"{text}:{beside}", "length", 1, 2, {"fault": text})


class Arriver(Fake):
    """Hands on the last answer first, each when told to; after so many answers there is an error."""

    def __init__(self, error: Exception | None = None, answered: int = 1000) -> None:
        super().__init__()
        self.error, self.answered = error, answered
        self.gate = threading.Semaphore(0)
        self.closed = False

    def arrivals(self, model: Model, questions: Sequence[Question]) -> Arriver:
        self.lists.append([q.messages[-1].content for q in questions])
        self.todo = [*range(len(questions))]
        return self

    def __iter__(self) -> Arriver:
        return self

    def __next__(self) -> list[Arrival]:
        self.gate.acquire(timeout=10)
        if self.error and not self.answered:
            raise self.error
        if self.closed or not self.todo:
            raise StopIteration
        self.answered -= 1
        which = self.todo.pop()
        return [Arrival(which, Reply(self.lists[-1][which]), 0.5)]

    def close(self) -> None:
        self.closed = True
        self.gate.release()


def questions(text: str, sample: int = 0) -> list[Question]:
    return [Question((Message("user", letter),), sample) for letter in text]


def texts(cached: Cached, text: str, **how: Any) -> list[str]:
    return [r.text for r in cached.ask(Model(name="m", **how), questions(text))]


def test_a_second_run_asks_nothing_and_gets_the_same_replies(tmp_path: Path) -> None:
    first = Cached(Fake(), tmp_path / "calls.sqlite")
    replies = list(first.ask(MODEL, questions("abc")))
    again = Cached(Fake(), tmp_path / "calls.sqlite")
    assert list(again.ask(MODEL, questions("cab"))) == [replies[2], replies[0], replies[1]]
    assert (first.asked, first.hits, again.asked, again.hits) == (3, 0, 0, 3)
    assert replies[0] == Reply("a:1", "length", 1, 2, {"fault": "a"})


def test_only_what_is_missing_is_asked_and_what_is_twice_in_a_list_once(tmp_path: Path) -> None:
    cached = Cached(client := Fake(), tmp_path / "calls.sqlite")
    assert texts(cached, "ab") == ["a:1", "b:1"]
    assert texts(cached, "cabcd") == ["c:2", "a:1", "b:1", "c:2", "d:2"]
    assert client.lists == [["a", "b"], ["c", "d"]]
    assert (cached.asked, cached.hits) == (4, 3)


def test_another_model_sampling_or_sample_is_another_question(tmp_path: Path) -> None:
    cached = Cached(Fake(), tmp_path / "calls.sqlite")
    texts(cached, "a")
    texts(cached, "a", temperature=0.5)
    list(cached.ask(MODEL, questions("a", sample=1)))
    assert cached.asked == 3


def test_answers_stream_as_they_come(tmp_path: Path) -> None:
    cached = Cached(client := Arriver(), tmp_path / "calls.sqlite")
    source = cached.ask(MODEL, questions("abc"))
    for _ in "abc":
        client.gate.release()
    assert [next(source).text for _ in "abc"] == ["a", "b", "c"]
    assert client.lists == [["a", "b", "c"]]


def test_an_answer_is_kept_when_it_arrives_though_nobody_has_read_it(tmp_path: Path) -> None:
    cached = Cached(client := Arriver(), tmp_path / "calls.sqlite")
    results: list[Reply] = []
    (reader := threading.Thread(target=lambda: results.append(next(cached.ask(MODEL, questions("abc")))))).start()
    client.gate.release()  # c, the last question, is answered; a, the first, never is
    deadline = time.monotonic() + 10
    while count(tmp_path / "calls.sqlite") < 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert count(tmp_path / "calls.sqlite") == 1
    client.gate.release(2)
    reader.join(10)
    assert results == [Reply("a")]


def test_an_error_comes_after_what_was_answered_and_loses_none_of_it(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    source = Cached(client := Arriver(EndpointError("down"), answered=2), path).ask(MODEL, questions("abc"))
    for _ in "abc":
        client.gate.release()
    with pytest.raises(EndpointError, match="down"):
        next(source)
    assert texts(cached := Cached(Fake(), path), "abc") == ["a:1", "b", "c"]
    assert cached.asked == 1


def test_a_reader_that_stops_early_closes_the_client(tmp_path: Path) -> None:
    cached = Cached(client := Arriver(), tmp_path / "calls.sqlite")
    source = cached.ask(MODEL, questions("abc"))
    for _ in "abc":
        client.gate.release()
    next(source)
    source.close()  # type: ignore[attr-defined]  # it is a generator
    assert client.closed
    assert not [t for t in threading.enumerate() if t.name == "komainu-answers"]


def count(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        try:
            return int(db.execute("select count(*) from calls").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def test_a_batch_sensitive_client_is_asked_in_fixed_chunks(tmp_path: Path) -> None:
    cached = Cached(client := Fake(batch_sensitive=True), tmp_path / "calls.sqlite", chunk=2)
    assert texts(cached, "abacde") == ["a:ab", "b:ab", "a:ab", "c:cd", "d:cd", "e:e"]
    assert client.lists == [["a", "b"], ["c", "d"], ["e"]]
    assert (cached.asked, cached.hits) == (5, 1)


def test_a_chunk_with_a_missing_answer_is_asked_whole_and_known_answers_stand(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    assert texts(Cached(Fake(batch_sensitive=True), path, chunk=2), "b") == ["b:b"]
    cached = Cached(client := Fake(batch_sensitive=True), path, chunk=2)
    assert texts(cached, "abcd") == ["a:ab", "b:b", "c:cd", "d:cd"]
    assert client.lists == [["a", "b"], ["c", "d"]]
    assert texts(cached, "cdab") == ["c:cd", "d:cd", "a:ab", "b:b"]
    assert len(client.lists) == 2


@given(st.lists(st.text(alphabet="abcdef", max_size=8), max_size=5), st.integers(1, 4), st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_first_answer_stands_whatever_is_asked_later(
    tmp_path_factory: pytest.TempPathFactory, lists: list[str], chunk: int, batch_sensitive: bool
) -> None:
    cached = Cached(Fake(batch_sensitive=batch_sensitive), tmp_path_factory.mktemp("c") / "calls.sqlite", chunk)
    first: dict[str, str] = {}
    for text in lists:
        for letter, reply in zip(text, texts(cached, text), strict=True):
            assert first.setdefault(letter, reply) == reply
    cached.close()


@given(st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)), max_size=3))
@settings(max_examples=25, deadline=None)
def test_any_text_and_hidden_text_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    class Echo:
        batch_sensitive = False

        def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
            for q in questions:
                yield Reply(q.messages[0].content, hidden={q.messages[1].content: q.messages[0].content})

    asked = [Question((Message("system", a), Message("user", b))) for a, b in pairs]
    path = tmp_path_factory.mktemp("c") / "calls.sqlite"
    for _ in range(2):
        cached = Cached(Echo(), path)
        assert list(cached.ask(MODEL, asked)) == [Reply(a, hidden={b: a}) for a, b in pairs]
        cached.close()


def test_the_log_tells_who_was_asked_what_and_when(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    list(Cached(Fake(), path).ask(Model(name="m", temperature=0.5), questions("猫", sample=2)))
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        row = dict(db.execute("select * from calls").fetchone())
        kept = dict(db.execute("select * from models").fetchone())
    assert json.loads(row["messages"]) == [["user", "猫"]]
    assert (row["model"], row["name"], row["sample"], row["text"]) == (kept["id"], "m", 2, "猫:1")
    assert json.loads(kept["config"])["temperature"] == 0.5
    assert abs(row["time"] - time.time()) < 60 and row["seconds"] >= 0


def test_threads_ask_through_one_cache_and_every_answer_is_kept(tmp_path: Path) -> None:
    cached = Cached(Fake(), tmp_path / "calls.sqlite")
    found: dict[int, list[str]] = {}

    def work(n: int) -> None:
        found[n] = [r.text for i in range(20) for r in cached.ask(Model(name="m", seed=n % 4), questions(chr(97 + i)))]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(tmp_path / "calls.sqlite") == 80
    assert all(found[n] == found[n % 4] for n in range(8))


SCRIPT = dedent(
    """
    import sys, time
    from pathlib import Path
    from komainu.models.base import Model, Question, Reply
    from komainu.models.cache import Cached
    from komainu.rows import Message

    path, sensitive, pause = Path(sys.argv[1]), sys.argv[2] == "chunks", float(sys.argv[3])

    class Slow:
        batch_sensitive = sensitive

        def ask(self, model, questions):
            for q in questions:
                time.sleep(pause)
                yield Reply(f"{q.messages[0].content} beside {len(questions)}" if sensitive else str(time.time_ns()))

    cached = Cached(Slow(), path, chunk=10)
    for reply in cached.ask(Model(name="m"), [Question((Message("user", str(i)),)) for i in range(95)]):
        print(reply.text, flush=True)
    print(cached.asked, file=sys.stderr)
    """
)


def start(path: Path, kind: str, pause: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, str(path), kind, str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("kind", ["chunks", "singly"])
def test_what_was_answered_before_a_kill_stands_and_the_rest_is_asked(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "calls.sqlite"
    killed = start(path, kind, 0.01)
    assert killed.stdout is not None
    seen = [killed.stdout.readline() for _ in range(35)]
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    kept = count(path)
    assert 35 <= kept < 95
    resumed = start(path, kind, 0)
    out, err = resumed.communicate()
    lines = out.splitlines(keepends=True)
    assert lines[:35] == seen
    assert int(err) == 95 - kept
    whole, _ = start(tmp_path / "other.sqlite", kind, 0).communicate()
    assert kind == "singly" or out == whole


def test_two_processes_at_once_agree_on_every_answer(tmp_path: Path) -> None:
    both = [start(tmp_path / "calls.sqlite", "singly", 0.001) for _ in range(2)]
    (one, errors), (two, more) = (p.communicate() for p in both)
    assert one == two
    assert len(one.splitlines()) == 95
    assert count(tmp_path / "calls.sqlite") == 95
    assert 95 <= int(errors) + int(more) <= 190
