"""Semantic drops what an embedding model holds for the same, and asks for each vector once."""

from __future__ import annotations

import base64
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from komainu.context import Context
from komainu.data.semantic import Semantic
from komainu.data.vectors import Kept, Vectors
from komainu.errors import EndpointError, UsageError
from komainu.launch import open_context
from komainu.models.base import Embedder
from komainu.models.embeddings import read_vector, written
from komainu.settings import Endpoint, Settings
from komainu.spec import Spec
from tests.data.fakes import chat, meta, through
from tests.models.fake_server import Server

EMBEDDER = Embedder(name="vectors")
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def counts(text: str) -> list[float]:
    """How often each letter stands in a text: the same for any order of its words."""
    return [float(Counter(text)[letter]) for letter in LETTERS]


def embedded(request: web.Request, body: dict[str, Any]) -> web.Response:
    assert request.path == "/v1/embeddings" and body["model"] == "vectors" and "messages" not in body
    if len(body["input"]) > 200:
        error = {"error": {"message": "maximum context length exceeded", "code": "context_length_exceeded"}}
        return web.json_response(error, status=400)
    found = {"data": [{"embedding": counts(body["input"]), "index": 0}], "usage": {"prompt_tokens": 3}}
    return web.json_response(found)


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    found.handler = embedded
    yield found
    found.close()


@pytest.fixture
def ctx(server: Server, tmp_path: Path) -> Iterator[Context]:
    endpoint = Endpoint(url=server.url, tries=1)
    with open_context(Settings(store=str(tmp_path / "store"), endpoints={"vectors": endpoint})) as found:
        yield found


def test_the_first_of_rows_with_like_vectors_stays_and_a_second_run_asks_nothing(ctx: Context, server: Server) -> None:
    rows = [chat("a", "big dogs run"), chat("b", "run big dogs"), chat("c", "a quiet lake"), chat("d", "dogs run big")]
    kept, dropped, summary = through(ctx, rows, Semantic(embedder=EMBEDDER))
    assert kept == [rows[0], rows[2]]
    assert [(d.row.id, meta(d)["duplicate_of"], meta(d)["cosine"]) for d in dropped] == [
        ("b", "a", 1.0),
        ("d", "a", 1.0),
    ]
    assert dropped[0].reason == "semantic_duplicate: of a, Cosine 1.00"
    assert summary["notes"] == {"Semantic": {"clusters": {"3": 1}}}
    asked = len(server.bodies)
    assert through(ctx, rows, Semantic(embedder=EMBEDDER, threshold=0.9))[0] == kept
    assert asked == len(server.bodies) == 4


def test_a_row_that_the_embedder_will_not_take_stays_and_is_counted(ctx: Context) -> None:
    rows = [chat("a", "big dogs run"), chat("b", "long " * 60), chat("c", "run big dogs")]
    kept, _, summary = through(ctx, rows, Semantic(embedder=EMBEDDER))
    assert kept == rows[:2]
    assert summary["notes"]["Semantic"] == {"clusters": {"2": 1}, "unembedded": 1}


def test_an_answer_without_a_vector_ends_the_run(ctx: Context, server: Server) -> None:
    server.handler = lambda request, body: web.json_response({"data": []})
    with pytest.raises(EndpointError, match="0 embeddings, not one"):
        through(ctx, [chat("a", "big dogs run")], Semantic(embedder=EMBEDDER))


@given(st.integers(1, 30).flatmap(lambda n: arrays.arrays(np.float32, (n, 3), elements=st.floats(-1, 1, width=16))))
def test_kept_vectors_are_those_that_comparing_all_with_all_keeps(found: Vectors) -> None:
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    vectors = (found / np.where(lengths == 0, 1, lengths)).astype(np.float16).astype(np.float32)
    index, kept = Kept(0.9), list[int]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("komainu.data.vectors.BLOCK", 3)
        placed = [place for start in range(0, len(vectors), 4) for place in index.place(vectors[start : start + 4])]
    for row, (place, similarity) in enumerate(placed):
        near = [round(float(vectors[row] @ vectors[other]), 4) for other in kept]
        if place is None:
            assert max(near, default=0) < 0.9 + 2e-4
            kept.append(row)
        else:
            assert similarity == pytest.approx(max(near), abs=2e-4)
            assert similarity == pytest.approx(near[place], abs=2e-4)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_a_vector_keeps_its_direction(vector: list[float]) -> None:
    length = math.hypot(*vector)
    if length > 1e-3:
        kept = np.frombuffer(base64.b64decode(written(vector)), "<f2").astype(float)
        assert float(np.dot(kept, vector)) / length / float(np.linalg.norm(kept)) > 0.999


def test_what_is_no_embedding_is_named() -> None:
    with pytest.raises(Exception, match="no embedding"):
        read_vector(b'{"data": [{"embedding": "text"}]}')
    with pytest.raises(Exception, match="zero in every dimension"):
        read_vector(b'{"data": [{"embedding": [0, 0]}]}')
    with pytest.raises(Exception, match="too long to have a length"):
        read_vector(b'{"data": [{"embedding": [1.7e308, 1.7e308]}]}')


def test_senseless_settings_are_refused() -> None:
    with pytest.raises(UsageError, match=r"Semantic\.threshold is 2"):
        Semantic(embedder=EMBEDDER, threshold=2)
    with pytest.raises(UsageError, match="give it an endpoint"):
        Embedder(name="vectors", weights=Spec())
