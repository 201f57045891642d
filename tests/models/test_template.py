"""Whether a server renders chats as the model was trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from aiohttp import web

from komainu.errors import EndpointError, UsageError
from komainu.models.base import Question
from komainu.models.template import PROBES, check_template, open_turn, root_of, token_ids, tokenizer_of
from komainu.rows import Message
from komainu.settings import Endpoint
from tests.models.fake_server import Server

Answer = Callable[[dict[str, Any]], Any]


@pytest.fixture
def tokenize(server: Server) -> Iterator[Callable[[Answer], Endpoint]]:
    """Let the fake server answer /tokenize by a function of the request."""

    def install(answer: Answer) -> Endpoint:
        server.tokenizer = answer
        return Endpoint(url=server.url, model="as-served", key="KEY")

    yield install


def as_trained(directory: Path) -> Answer:
    tokenizer = tokenizer_of(directory)

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        text = tokenizer.apply_chat_template(body["messages"], add_generation_prompt=True, tokenize=False)
        return {"tokens": tokenizer(text, add_special_tokens=False)["input_ids"]}

    return answer


def test_a_server_that_renders_as_trained_is_taken(
    tokenize: Callable[[Answer], Endpoint], server: Server, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "sk-1")
    assert check_template(tokenize(as_trained(tiny_model)), "m", tiny_model, required=True)
    assert len(server.bodies) == len(PROBES) == 3
    assert {body["model"] for body in server.bodies} == {"as-served"}
    assert "add_generation_prompt" not in server.bodies[0]
    assert {headers["Authorization"] for headers in server.headers} == {"Bearer sk-1"}
    roles = [[m["role"] for m in body["messages"]] for body in server.bodies]
    assert ["system", "user"] in roles and any(r.count("user") == 2 for r in roles)


def test_another_template_is_refused_with_both_renderings(
    tokenize: Callable[[Answer], Endpoint], tiny_model: Path, tmp_path: Path
) -> None:
    other = copytree(tiny_model, tmp_path / "m")
    (other / "chat_template.jinja").write_text("{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}[me]")
    said = r"(?s)'m' does not apply.*trained: '<\|system\|>Answer.*served:  '\[system\]Answer.*\[me\]'"
    with pytest.raises(UsageError, match=said):
        check_template(tokenize(as_trained(other)), "m", tiny_model)


def test_the_same_text_in_other_tokens_is_refused(tokenize: Callable[[Answer], Endpoint], tiny_model: Path) -> None:
    trained = as_trained(tiny_model)
    tokenizer = tokenizer_of(tiny_model)

    def spelled(body: dict[str, Any]) -> dict[str, Any]:
        ids = [t for i in trained(body)["tokens"] for t in letters(tokenizer, i)]
        return {"tokens": ids}

    with pytest.raises(UsageError, match=r"(?s)the text is the same, the tokens are not.*trained: \[.*served:  \["):
        check_template(tokenize(spelled), "m", tiny_model)


def letters(tokenizer: Any, token: int) -> list[int]:
    """A token as the tokens of its bytes; a special one as it is."""
    if token in tokenizer.all_special_ids or token < 4:
        return [token]
    found: list[int] = tokenizer.convert_tokens_to_ids(list(tokenizer.convert_ids_to_tokens(token)))
    return found


@pytest.mark.parametrize(
    "answer",
    [
        lambda body: web.json_response({"error": "no such path"}, status=404),
        lambda body: {"tokens": "none"},
        lambda body: {"tokens": [1, "2"]},
        lambda body: [1],
        lambda body: web.Response(text="not JSON"),
    ],
)
def test_a_server_that_does_not_tell_is_taken_unless_that_is_required(
    tokenize: Callable[[Answer], Endpoint], tiny_model: Path, answer: Answer
) -> None:
    endpoint = tokenize(answer)
    assert not check_template(endpoint, "m", tiny_model)
    with pytest.raises(UsageError, match="cannot be told: it has no /tokenize"):
        check_template(endpoint, "m", tiny_model, required=True)


def test_probes_that_the_trained_template_refuses_are_left_out(
    tokenize: Callable[[Answer], Endpoint], server: Server, tiny_model: Path, tmp_path: Path
) -> None:
    path = copytree(tiny_model, tmp_path / "m")
    template = (path / "chat_template.jinja").read_text()
    (path / "chat_template.jinja").write_text(
        "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + template
    )
    assert check_template(tokenize(as_trained(path)), "m", path, required=True)
    assert len(server.bodies) == 1


def test_a_server_that_is_gone_is_an_error(tiny_model: Path) -> None:
    with pytest.raises(EndpointError, match="the server of 'm' does not answer"):
        check_template(Endpoint(url="http://127.0.0.1:9/v1"), "m", tiny_model)


def test_a_prompt_is_rendered_up_to_where_the_answer_begins(tiny_model: Path) -> None:
    tokenizer = tokenizer_of(tiny_model)
    (ids,) = token_ids(tokenizer, [Question(PROBES[0])], "m")
    assert tokenizer.decode(ids) == "<|system|>Answer in one word.<|end|><|user|>What is 1 + 1?<|end|><|assistant|>"


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("http://h:1/v1", "http://h:1"),
        ("http://h:1", "http://h:1"),
        ("https://h/a/v1/", "https://h/a"),
        ("http://h/v1/chat/completions?x=1", "http://h"),
    ],
)
def test_the_root_is_what_stands_before_v1(url: str, root: str) -> None:
    assert root_of(url) == root


def test_an_open_turn_ends_where_the_user_would_speak(tiny_model: Path) -> None:
    tokenizer = tokenizer_of(tiny_model)
    assert open_turn(tokenizer, (), "tiny") == ("<|user|>", "<|end|>")
    said = (Message("system", "Be kind."), Message("user", "cat"), Message("assistant", "dog"))
    text, closing = open_turn(tokenizer, said, "tiny")
    assert (text, closing) == ("<|system|>Be kind.<|end|><|user|>cat<|end|><|assistant|>dog<|end|><|user|>", "<|end|>")


def test_a_closing_of_plain_text_will_do_and_none_is_refused(tiny_model: Path) -> None:
    tokenizer = tokenizer_of(tiny_model)
    tokenizer.chat_template = "{% for m in messages %}[INST]{{ m.content }}[/INST] {% endfor %}"
    assert open_turn(tokenizer, (), "tiny") == ("[INST]", "[/INST]")
    tokenizer.chat_template = "Q: {{ messages[-1].content }}"
    with pytest.raises(UsageError, match="'tiny' does not mark the end of a user turn"):
        open_turn(tokenizer, (), "tiny")
