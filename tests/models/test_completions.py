"""Our own server over a model directory: the protocol, batches, streams; its answers are the engine's."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from komainu.errors import EndpointError
from komainu.models import desk
from komainu.models import engine as engine_module
from komainu.models.base import Model, Question, RopeScaling
from komainu.models.decode import Prompt
from komainu.models.desk import Desk, Order, alike
from komainu.models.engine import Engine, until
from komainu.models.http import HttpClient
from komainu.models.server import launch_of, served, server_of
from komainu.models.stream import streamed
from komainu.models.template import root_of
from komainu.rows import Message
from komainu.settings import Endpoint, Settings
from komainu.spec import Spec

SETTINGS = Settings(threads=1, batch=64)
TEXTS = ["cat", "the cat sat on the mat", "猫が走った。", "12", "twelve dogs " * 6, "犬", "ran"]
QUESTIONS = [Question((Message("user", text),)) for text in TEXTS]


def model(**how: Any) -> Model:
    return Model(name="tiny", weights=Spec(), **{"max_tokens": 20, **how})


@pytest.fixture(scope="module")
def endpoint(tiny_model: Path) -> Iterator[Endpoint]:
    with served(tiny_model, SETTINGS, model(), required=True) as found:
        yield found


@pytest.fixture(scope="module")
def engine(tiny_model: Path) -> Engine:
    return Engine(lambda spec: tiny_model, SETTINGS)


def post(endpoint: Endpoint, **body: Any) -> dict[str, Any]:
    """A JSON answer; an error's body with its status."""
    asked = {"messages": [{"role": "user", "content": "cat"}], "max_tokens": 8, **body}
    return sent(f"{endpoint.url}/chat/completions", {k: v for k, v in asked.items() if v is not ...})


def sent(url: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(url, json.dumps(body).encode(), timeout=60) as found:
            return dict(json.loads(found.read()))
    except urllib.error.HTTPError as error:
        with error:
            return {"status": error.code, **json.loads(error.read())}


@pytest.mark.parametrize("factor", [0, 2])
def test_greedy_answers_are_the_engines(factor: int, engine: Engine, tiny_model: Path) -> None:
    asked = model(rope=RopeScaling(factor=factor) if factor else None)
    with served(tiny_model, SETTINGS, asked) as endpoint:
        client = HttpClient(endpoint, "tiny")
        assert list(client.ask(asked, QUESTIONS)) == list(engine.ask(asked, QUESTIONS))
        client.close()
    assert endpoint.rope == factor


def test_sampled_answers_come_from_the_requests_own_seed(endpoint: Endpoint) -> None:
    client, hot = HttpClient(endpoint, "tiny"), model(temperature=1.0)
    first = list(client.ask(hot, QUESTIONS))
    assert [next(client.ask(hot, [q])) for q in QUESTIONS] == first
    assert list(client.ask(model(temperature=1.0, seed=1), QUESTIONS)) != first
    client.close()
    assert post(endpoint, temperature=1.0) != post(endpoint, temperature=1.0)  # no seed: any


def test_the_server_tells_its_model_and_how_it_renders(endpoint: Endpoint) -> None:
    with urllib.request.urlopen(f"{endpoint.url}/models") as found:
        (card,) = json.loads(found.read())["data"]
    assert (card["id"], card["max_model_len"]) == ("tiny", 128)
    rendered = sent(root_of(endpoint.urls[0]) + "/tokenize", {"messages": [{"role": "user", "content": "cat"}]})
    assert rendered["count"] == len(rendered["tokens"]) > 3


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"model": "other"}, 404, "'other' is not served here, but 'tiny'"),
        ({"messages": []}, 400, "messages must be a list"),
        ({"messages": [{"role": "robot", "content": "x"}]}, 400, "role must be one of"),
        ({"temperature": "hot"}, 400, "temperature must be a number from 0"),
        ({"top_p": 1.5}, 400, "top_p must be a number from 0 to 1"),
        ({"max_tokens": 0}, 400, "max_tokens must be a whole number from 1"),
        ({"n": 2}, 400, "n 2 is not covered"),
        ({"repetition_penalty": 1.1}, 400, "repetition_penalty 1.1 is not covered"),
        ({"logprobs": True}, 400, "logprobs True is not covered"),
        ({"response_format": {"type": "json_object"}}, 400, "response_format {'type': 'json_object'} is not covered"),
        (
            {"chat_template_kwargs": {"enable_thinking": False}},
            400,
            "chat_template_kwargs {'enable_thinking': False} is",
        ),
        ({"ignore_eos": True}, 400, "ignore_eos True is not covered"),
        ({"stop": [1]}, 400, "stop must be a text"),
        (
            {"messages": [{"role": "user", "content": "twelve dogs ran " * 60}]},
            400,
            "the maximum context length of 'tiny' is 128",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(endpoint: Endpoint, body: Any, status: int, said: str) -> None:
    found = post(endpoint, **body)
    assert found["status"] == status and said in found["error"]["message"]


def test_neutral_values_of_what_is_not_covered_are_taken(endpoint: Endpoint) -> None:
    neutral: dict[str, Any] = {
        "n": 1,
        "top_k": -1,
        "presence_penalty": 0,
        "repetition_penalty": 1.0,
        "logprobs": False,
        "tools": None,
    }
    neutral |= {"response_format": {"type": "text"}, "chat_template_kwargs": {}, "tool_choice": "auto"}
    plain = post(endpoint, temperature=0)
    assert post(endpoint, temperature=0, **neutral) == plain
    assert plain["usage"]["completion_tokens"] <= 8


def test_a_stream_says_what_the_whole_answer_says(endpoint: Endpoint, engine: Engine) -> None:
    for question in QUESTIONS:
        body = {"messages": [{"role": "user", "content": question.messages[0].content}], "max_tokens": 20}
        pieces = list(streamed(endpoint, "tiny", {**body, "temperature": 0}))
        (whole,) = engine.ask(model(), [question])
        assert "".join(pieces) == whole.text
        assert len(pieces) > 2 or len(whole.text) < 3


def test_a_stream_ends_with_the_reason_and_the_usage_when_asked(endpoint: Endpoint) -> None:
    body = {"messages": [{"role": "user", "content": "cat"}], "max_tokens": 5, "temperature": 0, "stream": True}
    data = json.dumps({**body, "stream_options": {"include_usage": True}}).encode()
    with urllib.request.urlopen(f"{endpoint.url}/chat/completions", data) as found:
        assert found.headers.get_content_type() == "text/event-stream"
        events = [line.removeprefix(b"data: ") for line in found.read().split(b"\n\n") if line]
    assert events[-1] == b"[DONE]"
    chunks = [json.loads(event) for event in events[:-1]]
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert chunks[-2]["choices"][0]["finish_reason"] in ("length", "stop")
    assert chunks[-1]["usage"]["completion_tokens"] == 5 and chunks[-1]["choices"] == []


@pytest.mark.parametrize("stream", [False, True])
def test_a_stop_text_ends_the_answer_and_is_never_shown(endpoint: Endpoint, engine: Engine, stream: bool) -> None:
    (whole,) = engine.ask(model(), [QUESTIONS[1]])
    stop = whole.text[6:9]
    body = {"messages": [{"role": "user", "content": TEXTS[1]}], "max_tokens": 20, "temperature": 0, "stop": stop}
    wanted = whole.text[: whole.text.index(stop)]
    if stream:
        pieces = list(streamed(endpoint, "tiny", body))
        assert "".join(pieces) == wanted
    else:
        choice = post(endpoint, **body)["choices"][0]
        assert (choice["message"]["content"], choice["finish_reason"]) == (wanted, "stop")


def test_requests_that_come_together_are_answered_together(engine: Engine, tiny_model: Path, monkeypatch: Any) -> None:
    sizes: list[int] = []
    gate = threading.Event()

    def counted(loaded: Any, sampling: Model, prompts: list[Prompt], watch: Any = None) -> Any:
        gate.wait(30)
        sizes.append(len(prompts))
        return real(loaded, sampling, prompts, watch)

    real = engine_module.answered
    monkeypatch.setattr(desk, "answered", counted)
    clerk = Desk(engine.open(tiny_model), batch=8)
    orders = [Order(Prompt([3, 7 + i], 4, i), model(temperature=t)) for i, t in enumerate([0.0] * 10 + [1.0] * 3)]
    first = clerk.take(Order(Prompt([3, 5], 4, 0), model()))
    while not first.running():
        pass
    later = [clerk.take(order) for order in orders]
    gate.set()
    assert all(reply.result(60).completion_tokens for reply in [first, *later])
    assert sizes == [1, 8, 2, 3]


def test_a_failure_is_told_to_its_askers_and_the_desk_goes_on(
    engine: Engine, tiny_model: Path, monkeypatch: Any
) -> None:
    clerk = Desk(engine.open(tiny_model), batch=8)
    with monkeypatch.context() as patch:
        patch.setattr(desk, "answered", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            clerk.take(Order(Prompt([3], 4, 0), model())).result(30)
    given_up = Order(Prompt([3], 4, 0), model())
    given_up.reply.cancel()
    clerk.take(given_up)
    assert clerk.take(Order(Prompt([3], 4, 0), model())).result(30).completion_tokens


def test_orders_are_parted_by_sampling_and_size() -> None:
    orders = [Order(Prompt([1], 1, i), model(temperature=t)) for i, t in enumerate([0.0, 1.0, 0.0, 0.0])]
    assert [[o.prompt.seed for o in batch] for batch in alike(orders, 2)] == [[0, 2], [3], [1]]


def test_the_first_stop_text_counts() -> None:
    assert until("abcdef", ("e", "cd")) == "ab"
    assert until("abc", ()) == until("abc", ("x",)) == "abc"


def test_many_at_once_lose_nothing(endpoint: Endpoint) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda i: post(endpoint, temperature=0, max_tokens=1 + i % 5), range(60)))
    assert [f["usage"]["completion_tokens"] for f in found] == [1 + i % 5 for i in range(60)]


def test_a_context_bounds_prompt_and_answer_together(tiny_model: Path) -> None:
    with served(tiny_model, SETTINGS, model(), context=32) as endpoint:
        found = post(endpoint, temperature=0, max_tokens=...)
        assert found["usage"]["total_tokens"] <= 32
        assert (
            "of 'tiny' is 32 tokens"
            in post(endpoint, messages=[{"role": "user", "content": "dogs " * 40}])["error"]["message"]
        )


def test_a_server_that_cannot_load_says_why(tiny_model: Path, tmp_path: Path) -> None:
    for file in ("config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        (tmp_path / file).write_bytes((tiny_model / file).read_bytes())
    server = server_of(launch_of(tmp_path, SETTINGS, model(), "transformers"), SETTINGS)
    with pytest.raises(
        EndpointError, match=r"(?s)ended before GET /health answered.*needs config.json and \*.safetensors"
    ):
        server.url()


def test_a_raw_text_is_gone_on_with_alike_by_the_engine_and_by_the_server(endpoint: Endpoint, engine: Engine) -> None:
    client, questions = HttpClient(endpoint, "tiny"), [Question((Message("user", f"<|user|>{t}"),)) for t in TEXTS]
    asked = model(raw=True, stop=("<|assistant|>", "a"))
    found = list(client.ask(asked, questions))
    assert found == list(engine.ask(asked, questions))
    assert not any("a" in reply.text for reply in found) and any(reply.finish == "stop" for reply in found)
    rendered = Question((Message("user", f"<|user|>{TEXTS[0]}<|end|><|assistant|>"),))
    assert list(client.ask(model(raw=True), [rendered])) == list(client.ask(model(), QUESTIONS[:1]))
    client.close()


def test_a_special_token_among_the_stops_ends_an_answer(engine: Engine, tiny_model: Path) -> None:
    loaded = engine.open(tiny_model)
    assert loaded.ends(("<|end|>", "cat")) == loaded.stops * 2
    loaded.tokenizer.add_special_tokens({"additional_special_tokens": ["<|user|>"]})
    assert loaded.ends(("<|user|>",)) == [*loaded.stops, loaded.tokenizer.convert_tokens_to_ids("<|user|>")]


@pytest.mark.parametrize(("body", "said"), [({}, "prompt must be a text"), ({"prompt": "x", "stream": True}, "stream")])
def test_a_wrong_raw_request_is_refused(body: dict[str, Any], said: str, endpoint: Endpoint) -> None:
    found = sent(f"{endpoint.url}/completions", body)
    assert found["status"] == 400 and said in found["error"]["message"]
