"""Verdicts of several named numbers: how they are read, asked for again, and told beside their mean."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.eval.base import Answers
from komainu.eval.judge.base import Ask, Judged
from komainu.eval.judge.criteria import MarkedCriteria
from komainu.eval.judge.panel import panel
from komainu.models.base import Model, Reply
from komainu.rows import Chat, Message, Score
from tests.eval.world import Items, context

MARK = "3f9a2c71d04e6b58"
JUDGE = Model(name="judge")


@dataclass(frozen=True, kw_only=True)
class Two(Judged):
    """Two criteria from 1 to 5 for every item of the world in its language."""

    name: ClassVar[str] = "two"
    template: ClassVar[str] = "judge/criteria.ja.jinja"
    again: ClassVar[str] = "judge/criteria_again.ja.jinja"
    metrics: ClassVar[tuple[str, ...]] = ("total",)
    pooled: ClassVar[tuple[str, ...]] = ("total",)
    criteria: ClassVar[tuple[str, ...]] = ("Wit", "Good sense")
    top: ClassVar[float] = 5.0

    def applies(self, chat: Chat) -> bool:
        return chat.meta.get("lang") == self.language

    def asked(self, chat: Chat, mark: str) -> Ask:
        ask = super().asked(chat, mark)
        return ask._replace(messages=(Message("user", f"{chat.reply}\n{mark}\n{ask.messages[0].content}"),))


BENCH = Two(language="ja")


def marks(inside: str) -> str:
    return f"Why not.\n<verdict-{MARK}>{inside}</verdict-{MARK}>"


READ = [
    ('{"Wit": 4, "Good sense": 3}', {"Wit": 4.0, "Good sense": 3.0}, ""),
    ('\n```json\n{"Wit": 4, "Good sense": 3}\n```\n', {"Wit": 4.0, "Good sense": 3.0}, ""),
    ('{"Wit": 4, "Good sense": 3, "Why": {"so": [1]}}', {"Wit": 4.0, "Good sense": 3.0}, ""),
    ('{"Wit": 4.0, "Good sense": 3}', {"Wit": 4.0, "Good sense": 3.0}, ""),
    ('{"Wit": 4}', {"Wit": 4.0}, "lacking: Good sense"),
    ('{"Wit": 4, "good sense": 3}', {"Wit": 4.0}, "lacking: Good sense"),
    ('{"Wit": 4, "Good sense": "3"}', {"Wit": 4.0}, "not a number: Good sense"),
    ('{"Wit": 4, "Good sense": true}', {"Wit": 4.0}, "not a number: Good sense"),
    ('{"Wit": 4, "Good sense": null}', {"Wit": 4.0}, "not a number: Good sense"),
    ('{"Wit": 4, "Good sense": [3]}', {"Wit": 4.0}, "not a number: Good sense"),
    ('{"Wit": 4, "Good sense": {"Good sense": 3}}', {"Wit": 4.0}, "not a number: Good sense"),
    ('{"Wit": 4, "Good sense": 3, "Good sense": 3}', {"Wit": 4.0}, "not a number: Good sense"),
    ('{"Wit": 4, "Good sense": NaN}', {"Wit": 4.0}, "not a number: 'NaN'"),
    ('{"Wit": 4, "Good sense": 3e0}', {"Wit": 4.0}, "not a number: '3e0'"),
    ('{"Wit": 4, "Good sense": 3.5}', {"Wit": 4.0}, "not whole: Good sense 3.5"),
    ('{"Wit": 6, "Good sense": 0}', {}, "out of range: 6 is not from 1 to 5; out of range: 0 is not from 1 to 5"),
    ('{"Wit": 4, "Good sense": 3', {}, "no object"),
    ('[{"Wit": 4, "Good sense": 3}]', {}, "no object"),
    ("[" * 100_000, {}, "no object"),
    ('{"Wit": ' + "9" * 5000 + "}", {}, "not a number"),
    ("4", {}, "no object"),
]


@pytest.mark.parametrize(("inside", "values", "wrong"), READ, ids=[text[:30] for text, _, _ in READ])
def test_each_criterion_is_read_by_itself(inside: str, values: dict[str, float], wrong: str) -> None:
    found = MarkedCriteria().read(marks(inside), MARK, BENCH)
    assert found.values == values and found.reason == "Why not."
    assert found.wrong.startswith(wrong) if wrong else not found.wrong


def test_an_object_outside_the_marks_is_no_verdict() -> None:
    for reply in ('{"Wit": 5, "Good sense": 5}', '<verdict-000000000000>{"Wit": 5}</verdict-000000000000>', ""):
        assert MarkedCriteria().read(reply, MARK, BENCH).values == {}
    assert MarkedCriteria().read(2 * marks('{"Wit": 5}'), MARK, BENCH).values == {}


@given(st.text() | st.recursive(st.integers() | st.text() | st.booleans(), st.lists).map(json.dumps))
def test_reading_never_fails_and_stays_on_the_scale(inside: str) -> None:
    found = MarkedCriteria().read(marks(inside), MARK, BENCH)
    assert all(1 <= value <= 5 for value in found.values.values())
    assert (len(found.values) < 2) == bool(found.wrong)


def built(root: Path, says: Any) -> tuple[list[Score], dict[str, Any]]:
    ctx = context(root, says)
    stage = panel(Answers(model=Model(name="candidate"), items=Items(n=6)), BENCH, (JUDGE,))
    artifact = ctx.store.build(stage, ctx)
    return [row for row in artifact.rows() if isinstance(row, Score)], artifact.summary


def answers(first: dict[str, Any], second: dict[str, Any], asked: list[str]) -> Any:
    """A judge that gives `first` for the answer to item 0, and `second` when it is asked again; 4 and 2 to others."""

    def say(model: Model, text: str, sample: int) -> str | Reply:
        if model != JUDGE:
            return f"answer to {text}"
        asked.append(text)
        mark = text.split("<verdict-")[1].split(">")[0]
        again = text.startswith("評価の文章は要りません")
        given = second if again else first if text.startswith("answer to say 0") else {"Wit": 4, "Good sense": 2}
        return f"{'' if again else 'Because.'}<verdict-{mark}>{json.dumps(given)}</verdict-{mark}>"

    return say


def test_the_metric_is_the_mean_of_the_criteria_and_they_stand_beside_it(tmp_path: Path) -> None:
    asked: list[str] = []
    scores, summary = built(tmp_path, answers({"Wit": 5, "Good sense": 5}, {}, asked))
    assert [(s.metric, s.value, s.why) for s in scores[:3]] == [
        ("total", 5.0, "Because."),
        ("Wit", 5.0, "Because."),
        ("Good sense", 5.0, "Because."),
    ]
    assert [*summary["metrics"]] == ["total"] and summary["metrics"]["total"]["mean"] == round(11 / 3, 6)
    assert summary["criteria"]["Wit"] | {"low": 0, "high": 0} == {
        "mean": round(13 / 3, 6), "n": 3, "items": 3, "missing": 0, "low": 0, "high": 0
    }  # fmt: skip
    assert [*summary["judges"]] == ["total", "Wit", "Good sense"] and len(asked) == 3


def test_a_lacking_criterion_is_asked_for_once_more_and_the_others_stay(tmp_path: Path) -> None:
    asked: list[str] = []
    scores, _ = built(tmp_path, answers({"Wit": 5, "Good sense": "5"}, {"Wit": 1, "Good sense": 3}, asked))
    assert [(s.metric, s.value, s.why) for s in scores[:3]] == [
        ("total", 4.0, "Because."),
        ("Wit", 5.0, "Because."),
        ("Good sense", 3.0, "Because."),
    ]
    assert len(asked) == 4


def test_what_is_lacking_after_that_is_missing_and_counted_by_criterion(tmp_path: Path) -> None:
    scores, summary = built(tmp_path, answers({"Wit": 5, "Good sense": 9}, {"Good sense": 0}, []))
    assert [(s.metric, s.value) for s in scores[:3]] == [("total", None), ("Wit", 5.0), ("Good sense", None)]
    counts = {name: each["by"]["judge"]["missing"] for name, each in summary["judges"].items()}
    assert counts == {"total": 1, "Wit": 0, "Good sense": 1}
    assert summary["criteria"]["Good sense"]["missing"] == 1 and summary["metrics"]["total"]["mean"] == 3.0
