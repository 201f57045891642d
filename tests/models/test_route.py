"""Which client answers for which model, and the context over it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import komainu.models.server
from komainu.errors import UsageError
from komainu.launch import open_context
from komainu.models.base import Model, Question, Reply, RopeScaling
from komainu.models.engine import Engine
from komainu.models.http import HttpClient
from komainu.models.local import LocalServer
from komainu.models.route import Router
from komainu.rows import Message
from komainu.settings import Endpoint, Settings
from komainu.spec import Spec
from komainu.stage import Stage, Weights
from tests.models.fake_server import Server


def nowhere(spec: Spec) -> Path:
    raise AssertionError("not to be located")


PROMPTS = [(Message("user", "the cat"),), (Message("user", "犬"),)]


def test_a_model_goes_to_the_endpoint_of_its_name() -> None:
    router = Router(Settings(endpoints={"a": Endpoint(url="http://a"), "b": Endpoint(url="http://b")}), nowhere)
    one, two = router.client_of(Model(name="a")), router.client_of(Model(name="b"))
    assert isinstance(one, HttpClient) and isinstance(two, HttpClient)
    assert (one.endpoint.url, two.endpoint.url) == ("http://a", "http://b")
    assert router.client_of(Model(name="a", temperature=1.0)) is one


def test_endpoints_with_the_same_command_are_models_of_one_server() -> None:
    starts = {"a": ("serve", "{port}"), "b": ("serve", "{port}"), "c": ("serve", "--other", "{port}")}
    router = Router(Settings(endpoints={name: Endpoint(start=start) for name, start in starts.items()}), nowhere)
    servers = []
    for name in starts:
        client = router.client_of(Model(name=name))
        assert isinstance(client, HttpClient) and isinstance(client.server, LocalServer)
        servers.append(client.server)
    assert servers[0] is servers[1] and servers[2] is not servers[0]


def test_a_trained_model_runs_here_unless_an_endpoint_has_its_name(tiny_model: Path) -> None:
    router = Router(Settings(endpoints={"served": Endpoint(url="http://a")}), lambda spec: tiny_model)
    here = router.client_of(Model(name="mine", weights=Spec()))
    assert isinstance(here, Engine)
    assert router.client_of(Model(name="other", weights=Model(name="x"))) is here
    there = router.client_of(Model(name="served", weights=Spec()))
    assert isinstance(there, HttpClient) and isinstance(there.server, komainu.models.server.Server)
    assert there.server.directory == tiny_model
    assert router.client_of(Model(name="served", weights=Model(name="x"))) is not there


def test_a_trained_model_is_served_by_the_engine_of_the_settings_one_at_a_time(tiny_model: Path) -> None:
    router = Router(Settings(engine="vllm"), lambda spec: tiny_model)
    one = Model(name="one", weights=Spec())
    first = router.client_of(one)
    assert isinstance(first, HttpClient) and "vllm.entrypoints.openai.api_server" in first.endpoint.start
    assert router.client_of(replace(one, temperature=1.0)) is first
    scaled = router.client_of(replace(one, rope=RopeScaling(factor=2)))
    assert isinstance(scaled, HttpClient) and scaled.endpoint.rope == 2 and "--hf-overrides" in scaled.endpoint.start
    assert router.client_of(one) is not first
    assert len(router.clients) == 1
    router.close()


@pytest.mark.parametrize(("model", "endpoint"), [(None, 2), (2, 0), (2, 4)])
def test_an_endpoint_that_scales_otherwise_than_the_model_is_refused(model: int | None, endpoint: int) -> None:
    rope = None if model is None else RopeScaling(factor=model)
    router = Router(Settings(endpoints={"m": Endpoint(url="http://a", rope=endpoint)}), nowhere)
    with pytest.raises(UsageError, match=rf"RoPE scaling {model or 0} and its endpoint {endpoint} \(0 is none\)"):
        router.client_of(Model(name="m", rope=rope))
    assert router.client_of(Model(name="m", rope=RopeScaling(factor=endpoint) if endpoint else None))


def test_a_model_that_nobody_serves_is_refused_with_the_nearest_endpoint() -> None:
    router = Router(Settings(endpoints={"teacher": Endpoint(url="http://a")}), nowhere)
    with pytest.raises(UsageError, match=r"no endpoint serves the model 'teachr'.*did you mean 'teacher'\?"):
        list(router.ask(Model(name="teachr"), []))


def test_a_started_server_is_kept_from_every_key() -> None:
    started = Endpoint(start=("serve", "{port}"))
    router = Router(Settings(endpoints={"a": started, "b": Endpoint(url="http://b", key="B_KEY")}), nowhere)
    client = router.client_of(Model(name="a"))
    assert isinstance(client, HttpClient) and isinstance(client.server, LocalServer)
    assert client.server.keys == {"B_KEY"}


@dataclass(frozen=True, kw_only=True)
class Copied(Stage):
    """Weights that are there already."""

    makes = Weights
    path: str = ""

    def run(self, out: Path, ctx: Any) -> dict[str, Any]:
        for file in Path(self.path).iterdir():
            (out / file.name).write_bytes(file.read_bytes())
        return {}


def test_a_context_asks_endpoints_and_trained_models_and_remembers_both(
    server: Server, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KOMAINU_STORE", raising=False)
    settings = Settings(store=str(tmp_path), threads=1, endpoints={"teacher": Endpoint(url=server.url)})
    ctx = open_context(settings)
    weights = Copied(path=str(tiny_model))
    ctx.store.build(weights, ctx)
    student = Model(name="student", weights=weights, max_tokens=4)
    asked = [[r.text for r in ctx.ask(m, PROMPTS)] for m in (Model(name="teacher"), student)]
    assert asked[0] == ["ok", "ok"]
    assert len(server.bodies) == 2
    again = open_context(Settings(store=str(tmp_path)))  # no endpoint, and the weights are not opened
    assert [[r.text for r in again.ask(m, PROMPTS)] for m in (Model(name="teacher"), student)] == asked


def test_a_context_can_be_given_a_client(tmp_path: Path) -> None:
    class Fake:
        batch_sensitive = False

        def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
            for question in questions:
                yield Reply(question.messages[0].content.upper())

    ctx = open_context(Settings(store=str(tmp_path)), Fake())
    assert [r.text for r in ctx.ask(Model(name="m"), PROMPTS)] == ["THE CAT", "犬"]


def test_nothing_that_a_plan_needs_imports_torch_or_aiohttp() -> None:
    code = (
        "import sys, komainu.launch; sys.exit(bool({'torch', 'transformers', 'aiohttp', 'numpy'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    code = "import sys, komainu.models.http; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
