"""Ask turns prompts into answered chats and says where each answer came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace as reply_with

from komainu.data.ask import Ask, call, call_of, later
from komainu.data.base import WINDOW
from komainu.errors import UsageError
from komainu.models.base import WITHHELD, Model, Question, Reply
from tests.data.fakes import TEACHER, Fake, chat, context, through

OTHER = Model(name="other")


def test_a_prompt_becomes_an_answered_chat_with_its_origin(tmp_path: Path) -> None:
    (row,), _, _ = through(context(tmp_path), [chat("a", "空は？", lang="ja")], Ask(model=TEACHER))
    assert (row.id, row.reply, row.prompt[0].content) == ("a", "空は？/0", "空は？")
    assert row.meta == {"lang": "ja", "from": ["a", f"call:teacher/{TEACHER.id}#0"]}


def test_an_answer_that_was_there_is_replaced_and_so_is_its_call(tmp_path: Path) -> None:
    old = chat(
        "a", "空は？", "赤い", **{"from": ["file-1", call(OTHER, 2)], "finish": "length", "hidden": {"fault": "leak"}}
    )
    (row,), _, _ = through(context(tmp_path), [old], Ask(model=TEACHER))
    assert row.reply == "空は？/0"
    assert row.meta == {"from": ["file-1", "a", call(TEACHER, 0)]}


def test_several_samples_become_numbered_rows_next_to_each_other(tmp_path: Path) -> None:
    rows, _, summary = through(context(tmp_path), [chat("a", "x"), chat("b", "y")], Ask(model=TEACHER, samples=2))
    assert [(r.id, r.reply) for r in rows] == [("a#0", "x/0"), ("a#1", "x/1"), ("b#0", "y/0"), ("b#1", "y/1")]
    assert rows[1].meta == {"from": ["a", call(TEACHER, 1)], "samples": 2}
    assert summary["steps"] == [{"step": "Ask", "in": 2, "out": 4}]


def test_questions_are_asked_in_windows_of_a_fixed_size_in_row_order(tmp_path: Path) -> None:
    fake = Fake()
    rows = [chat(str(i), str(i)) for i in range(WINDOW + 3)]
    through(context(tmp_path, fake), rows, Ask(model=TEACHER))
    assert fake.batches == [WINDOW, 3]
    assert [q.messages[0].content for q in fake.asked] == [r.id for r in rows]


def test_an_answer_that_did_not_end_by_itself_is_marked(tmp_path: Path) -> None:
    (row,), _, _ = through(context(tmp_path, Fake(finish="length")), [chat("a", "x")], Ask(model=TEACHER))
    assert row.meta["finish"] == "length"


def test_labels_of_the_prompt_and_of_the_answer_are_both_kept(tmp_path: Path) -> None:
    asked = chat("a", "x", hidden={"fault": "duplicate"})
    ctx = context(tmp_path, Fake(hidden=["leak"]))
    (row,), _, _ = through(ctx, [asked], Ask(model=TEACHER), Ask(model=OTHER))
    assert row.meta["hidden"] == {"fault": "leak", "prompt": {"fault": "duplicate"}}


def test_no_samples_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 1"):
        Ask(model=TEACHER, samples=0)


def test_the_next_sample_is_one_that_neither_the_row_nor_its_siblings_have(tmp_path: Path) -> None:
    rows, _, _ = through(context(tmp_path), [chat("a", "x")], Ask(model=TEACHER, samples=3))
    assert sorted(later(row, TEACHER, time) for row in rows for time in (1, 2)) == [3, 4, 5, 6, 7, 8]
    assert sorted(later(row, OTHER, time) for row in rows for time in (1, 2)) == [0, 1, 2, 3, 4, 5]


def test_an_answer_that_came_with_the_data_has_no_call() -> None:
    assert call_of(chat("a", "x", "y", **{"from": ["file-1"]})) == ""
    assert [later(chat("a", "x", "y"), TEACHER, time) for time in (1, 2)] == [0, 1]


def test_thinking_is_kept_with_the_row_and_is_no_part_of_the_answer(tmp_path: Path) -> None:
    class Thinks(Fake):
        def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
            yield from (reply_with(reply, thinking="hm") for reply in super().ask(model, questions))

    (row,), _, _ = through(context(tmp_path, Thinks("7")), [chat("a", "x")], Ask(model=TEACHER))
    assert (row.reply, row.meta["thinking"]) == ("7", "hm")
    (row,), _, _ = through(context(tmp_path), [row], Ask(model=OTHER))
    assert "thinking" not in row.meta


@pytest.mark.parametrize("finish", ["context_overflow", "content_filter", "refusal"])
def test_a_row_whose_answer_is_withheld_is_dropped_with_its_reason(tmp_path: Path, finish: str) -> None:
    fake = Fake("", finish=finish)
    rows, dropped, summary = through(context(tmp_path, fake), [chat("a", "x")], Ask(model=TEACHER))
    assert rows == [] and dropped[0].reason == f"withheld: {WITHHELD[finish]}"
    assert summary["dropped"] == {"Ask": {"withheld": 1}}
