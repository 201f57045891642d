"""The chat completions protocol: requests, answers, failures."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.models.base import Model, Question, Reply
from komainu.models.failures import Trouble
from komainu.models.protocol import bare, chat_url, pause, read_reply, request_of
from komainu.rows import Message
from komainu.thinking import split

NAMES = st.sampled_from(["choices", "message", "content", "finish_reason", "usage", "error", "prompt_tokens"])
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.text(max_size=4) | st.integers(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
)
QUESTION = Question((Message("system", "short"), Message("user", "猫", {"name": "x"})))


@pytest.mark.parametrize("base", ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/chat/completions"])
def test_a_base_url_may_or_may_not_have_its_path(base: str) -> None:
    assert chat_url(base) == "http://h:1/v1/chat/completions"


def test_a_shown_url_has_no_user_password_or_query() -> None:
    assert bare("https://me:secret@h/v1/chat/completions?key=secret") == "https://h/v1/chat/completions"


def test_a_request_holds_messages_and_sampling_and_nothing_of_ours() -> None:
    body = json.loads(request_of(Model(name="m", temperature=0.7, top_p=0.9, max_tokens=5), QUESTION, "served", 7))
    assert body == {
        "seed": 7,
        "model": "served",
        "messages": [{"role": "system", "content": "short"}, {"role": "user", "content": "猫"}],
        "temperature": 0.7,
        "top_p": 0.9,
        "max_tokens": 5,
    }
    assert json.loads(request_of(Model(name="m", min_p=0.1), QUESTION, "m", 7))["min_p"] == 0.1
    assert json.loads(request_of(Model(name="m", stop=("a", "b")), QUESTION, "m", 7))["stop"] == ["a", "b"]


def test_an_answer_s_other_texts_are_hidden_beside_it() -> None:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "hi",
        "provider": "x",
        "refusal": None,
        "tool_calls": [],
    }
    body = {"choices": [{"message": message, "finish_reason": "length"}], "usage": {"prompt_tokens": 4}}
    assert read_reply(json.dumps(body).encode()) == Reply("hi", "length", 4, 0, {"provider": "x"})


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not a chat completion"),
        (b"<html>gateway</html>", "not a chat completion.*gateway"),
        (b"\xff\xfe", "not a chat completion"),
        (b"[]", "not a chat completion"),
        (b'{"choices": "no"}', "not a chat completion"),
        (b'{"choices": []}', "no choices"),
        (b"{}", "no choices"),
        (b'{"choices": [{"message": {"content": null}, "finish_reason": "stop"}]}', "no text.*'stop'"),
        (b'{"choices": [{"message": {"content": "half"}, "finish_reason": "error"}]}', "gave up.*'error'"),
        (b'{"choices": [{"message": {}}]}', "no text"),
        (b'{"error": {"message": "overloaded"}}', "overloaded"),
    ],
)
def test_what_holds_no_answer_is_an_error(body: bytes, why: str) -> None:
    with pytest.raises(Trouble, match=why):
        read_reply(body)


@given(st.binary(max_size=60) | JSON.map(lambda v: json.dumps(v).encode()))
def test_any_body_is_an_answer_or_an_error(body: bytes) -> None:
    try:
        assert isinstance(read_reply(body), Reply)
    except Trouble as trouble:
        assert trouble.again


@given(
    st.text(max_size=30).filter(lambda t: not split(t).thinking), st.sampled_from(["stop", "length"]), st.integers(0, 9)
)
def test_any_text_comes_back_as_it_was(text: str, finish: str, n: int) -> None:
    body = {"choices": [{"message": {"content": text}, "finish_reason": finish}], "usage": {"completion_tokens": n}}
    assert read_reply(json.dumps(body).encode()) == Reply(text, finish, 0, n)


def test_pauses_double_with_jitter() -> None:
    for attempt in range(12):
        full = min(0.5 * 2**attempt, 60)
        waits = [pause(attempt, seed) for seed in range(200)]
        assert 0.5 <= min(waits) / full < 0.55 and 1.45 < max(waits) / full <= 1.5
        assert waits == [pause(attempt, seed) for seed in range(200)]


@pytest.mark.parametrize(
    ("message", "finish", "reply"),
    [
        ({"content": "<think>hm</think>\n\n7"}, "stop", Reply("7", thinking="hm")),
        ({"content": "<think>\n\n</think>\n\n7"}, "stop", Reply("7")),
        ({"content": "<think>hm, and then"}, "length", Reply("", "length", thinking="hm, and then")),
        ({"content": "hm\n</think>\n7"}, "stop", Reply("7", thinking="hm")),
        ({"content": "7", "reasoning_content": "hm"}, "stop", Reply("7", thinking="hm")),
        ({"content": "7", "reasoning": "hm", "reasoning_content": "hm"}, "stop", Reply("7", thinking="hm")),
        ({"content": None, "reasoning": "hm, and"}, "length", Reply("", "length", thinking="hm, and")),
        ({"content": None}, "content_filter", Reply("", "content_filter")),
        ({"content": None, "refusal": "no"}, "stop", Reply("", "refusal", hidden={"refusal": "no"})),
    ],
)
def test_thinking_is_kept_apart_and_an_answer_that_was_withheld_is_empty(
    message: dict[str, Any], finish: str, reply: Reply
) -> None:
    body = {"choices": [{"message": message, "finish_reason": finish}]}
    assert read_reply(json.dumps(body).encode()) == reply


def test_a_raw_question_is_its_text_alone_and_the_text_that_follows_is_the_reply() -> None:
    asked = Question((Message("user", "<|user|>"),))
    body = json.loads(request_of(Model(name="m", raw=True, stop=("<|end|>",)), asked, "m", 7))
    assert "messages" not in body and body["prompt"] == "<|user|>" and body["stop"] == ["<|end|>"]
    assert (body["add_special_tokens"], body["skip_special_tokens"]) == (False, False)
    said = b'{"choices": [{"text": "cat", "finish_reason": "length"}], "usage": {"completion_tokens": 1}}'
    found = read_reply(said, raw=True)
    assert (found.text, found.finish, found.completion_tokens) == ("cat", "length", 1)
    with pytest.raises(Trouble, match="not a chat completion"):
        read_reply(said)
    with pytest.raises(Trouble, match="not a plain completion"):
        read_reply(b'{"choices": [{"message": {"content": "cat"}}]}', raw=True)
