"""Boards of judged benches: both aggregates, what is missing by judge, bounds on the judges' own scale."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from komainu.eval.base import Answers, Scores
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.board import Board, Entry
from komainu.eval.judge.panel import Panel, panel
from komainu.eval.judge.verdict import Marked
from komainu.eval.league import found
from komainu.eval.league.columns import columns
from komainu.eval.measured import measured
from komainu.models.base import Model, Reply
from komainu.stage import wiring
from tests.eval.judge.test_core import Marks
from tests.eval.world import Items, context

STRICT, KIND = Model(name="strict"), Model(name="kind")
BENCH = Marks(language="ja")
JA = ExactMatch(language="ja")


def entry(name: str, judges: tuple[Model, ...] = (STRICT, KIND), n: int = 40) -> Entry:
    return Entry(name=name, scores=(panel(Answers(model=Model(name=name), items=Items(n=n)), BENCH, judges),))


def say(model: Model, text: str, sample: int) -> str | Reply:
    """Candidates say their item's number; the strict judge gives 2, but nothing to item 0; the kind one 4."""
    if model not in (STRICT, KIND):
        return f"answer {text}"
    mark = text.split("\n")[1]
    if model == STRICT and text.startswith("answer say 0\n"):
        return "I cannot tell."
    return f"So so.\n<verdict-{mark}>{2 if model == STRICT else 4}</verdict-{mark}>"


def built(root: Path, board: Board) -> tuple[dict[str, Any], dict[str, Any]]:
    ctx = context(root, say)
    artifact = ctx.store.build(board, ctx)
    return json.loads((artifact.path / "board.json").read_bytes()), artifact.summary


def test_a_row_has_both_means_and_what_each_judge_lacks(tmp_path: Path) -> None:
    found, _ = built(tmp_path, Board(entries=(entry("a"),)))
    (row,) = found["rows"]
    assert row["mean"] == round((19 * 2 + 20 * 4) / 39, 6) and row["balanced"] == 3.0
    assert {name: (j["n"], j["missing"]) for name, j in row["judges"].items()} == {"strict": (19, 1), "kind": (20, 0)}


def test_bounds_are_on_the_judges_own_scale(tmp_path: Path) -> None:
    found, _ = built(tmp_path, Board(entries=(entry("a"),)))
    (row,) = found["rows"]
    assert (row["bottom"], row["top"]) == (1.0, 5.0)
    assert (row["worst"], row["best"]) == ((19 * 2 + 20 * 4 + 1) / 40, (19 * 2 + 20 * 4 + 5) / 40)
    ja = found["headline"][0]["ja"]
    assert ja["withheld"] == "marks (ja) lacks 2.5 % of its verdicts, more than 0.5 %" and ja["mean"] is None
    assert (ja["worst"], ja["best"]) == (20 * row["worst"], 20 * row["best"])


def harsh(model: Model, text: str, sample: int) -> str | Reply:
    """As `say`, but both judges give the lowest mark, to item 2 alone a point more."""
    found = say(model, text, sample)
    if model not in (STRICT, KIND) or not isinstance(found, str):
        return found
    mark = text.split("\n")[1]
    points = 2 if text.startswith("answer say 2\n") else 1
    return f"No.\n<verdict-{mark}>{points}</verdict-{mark}>"


def test_no_interval_reaches_below_the_lowest_mark(tmp_path: Path) -> None:
    ctx = context(tmp_path, harsh)
    board = json.loads((ctx.store.build(Board(entries=(entry("a"),)), ctx).path / "board.json").read_bytes())
    (row,), ja = board["rows"], board["headline"][0]["ja"]
    assert 1 < row["low"] < row["mean"] == 1.05 < row["high"] < 1.5
    assert [ja[end] for end in ("low", "mean", "high")] == pytest.approx([20 * row[e] for e in ("low", "mean", "high")])


def test_what_is_missing_may_be_accepted_and_that_is_told_and_another_board(tmp_path: Path) -> None:
    plain = Board(entries=(entry("a"), entry("b")))
    board = replace(plain, accept=0.025)
    found, summary = built(tmp_path, board)
    ja = found["headline"][0]["ja"]
    assert ja["withheld"] == "" and ja["worst"] < ja["mean"] < ja["best"]
    assert ja["accepted"] == "accepted 2.5 % missing of marks (ja)" == summary["accepted"][0]
    assert found["accept"] == 0.025 and board.id != plain.id and "incomplete" not in summary
    assert found["decisions"][0]["withheld"] == found["headline_decisions"][0]["withheld"] == ""
    less, told = built(tmp_path, replace(plain, accept=0.024))
    assert less["headline"][0]["ja"]["withheld"].endswith("more than 2.4 %") and "accepted" not in told
    assert [problem for _, problem in wiring(replace(plain, accept=1.0))] != []


def test_nothing_is_accepted_where_little_is_missing(tmp_path: Path) -> None:
    found, summary = built(tmp_path, Board(entries=(entry("a", n=400),), accept=0.1))
    assert found["rows"][0]["missing"] == 1 and found["headline"][0]["ja"]["accepted"] == ""
    assert "accepted" not in summary


def test_entries_with_other_judges_rules_or_prompts_are_refused() -> None:
    other = entry("b", (STRICT,))
    (problem,) = [p for _, p in wiring(Board(entries=(entry("a"), other)))]
    assert "judged otherwise" in problem
    again = entry("b")
    (scores,) = again.scores
    assert isinstance(scores, Panel)
    read = replace(again, scores=(replace(scores, rule=Marked(rounding="half_even")),))
    assert any("judged otherwise" in p for _, p in wiring(Board(entries=(entry("a"), read))))


def test_how_scores_were_measured_tells_what_must_be_equal() -> None:
    (ours,), (theirs,) = entry("a").scores, entry("b").scores
    way = measured(ours)
    assert way == measured(theirs) and way["judges"] == "kind, strict" and way["prompt"] == BENCH.config()["prompt"]
    (fewer,) = entry("a", (STRICT,)).scores
    assert {k for k in way if way[k] != measured(fewer).get(k)} == {"judges"}
    (warm,) = entry("a", (STRICT, replace(KIND, temperature=0.5))).scores
    assert {k for k in way if way[k] != measured(warm).get(k)} == {"judged with"}
    assert isinstance(ours, Panel)
    rule = replace(ours, rule=Marked(rounding="half_even"))
    assert measured(rule).keys() - way.keys() == {"read by"}


@pytest.mark.parametrize(
    ("other", "word"),
    [
        ({"items": Items(n=41)}, "items"),
        ({"model": Model(name="b", max_tokens=7)}, "sampling"),
        ({"temperatures": (0.0, 0.5)}, "sampling"),
    ],
)
def test_items_sampling_and_settings_of_a_bench_are_part_of_it(other: dict[str, Any], word: str) -> None:
    plain = Scores(answers=Answers(model=Model(name="a"), items=Items(n=40)), bench=JA)
    changed = replace(plain, answers=replace(plain.answers, **other))
    assert {k for k in measured(changed) if measured(changed)[k] != measured(plain).get(k)} == {word}
    more = replace(plain, answers=replace(plain.answers, samples=2))
    assert measured(more) == measured(plain)
    assert measured(replace(plain, bench=replace(JA, tasks=("task0",))))["bench"] != measured(plain)["bench"]


def test_the_summary_of_scores_says_how_they_were_measured(tmp_path: Path) -> None:
    (scores,) = entry("a").scores
    ctx = context(tmp_path, say)
    assert ctx.store.build(scores, ctx).summary["measured"] == measured(scores)


def test_a_panel_gives_the_table_of_many_models_the_same_number_on_a_board_and_by_itself(tmp_path: Path) -> None:
    ctx = context(tmp_path, say)
    (scores,) = entry("a").scores
    refs = [ctx.store.build(stage, ctx).ref for stage in (Board(entries=(entry("a"),)), scores)]
    (on_board,), (alone,) = ([*found.numbers(ctx.store, (ref,))] for ref in refs)
    assert on_board.way == alone.way == measured(scores) and on_board[:2] == alone[:2]
    assert all(on_board.row[key] == pytest.approx(value) for key, value in alone.row.items() if key != "judges")
    assert {"mean", "worst", "best", "balanced", "judges", "n", "missing", "scores"} <= alone.row.keys()
    (column,) = [c for c in columns([on_board, alone], accept=0.05) if c.key == "marks_ja"]
    ((_, cell),) = column.cells.items()
    assert cell.why == "accepted without 2.5 % of its verdicts" and cell.more["balanced"] == 3.0
