"""A local server of the OpenAI chat protocol that passes questions to a function: how other programs ask our models.

Source: platform.openai.com/docs/api-reference/chat. Not covered: several choices, streaming, tools, log-probabilities,
completions without a chat.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from komainu.errors import UsageError
from komainu.models.base import Reply
from komainu.rows import Message

NEUTRAL: dict[str, tuple[Any, ...]] = {"n": (None, 1), "stream": (None, False), "logprobs": (None, False)}
SAMPLING = ("temperature", "top_p", "min_p", "max_tokens", "max_completion_tokens")
Ask = Callable[[tuple[Message, ...]], Reply]


class Asked(msgspec.Struct):
    """A request: what is asked, and where the answer is to be cut. The rest of it is in `sampling`, as text."""

    messages: tuple[Message, ...]
    stops: tuple[str, ...]
    sampling: dict[str, str]


class Relay(ThreadingHTTPServer):
    """Answers through `ask`, each request in a thread of its own, at most `limit` of them at once.

    The model's own sampling holds, whatever a request says; what requests said is counted in `wanted`. Stop texts are
    part of a task's format: the answer is cut before the first of them. `failure` is the first error of `ask`; from
    then on nothing is asked.
    """

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, ask: Ask, limit: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ask, self.slots, self.lock = ask, threading.Semaphore(limit), threading.Lock()
        self.failure: Exception | None = None
        self.answered = 0
        self.wanted: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A program that has gone away in the middle of a request is no error here."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def answer(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and body of the response to one request."""
        try:
            asked = read_request(body)
        except UsageError as error:
            return 400, refusal(str(error))
        with self.slots:
            if self.failure is None:
                try:
                    reply = self.ask(asked.messages)
                except Exception as error:  # raised again by whoever waits for the other program
                    self.failure = error
        if self.failure is not None:
            return 400, refusal(str(self.failure))  # 400: not to be tried again
        with self.lock:
            self.answered += 1
            self.wanted.update(f"{name}={value}" for name, value in asked.sampling.items())
        return 200, completion(reply, asked.stops)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Relay

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chat = self.path.rstrip("/").endswith("/chat/completions")
        self.send(
            *(self.server.answer(body) if chat else (404, refusal(f"{self.path}: only chat completions are here")))
        )

    def do_GET(self) -> None:
        models = {"object": "list", "data": [{"id": "model", "object": "model", "created": 0, "owned_by": "komainu"}]}
        self.send(200, models) if self.path.rstrip("/").endswith("/models") else self.send(404, refusal(self.path))

    def send(self, status: int, value: dict[str, Any]) -> None:
        body = msgspec.json.encode(value)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: requests hold what users asked."""


@contextmanager
def relaying(ask: Ask, limit: int) -> Iterator[Relay]:
    """A relay at its address, until the block ends."""
    relay = Relay(ask, limit)
    thread = threading.Thread(target=relay.serve_forever, args=(0.05,), name="komainu-relay", daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.shutdown()
        relay.server_close()
        thread.join(10)


def read_request(body: bytes) -> Asked:
    """A request body; raises UsageError with what is wrong or not covered."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the request is not JSON: {error}; send a JSON object") from None
    if not isinstance(found, dict) or not isinstance(found.get("messages"), list) or not found["messages"]:
        raise UsageError("a request is an object with a list `messages`; send one")
    for name, fine in NEUTRAL.items():
        if found.get(name) not in fine:
            raise UsageError(f"{name} = {found[name]!r} is not covered; leave it out")
    stops = found.get("stop") or []
    stops = [stops] if isinstance(stops, str) else stops
    if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in stops):
        raise UsageError(f"stop must be a text or a list of texts, not {stops!r}")
    sampling = {name: str(found[name]) for name in SAMPLING if found.get(name) is not None}
    return Asked(tuple(map(message_of, found["messages"])), tuple(filter(None, stops)), sampling)


def message_of(given: Any) -> Message:
    role, content = (given.get("role"), given.get("content")) if isinstance(given, dict) else (None, None)
    if isinstance(content, list) and all(isinstance(part, dict) and part.get("type") == "text" for part in content):
        content = "".join(str(part.get("text", "")) for part in content)
    if role not in ("system", "user", "assistant") or not isinstance(content, str):
        raise UsageError(f"a message has a role (system, user, assistant) and a text, not {given!r:.100}; send both")
    return Message(role, content)


def completion(reply: Reply, stops: tuple[str, ...]) -> dict[str, Any]:
    """The protocol's form of a reply, cut before the first stop text."""
    cut = min((at for stop in stops if (at := reply.text.find(stop)) >= 0), default=None)
    message = {"role": "assistant", "content": reply.text[:cut]}
    finish = reply.finish if cut is None else "stop"
    tokens = {"prompt_tokens": reply.prompt_tokens, "completion_tokens": reply.completion_tokens}
    return {
        "id": "chatcmpl-0",
        "object": "chat.completion",
        "created": 0,
        "model": "model",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {**tokens, "total_tokens": reply.prompt_tokens + reply.completion_tokens},
    }


def refusal(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error"}}
