from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.errors import EndpointError, UsageError
from komainu.models.base import Reply
from komainu.models.relay import Relay, read_request, relaying
from komainu.rows import Message


def say(messages: tuple[Message, ...]) -> Reply:
    return Reply(f"{messages[-1].content}! And more.\n\nEnd", prompt_tokens=3, completion_tokens=4)


@pytest.fixture
def relay() -> Iterator[Relay]:
    with relaying(say, 4) as running:
        yield running


def post(relay: Relay, path: str = "/chat/completions", **request: Any) -> dict[str, Any]:
    body = json.dumps({"model": "model", **request}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{relay.url}{path}", body)) as response:
        found: dict[str, Any] = json.loads(response.read())
    return found


def refused(relay: Relay, path: str = "/chat/completions", **request: Any) -> tuple[int, str]:
    """Status and body of a request that is refused."""
    with pytest.raises(urllib.error.HTTPError) as error:
        post(relay, path, **request)
    with error.value as response:
        return response.code, response.read().decode()


def user(text: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def test_a_question_is_passed_on_and_its_answer_comes_back_in_the_protocols_form(relay: Relay) -> None:
    found = post(relay, messages=user("Hi"))
    assert found["choices"][0]["message"] == {"role": "assistant", "content": "Hi! And more.\n\nEnd"}
    assert found["choices"][0]["finish_reason"] == "stop"
    assert found["usage"] == {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    assert relay.answered == 1


def test_an_answer_is_cut_before_the_first_stop_text(relay: Relay) -> None:
    said = [post(relay, messages=user("Hi"), stop=s) for s in ("\n\n", ["End", "!", ""], [], None, "nowhere")]
    texts = [each["choices"][0]["message"]["content"] for each in said]
    assert texts == ["Hi! And more.", "Hi", *["Hi! And more.\n\nEnd"] * 3]


def test_content_may_be_parts_of_text(relay: Relay) -> None:
    found = post(relay, messages=user([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]))
    assert found["choices"][0]["message"]["content"].startswith("ab!")


def test_what_a_program_wanted_otherwise_is_counted(relay: Relay) -> None:
    for temperature in (0.0, 0.7, 0.7):
        post(relay, messages=user("Hi"), temperature=temperature, max_tokens=9)
    assert relay.wanted == {"temperature=0.0": 1, "temperature=0.7": 2, "max_tokens=9": 3}


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"messages": user("a"), "n": 2}, "n = 2 is not covered"),
        ({"messages": user("a"), "stream": True}, "stream = True is not covered"),
        ({"messages": user("a"), "logprobs": True}, "logprobs = True is not covered"),
        ({"messages": []}, "list `messages`"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "a message has a role"),
        ({"messages": user("a"), "stop": [1]}, "stop must be a text"),
    ],
)
def test_what_is_not_covered_is_refused_with_its_name(relay: Relay, request_: dict[str, Any], said: str) -> None:
    status, found = refused(relay, **request_)
    assert status == 400 and said in found
    assert relay.failure is None


def test_other_paths_are_refused_and_models_are_listed(relay: Relay) -> None:
    status, found = refused(relay, "/completions", prompt="a")
    assert status == 404 and "only chat completions" in found
    with urllib.request.urlopen(f"{relay.url}/models") as response:
        assert json.loads(response.read())["data"][0]["id"] == "model"


def test_after_an_error_nothing_more_is_asked_and_no_text_comes_back() -> None:
    asked = []

    def broken(messages: tuple[Message, ...]) -> Reply:
        asked.append(messages)
        raise EndpointError("the endpoint is gone")

    with relaying(broken, 2) as relay:
        for _ in range(3):
            assert refused(relay, messages=user("a"))[0] == 400
        assert isinstance(relay.failure, EndpointError) and len(asked) == 1 and relay.answered == 0


def test_no_more_than_the_limit_are_asked_at_once() -> None:
    inside, most, lock, free = 0, 0, threading.Lock(), threading.Event()

    def slow(messages: tuple[Message, ...]) -> Reply:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        free.wait(0.05)
        with lock:
            inside -= 1
        return Reply("ok")

    with relaying(slow, 3) as relay:
        threads = [threading.Thread(target=post, args=(relay,), kwargs={"messages": user(str(i))}) for i in range(9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == 3


@given(st.binary())
def test_any_bytes_are_a_request_or_a_usage_error(body: bytes) -> None:
    with suppress(UsageError):
        read_request(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@given(
    st.fixed_dictionaries(
        {"messages": st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": JSON}))},
        optional={"stop": JSON, "n": JSON, "temperature": JSON},
    )
)
def test_any_object_is_a_request_or_a_usage_error(request_: dict[str, Any]) -> None:
    with suppress(UsageError):
        found = read_request(json.dumps(request_).encode())
        assert len(found.messages) == len(request_["messages"]) and all(found.stops)
