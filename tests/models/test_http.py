"""The HTTP client against a real server on this machine."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from komainu.errors import EndpointError, UsageError
from komainu.models import protocol
from komainu.models.base import Model, Question, Reply
from komainu.models.cache import Cached
from komainu.models.http import HttpClient
from komainu.rows import Message
from komainu.settings import Endpoint
from tests.models.fake_server import Server, completion

MODEL = Model(name="m", max_tokens=9)
KEY = "sk-planted-0123456789"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "FIRST", 0.001)


def questions(n: int) -> list[Question]:
    return [Question((Message("user", str(i)),)) for i in range(n)]


def content(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"])


def client(server: Server, **how: Any) -> HttpClient:
    return HttpClient(Endpoint(url=server.url, **how), "m")


def failing(server: Server, times: int, response: Any) -> None:
    """The first requests get a response made by `response`, the others an answer."""

    def handler(request: web.Request, body: dict[str, Any]) -> Any:
        return response() if len(server.bodies) <= times else completion("at last")

    server.handler = handler


def test_answers_come_in_the_order_of_the_questions(server: Server) -> None:
    async def handler(request: web.Request, body: dict[str, Any]) -> web.Response:
        await asyncio.sleep(0.05 if content(body) == "0" else 0)
        return completion(content(body), "length", reasoning_content="hm")

    server.handler = handler
    found = list(client(server).ask(MODEL, questions(20)))
    assert [r.text for r in found] == [str(i) for i in range(20)]
    assert found[3] == Reply("3", "length", 3, 5, thinking="hm")


def test_arrivals_come_as_they_are_answered(server: Server) -> None:
    gate = threading.Event()

    async def handler(request: web.Request, body: dict[str, Any]) -> web.Response:
        while content(body) == "0" and not gate.is_set():
            await asyncio.sleep(0.005)
        return completion(content(body))

    server.handler = handler
    job = client(server).arrivals(MODEL, questions(3))
    early: list[int] = []
    while len(early) < 2:
        early += [a.which for a in next(job)]
    gate.set()
    assert sorted(early) == [1, 2]
    assert [a.which for some in job for a in some] == [0]


def test_the_server_gets_the_name_it_knows_and_nothing_of_ours(server: Server) -> None:
    list(client(server, model="served/name").ask(MODEL, questions(1)))
    (body,) = server.bodies
    assert body["model"] == "served/name"
    assert body["messages"] == [{"role": "user", "content": "0"}]
    assert "Authorization" not in server.headers[0]


def test_never_more_than_the_set_number_are_on_their_way_over_all_callers(server: Server) -> None:
    now, most = 0, 0

    async def handler(request: web.Request, body: dict[str, Any]) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1
        return completion("ok")

    server.handler = handler
    shared = client(server, concurrency=3)
    threads = [threading.Thread(target=lambda: list(shared.ask(MODEL, questions(10)))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 3
    assert len(server.bodies) == 30


@pytest.mark.parametrize(
    "response",
    [
        lambda: web.Response(status=429),
        lambda: web.Response(status=503, text="busy"),
        lambda: web.Response(text="<html>"),
        lambda: web.json_response({"choices": []}),
        lambda: completion(None),
    ],
)
def test_what_may_pass_is_tried_again(server: Server, response: Any) -> None:
    failing(server, 2, response)
    assert [r.text for r in client(server).ask(MODEL, questions(1))] == ["at last"]
    assert len(server.bodies) == 3
    assert server.bodies[0] == server.bodies[2]


def test_a_lost_connection_is_tried_again(server: Server) -> None:
    def drop(request: web.Request, body: dict[str, Any]) -> web.Response:
        if len(server.bodies) <= 2:
            assert request.transport is not None
            request.transport.close()
        return completion("at last")

    server.handler = drop
    assert [r.text for r in client(server).ask(MODEL, questions(1))] == ["at last"]


def test_retry_after_is_honoured(server: Server) -> None:
    failing(server, 1, lambda: web.Response(status=429, headers={"Retry-After": "0.3"}))
    started = time.monotonic()
    list(client(server).ask(MODEL, questions(1)))
    assert time.monotonic() - started >= 0.3


def test_the_end_of_all_tries_says_what_where_and_what_to_do(server: Server) -> None:
    server.handler = lambda request, body: web.Response(status=503, text="no workers")
    with pytest.raises(EndpointError) as caught:
        list(client(server, tries=3).ask(MODEL, questions(1)))
    assert str(caught.value) == (
        f"endpoint 'm' at {server.url}/chat/completions gave no usable answer after 3 tries: status 503: no workers. "
        "What to do: check that the server runs and that its URL is right; then run again, answers so "
        "far are kept."
    )
    assert len(server.bodies) == 3


@pytest.mark.parametrize(
    ("status", "advice"),
    [(400, "sampling parameters"), (401, "`key` names"), (404, "`url` and `model`"), (307, "its URL is right")],
)
def test_what_cannot_pass_fails_at_once_with_the_server_s_words(server: Server, status: int, advice: str) -> None:
    words = {"error": {"message": "model m is unknown here"}}
    server.handler = lambda request, body: web.json_response(words, status=status)
    with pytest.raises(EndpointError, match=rf"at the first try: status {status}: model m is unknown here.*{advice}"):
        list(client(server).ask(MODEL, questions(1)))
    assert len(server.bodies) == 1


def test_a_request_that_takes_too_long_is_an_error(server: Server) -> None:
    async def handler(request: web.Request, body: dict[str, Any]) -> web.Response:
        await asyncio.sleep(5)
        return completion("late")

    server.handler = handler
    with pytest.raises(EndpointError, match=r"after 2 tries: no answer within 0.1 s"):
        list(client(server, timeout=0.1, tries=2).ask(MODEL, questions(1)))


def test_nobody_listening_is_an_error_that_names_the_place() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://me:secret@127.0.0.1:{taken.getsockname()[1]}/v1?token=secret"
        with pytest.raises(EndpointError, match=r" http://127.0.0.1:\d+/v1/chat/completions: .* check that") as caught:
            list(HttpClient(Endpoint(url=url, patience=0.3), "m").ask(MODEL, questions(1)))
    assert "has been dead for 0.3 s" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_after_a_failure_nothing_new_is_asked_and_what_was_on_its_way_is_kept(server: Server, tmp_path: Path) -> None:
    async def handler(request: web.Request, body: dict[str, Any]) -> web.Response:
        if content(body) == "1":
            return web.Response(status=400, text="bad question")
        await asyncio.sleep(0.1)
        return completion(content(body))

    server.handler = handler
    cached = Cached(client(server, concurrency=4), tmp_path / "calls.sqlite")
    source = cached.ask(MODEL, questions(50))
    assert next(source).text == "0"
    with pytest.raises(EndpointError, match="bad question"):
        next(source)
    assert len(server.bodies) == 4
    server.handler = lambda request, body: completion("second run")
    found = [r.text for r in Cached(client(server), tmp_path / "calls.sqlite").ask(MODEL, questions(4))]
    assert found == ["0", "second run", "2", "3"]


def test_a_reader_that_stops_early_gives_up_the_rest(server: Server) -> None:
    async def handler(request: web.Request, body: dict[str, Any]) -> web.Response:
        await asyncio.sleep(0 if content(body) == "0" else 0.05)
        return completion("ok")

    server.handler = handler
    source = client(server, concurrency=2).ask(MODEL, questions(1000))
    next(source)
    source.close()  # type: ignore[attr-defined]  # it is a generator
    time.sleep(0.15)
    assert len(server.bodies) <= 6


def test_the_key_is_sent_and_shown_nowhere(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("PLANTED", KEY)
    failing(server, 1, lambda: web.Response(status=500, text=f"bad key {KEY}"))
    cached = Cached(asked := client(server, key="PLANTED", tries=2), tmp_path / "calls.sqlite")
    assert [r.text for r in cached.ask(MODEL, questions(1))] == ["at last"]
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    server.handler = lambda request, body: web.Response(status=401, text=f"wrong key {KEY}")
    with pytest.raises(EndpointError, match=r"wrong key \*\*\*") as caught:
        list(cached.ask(MODEL, questions(2)))
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert KEY not in "".join(shown.format())
    assert KEY not in caplog.text and "bad key ***" in caplog.text
    assert KEY not in f"{asked!r} {vars(asked)!r} {asked.endpoint!r}"
    cached.close()
    for file in tmp_path.iterdir():
        assert KEY.encode() not in file.read_bytes()


def test_a_key_that_is_not_set_is_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLANTED", raising=False)
    with pytest.raises(UsageError, match="set its key in the environment variable PLANTED"):
        list(client(server, key="PLANTED").ask(MODEL, questions(1)))


def test_nothing_asked_is_nothing_answered(server: Server) -> None:
    assert list(client(server).ask(MODEL, [])) == []


@pytest.fixture
def no_new_threads() -> Iterator[None]:
    before = {*threading.enumerate()}
    yield
    gc.collect()
    deadline = time.monotonic() + 5
    while {*threading.enumerate()} - before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not {*threading.enumerate()} - before


def test_a_client_leaves_no_thread_behind(server: Server, no_new_threads: None) -> None:
    list(client(server).ask(MODEL, questions(2)))
    closed = client(server)
    list(closed.ask(MODEL, questions(2)))
    closed.close()
    closed.close()
    assert [r.text for r in closed.ask(MODEL, questions(1))] == ["ok"]
    closed.close()
