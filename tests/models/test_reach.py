"""How far requests reach: counted as the template writes them, or as a server tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from komainu.models.base import Question, Request
from komainu.models.reach import Longest, longest, longest_at, taken_at
from komainu.models.template import token_ids, tokenizer_of
from komainu.rows import Message
from komainu.settings import Endpoint
from tests.models.fake_server import Server

SHORT, LONG = Question((Message("user", "dogs ran."),)), Question((Message("user", "dogs ran. " * 20),))


def test_the_request_that_needs_most_is_counted_as_the_template_writes_it(tiny_model: Path) -> None:
    (ids,) = token_ids(tokenizer_of(tiny_model), [LONG], "m")
    asked = [Request("a", SHORT, 20), Request("b", LONG, 10), Request("c", SHORT, 8)]
    assert longest(tiny_model, "m", asked) == Longest("b", len(ids), 10)
    assert longest(tiny_model, "m", asked).tokens == len(ids) + 10
    assert longest(tiny_model, "m", [*asked, Request("d", SHORT, 900)]).item == "d"  # by its answers


def test_a_server_counts_the_prompt_with_most_text_where_it_can(server: Server) -> None:
    endpoint, asked = Endpoint(url=server.url), [Request("a", SHORT, 8), Request("b", LONG, 8)]
    assert longest_at(endpoint, "m", asked) == Longest("b", 0, 8)
    server.tokenizer = lambda body: {"tokens": [*range(len(body["messages"][0]["content"]))]}
    assert longest_at(endpoint, "m", asked) == Longest("b", 200, 8)
    assert longest_at(Endpoint(url="http://127.0.0.1:9/v1"), "m", asked) == Longest("b", 0, 8)


@pytest.mark.parametrize(
    ("body", "takes"),
    [
        ({"data": [{"id": "other", "max_model_len": 5}, {"id": "m", "max_model_len": 4096}]}, 4096),
        ({"data": [{"id": "other", "max_model_len": 4096}]}, 0),
        ({"data": [{"id": "m"}]}, 0),
        ({"data": [{"id": "m", "max_model_len": None}]}, 0),
        ({"data": [{"id": "m", "max_model_len": "4096"}]}, 0),
        ({"data": "m"}, 0),
        ([], 0),
    ],
    ids=["told", "of another model", "not told", "null", "a text", "no cards", "no object"],
)
def test_what_a_server_takes_is_told_by_its_list_of_models(server: Server, body: Any, takes: int) -> None:
    server.models = lambda request: body
    for url in (server.url, f"{server.url}/chat/completions"):
        assert taken_at(Endpoint(url=url), "m") == takes
    assert taken_at(Endpoint(url=server.url, model="m"), "mine") == takes


def test_a_server_that_has_no_list_or_is_gone_tells_nothing(server: Server) -> None:
    assert taken_at(Endpoint(url=server.url), "m") == 0
    assert taken_at(Endpoint(url="http://127.0.0.1:9/v1"), "m") == 0


def test_the_key_goes_to_no_other_server(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "s3cret")
    other = Server()
    try:
        other.models = lambda request: {"data": [{"id": "m", "max_model_len": 4096}]}
        server.models = lambda request: web.Response(status=302, headers={"Location": f"{other.url}/models"})
        assert taken_at(Endpoint(url=server.url, key="SECRET"), "m") == 0
        assert server.headers[-1]["Authorization"] == "Bearer s3cret" and other.headers == []
    finally:
        other.close()
