"""How far some requests reach: the tokens of the longest, counted before any is sent, and what a model takes.

Prompts are counted as the chat template writes them: by the tokenizer of a model directory, or at the /tokenize of a
server (vLLM, SGLang and komainu's own have it). What a server takes is the `max_model_len` of its /v1/models.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

import msgspec

from komainu.errors import EndpointError
from komainu.models.base import CHAT, Request
from komainu.models.template import token_ids, tokenizer_of, tokens_of, told
from komainu.settings import Endpoint


class Longest(NamedTuple):
    """The request that needs most: tokens of its prompt (0 where nobody counts them) and of its answers."""

    item: str
    prompt: int
    answers: int

    @property
    def tokens(self) -> int:
        return self.prompt + self.answers


class _Card(msgspec.Struct):
    id: str = ""
    max_model_len: int | None = None


class _Cards(msgspec.Struct):
    data: list[_Card]


def longest(directory: Path, name: str, requests: Sequence[Request]) -> Longest:
    """The request that needs most by a directory's tokenizer; raises UsageError for one that cannot render it."""
    ids = token_ids(tokenizer_of(directory), [request.question for request in requests], name)
    counted = (Longest(r.item, len(i), r.answers) for r, i in zip(requests, ids, strict=True))
    return max(counted, key=lambda found: found.tokens)


def longest_at(endpoint: Endpoint, name: str, requests: Sequence[Request]) -> Longest:
    """The request that needs most, as far as a server tells: counted there is the one with most text."""
    most = max(requests, key=lambda request: (size(request), request.answers))
    try:
        tokens = tokens_of(endpoint, name, most.question)
    except EndpointError:
        tokens = None
    return Longest(most.item, len(tokens or ()), most.answers)


def size(request: Request) -> int:
    """Bytes of text, and of an answer one for each token that it may have."""
    return sum(len(message.content.encode()) for message in request.question.messages) + request.answers


def taken_at(endpoint: Endpoint, name: str) -> int:
    """The tokens of prompt and answer together that a server takes for a model; 0 when it does not tell, or is gone."""
    parts = urlsplit(endpoint.urls[0])
    path = parts.path.rstrip("/").removesuffix(CHAT) + "/models"
    try:
        cards = msgspec.json.decode(told(endpoint, name, urlunsplit(parts._replace(path=path))), type=_Cards).data
    except (msgspec.DecodeError, UnicodeDecodeError, EndpointError):
        return 0
    wanted = endpoint.model or name
    return next((card.max_model_len or 0 for card in cards if card.id == wanted), 0)
