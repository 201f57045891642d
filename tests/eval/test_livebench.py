"""LiveBench: our loading and totals for real, upstream's scorer played by a script with its arguments and files."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.errors import UsageError
from komainu.eval.base import Scores
from komainu.eval.board import Board, Entry
from komainu.eval.external.base import External, Job, job
from komainu.eval.external.livebench import (
    ENVIRONMENT,
    FILE,
    VERDICTS,
    LiveBench,
    LiveBenchTold,
    dated,
    judgments,
    released,
)
from komainu.eval.external.livebench_means import CATEGORIES, mean, totals
from komainu.eval.items import Source
from komainu.models.base import Model, Reply
from komainu.rows import Chat, Message, Score
from komainu.stage import wiring
from tests.eval.livebench_played import CONFINED, played, question, source
from tests.eval.world import context

TOLD = LiveBenchTold()


def six(folder: Path, left_out: str = "") -> dict[str, Source]:
    """Two tasks a category, three and one questions; in the first task the model knows the even ones."""
    found = {}
    for category in set(CATEGORIES) - {left_out}:
        many = [question(i, category, "many") for i in range(3)]
        found[category] = source(folder, category, [*many, question(4, category, "few")])
    return found


def say(model: Model, text: str, sample: int) -> str:
    i = int(text.split()[1])
    return f"It is {i}." if i % 2 == 0 else "no idea"


def test_a_question_belongs_to_a_release_when_it_was_out_and_not_removed() -> None:
    def belongs(out: str, removed: str | None) -> bool:
        return released(
            dated(question(0, "math", "t", livebench_release_date=out, livebench_removal_date=removed)), "2024-11-25"
        )

    assert belongs("2024-06-24", "") and belongs("2024-11-25", None) and belongs("2024-06-24", "2025-04-02")
    assert not belongs("2025-04-02", "") and not belongs("2024-07-01", "") and not belongs("2024-06-24", "2024-08-31")
    assert not belongs("2024-06-24", "2024-11-25")  # removed by this very release


def test_the_questions_of_the_hubs_parquet_are_read_with_their_dates_as_upstream_writes_them(tmp_path: Path) -> None:
    import datetime

    day = datetime.datetime
    rows = [
        question(1, "math", "t", livebench_release_date=day(2024, 6, 24), livebench_removal_date=""),
        question(2, "math", "t", livebench_release_date=day(2025, 4, 2), livebench_removal_date=""),
    ]
    rows = [{**row, "original_json": {"contest_date": day(2023, 8, 20, 1)}} for row in rows]
    (tmp_path / FILE).parent.mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / FILE)
    (found,) = LiveBench(sources={"math": Source(path=str(tmp_path))}).entries()
    assert found["question_id"] == "math-1" and found["livebench_release_date"] == "2024-06-24"
    assert found["original_json"] == {"contest_date": "2023-08-20 01:00:00"}


@CONFINED
def test_category_means_are_over_task_means_and_the_average_over_categories(tmp_path: Path) -> None:
    ctx = context(tmp_path / "store", say)
    bench = LiveBench(sources=six(tmp_path), environment=played(tmp_path / "env"))
    stage = External(model=Model(name="m"), items=bench)
    summary = ctx.store.build(stage, ctx).summary
    assert summary["tasks"]["math/many"] == {"mean": 0.666667, "n": 3, "missing": 0}
    assert summary["categories"]["math"] == 0.833333 and summary["missing_categories"] == []
    assert summary["average"] == 0.833333  # over items it would be 0.75
    board = ctx.store.build(Board(entries=(Entry(name="m", scores=(Scores(answers=stage, bench=TOLD),)),)), ctx)
    row, *_ = json.loads((board.path / "board.json").read_bytes())["rows"]
    assert (row["mean"], row["n"], row["missing"]) == (0.75, 24, 0)
    assert row["own"]["mean"] == pytest.approx(0.833333, abs=2e-6) and row["own"]["lacking"] == ""
    assert row["own"]["low"] < row["own"]["mean"] < row["own"]["high"]
    whole = ctx.open(Scores(answers=stage, bench=TOLD)).summary["overall"]
    assert whole["average"] == row["own"] and {*whole["categories"]} == {*CATEGORIES}
    assert whole["categories"]["math"]["mean"] == pytest.approx(0.833333, abs=2e-6)


@CONFINED
def test_a_missing_category_is_named_and_the_average_is_withheld(tmp_path: Path) -> None:
    ctx = context(tmp_path / "store", say)
    bench = LiveBench(sources=six(tmp_path, left_out="coding"), environment=played(tmp_path / "env"))
    stage = External(model=Model(name="m"), items=bench)
    summary = ctx.store.build(stage, ctx).summary
    assert summary["missing_categories"] == ["coding"] and summary["average"] is None
    assert ctx.store.build(Scores(answers=stage, bench=TOLD), ctx).summary["own"]["lacking"] == "without coding"
    assert "coding" not in summary["categories"] and summary["categories"]["math"] == 0.833333


@CONFINED
def test_no_verdict_is_missing_and_not_a_zero(tmp_path: Path) -> None:
    ctx = context(tmp_path / "store", say)
    questions = [question(0, "math", "t"), question(2, "math", "t", ground_truth="broken")]
    bench = LiveBench(sources={"math": source(tmp_path, "math", questions)}, environment=played(tmp_path / "env"))
    stage = External(model=Model(name="m"), items=bench)
    rows = [r.value for r in ctx.store.build(Scores(answers=stage, bench=TOLD), ctx).rows() if isinstance(r, Score)]
    assert rows == [1.0, None]
    assert ctx.open(stage).summary["tasks"]["math/t"] == {"mean": 1.0, "n": 2, "missing": 1}


@CONFINED
def test_an_answer_on_which_the_scorer_breaks_has_no_verdict_and_all_others_keep_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Upstream's ends there; it is started again with what has no verdict yet."""

    def boxed(model: Model, text: str, sample: int) -> str:
        i = text.split()[1]
        return f"{{{i}" if i in "13" else f"{{{i}}}"

    ctx = context(tmp_path / "store", boxed)
    many = [question(i, "math", "many") for i in range(5)]
    sources = {
        "math": source(tmp_path, "math", [*many, question(6, "math", "other")]),
        "language": source(tmp_path, "language", [question(7, "language", "first")]),
    }
    bench = LiveBench(sources=sources, environment=played(tmp_path / "env"))
    model = Model(name="m")
    starts, start = list[str](), Job.run_confined

    def counted(self: Job, *arguments: str, **places: Any) -> None:
        starts.append(" ".join(a for a in arguments if a.startswith("live_bench/")))
        start(self, *arguments, **places)

    monkeypatch.setattr(Job, "run_confined", counted)
    with job(bench, tmp_path, ctx, lambda messages: Reply(boxed(model, messages[0].content, 0))) as run:
        results = {r.id: r.scores["score"] for r in bench.play(run, bench.rows(), ctx)}
    assert results == dict.fromkeys(("math-0", "math-2", "math-4", "math-6", "language-7"), 1.0)
    assert run.notes == {"broken": dict.fromkeys(("math-1", "math-3"), "ValueError: substring not found")}
    language, others = "live_bench/language/first", "live_bench/math/many live_bench/math/other"
    assert starts == [f"{language} {others}", others, others]
    stage = External(model=model, items=bench)
    scores = [r for r in ctx.store.build(Scores(answers=stage, bench=TOLD), ctx).rows() if isinstance(r, Score)]
    assert [r.id for r in scores if r.value is None] == ["math-1", "math-3"]
    summary = ctx.open(stage).summary
    assert summary["without_result"] == 2 and summary["tasks"]["math/many"] == {"mean": 1.0, "n": 5, "missing": 2}


@CONFINED
def test_a_scorer_that_fails_for_another_reason_ends_the_run_and_its_error_is_told(tmp_path: Path) -> None:
    ctx = context(tmp_path / "store", say)
    questions = [*(question(i, "math", "t") for i in range(30)), question(30, "math", "t", ground_truth=None)]
    sources = {"math": source(tmp_path, "math", questions)}
    stage = External(model=Model(name="m"), items=LiveBench(sources=sources, environment=played(tmp_path / "env")))
    with pytest.raises(UsageError, match=r"ended with 1. Its last words:(?s:.*)TypeError: .*\nMend what they name"):
        ctx.store.build(stage, ctx)


@CONFINED
def test_a_limit_is_of_each_task_so_that_every_category_stays(tmp_path: Path) -> None:
    bench = LiveBench(sources=six(tmp_path)).limited(2)
    rows = Counter(row.meta["set"] for row in bench.rows())
    assert rows == {f"{category}/{task}": n for category in CATEGORIES for task, n in (("many", 2), ("few", 1))}
    ctx = context(tmp_path / "store", say)
    stage = External(model=Model(name="m"), items=replace(bench, environment=played(tmp_path / "env")))
    summary = ctx.store.build(stage, ctx).summary
    assert summary["rows"] == 18 and summary["without_result"] == 0 and summary["average"] is not None


def test_a_question_that_names_no_removal_stays(tmp_path: Path) -> None:
    found = question(0, "math", "t")
    del found["livebench_removal_date"]
    (told,) = LiveBench(sources={"math": source(tmp_path, "math", [found])}).entries()
    assert told["livebench_removal_date"] == ""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"turns": ["a", "b"]}, "`turns` with one text"),
        ({"category": "language"}, "is of the category 'language', its source is given for 'math'"),
        ({"question_id": ""}, "needs a text 'question_id'"),
        ({"livebench_release_date": None}, "needs a text 'livebench_release_date'"),
    ],
)
def test_a_question_of_another_form_is_refused_with_its_line(tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    found = [question(0, "math", "t"), {**question(1, "math", "t"), **wrong}]
    with pytest.raises(UsageError, match=f"math.jsonl:2: .*{said}"):
        [*LiveBench(sources={"math": source(tmp_path, "math", found)}).entries()]


def test_sources_are_checked_before_anything_is_fetched(tmp_path: Path) -> None:
    moving = Source(repo="livebench/math", revision="main")
    said = [each for _, each in wiring(LiveBench(sources={"maths": moving}))]
    assert any("no such category; did you mean 'math'?" in each for each in said)
    assert any("give the commit's 40 hex digits" in each for each in said)
    assert any("sources is empty" in each for _, each in wiring(LiveBench(sources={})))
    assert ENVIRONMENT.steps[-1][0].endswith("@0289a4569a8a384b83201e9bfcb2b590c7b50ce6")


@given(st.dictionaries(st.sampled_from(CATEGORIES), st.lists(st.none() | st.floats(0, 1), min_size=1), min_size=1))
def test_an_average_is_told_only_of_six_whole_categories(scores: dict[str, list[float | None]]) -> None:
    items = [
        Chat(f"{c}-{i}", (Message("user", "a"),), {"category": c, "task": "t"})
        for c, some in scores.items()
        for i in range(len(some))
    ]
    told = {f"{c}-{i}": v for c, some in scores.items() for i, v in enumerate(some) if v is not None}
    found = totals(items, told)
    whole = {c for c, some in scores.items() if any(v is not None for v in some)}
    assert set(found["missing_categories"]) == set(CATEGORIES) - whole
    assert (found["average"] is None) == (whole != set(CATEGORIES))
    assert sum(task["n"] for task in found["tasks"].values()) == len(items)


def test_a_mean_of_nothing_is_none() -> None:
    assert mean([]) is None and mean([None, 1.0]) is None and mean([0.0, 1.0]) == 0.5


@pytest.mark.parametrize("score", ["2", "NaN", "Infinity", "-0.5", '"x"'])
def test_a_verdict_that_is_no_score_is_refused(score: str, tmp_path: Path) -> None:
    file = tmp_path / "math" / "t" / VERDICTS
    file.parent.mkdir(parents=True)
    file.write_text(f'{{"question_id": "a", "score": -1}}\n{{"question_id": "b", "score": {score}}}\n')
    with pytest.raises(UsageError, match=r"ground_truth_judgment.jsonl:2: "):
        judgments(tmp_path)
