"""Marks of reward models: what is asked, what is read, and the whole way over HTTP."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from komainu.data.reward import Reward
from komainu.data.textbook.server import classified
from komainu.errors import EndpointError, UsageError
from komainu.launch import open_context
from komainu.models.base import Model, Question
from komainu.models.failures import Trouble
from komainu.models.http import address
from komainu.models.protocol import request_of
from komainu.models.rewards import read_mark
from komainu.rows import Message
from komainu.settings import Endpoint, Settings
from komainu.train.directory import Directory
from tests.data.fakes import chat
from tests.models import fake_server
from tests.models.fake_server import Server

MODEL = Model(name="reward", reward=True, max_tokens=1)
SAID = Question((Message("user", "猫は?"), Message("assistant", "いる。", {"name": "x"})))
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.text(max_size=4) | st.integers() | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["data", "probs", "usage", "error"]), inner, max_size=3)
    ),
)


def test_the_conversation_is_sent_and_the_bare_logit_asked_for() -> None:
    assert json.loads(request_of(MODEL, SAID, "served", 7)) == {
        "model": "served",
        "messages": [{"role": "user", "content": "猫は?"}, {"role": "assistant", "content": "いる。"}],
        "use_activation": False,
    }


@pytest.mark.parametrize(("base", "path"), [("/v1", "/classify"), ("/x/v1", "/x/classify"), ("", "/classify")])
def test_marks_are_asked_for_beside_v1(base: str, path: str) -> None:
    chat_url = URL(f"http://h:1{base}/chat/completions?a=b")
    assert address(chat_url, MODEL) == URL(f"http://h:1{path}?a=b")
    assert address(chat_url, Model(name="m")) == chat_url


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"data": [{"probs": [0.1, 0.9]}]}, r"gives one number, this answer has \[0.1, 0.9\]"),
        ({"data": []}, "gives one number"),
        ({"data": [{"embedding": [1.0]}]}, "no classification"),
        ({"error": {"message": "no such model"}}, "the server reports: no such model"),
    ],
)
def test_what_is_not_one_number_is_no_mark(body: dict[str, Any], wrong: str) -> None:
    with pytest.raises(Trouble, match=wrong):
        read_mark(json.dumps(body).encode())


@given(JSON)
def test_any_body_is_a_number_or_a_trouble(value: Any) -> None:
    with suppress(Trouble):
        assert math.isfinite(float(read_mark(json.dumps(value).encode()).text))


def test_a_reward_model_is_served_elsewhere_and_marks_only() -> None:
    with pytest.raises(UsageError, match="without `raw`"):
        Model(name="r", reward=True, raw=True)
    with pytest.raises(UsageError, match="nothing here serves one"):
        Model(name="r", reward=True, weights=Directory(path="x", licence="mit", sha256="0"))
    with pytest.raises(UsageError, match="no reward model"):
        Reward(model=Model(name="r"))
    assert Model(name="r").id == Model(name="r", reward=False).id != Model(name="r", reward=True).id


def test_marks_come_over_http_once_and_what_does_not_fit_has_none(server: Server, tmp_path: Path) -> None:
    def says(request: web.Request, body: dict[str, Any]) -> web.Response:
        said = body["messages"][-1]["content"]
        if said == "long":
            message = "the prompt is longer than the maximum model length"
            return web.json_response({"error": {"message": message}}, status=400)
        return fake_server.classified(-1.25 if request.path == "/classify" and said == "no" else 3.0)

    server.handler = says
    settings = Settings(store=str(tmp_path), threads=1, endpoints={"reward": Endpoint(url=server.url)})
    rows = [chat("a", "q", "yes"), chat("b", "q", "no"), chat("c", "q", "long")]
    for _ in range(2):
        with open_context(settings) as ctx:
            found = [*Reward(model=MODEL).rate(rows, ctx)]
        assert [each.found for each in found] == [3.0, -1.25, None]
        assert found[2].wrong == "no mark: the prompt does not fit the model"
    asked = [body["messages"][-1]["content"] for body in server.bodies]
    assert sorted(asked) == ["long", "long", "no", "yes"], "a mark is asked for once, what has none again"


def test_a_model_of_several_outputs_ends_the_run_at_once(server: Server, tmp_path: Path) -> None:
    server.handler = lambda request, body: fake_server.classified(0.2, 0.8)
    settings = Settings(store=str(tmp_path), threads=1, endpoints={"reward": Endpoint(url=server.url)})
    with open_context(settings) as ctx, pytest.raises(EndpointError, match=r"at the first try.*gives one number"):
        list(Reward(model=MODEL).rate([chat("a", "q", "yes")], ctx))


def test_the_textbooks_grader_gives_its_mark_as_a_reward() -> None:
    asked = {"role": "user", "content": "Translate into Japanese.\nHanako baked a cake at the library."}
    name, reply = "stand-in grader (rules, strict)", {"role": "assistant", "content": "はい。"}
    found = classified({"model": name, "messages": [asked, reply]})
    assert read_mark(json.dumps(found).encode()).text == "1.0"
    with pytest.raises(UsageError, match="a mark is of an answer"):
        classified({"model": name, "messages": [asked]})
    with pytest.raises(UsageError, match="gives no marks here"):
        classified({"model": "textbook", "messages": [asked, reply]})
