"""What a server's status and words mean, and which class a call falls into."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.models.base import Reply
from komainu.models.failures import kind_of, read_status, seconds_of


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


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (500, "oops", "infrastructure"),
        (503, "busy", "infrastructure"),
        (408, "", "infrastructure"),
        (429, "slow down", "provider"),
        (401, "no", "provider"),
        (400, "temperature must be below 2", "provider"),
        (400, "This model's maximum context length is 4096 tokens. However, you requested 5000", "context_overflow"),
        (400, "The input (900 tokens) is longer than the model's context length (512 tokens).", "context_overflow"),
        (400, "request (900 tokens) exceeds the available context size (512 tokens)", "context_overflow"),
        (413, "prompt is too long: 210000 tokens > 200000 maximum", "context_overflow"),
        (400, "The response was filtered due to Azure OpenAI's content management policy", "refusal"),
    ],
)
def test_a_status_has_a_class_by_what_the_server_says(status: int, words: str, kind: str) -> None:
    found = read_status(status, json.dumps({"error": {"message": words}}).encode(), None, 0)
    assert found.kind == kind
    assert found.finish == {"context_overflow": "context_overflow", "refusal": "content_filter"}.get(kind, "")


def test_an_account_that_has_run_dry_is_not_asked_again() -> None:
    assert not read_status(429, b'{"error": {"code": "insufficient_quota", "message": "x"}}', "2", 0).again


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply("fine"), None),
        (Reply("cut", "length"), "truncated"),
        (Reply("", "length"), "truncated"),
        (Reply(" \n"), "empty"),
        (Reply("", thinking="hm"), "empty"),
        (Reply("so far", "content_filter"), "refusal"),
        (Reply("", "context_overflow"), "context_overflow"),
    ],
)
def test_an_answer_that_is_not_whole_has_a_class(reply: Reply, kind: str | None) -> None:
    assert kind_of(reply) == kind


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    assert seconds_of("2.5", 0) == 2.5
    assert seconds_of("Thu, 01 Jan 1970 00:01:40 GMT", 40) == 60
    assert seconds_of("soon", 0) is None
    assert seconds_of(None, 0) is None


@given(st.text(max_size=20))
def test_any_retry_after_is_seconds_or_nothing(text: str) -> None:
    found = seconds_of(text, 0)
    assert found is None or found >= 0
