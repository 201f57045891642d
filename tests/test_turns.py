"""Layouts: a bad object says which key is wrong, and a row that does not fit is refused."""

from __future__ import annotations

from typing import Any

import pytest

from komainu.errors import UsageError
from komainu.layouts import from_row, to_row
from komainu.rows import Chat, Message, Pair

ONE = [{"role": "user", "content": "q"}]
BAD: list[tuple[Any, str, str]] = [
    ([], "", "expected an object, found an array"),
    ({"text": "x"}, "", r"no known layout has the keys 'text'; expected 'conversations', 'messages'"),
    ({"prompt": "x", "chosen": "y"}, "", "no known layout has the keys 'prompt', 'chosen'"),
    ({}, "messages", "'messages' is missing"),
    ({"messages": {}}, "", "messages is an object; expected an array of messages"),
    ({"messages": ["x"]}, "", r"messages\[0\] is a string; expected an object with 'role' and 'content'"),
    ({"messages": [{"content": "x"}]}, "", r"messages\[0\] has no 'role'; .* it has: content"),
    ({"messages": [{"role": "assistent", "content": "x"}]}, "", r"messages\[0\].role .* did you mean 'assistant'\?"),
    ({"messages": [{"role": 1, "content": "x"}]}, "", r"messages\[0\].role is a number; expected a role name"),
    ({"messages": [{"role": "user"}]}, "", r"messages\[0\].content is missing"),
    ({"messages": [{"role": "user", "content": 3}]}, "", r"messages\[0\].content is a number; expected a string"),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        "",
        r"messages\[0\].content\[0\] is no text part",
    ),
    ({"conversations": [{"from": "human", "value": "x"}, {"role": "user"}]}, "", r"conversations\[1\] has no 'from'"),
    ({"conversations": [], "chosen": "x", "rejected": {}}, "", "chosen is a string; expected an object with 'from'"),
    (
        {"conversations": [], "chosen": {"from": "human", "value": ""}, "rejected": {"from": "gpt", "value": ""}},
        "",
        "chosen is of role user; an answer must be the assistant's",
    ),
    ({"prompt": "x", "chosen": "y", "rejected": None}, "", "rejected is null; expected a string"),
    ({"prompt": ONE, "chosen": [], "rejected": []}, "", "chosen holds 0 messages; expected one"),
    ({"prompt": "q", "chosen": "y", "rejected": "z"}, "ultrafeedback", "chosen is a string; expected an array"),
    ({"prompt": "q", "chosen": ONE, "rejected": ONE}, "", "chosen holds 1 messages; expected the whole conversation"),
    (
        {"chosen": ONE * 2, "rejected": [{"role": "user", "content": "other"}, *ONE]},
        "",
        r"must be equal but for their last message; they have 2 and 2 messages and differ at \[0\]",
    ),
    ({"instruction": 1, "output": "x"}, "", "instruction is a number; expected a string"),
    (
        {"instruction": "x", "output": "x", "history": [["q"]]},
        "",
        r"history\[0\] is an array; expected an array of two",
    ),
    ({"type": "Chat", "id": "a", "messages": [{"role": "boss"}]}, "", r"not a row: .*\$.messages\[0\]"),
    ({"messages": []}, "mesages", "there is no layout 'mesages'; did you mean 'messages'?"),
]


@pytest.mark.parametrize("obj, layout, why", BAD)
def test_a_bad_object_says_which_key_is_wrong_and_what_was_expected(obj: Any, layout: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        to_row(obj, "a", layout)


CHAT = Chat("a", (Message("user", "q"), Message("assistant", "x", {"weight": 1})))
PAIR = Pair("a", (Message("system", "s"), Message("user", "q")), "x", "y")


@pytest.mark.parametrize(
    "row, layout, why",
    [
        (CHAT, "trl", "row a is a Chat; this layout holds a Pair"),
        (PAIR, "sharegpt", "row a is a Pair; this layout holds a Chat"),
        (CHAT, "alpaca", "layout alpaca has no place for a message's weight"),
        (PAIR, "trl-plain", "layout trl-plain holds one user turn"),
        (Chat("a", CHAT.messages[:1]), "alpaca", "row a has no answer"),
        (Pair("a", (), "x", "y"), "alpaca-pair", "holds user and assistant turns, a user turn last"),
        (Pair("a", (), "x", "y"), "trl-implicit", "row a has no prompt"),
        (CHAT.with_meta(extra={"messages": 1}), "messages", "extra holds 'messages', which layout messages needs"),
        (CHAT.with_meta(extra={"meta": 1}, lang="ja"), "messages", "foreign key 'meta'"),
        (Chat("a", (Message("user", "q", {"value": 1}),)), "sharegpt", "extra holds 'value'"),
    ],
)
def test_a_row_that_a_layout_cannot_hold_is_refused(row: Chat | Pair, layout: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        from_row(row, layout)
