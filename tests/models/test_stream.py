"""Server-sent events as pieces of text."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from komainu.errors import EndpointError, UsageError
from komainu.models.failures import Trouble
from komainu.models.stream import pieces, streamed
from komainu.settings import Endpoint
from tests.models.fake_server import Server, completion

ASKED = {"model": "m", "messages": [{"role": "user", "content": "?"}]}


def event(content: str | None, **more: Any) -> bytes:
    return f"data: {json.dumps({'choices': [{'delta': {'content': content}, **more}]})}\n".encode()


def test_events_become_the_text_of_the_first_choice() -> None:
    two = {"choices": [{"delta": {"content": "b"}}, {"delta": {"content": "no"}}]}
    lines = [b": ping\n", b"event: x\n", event(""), event("a"), b"\n", b"data:" + json.dumps(two).encode(), event(None)]
    lines += [
        b'data: {"choices": []}\n',
        b'data: {"choices": [{"finish_reason": "stop"}]}\n',
        b"data: [DONE]\n",
        event("z"),
    ]
    assert list(pieces(lines)) == ["a", "b"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([event("a")], r"ended before \[DONE\]"),
        ([event("a"), b"data: {\n"], "not a chunk"),
        ([b'data: {"error": {"message": "too hot"}}\n'], "the server reports: too hot"),
        ([b'data: {"choices": 3}\n'], "not a chunk"),
    ],
)
def test_a_stream_that_breaks_is_trouble(lines: list[bytes], said: str) -> None:
    with pytest.raises(Trouble, match=said):
        list(pieces(lines))


@given(st.lists(st.text()))
def test_any_pieces_come_through(texts: list[str]) -> None:
    assert list(pieces([*map(event, texts), b"data: [DONE]"])) == [text for text in texts if text]


@given(st.lists(st.binary(max_size=40) | st.binary(max_size=20).map(lambda b: b"data: " + b), max_size=5))
def test_any_bytes_are_pieces_or_trouble(lines: list[bytes]) -> None:
    with contextlib.suppress(Trouble):
        assert all(isinstance(piece, str) for piece in pieces(lines))


def test_a_server_that_does_not_stream_gives_one_piece(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "sk-1")
    assert list(streamed(Endpoint(url=server.url, key="A_KEY"), "m", ASKED)) == ["ok"]
    assert server.bodies[0]["stream"] is True and server.headers[0]["Authorization"] == "Bearer sk-1"
    server.handler = lambda request, body: completion("")
    assert list(streamed(Endpoint(url=server.url), "m", ASKED)) == [""]


def test_a_server_that_refuses_to_stream_is_asked_for_the_whole(server: Server) -> None:
    def strict(request: web.Request, body: dict[str, Any]) -> web.Response:
        refused = web.json_response({"error": {"message": "stream must be false"}}, status=400)
        return refused if body["stream"] else completion("whole")

    server.handler = strict
    assert list(streamed(Endpoint(url=server.url), "m", ASKED)) == ["whole"]
    assert [body["stream"] for body in server.bodies] == [True, False]


def test_what_goes_wrong_names_the_endpoint(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_KEY", raising=False)
    with pytest.raises(UsageError, match="set its key in the environment variable A_KEY"):
        list(streamed(Endpoint(url=server.url, key="A_KEY"), "m", ASKED))
    server.handler = lambda request, body: web.json_response({"error": {"message": "too long"}}, status=400)
    with pytest.raises(EndpointError, match=r"endpoint 'm' at http.*: status 400: too long; the request does not suit"):
        list(streamed(Endpoint(url=server.url), "m", ASKED))
    with pytest.raises(EndpointError, match="gave no whole answer"):
        list(streamed(Endpoint(url="http://127.0.0.1:9"), "m", ASKED))
    server.handler = lambda request, body: web.Response(text="data: {}\n\n", content_type="text/event-stream")
    with pytest.raises(EndpointError, match=r"the stream ended before \[DONE\]"):
        list(streamed(Endpoint(url=server.url), "m", ASKED))


def test_a_key_is_not_taken_along_where_a_server_sends_us_nor_shown_where_it_comes_back(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "sk-secret")
    endpoint = Endpoint(url=server.url, key="A_KEY")
    other = Server()
    try:
        server.handler = lambda request, body: web.Response(status=302, headers={"Location": f"{other.url}/models"})
        with pytest.raises(EndpointError, match="status 302"):
            list(streamed(endpoint, "m", ASKED))
        assert other.headers == []
    finally:
        other.close()
    server.handler = lambda request, body: web.json_response({"error": {"message": "no key sk-secret"}}, status=401)
    with pytest.raises(EndpointError, match=r"no key \*\*\*; check the key"):
        list(streamed(endpoint, "m", ASKED))


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n40\r\ndata: {",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{",
        b"no HTTP\r\n\r\n",
    ],
    ids=["in a chunk", "in an answer", "before it"],
)
def test_a_server_that_breaks_off_is_told(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(EndpointError, match="gave no whole answer"):
            list(streamed(Endpoint(url=f"http://127.0.0.1:{listener.getsockname()[1]}"), "m", ASKED))
        thread.join(10)
