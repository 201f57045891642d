"""Marks and duels of the store: what judges gave, with the answers it was given for, and nothing that a rule gave."""

from __future__ import annotations

from pathlib import Path

import pytest

from komainu.errors import UsageError
from komainu.eval.bench.tl_bench.bench import strength
from komainu.eval.judge.panel import panel
from komainu.eval.panel.position import position_bias
from komainu.eval.panel.stored import duels, judged, marks
from tests.eval.judge.test_core import ANSWERS, BENCH, KIND, STRICT, say
from tests.eval.tl_bench import test_strength as tl
from tests.eval.tl_bench.tl_world import say as compare
from tests.eval.world import context


def test_what_judges_gave_is_there_with_the_length_of_the_answer_and_what_a_rule_gave_is_not(tmp_path: Path) -> None:
    ctx = context(tmp_path, say)
    scores = ctx.store.build(panel(ANSWERS, BENCH, (STRICT, KIND)), ctx)
    assert judged(scores) and not judged(ctx.open(ANSWERS)) and not [*duels(scores)]
    found = [*marks(ctx.store, scores)]
    assert {mark.item for mark in found} == {"item-0"}  # three of the four Japanese answers hold nothing to judge
    assert [(m.judge, m.score, m.model, m.bench, m.top) for m in found] == [
        ("kind", 4.0, "candidate", "marks", 5.0),
        ("strict", 3.0, "candidate", "marks", 5.0),
    ]
    assert found[0].length == len("answer to say 0") and not [*marks(ctx.store, scores, "tact")]


def test_comparisons_are_duels_and_what_a_fit_made_of_them_is_no_mark(tmp_path: Path) -> None:
    ctx = context(tmp_path, compare)
    scores = ctx.store.build(strength(tl.answers("many"), tl.BENCH, (tl.FAIR, tl.BIASED)), ctx)
    assert judged(scores) and not [*marks(ctx.store, scores)]
    rows = {row["judge"]: row for row in position_bias(duels(scores))}
    told = scores.summary["overall"]["position"]
    for judge, row in rows.items():
        assert row["consistent"][0] == pytest.approx(1 - told[judge]["flipped"] - told[judge]["half"], abs=1e-6)
        assert row["one_order"] == 0 and row["missing"] == 0
    assert rows["biased"]["first"] > rows["biased"]["second"] == 0 and rows["biased"]["p"] < 0.01
    assert rows["fair"]["first"] == rows["fair"]["second"] == 0 and rows["fair"]["consistent"][0] == 1.0


def test_scores_whose_answers_are_gone_are_told(tmp_path: Path) -> None:
    ctx = context(tmp_path, say)
    scores = ctx.store.build(panel(ANSWERS, BENCH, (STRICT,)), ctx)
    (ctx.open(ANSWERS).path / "record.json").unlink()
    with pytest.raises(UsageError, match=r"the answers of panel/\w+ are not in"):
        [*marks(ctx.store, scores)]
