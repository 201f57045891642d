"""One chat completion, piece by piece as the server writes it: server-sent events of the OpenAI protocol.

Source: platform.openai.com/docs/api-reference/chat/streaming, the WHATWG HTML standard (event streams). Not covered:
tools, several choices, reasoning fields: only the answer's text is handed on.
"""

from __future__ import annotations

import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from komainu.errors import EndpointError, UsageError
from komainu.models import direct
from komainu.models.failures import ADVICE, Trouble, message_in
from komainu.models.protocol import bare, chat_url, read_reply
from komainu.settings import Endpoint


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    error: Any = None


_chunk = msgspec.json.Decoder(_Chunk)


def streamed(endpoint: Endpoint, name: str, asked: dict[str, Any]) -> Iterator[str]:
    """The pieces of the answer to one request; a server that does not stream gives one. Asked once, not again.

    Raises EndpointError when the endpoint `name` gives no answer, or stops in the middle of one.
    """
    if endpoint.key and not os.environ.get(endpoint.key):
        raise UsageError(f"endpoint {name!r}: set its key in the environment variable {endpoint.key}")
    url = chat_url(endpoint.urls[0])
    try:
        with opened(endpoint, url, {**asked, "stream": True}) as found:
            if found.headers.get_content_type() == "text/event-stream":
                yield from pieces(found)
            else:
                yield read_reply(found.read()).text
    except (Trouble, OSError, http.client.HTTPException) as error:
        todo = ADVICE.get(getattr(error, "status", 0), "check that the server runs")
        raise EndpointError(f"endpoint {name!r} at {bare(url)} gave no whole answer: {error}; {todo}") from None


def opened(endpoint: Endpoint, url: str, asked: dict[str, Any]) -> Any:
    """The response to a request; a server that refuses it for the stream is asked for the whole answer."""
    headers = {"Content-Type": "application/json"}
    if endpoint.key:
        headers["Authorization"] = f"Bearer {os.environ[endpoint.key]}"
    request = urllib.request.Request(url, msgspec.json.encode(asked), headers)
    try:
        return direct.opened(request, timeout=endpoint.timeout)
    except urllib.error.HTTPError as error:
        with error:
            body = error.read()
        if endpoint.key:  # a server may send back what it was sent
            body = body.replace(os.environ[endpoint.key].encode(), b"***")
        if error.code == 400 and asked.get("stream") and "stream" in message_in(body):
            return opened(endpoint, url, {**asked, "stream": False})
        raise Trouble(f"status {error.code}: {message_in(body)}", status=error.code) from None


def pieces(lines: Iterable[bytes]) -> Iterator[str]:
    """The text in the events of a stream; raises Trouble for an event that is an error, or not a chunk, or no end."""
    for line in lines:
        field, _, value = line.strip().partition(b":")
        if field != b"data":  # a comment, an event's name, the empty line between two
            continue
        value = value.strip()
        if value == b"[DONE]":
            return
        try:
            chunk = _chunk.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Trouble(f"an event is not a chunk of a chat completion: {error}") from None
        if chunk.error:
            raise Trouble(f"the server reports: {message_in(value)}")
        for choice in chunk.choices[:1]:
            if choice.delta is not None and choice.delta.content:
                yield choice.delta.content
    raise Trouble("the stream ended before [DONE]")
