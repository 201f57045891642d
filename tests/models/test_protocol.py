"""The chat completions protocol: requests, answers, failures."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.models.base import Model, Question, Reply
from komainu.models.protocol import Trouble, bare, chat_url, pause, read_reply, read_status, request_of, seconds_of
from komainu.rows import Message

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
    body = json.loads(request_of(Model(name="m", temperature=0.7, top_p=0.9, max_tokens=5), QUESTION, "served"))
    assert 0 <= body.pop("seed") < 2**31
    assert body == {
        "model": "served",
        "messages": [{"role": "system", "content": "short"}, {"role": "user", "content": "猫"}],
        "temperature": 0.7,
        "top_p": 0.9,
        "max_tokens": 5,
    }
    assert json.loads(request_of(Model(name="m", min_p=0.1), QUESTION, "m"))["min_p"] == 0.1


def test_the_seed_of_a_request_is_the_question_s_own() -> None:
    def seed(question: Question, **how: int) -> int:
        return int(json.loads(request_of(Model(name="m", **how), question, "m"))["seed"])  # type: ignore[arg-type]

    again = Question(QUESTION.messages, 1)
    assert seed(QUESTION) == seed(QUESTION) != seed(again)
    assert seed(QUESTION) != seed(QUESTION, seed=1)


def test_an_answer_s_other_texts_are_hidden_beside_it() -> None:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "hi",
        "reasoning_content": "hm",
        "refusal": None,
        "tool_calls": [],
    }
    body = {"choices": [{"message": message, "finish_reason": "length"}], "usage": {"prompt_tokens": 4}}
    assert read_reply(json.dumps(body).encode()) == Reply("hi", "length", 4, 0, {"reasoning_content": "hm"})


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
        (b'{"choices": [{"message": {"content": null}, "finish_reason": "length"}]}', "no text.*'length'"),
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


@given(st.text(max_size=30), st.sampled_from(["stop", "length"]), st.integers(0, 9))
def test_any_text_comes_back_as_it_was(text: str, finish: str, n: int) -> None:
    body = {"choices": [{"message": {"content": text}, "finish_reason": finish}], "usage": {"completion_tokens": n}}
    assert read_reply(json.dumps(body).encode()) == Reply(text, finish, 0, n)


@pytest.mark.parametrize(
    ("status", "again"), [(400, False), (401, False), (404, False), (408, True), (429, True), (503, True)]
)
def test_which_statuses_are_worth_another_try(status: int, again: bool) -> None:
    assert read_status(status, b"", None, 0).again is again


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "too long"}}', "too long"),
        (b'{"error": "bad"}', "bad"),
        (b'{"detail": "nope"}', "nope"),
        (b"plain words", "plain words"),
        (b"", "(empty body)"),
    ],
)
def test_a_failure_carries_the_server_s_own_words(body: bytes, words: str) -> None:
    assert read_status(400, body, None, 0).what == f"status 400: {words}"


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    assert seconds_of("2.5", 0) == 2.5
    assert seconds_of("Thu, 01 Jan 1970 00:01:40 GMT", 40) == 60
    assert seconds_of("soon", 0) is None
    assert seconds_of(None, 0) is None


@given(st.text(max_size=20))
def test_any_retry_after_is_seconds_or_nothing(text: str) -> None:
    found = seconds_of(text, 0)
    assert found is None or found >= 0


def test_pauses_double_with_jitter_and_obey_the_server_up_to_a_bound() -> None:
    waits = [pause(attempt, 7, Trouble("busy"), 100) for attempt in range(12)]
    for attempt, wait in enumerate(waits):
        full = min(0.5 * 2**attempt, 60)
        assert full / 2 <= wait <= full * 1.5
    assert pause(0, 7, Trouble("busy"), 100) == waits[0] != pause(0, 8, Trouble("busy"), 100)
    assert 9 <= pause(0, 7, Trouble("busy", after=9), 100) < 9.2
    assert pause(0, 7, Trouble("busy", after=1e9), 100) < 100.2
