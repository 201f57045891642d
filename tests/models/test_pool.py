"""Several servers as one, against real servers on this machine."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web

from komainu.errors import EndpointError
from komainu.models import protocol
from komainu.models.arrivals import Arrival
from komainu.models.base import Model, Question
from komainu.models.http import HttpClient
from komainu.rows import Message
from komainu.settings import Endpoint
from tests.models.fake_server import Server, completion

MODEL = Model(name="m", max_tokens=9)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "FIRST", 0.001)


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    found = [Server() for _ in range(3)]
    yield found
    for server in found:
        server.close()


def questions(n: int) -> list[Question]:
    return [Question((Message("user", str(i)),)) for i in range(n)]


def content(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"])


def client(*servers: Server, **how: Any) -> HttpClient:
    return HttpClient(Endpoint(url=tuple(s.url for s in servers), **how), "m")


def slow(seconds: float) -> Any:
    async def handler(request: web.Request, body: dict[str, Any]) -> web.Response:
        await asyncio.sleep(seconds)
        return completion(content(body))

    return handler


def test_work_goes_to_the_server_with_the_least_to_do(servers: list[Server]) -> None:
    for server, seconds in zip(servers, (0.01, 0.01, 0.1), strict=True):
        server.handler = slow(seconds)
    found = [r.text for r in client(*servers, concurrency=6).ask(MODEL, questions(90))]
    assert found == [str(i) for i in range(90)]
    counts = [len(s.bodies) for s in servers]
    assert sum(counts) == 90 and counts[2] < min(counts[:2]) / 2 and min(counts) > 0


def test_a_server_that_dies_is_taken_out_and_its_work_goes_to_the_others(servers: list[Server]) -> None:
    for server in servers:
        server.handler = slow(0.01)
    source = client(*servers, concurrency=6).ask(MODEL, questions(120))
    first = [next(source).text for _ in range(20)]
    servers[0].die()
    assert first + [r.text for r in source] == [str(i) for i in range(120)]
    assert sum(len(s.bodies) for s in servers[1:]) >= 90


def test_a_server_that_comes_back_gets_work_again(servers: list[Server]) -> None:
    broken = True

    async def handler(request: web.Request, body: dict[str, Any]) -> web.Response:
        if broken:
            assert request.transport is not None
            request.transport.abort()
        await asyncio.sleep(0.03)
        return completion(content(body))

    servers[0].handler, servers[1].handler = handler, slow(0.03)
    source = client(*servers[:2], concurrency=4, tries=50, patience=2.0).ask(MODEL, questions(400))
    for _ in range(100):
        next(source)
    broken, before = False, len(servers[0].bodies)
    assert len([*source]) == 300
    assert before < 60 and len(servers[0].bodies) - before > 30


def test_a_server_without_a_sign_of_life_loses_its_requests_to_the_others(servers: list[Server]) -> None:
    gate = threading.Event()
    servers[0].handler = lambda request, body: gate.wait(10) and None  # its whole loop stands still
    servers[1].handler = slow(0.01)
    started = time.monotonic()
    found = [r.text for r in client(*servers[:2], concurrency=4, patience=2.0).ask(MODEL, questions(40))]
    gate.set()
    assert found == [str(i) for i in range(40)]
    assert 1.5 < time.monotonic() - started < 8


@pytest.mark.parametrize("kind", ["closed", "hanging", "broken", "late"])
def test_a_dead_endpoint_ends_the_job_within_its_patience(servers: list[Server], kind: str) -> None:
    gate = threading.Event()
    asked = client(*servers[:2], concurrency=8, tries=1000, patience=3.0, timeout=2.0)
    for server in servers[:2]:
        server.handler = slow(0.05)  # the questions are not through before the servers die
    source = asked.ask(MODEL, questions(500))
    next(source)
    for server in servers[:2]:
        if kind == "closed":
            server.die()
        elif kind == "hanging":
            server.handler = lambda request, body: gate.wait(20) and None
        else:
            server.handler = slow(20) if kind == "late" else lambda request, body: web.Response(status=500)
    started = time.monotonic()
    with pytest.raises(EndpointError, match=r"has been dead for 3 s: http.*What to do: .*run again, answers so far"):
        list(source)
    assert 1.5 < time.monotonic() - started < 8
    gate.set()
    asked.close()


def test_what_was_dead_before_is_asked_again_by_the_next_job(servers: list[Server]) -> None:
    asked = client(servers[0], patience=1.0)
    servers[0].handler = lambda request, body: web.Response(status=500)
    with pytest.raises(EndpointError):
        list(asked.ask(MODEL, questions(50)))
    assert asked.pool is not None
    asked.pool.replicas[0].take_out(time.monotonic())
    asked.pool.replicas[0].dead = True
    servers[0].handler = slow(0.0)
    assert len(list(asked.ask(MODEL, questions(50)))) == 50


def test_one_bad_question_does_not_keep_the_others_from_being_answered(servers: list[Server]) -> None:
    def handler(request: web.Request, body: dict[str, Any]) -> web.Response:
        return web.Response(status=500, text="bad") if content(body) == "3" else completion(content(body))

    servers[0].handler = handler
    job = client(servers[0], tries=4, concurrency=2).arrivals(MODEL, questions(200))
    arrived: dict[int, Arrival] = {}
    with pytest.raises(EndpointError, match=r"1 of 200 questions got no answer.*after 4 tries: status 500: bad"):
        for some in job:
            arrived.update((a.which, a) for a in some)
    assert len(arrived) == 200 and [i for i, a in arrived.items() if a.reply is None] == [3]
    assert [a.kind for a in arrived[3].failed] == ["infrastructure"] * 4


def test_a_question_that_the_server_finds_wrong_is_given_up_when_it_has_answered_others(servers: list[Server]) -> None:
    def handler(request: web.Request, body: dict[str, Any]) -> web.Response:
        return web.Response(status=400, text="odd") if content(body) in "57" else completion(content(body))

    servers[0].handler = handler
    job = client(servers[0], concurrency=1).arrivals(MODEL, questions(40))
    arrived: dict[int, Arrival] = {}
    with pytest.raises(EndpointError, match="2 of 40 questions got no answer"):
        for some in job:
            arrived.update((a.which, a) for a in some)
    assert [i for i, a in arrived.items() if a.reply is None] == [5, 7] and len(servers[0].bodies) == 40


@pytest.mark.parametrize("status", [401, 404])
def test_what_is_wrong_with_the_settings_ends_the_job_though_others_were_answered(
    servers: list[Server], status: int
) -> None:
    def handler(request: web.Request, body: dict[str, Any]) -> web.Response:
        return web.Response(status=status) if len(servers[0].bodies) > 5 else completion("ok")

    servers[0].handler = handler
    with pytest.raises(EndpointError, match=f"at the first try: status {status}"):
        list(client(servers[0], concurrency=1).ask(MODEL, questions(40)))
    assert len(servers[0].bodies) == 6


def test_what_the_server_will_never_answer_is_an_empty_reply_that_says_so(servers: list[Server]) -> None:
    words = {"1": "maximum context length is 512 tokens", "2": "blocked by our content_filter"}

    def handler(request: web.Request, body: dict[str, Any]) -> web.Response:
        said = words.get(content(body))
        return web.json_response({"error": {"message": said}}, status=400) if said else completion(content(body))

    servers[0].handler = handler
    found = [(r.text, r.finish) for r in client(servers[0]).ask(MODEL, questions(4))]
    assert found == [("0", "stop"), ("", "context_overflow"), ("", "content_filter"), ("3", "stop")]
    assert len(servers[0].bodies) == 4


def test_while_a_server_asks_for_time_nothing_is_sent_and_waiting_is_no_try(servers: list[Server]) -> None:
    times: list[float] = []

    def handler(request: web.Request, body: dict[str, Any]) -> web.Response:
        times.append(time.monotonic())
        busy = len(times) <= 4 or 8 < len(times) <= 10
        return web.Response(status=429, headers={"Retry-After": "0.4"}) if busy else completion("ok")

    servers[0].handler = handler
    assert len([*client(servers[0], tries=1, concurrency=4).ask(MODEL, questions(12))]) == 12
    gaps = [b - a for a, b in pairwise(times)]
    assert sum(gap >= 0.38 for gap in gaps) >= 2


def test_a_server_that_asks_for_too_much_time_is_an_error(servers: list[Server]) -> None:
    servers[0].handler = lambda request, body: web.Response(status=429, headers={"Retry-After": "86400"}, text="quota")
    asked = client(servers[0])
    for _ in range(2):
        with pytest.raises(EndpointError, match="status 429: quota"):
            list(asked.ask(MODEL, questions(1)))


def test_requests_and_tokens_a_minute_are_kept(servers: list[Server]) -> None:
    started = time.monotonic()
    [*client(servers[0], rpm=600).ask(MODEL, questions(11))]
    assert 1.0 <= time.monotonic() - started < 2.0
    started = time.monotonic()
    [*client(servers[1], tpm=4800, concurrency=1).ask(MODEL, questions(11))]  # 8 tokens a call, 80 a second
    assert 1.0 <= time.monotonic() - started < 2.0


def test_under_overload_less_is_sent_at_a_time_and_everything_is_answered(servers: list[Server]) -> None:
    now, most = 0, 0

    async def handler(request: web.Request, body: dict[str, Any]) -> web.Response:
        nonlocal now, most
        if now >= 8:
            return web.Response(status=429)
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        return completion(content(body))

    servers[0].handler = handler
    asked = client(servers[0], concurrency=64, tries=40)
    assert [r.text for r in asked.ask(MODEL, questions(400))] == [str(i) for i in range(400)]
    assert most == 8 and asked.pool is not None and asked.pool.replicas[0].limit < 40
