"""Layouts: every object comes back equal, and a bad one says which key is wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from komainu.errors import UsageError
from komainu.layouts import LAYOUTS, detect, from_row, to_row
from komainu.rows import Chat, Message, Pair, decode, encode

Json = dict[str, Any]
TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
LEAF = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
NAMES = TEXT | st.sampled_from(
    ["id", "meta", "shape", "extra", "name", "weight", "score_chosen", "tools", "system", "label", "kto_tag"]
)
VALUE = LEAF | st.lists(LEAF, max_size=2) | st.dictionaries(NAMES, LEAF | st.lists(TEXT, max_size=1), max_size=2)
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CHAT_ROLES = {"from": ["human", "gpt", "system", "user", "chatgpt", "observation", "function_call"]}
CHAT_ROLES["role"] = ["user", "assistant", "system", "developer", "tool"]


def others(*known: str) -> st.SearchStrategy[Json]:
    """Keys beside those of the layout."""
    return st.dictionaries(NAMES.filter(lambda n: n not in known), VALUE, max_size=2)


def parts(key: str) -> st.SearchStrategy[Any]:
    part = st.builds(lambda text, more: {**more, "type": "text", key: text}, TEXT, others("type", "text", "value"))
    return st.lists(part, max_size=3)


@st.composite
def message(draw: st.DrawFn, role: str, text: str, names: list[str] | None = None) -> Json:
    content: st.SearchStrategy[Any] = TEXT | st.none() | parts("text") | parts("value")
    return {
        **draw(others(role, text)),
        role: draw(st.sampled_from(names or CHAT_ROLES[role])),
        text: draw(content),
    }


@st.composite
def turns(draw: st.DrawFn, key: str, role: str, text: str) -> Json:
    used = [key, "chosen", "rejected", "chosen_messages", "rejected_messages", "type", "conversations"]
    smallest = 1 if role == "role" and key == "conversations" else 0
    return {**draw(others(*used)), key: draw(st.lists(message(role, text), min_size=smallest, max_size=4))}


@st.composite
def answers(draw: st.DrawFn, layout: str) -> Json:
    """A preference object of a layout that spells its messages with role and content."""
    said = message("role", "content", ["assistant"])
    prompt = draw(st.lists(message("role", "content"), min_size=1, max_size=3))
    one, two = draw(said), draw(said)
    known = ["prompt", "chosen", "rejected", "conversations", "instruction", "type"]
    more = draw(others(*known, "chosen_messages", "rejected_messages"))
    if layout == "trl":
        return {**more, "prompt": prompt, "chosen": [one], "rejected": [two]}
    if layout == "sharegpt-lists":
        asked, said = (
            draw(st.lists(message("from", "value"), min_size=1, max_size=3)),
            message("from", "value", ["gpt"]),
        )
        return {**more, "chosen": [*asked, draw(said)], "rejected": [*asked, draw(said)]}
    if layout == "messages-pair":
        return {**more, "chosen_messages": [*prompt, one], "rejected_messages": [*prompt, two]}
    whole = {**more, "chosen": [*prompt, one], "rejected": [*prompt, two]}
    return whole if layout == "trl-implicit" else {**whole, "prompt": draw(TEXT)}


@st.composite
def sharegpt_pair(draw: st.DrawFn, role: str, text: str, name: str) -> Json:
    one, two = draw(message(role, text, [name])), draw(message(role, text, [name, "assistant"]))
    turns = draw(st.lists(message(role, text), max_size=3))
    more = draw(others("conversations", "chosen", "rejected", "type"))
    return {**more, "conversations": turns, "chosen": one, "rejected": two}


@st.composite
def alpaca(draw: st.DrawFn, *answers: str) -> Json:
    more = draw(others("instruction", "input", "history", "output", "chosen", "rejected", "prompt", "type"))
    obj = {**more, "instruction": draw(TEXT), **{k: draw(TEXT) for k in answers}}
    optional = {
        "input": TEXT | st.none(),
        "system": TEXT | st.none(),
        "history": st.none() | st.lists(st.lists(TEXT, min_size=2, max_size=2), max_size=2),
    }
    return obj | {k: draw(v) for k, v in optional.items() if draw(st.booleans())}


def plain() -> st.SearchStrategy[Json]:
    known = others("prompt", "chosen", "rejected", "conversations", "instruction", "type")
    return st.builds(lambda o, p, c, r: {**o, "prompt": p, "chosen": c, "rejected": r}, known, TEXT, TEXT, TEXT)


@st.composite
def kto(draw: st.DrawFn, *, plain: bool) -> Json:
    known = ["prompt", "completion", "label", "type", "chosen", "conversations", "messages", "instruction"]
    more = draw(others(*known, "chosen_messages"))
    if draw(st.booleans()):
        more["label"] = draw(st.booleans())
    if plain:
        return {**more, "prompt": draw(TEXT), "completion": draw(TEXT)}
    prompt = draw(st.lists(message("role", "content"), max_size=3))
    return {**more, "prompt": prompt, "completion": [draw(message("role", "content", ["assistant"]))]}


OBJECTS: dict[str, st.SearchStrategy[Json]] = {
    "sharegpt": turns("conversations", "from", "value"),
    "sharegpt-role": turns("conversations", "role", "content"),
    "messages": turns("messages", "role", "content"),
    "alpaca": alpaca("output"),
    "alpaca-pair": alpaca("chosen", "rejected"),
    "kto": kto(plain=False),
    "kto-plain": kto(plain=True),
    "sharegpt-pair": sharegpt_pair("from", "value", "gpt"),
    "sharegpt-role-pair": sharegpt_pair("role", "content", "assistant"),
    "sharegpt-lists": answers("sharegpt-lists"),
    "trl": answers("trl"),
    "trl-plain": plain(),
    "trl-implicit": answers("trl-implicit"),
    "ultrafeedback": answers("ultrafeedback"),
    "messages-pair": answers("messages-pair"),
}


def test_every_layout_is_round_tripped_here() -> None:
    assert OBJECTS.keys() | {"rows"} == LAYOUTS.keys()


@pytest.mark.parametrize("layout", OBJECTS)
@QUICK
@given(data=st.data())
def test_an_object_comes_back_equal_and_through_a_line_of_ours_too(layout: str, data: st.DataObject) -> None:
    obj = data.draw(OBJECTS[layout])
    before = json.dumps(obj, sort_keys=True)
    row = to_row(obj, data.draw(TEXT), layout)
    again = decode(encode(row))
    assert again == row and isinstance(again, (Chat, Pair))
    assert json.dumps(from_row(again, layout), sort_keys=True) == before
    assert json.dumps(obj, sort_keys=True) == before, "the object given was changed"


@pytest.mark.parametrize("layout", OBJECTS)
@QUICK
@given(data=st.data())
def test_the_layout_is_told_by_the_object(layout: str, data: st.DataObject) -> None:
    obj = data.draw(OBJECTS[layout])
    assert detect(obj) == layout
    assert to_row(obj, "a") == to_row(obj, "a", layout)


META = st.dictionaries(TEXT.filter(lambda k: k not in ("extra", "shape")), VALUE, max_size=2)
TAKEN = ("shape", "role", "content", "from", "value")
MESSAGES = st.lists(
    st.builds(Message, st.sampled_from(["user", "assistant"]), TEXT, others(*TAKEN)), min_size=1, max_size=3
)


@pytest.mark.parametrize("layout", ["sharegpt", "sharegpt-role", "messages", "rows"])
@QUICK
@given(id=TEXT, messages=MESSAGES, meta=META)
def test_a_chat_of_ours_comes_back_equal(layout: str, id: str, messages: list[Message], meta: Json) -> None:
    row = Chat(id, tuple(messages), meta)
    assert to_row(through_json(from_row(row, layout)), id, layout) == row


@pytest.mark.parametrize("layout", ["kto", "kto-plain"])
@QUICK
@given(id=TEXT, asked=TEXT, said=TEXT, meta=META)
def test_an_answer_of_ours_comes_back_equal_with_its_label(
    layout: str, id: str, asked: str, said: str, meta: Json
) -> None:
    for label in (True, False):
        row = Chat(id, (Message("user", asked), Message("assistant", said)), {**meta, "label": label})
        obj = through_json(from_row(row, layout))
        assert obj["label"] is label and detect(obj) == layout
        assert to_row(obj, id, layout) == row


Q, A = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}


@pytest.mark.parametrize("obj", [
    {"prompt": "q", "completion": "a", "label": False},
    {"prompt": [Q], "completion": [A], "label": False},
    {"messages": [Q, A], "label": False},
    {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}], "kto_tag": False},
    {"instruction": "q", "input": "", "output": "a", "kto_tag": False},
])  # fmt: skip
def test_what_kto_learns_from_is_a_chat_whose_meta_has_the_label(obj: Json) -> None:
    row = to_row(obj, "a")
    assert isinstance(row, Chat) and row.meta["label"] is False
    assert [(m.role, m.content) for m in row.messages] == [("user", "q"), ("assistant", "a")]
    assert from_row(row, detect(obj)) == obj


def test_a_label_that_is_no_boolean_is_refused_where_the_layout_has_one_and_kept_where_not() -> None:
    with pytest.raises(UsageError, match="label is a number; expected true"):
        to_row({"prompt": "q", "completion": "a", "label": 1}, "a")
    row = to_row({"messages": [], "label": "cat"}, "a")
    assert row.meta["extra"] == {"label": "cat"} and "label" not in row.meta


@pytest.mark.parametrize(
    "layout",
    [
        "sharegpt-pair",
        "sharegpt-role-pair",
        "sharegpt-lists",
        "trl",
        "trl-implicit",
        "ultrafeedback",
        "messages-pair",
        "rows",
    ],
)
@QUICK
@given(id=TEXT, messages=MESSAGES, chosen=TEXT, rejected=TEXT, meta=META)
def test_a_pair_of_ours_comes_back_equal(
    layout: str, id: str, messages: list[Message], chosen: str, rejected: str, meta: Json
) -> None:
    row = Pair(id, tuple(messages), chosen, rejected, meta)
    assert to_row(through_json(from_row(row, layout)), id, layout) == row


def through_json(obj: Json) -> Any:
    return json.loads(json.dumps(obj))


def test_sharegpt_is_read_as_the_field_writes_it() -> None:
    obj = {
        "id": "identity_0",
        "system": "Be brief.",
        "tools": "[]",
        "conversations": [{"from": "human", "value": "やあ"}, {"from": "chatgpt", "value": "はい", "weight": 1}],
    }
    row = to_row(obj, "identity_0")
    assert isinstance(row, Chat)
    assert [(m.role, m.content) for m in row.messages] == [
        ("system", "Be brief."),
        ("user", "やあ"),
        ("assistant", "はい"),
    ]
    assert row.messages[2].extra == {"weight": 1, "shape": {"from": "chatgpt"}}
    assert row.meta["extra"] == {"tools": "[]"}
    assert from_row(row, "sharegpt") == obj


def test_openai_messages_keep_tool_calls_and_parts() -> None:
    obj = {
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "何"}, {"type": "text", "text": "時？"}]},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "function"}]},
            {"role": "tool", "tool_call_id": "1", "content": "12:00"},
            {"role": "assistant", "content": "正午です。"},
        ]
    }
    row = to_row(obj, "a")
    assert isinstance(row, Chat)
    assert [m.role for m in row.messages] == ["system", "user", "assistant", "tool", "assistant"]
    assert [m.content for m in row.messages] == ["Be brief.", "何時？", "", "12:00", "正午です。"]
    assert from_row(row, "messages") == obj


def test_ultrafeedback_keeps_its_scores_and_its_copy_of_the_messages() -> None:
    row = to_row(ultrafeedback(), "a")
    assert isinstance(row, Pair)
    assert (row.prompt, row.chosen, row.rejected) == ((Message("user", "1+1?"),), "2", "3")
    assert row.meta["extra"]["score_chosen"] == 8.5 and "messages" in row.meta["extra"]
    assert from_row(row, "ultrafeedback") == ultrafeedback()


def ultrafeedback() -> Json:
    question = {"role": "user", "content": "1+1?"}
    good = [question, {"role": "assistant", "content": "2"}]
    return {
        "prompt": "1+1?",
        "prompt_id": "8f",
        "chosen": good,
        "rejected": [question, {"role": "assistant", "content": "3"}],
        "messages": good,
        "score_chosen": 8.5,
        "score_rejected": 1.0,
    }


def test_a_row_goes_from_one_layout_to_another_with_all_it_carries() -> None:
    pair = to_row(ultrafeedback(), "a")
    assert isinstance(pair, Pair)
    obj = from_row(pair.with_meta(licence="MIT"), "sharegpt-pair")
    assert obj["conversations"] == [{"from": "human", "value": "1+1?"}]
    assert (obj["chosen"], obj["score_rejected"]) == ({"from": "gpt", "value": "2"}, 1.0)
    assert (obj["id"], obj["meta"]) == ("a", {"licence": "MIT"})


def test_an_answer_that_was_made_again_is_written_plainly() -> None:
    obj = {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": None, "tool_calls": []}]}
    row = to_row(obj, "a")
    assert isinstance(row, Chat)
    assert from_row(row.with_reply("y"), "messages")["messages"][1] == {"role": "assistant", "content": "y"}


@pytest.mark.parametrize("content", [None, [{"type": "text", "text": "old"}, {"type": "text", "text": "er"}]])
def test_a_text_that_was_changed_under_its_old_form_is_not_lost(content: Any) -> None:
    row = to_row({"messages": [{"role": "user", "content": content}]}, "a")
    assert isinstance(row, Chat)
    changed = Chat("a", (Message("user", "a longer text", row.messages[0].extra),), row.meta)
    assert from_row(changed, "messages") == {"messages": [{"role": "user", "content": "a longer text"}]}


def test_a_file_s_own_meta_is_the_row_s_meta() -> None:
    row = to_row({"id": "a", "messages": [], "meta": {"lang": "ja", "licence": "MIT"}}, "a")
    assert row.meta == {"lang": "ja", "licence": "MIT"}


def test_alpaca_joins_instruction_and_input() -> None:
    obj = {"instruction": "訳せ", "input": "Hi", "output": "やあ", "history": [["q", "a"]], "system": "s"}
    row = to_row(obj, "a")
    assert isinstance(row, Chat)
    assert [m.content for m in row.messages] == ["s", "q", "a", "訳せ\nHi", "やあ"]


@QUICK
@given(VALUE | st.fixed_dictionaries({}, optional=dict.fromkeys([*"ab", "messages", "conversations", "chosen"], VALUE)))
def test_whatever_is_given_there_is_a_row_or_a_usage_error(obj: Any) -> None:
    for layout in ("", *OBJECTS):
        try:
            row = to_row(obj, "a", layout)
        except UsageError:
            continue
        assert isinstance(row, (Chat, Pair))


needs_fixtures = pytest.mark.skipif("KOMAINU_FIXTURES" not in os.environ, reason="KOMAINU_FIXTURES is not set")


@needs_fixtures
@pytest.mark.parametrize(
    "name, layout",
    [
        ("fastchat_dummy_sharegpt.json", "sharegpt"),
        ("lf_alpaca_en_demo.json", "alpaca"),
        ("lf_identity.json", "alpaca"),
        ("lf_kto_en_demo.json", "messages"),
        ("lf_dpo_en_demo.json", "sharegpt-pair"),
        ("lf_v1_sft_demo.jsonl", "messages"),
        ("lf_v1_dpo_demo.jsonl", "messages-pair"),
    ],
)
def test_real_files_come_back_equal(name: str, layout: str) -> None:
    text = Path(os.environ["KOMAINU_FIXTURES"], "data", name).read_text(encoding="utf-8")
    objects = json.loads(text) if name.endswith(".json") else [json.loads(line) for line in text.splitlines()]
    assert len(objects) >= 10
    for i, obj in enumerate(objects):
        assert detect(obj) == layout
        assert from_row(to_row(obj, f"{i}"), layout) == obj
