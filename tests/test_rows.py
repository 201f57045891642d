"""Rows: what they say of themselves, and their one line of JSON."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from komainu.rows import Chat, Message, Pair, Role, Row, Score, decode, encode, pair_problem, turns_problem

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
FLOAT = st.floats(allow_nan=False, allow_infinity=False)
LEAF = st.none() | st.booleans() | st.integers() | FLOAT | TEXT
VALUE = LEAF | st.lists(LEAF, max_size=3) | st.dictionaries(TEXT, LEAF | st.lists(TEXT, max_size=2), max_size=3)
OBJECT = st.dictionaries(TEXT, VALUE, max_size=3)
ROLES: st.SearchStrategy[Role] = st.sampled_from(["system", "user", "assistant", "tool"])
MESSAGES = st.lists(st.builds(Message, ROLES, TEXT, OBJECT), max_size=4).map(tuple)
CHATS = st.builds(Chat, TEXT, MESSAGES, OBJECT)
PAIRS = st.builds(Pair, TEXT, MESSAGES, TEXT, TEXT, OBJECT)
SCORES = st.builds(Score, TEXT, TEXT, st.none() | FLOAT, TEXT, TEXT)

ASKED = (Message("system", "Be kind."), Message("user", "富士山は？"))


@settings(deadline=None)
@given(CHATS | PAIRS | SCORES)
def test_a_row_comes_back_equal_from_its_line(row: Row) -> None:
    line = encode(row)
    assert b"\n" not in line
    assert decode(line) == row
    assert encode(decode(line)) == line


def test_equal_rows_give_equal_bytes_whatever_the_order_of_their_keys() -> None:
    a = Chat("a", ASKED, {"x": 1, "y": {"p": 1, "q": 2}})
    b = Chat("a", ASKED, {"y": {"q": 2, "p": 1}, "x": 1})
    assert encode(a) == encode(b)


def test_a_prompt_has_no_reply_and_an_answer_keeps_its_prompt() -> None:
    asked = Chat("a", ASKED, {"lang": "ja"})
    answered = asked.with_reply("高い。", register="plain")
    assert (asked.answered, asked.reply, asked.prompt) == (False, "", ASKED)
    assert (answered.answered, answered.reply, answered.prompt) == (True, "高い。", ASKED)
    assert (answered.id, answered.meta) == ("a", {"lang": "ja", "register": "plain"})


def test_a_second_reply_takes_the_place_of_the_first() -> None:
    chat = Chat("a", ASKED).with_reply("one").with_reply("two")
    assert [m.content for m in chat.messages] == ["Be kind.", "富士山は？", "two"]


def test_an_empty_reply_is_still_an_answer() -> None:
    chat = Chat("a", ASKED).with_reply("")
    assert chat.answered and chat.prompt == ASKED


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="score 'bleu' of row a is"):
        Score("a", "bleu", value)


def test_a_missing_verdict_stays_missing_and_not_zero() -> None:
    found = decode(encode(Score("a", "bleu", None, why="no answer")))
    assert isinstance(found, Score) and found.value is None


@pytest.mark.parametrize(
    "line, why",
    [
        ('{"type":"Chat","id":"a"}', "missing required field `messages`"),
        ('{"type":"Chat","id":"a","messages":[{"role":"boss","content":""}]}', r"\$.messages\[0\].role"),
        ('{"type":"Chat","id":"a","messages":[],"extra":1}', "unknown field `extra`"),
        ('{"type":"Talk","id":"a"}', "Talk"),
        ('{"type":"Chat","id":"a","messages":', "truncated"),
    ],
)
def test_a_line_that_is_no_row_says_where_it_goes_wrong(line: str, why: str) -> None:
    with pytest.raises(msgspec.DecodeError, match=why):
        decode(line)


def turns(*roles: Role) -> tuple[Message, ...]:
    return tuple(Message(r, "x") for r in roles)


@pytest.mark.parametrize(
    "roles",
    [
        ("user", "assistant"),
        ("system", "user", "assistant"),
        ("user", "assistant", "user", "assistant"),
        ("user", "assistant", "tool", "assistant"),
        ("user", "assistant", "tool", "tool", "assistant", "user", "assistant"),
    ],
)
def test_turns_in_order_have_no_problem(roles: tuple[Role, ...]) -> None:
    assert turns_problem(turns(*roles), ("assistant",)) == ""


@pytest.mark.parametrize(
    "roles, why",
    [
        ((), "there are no messages"),
        (("assistant",), "message 1 is of role assistant, but at the start comes system or user"),
        (("system", "assistant"), "message 2 is of role assistant, but after system comes user"),
        (("system", "system", "user"), "message 2 is of role system, but after system comes user"),
        (("user", "user", "assistant"), "message 2 is of role user, but after user comes assistant"),
        (("user", "assistant", "assistant"), "message 3 is of role assistant, but after assistant comes user or tool"),
        (("user", "assistant", "system"), "message 3 is of role system, but after assistant comes user or tool"),
        (("user", "tool"), "message 2 is of role tool, but after user comes assistant"),
        (("user", "assistant", "user"), "the last message is of role user; it must be assistant"),
        (("system",), "the last message is of role system; it must be assistant"),
    ],
)
def test_turns_out_of_order_are_named(roles: tuple[Role, ...], why: str) -> None:
    assert turns_problem(turns(*roles), ("assistant",)) == why


def test_blank_content_is_named_except_where_tools_are_called() -> None:
    calls: dict[str, Any] = {"tool_calls": [{"id": "1"}]}
    assert turns_problem((Message("user", " \n"),), ("user",)) == "message 1 (user) is empty"
    called = (Message("user", "x"), Message("assistant", "", calls), Message("tool", "y"), Message("assistant", "z"))
    assert turns_problem(called, ("assistant",)) == ""


@pytest.mark.parametrize(
    "pair, why",
    [
        (Pair("a", ASKED, "good", "bad"), ""),
        (Pair("a", ASKED, "same", " same\n"), "chosen and rejected are the same answer"),
        (Pair("a", ASKED, "", "bad"), "chosen is empty"),
        (Pair("a", ASKED, "good", "\t"), "rejected is empty"),
        (Pair("a", (), "good", "bad"), "prompt: there are no messages"),
        (
            Pair("a", turns("user", "assistant"), "good", "bad"),
            "prompt: the last message is of role assistant; it must be user or tool",
        ),
    ],
)
def test_what_is_wrong_with_a_pair_is_said(pair: Pair, why: str) -> None:
    assert pair_problem(pair) == why
