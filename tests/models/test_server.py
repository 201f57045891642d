"""Trained weights behind a server: trusted once it renders as trained, and asked like any other model."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from komainu.errors import UsageError
from komainu.launch import open_context
from komainu.models.base import Model
from komainu.models.server import Server
from komainu.rows import Message
from komainu.settings import Endpoint, Settings
from tests.models import fake_server
from tests.models.test_route import Copied
from tests.models.test_template import as_trained

PROMPTS = [(Message("user", "the cat"),), (Message("user", "犬"),)]


def test_a_server_is_compared_once_before_it_is_told(server: fake_server.Server, tiny_model: Path) -> None:
    server.tokenizer = as_trained(tiny_model)
    there = Server(Endpoint(url=server.url), "m", tiny_model)
    assert there.compared is None
    assert [there.url(), there.url()] == [server.url] * 2
    assert there.compared and len(server.bodies) == 3
    assert there.fate() == ""
    there.close()


def test_a_server_that_renders_otherwise_is_not_told(server: fake_server.Server, tiny_model: Path) -> None:
    server.tokenizer = lambda body: {"tokens": [1, 2, 3]}
    there = Server(Endpoint(url=server.url), "m", tiny_model)
    for _ in range(2):
        with pytest.raises(UsageError, match="does not apply the chat template"):
            there.url()


def test_what_cannot_be_compared_is_said_and_refused_where_that_is_wanted(
    server: fake_server.Server, tiny_model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    there = Server(Endpoint(url=server.url), "m", tiny_model)
    with caplog.at_level(logging.WARNING, logger="komainu"):
        there.url()
        there.url()
    assert len(caplog.records) == 1 and "does not tell how it renders chats" in caplog.text
    with pytest.raises(UsageError, match="cannot be told"):
        Server(Endpoint(url=server.url), "m", tiny_model, required=True).url()


def test_a_server_that_was_started_again_is_compared_again(server: fake_server.Server, tiny_model: Path) -> None:
    class Again:
        running: Any = "first"

        def url(self) -> str:
            return server.url

    server.tokenizer = as_trained(tiny_model)
    local: Any = Again()
    there = Server(Endpoint(url=server.url), "m", tiny_model, local)
    there.url()
    local.running = "second"
    there.url()
    there.url()
    assert len(server.bodies) == 6


def context(tmp_path: Path, **how: Any) -> Any:
    return open_context(Settings(store=str(tmp_path), threads=1, **how))


def test_a_trained_model_served_elsewhere_is_compared_and_one_that_differs_is_never_asked(
    server: fake_server.Server, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KOMAINU_STORE", raising=False)
    weights = Copied(path=str(tiny_model))
    student = Model(name="student", weights=weights)
    with context(tmp_path, endpoints={"student": Endpoint(url=server.url)}) as ctx:
        ctx.store.build(weights, ctx)
        server.tokenizer = lambda body: {"tokens": [1]}
        with pytest.raises(UsageError, match="does not apply the chat template"):
            list(ctx.ask(student, PROMPTS))
        assert not any("temperature" in body for body in server.bodies)
        server.tokenizer = as_trained(ctx.store.place(weights))
        assert [reply.text for reply in ctx.ask(student, PROMPTS)] == ["ok", "ok"]
    with context(tmp_path / "x", endpoints={"student": Endpoint(url=server.url, same_template=True)}) as ctx:
        ctx.store.build(weights, ctx)
        server.tokenizer = lambda body: {}
        with pytest.raises(UsageError, match="cannot be told"):
            list(ctx.ask(student, PROMPTS))


def test_the_engine_of_the_settings_gives_the_answers_of_this_process(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KOMAINU_STORE", raising=False)
    weights = Copied(path=str(tiny_model))
    student = Model(name="student", weights=weights, max_tokens=8)
    found = []
    for engine in ("", "transformers"):
        with context(tmp_path / f"with-{engine}", engine=engine) as ctx:
            ctx.store.build(weights, ctx)
            found.append(list(ctx.ask(student, PROMPTS)))
    assert found[0] == found[1]
