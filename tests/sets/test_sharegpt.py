"""ShareGPT: conversations answered anew by the textbook's teacher behind its server, weak answers resampled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from komainu.data.replay import Replay
from komainu.data.textbook.prompts import Prompts
from komainu.errors import UsageError
from komainu.models.base import Model, Reply
from komainu.rows import Chat, Message
from tests.data.fakes import TEACHER, Fake, chat, context, through
from tests.sets.pages import documented
from tests.sets.world import Made, accounted, chats_file, made, started

JUDGE = "stand-in grader (rules, strict)"


def talk(*texts: str, system: str = "") -> tuple[Message, ...]:
    turns = [Message("user" if i % 2 == 0 else "assistant", text) for i, text in enumerate(texts)]
    return (Message("system", system), *turns) if system else tuple(turns)


def test_every_turn_is_asked_after_the_new_answers_before_it(tmp_path: Path) -> None:
    fake = Fake("new {prompt}")
    rows = [Chat("a", talk("1", "old", "2", "old", system="s")), Chat("b", talk("3", "old"))]
    kept, _, _ = through(context(tmp_path, fake), rows, Replay(model=TEACHER))
    assert [row.messages for row in kept] == [talk("1", "new 1", "2", "new 2"), talk("3", "new 3")]
    assert [len(q.messages) for q in fake.asked] == [1, 1, 3]
    assert len(kept[0].meta["prompt_from"]) == 1 and kept[0].meta["from"][-1].startswith("call:teacher/")


def test_a_conversation_is_cut_after_so_many_turns_and_can_keep_its_system(tmp_path: Path) -> None:
    fake = Fake("new")
    rows = [Chat("a", talk("1", "old", "2", "old", system="s"))]
    kept, _, _ = through(context(tmp_path, fake), rows, Replay(model=TEACHER, most=1, keep_system=True))
    assert kept[0].messages == talk("1", "new", system="s")
    with pytest.raises(UsageError, match="at least 1 turn"):
        Replay(model=TEACHER, most=0)


def test_what_is_no_talk_or_breaks_off_in_the_middle_is_dropped(tmp_path: Path) -> None:
    tool = Chat("t", (Message("user", "1"), Message("assistant", "x"), Message("tool", "y"), Message("assistant", "z")))
    rows = [tool, Chat("s", (Message("system", "s"),)), Chat("a", talk("1", "old", "2", "old")), chat("b", "1", "old")]
    kept, dropped, _ = through(context(tmp_path, Fake("new", finish="length")), rows, Replay(model=TEACHER))
    words = [(d.row.id, d.reason.partition(":")[0]) for d in dropped]
    assert words == [("t", "no_talk"), ("s", "no_talk"), ("a", "cut_off")]
    assert [(row.id, row.meta["finish"]) for row in kept] == [("b", "length")]


def test_a_refusal_of_the_provider_drops_the_conversation(tmp_path: Path) -> None:
    class Withholds(Fake):
        def ask(self, model: Model, questions: Any) -> Any:
            yield from (Reply("", "content_filter") for _ in questions)

    rows = [Chat("a", talk("1", "old", "2", "old"))]
    _, dropped, _ = through(context(tmp_path, Withholds()), rows, Replay(model=TEACHER))
    assert [d.reason for d in dropped] == ["withheld: the provider refuses"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Made[Chat]:
    """The textbook's prompts as a ShareGPT file, answered by its teacher and marked by its strict grader."""
    root = tmp_path_factory.mktemp("sharegpt")
    asked = Prompts(
        side="train", n=60, tasks=("translate_ja", "translate_en", "polite", "json", "bullets"), duplicates=0.1
    )
    rows = [
        {"conversations": [{"from": "human", "value": c.messages[-1].content}, {"from": "gpt", "value": "old answer"}]}
        for c in asked.rows()
    ]
    path = chats_file(root / "sharegpt.jsonl", rows)
    values = {"chats": path, "licence": "apache-2.0", "teacher": "textbook", "judge": JUDGE, "top": 5}
    return made(root, "sharegpt", started("textbook", JUDGE), **values)


def test_the_best_marked_answer_stands_and_none_of_the_old_ones_is_left(found: Made[Chat]) -> None:
    assert found.rows and all(row.reply != "old answer" for row in found.rows)
    for row in found.rows:
        marks = [mark for mark in row.meta["ratings"] if mark is not None]
        assert row.meta["rating"] == max(marks) >= 3
        assert len(row.meta["ratings"]) in (1, 2, 3, 4)
        assert all(mark < 4 for mark in marks[:-1] if mark != row.meta["rating"])
    assert any(len(row.meta["ratings"]) > 1 for row in found.rows)


def test_its_account_is_whole_and_its_page_tells_it(found: Made[Chat]) -> None:
    documented(found, "sharegpt")
    accounted(found)
    gone = sum(sum(by.values()) for by in found.reasons.values())
    assert found.summary["in"] == 60 == len(found.rows) + gone == len(found.rows) + len(found.dropped)
    assert found.reasons["Exact"]["duplicate"] > 0
