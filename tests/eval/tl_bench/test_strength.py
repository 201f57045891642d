"""tl-bench end to end: both orders, what is decided by rule, missing verdicts, LT, its parts, the adaptive mode."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from komainu.context import Context
from komainu.errors import EndpointError, UsageError
from komainu.eval.base import Answers
from komainu.eval.bench.tl_bench.adaptive import Adaptive, schedule
from komainu.eval.bench.tl_bench.anchors import AnchorFiles, load
from komainu.eval.bench.tl_bench.bench import Placed, TlBench, strength
from komainu.eval.bench.tl_bench.duels import TlDuels
from komainu.eval.bench.tl_bench.items import TlBenchItems
from komainu.eval.bench.tl_bench.judged import JudgedAnchors
from komainu.eval.bench.tl_bench.placing import Result
from komainu.eval.bench.tl_bench.strength import Strength
from komainu.eval.bench.tl_bench.won import results
from komainu.eval.board import Board, Entry
from komainu.eval.items import Source
from komainu.models.base import Model, Reply
from komainu.models.cache import Cached
from komainu.rows import Chat, Score
from komainu.stage import wiring
from komainu.store import Artifact, Store
from tests.eval.tl_bench.tl_world import MARK, between, say
from tests.eval.world import Parrot, Say, context

ITEMS = TlBenchItems(limit=3)
FAIR, BIASED = Model(name="fair"), Model(name="biased")
BENCH = TlBench()


def answers(name: str, items: TlBenchItems = ITEMS) -> Answers:
    return Answers(model=Model(name=name), items=items)


def built(root: Path, stage: Any, says: Say = say) -> tuple[Context, Artifact]:
    ctx = context(root, says)
    return ctx, ctx.store.build(stage, ctx)


def asked(ctx: Context) -> int:
    assert isinstance(ctx.client, Parrot)
    return ctx.client.asked


def scores_of(made: Artifact) -> list[Score]:
    return [row for row in made.rows() if isinstance(row, Score)]


def placed(root: Path, name: str, judges: Sequence[Model] = (FAIR,), says: Say = say) -> dict[str, Any]:
    return built(root, strength(answers(name), BENCH, judges), says)[1].summary


def test_better_translations_stand_higher_and_every_number_has_its_interval(tmp_path: Path) -> None:
    found = {name: placed(tmp_path / name, name) for name in ("slight", "many", "wreck")}
    means = [each["metrics"]["lt"]["mean"] for each in found.values()]
    assert means == sorted(means, reverse=True)
    for each in found.values():
        lt = each["metrics"]["lt"]
        assert 0 <= lt["low"] <= lt["mean"] <= lt["high"] <= 10
        assert (lt["n"], lt["items"], lt["missing"]) == (12 * 7 * 2, 12, 0)
        assert set(each["by"]) >= {"ja-en", "en-ja", "easy", "hard", "ja-en hard"}
        assert each["by"]["ja-en"]["items"] == 6 and each["tags"] == {"tagged": 12}


def test_each_pairing_is_asked_in_both_orders_and_equal_words_are_a_tie_without_a_judge(tmp_path: Path) -> None:
    stage = strength(answers("some"), BENCH, (FAIR,))
    ctx, made = built(tmp_path, stage)
    said = [row for row in ctx.open(stage.duels[0]).rows() if isinstance(row, Chat)]
    places = {(row.id, row.meta["anchor"]): [] for row in said}  # type: ignore[var-annotated]
    for row in said:
        places[row.id, row.meta["anchor"]].append(row.meta["place"])
    assert all(each == ["first", "second"] for each in places.values())
    first = next(row for row in said if row.meta["place"] == "first")
    other = next(
        row for row in said if (row.id, row.meta["anchor"]) == (first.id, first.meta["anchor"]) and row != first
    )
    shown = [(between(row.messages[0].content, "translation-a"), row.messages[0].content) for row in (first, other)]
    assert shown[0][0] == between(shown[1][1], "translation-b") and first.meta["mark"] != other.meta["mark"]
    rows = scores_of(made)
    ruled = [row for row in rows if row.by == "rule"]
    assert (
        ruled
        and {row.value for row in ruled} == {0.5}
        and {row.why for row in ruled} == {"equal: word for word the anchor's"}
    )
    assert len(rows) == 12 * 7 * 2 + 12 and asked(ctx) == 12 + len(said) == 12 + 12 * 7 * 2 - len(ruled)
    assert made.summary["by_rule"] == {"equal": len(ruled)} == made.summary["metrics"]["lt"]["reasons"]


def test_the_parts_of_the_texts_have_lt_as_their_mean_and_are_what_a_board_compares(tmp_path: Path) -> None:
    entries = tuple(Entry(name=n, scores=(strength(answers(n), BENCH, (FAIR,)),)) for n in ("slight", "most"))
    ctx, made = built(tmp_path, Board(entries=entries))
    found = json.loads((made.path / "board.json").read_bytes())
    for entry, row in zip(entries, found["rows"], strict=True):
        own = scores_of(ctx.open(entry.scores[0]))
        parts = [score.value for score in own if score.metric == "lt" and score.value is not None]
        assert sum(parts) / 12 == pytest.approx(row["mean"], abs=1e-6)
        column = entry.scores[0].column(own, "lt")
        assert sum(map(len, column.values())) == row["n"] == 168
    (decision,) = found["decisions"]
    means = [row["mean"] for row in found["rows"]]
    assert decision["difference"] == pytest.approx(means[1] - means[0], abs=1e-5) and decision["word"] == "worse"
    assert found["headline"][0]["ja"]["mean"] == pytest.approx(10 * means[0], abs=1e-4)


def test_position_bias_is_told(tmp_path: Path) -> None:
    position = placed(tmp_path, "some", (FAIR, BIASED))["overall"]["position"]
    assert position["fair"] == {"first_place": 0.5, "flipped": 0.0, "half": 0.0}
    assert position["biased"]["first_place"] > 0.6 and position["biased"]["flipped"] > 0.2


def test_two_judges_are_fitted_jointly_and_told_one_by_one(tmp_path: Path) -> None:
    found = placed(tmp_path, "few", (FAIR, BIASED))
    by = found["judges"]["lt"]["by"]
    assert found["metrics"]["lt"]["n"] == 336 and {each["n"] for each in by.values()} == {168}
    low, high = sorted(each["mean"] for each in by.values())
    assert low <= found["metrics"]["lt"]["mean"] <= high
    assert found["judges"]["lt"]["balanced"] == pytest.approx((low + high) / 2, abs=1e-6)
    alone = placed(tmp_path / "alone", "few", (FAIR,))
    assert alone["metrics"]["lt"]["mean"] == pytest.approx(by["fair"]["mean"], abs=1e-6)


def test_answers_with_no_translation_lose_by_rule_and_missing_ones_are_counted(tmp_path: Path) -> None:
    texts = [item.meta["text"] for item in ITEMS.rows()]
    odd: dict[str, str | Reply] = {
        texts[0]: "<translation> </translation>",
        texts[1]: Reply("", "length"),
        texts[2]: Reply("<translation>", "length"),
    }

    def says(model: Model, text: str, sample: int) -> str | Reply:
        if model == FAIR:
            return say(model, text, sample)
        found = [reply for source, reply in odd.items() if source in text]
        return found[0] if found else say(model, text, sample)

    _, made = built(tmp_path, strength(answers("few"), BENCH, (FAIR,)), says)
    rows = scores_of(made)
    values = [{row.value for row in rows if row.id == item.id and "/" in row.metric} for item in ITEMS.rows()[:3]]
    assert values == [{0.0}, {None}, {0.0}]
    assert made.summary["metrics"]["lt"]["missing"] == 14 and made.summary["metrics"]["lt"]["items"] == 11
    assert made.summary["by_rule"]["empty"] == 28 and made.summary["by_rule"]["missing"] == 14


def test_a_verdict_that_cannot_be_read_takes_the_other_order_with_it(tmp_path: Path) -> None:
    def says(model: Model, text: str, sample: int) -> str | Reply:
        if model == FAIR and "translation-a" in text and len(between(text, "translation-a")) % 7 == 0:
            return "I like both."
        if model == FAIR and "No explanation" in text:
            return "<verdict-000000000000>A</verdict-000000000000>"
        return say(model, text, sample)

    stage = strength(answers("many"), BENCH, (FAIR,))
    _, made = built(tmp_path, stage)
    whole = made.summary["metrics"]["lt"]
    _, made = built(tmp_path / "odd", stage, says)
    rows, lt = scores_of(made), made.summary["metrics"]["lt"]
    gone = [row for row in rows if row.value is None]
    assert gone and all(row.why.startswith("missing: no verdict") for row in gone)
    assert lt["missing"] % 2 == 0 and len(gone) <= lt["missing"] <= 2 * len(gone)
    assert lt["n"] + lt["missing"] == whole["n"]
    assert made.summary["asked_again"]["fair"] == len(gone)
    column = stage.column(rows, "lt")
    assert sum(value is None for some in column.values() for value in some) == lt["missing"]


def test_one_order_alone_says_nothing() -> None:
    scores = [
        Score("x", "few/first", 1.0, "fair"),
        Score("x", "few/second", None, "fair"),
        Score("x", "most/first", 1.0, "fair"),
        Score("x", "most/second", 0.5, "fair"),
        Score("x", "few/first", 0.0, "biased"),
        Score("x", "few/second", 0.0, "biased"),
    ]
    assert results(scores) == [Result("x", "most", 1.5, 2.0), Result("x", "few", 0.0, 2.0)]


def test_a_candidate_that_wins_everything_is_told_and_its_interval_is_open(tmp_path: Path) -> None:
    def says(model: Model, text: str, sample: int) -> str | Reply:
        if model == FAIR:
            mark = MARK.search(text)
            assert mark
            return (
                f"<verdict-{mark[1]}>{'A' if 'the best' in between(text, 'translation-a') else 'B'}</verdict-{mark[1]}>"
            )
        return "<translation>the best</translation>"

    found = placed(tmp_path, "best", says=says)
    assert found["overall"]["side"] == "above" and found["overall"]["win_rate"] == 1.0
    lt = found["metrics"]["lt"]
    assert lt["low"] < lt["mean"] < lt["high"] == 10.0 and lt["mean"] > 9


WORDS = [("A", 1.0), (" tie ", 0.5), ("b", 0.0), ("C", None), ("A or B", None), ("", None)]


@pytest.mark.parametrize(("said", "value"), WORDS)
def test_a_verdict_is_a_b_or_tie(said: str, value: float | None) -> None:
    found = Placed().read(f"Because.\n<verdict-3f9a2c71d04e>{said}</verdict-3f9a2c71d04e>", "3f9a2c71d04e", BENCH)
    assert found.values.get("first") == value and found.reason == "Because."
    assert bool(found.wrong) == (value is None)


def test_a_new_candidate_costs_only_its_own_comparisons_and_reading_again_nothing(tmp_path: Path) -> None:
    ctx, _ = built(tmp_path, strength(answers("some"), BENCH, (FAIR,)))
    before = asked(ctx)
    stage = strength(answers("many"), BENCH, (FAIR,))
    ctx.store.build(stage, ctx)
    own = sum(1 for _ in ctx.open(stage.duels[0]).rows())
    assert asked(ctx) - before == 12 + own
    before = asked(ctx)
    ctx.store.build(strength(answers("many"), BENCH, (FAIR, BIASED)), ctx)
    assert asked(ctx) - before == own  # the second judge alone


def test_a_schedule_asks_each_text_alike_and_never_twice(tmp_path: Path) -> None:
    plan = schedule(["x", "y", "z"], ["a", "b"], 0)
    found = [*plan.take(4), *plan.take(9, {"a": 0.1, "b": 0.2})]
    assert len({*found}) == len(found) == 6
    assert [pairing.item for pairing in found[:3]] == [pairing.item for pairing in found[3:]]
    fresh = schedule(["x", "y", "z"], ["a", "b"], 0)
    assert [pairing.anchor for pairing in fresh.take(3, {"b": 0.2})] == ["b"] * 3


def test_an_adaptive_run_that_was_stopped_goes_on_from_the_answers_it_has(tmp_path: Path) -> None:
    stage = strength(answers("some"), TlBench(adaptive=Adaptive(width=1.5, batch=4)), (FAIR,))
    whole = built(tmp_path / "whole", stage)
    left = 12 + 30

    def failing(model: Model, text: str, sample: int) -> str | Reply:
        nonlocal left
        left -= 1
        if left < 0:
            raise EndpointError("the server is gone")
        return say(model, text, sample)

    broken, mended = Parrot(failing), Parrot(say)
    for client in (broken, mended):
        with Context(Store(tmp_path / "store"), Cached(client, tmp_path / "calls.sqlite")) as ctx:
            if client is broken:
                with pytest.raises(EndpointError):
                    ctx.store.build(stage, ctx)
            else:
                made = ctx.store.build(stage, ctx)
    assert (made.path / "rows.jsonl").read_bytes() == (whole[1].path / "rows.jsonl").read_bytes()
    assert 0 < mended.asked <= asked(whole[0]) - 12 - 16


def test_the_adaptive_mode_stops_at_the_width_and_asks_the_same_fewer_each_time(tmp_path: Path) -> None:
    everything = TlBenchItems(limit=8)
    how = TlBench(adaptive=Adaptive(width=2.0, batch=6))
    full = strength(answers("some", everything), BENCH, (FAIR,))
    _, made = built(tmp_path, full)
    stage = strength(answers("some", everything), how, (FAIR,))
    assert stage.duels[0].id != full.duels[0].id
    again, twin = built(tmp_path / "twin", stage)
    duels = again.open(stage.duels[0])
    assert duels.summary["pairings"] <= 0.6 * duels.summary["possible"]
    lt = twin.summary["metrics"]["lt"]
    assert lt["high"] - lt["low"] <= 2.6 and abs(lt["mean"] - made.summary["metrics"]["lt"]["mean"]) < 1.5
    once_more, other = built(tmp_path / "other", stage)
    assert (other.path / "rows.jsonl").read_bytes() == (twin.path / "rows.jsonl").read_bytes()
    assert asked(once_more) == asked(again)


def test_the_adaptive_mode_leaves_no_text_without_a_verdict_so_that_its_headline_stands(tmp_path: Path) -> None:
    wide = TlBench(adaptive=Adaptive(width=10.0, batch=5, first=2))  # satisfied at once
    stage = strength(answers("some", TlBenchItems(limit=6)), wide, (FAIR,))
    ctx, _ = built(tmp_path, stage)
    assert ctx.open(stage.duels[0]).summary["pairings"] == 27  # 2 and 5 at a time, until there are 24
    board = ctx.store.build(Board(entries=(Entry(name="some", scores=(stage,)),)), ctx)
    ja = json.loads((board.path / "board.json").read_bytes())["headline"][0]["ja"]
    assert ja["withheld"] == "" and ja["low"] < ja["mean"] < ja["high"]


@pytest.mark.parametrize("how", [{"width": 0.0}, {"width": 11.0}, {"batch": 0}, {"first": 0}])
def test_an_adaptive_mode_that_cannot_be_is_refused(how: dict[str, Any]) -> None:
    stage = strength(answers("some"), TlBench(adaptive=Adaptive(**how)), (FAIR,))
    assert any("Adaptive" in problem for _, problem in wiring(stage))


def test_wiring_that_cannot_be_right_is_refused() -> None:
    twice = Answers(model=Model(name="some", temperature=1.0), items=ITEMS, samples=2)
    said = [problem for _, problem in wiring(strength(twice, BENCH, (FAIR,)))]
    assert any("one translation of each" in problem for problem in said)
    no_judge = Strength(answers=answers("some"), bench=BENCH, duels=())
    other = TlDuels(answers=answers("many"), bench=BENCH, judge=FAIR)
    named = strength(answers("some"), BENCH, (Model(name="rule"),))
    mixed = Strength(answers=answers("some"), bench=BENCH, duels=(other, other))
    problems = [problem for stage in (no_judge, mixed, named) for problem in stage.check()]
    for told in ("is empty", "other answers", "2 judges called", "called 'rule'"):
        assert any(told in problem for problem in problems), told


def test_any_answers_and_a_judge_make_new_anchors_that_files_keep(tmp_path: Path) -> None:
    made = JudgedAnchors(answers=(answers("slight"), answers("some"), answers("most")), judge=FAIR)
    ctx, found = built(tmp_path, made)
    asked_with = {key: BENCH.config()[key] for key in ("prompt", "again")}
    assert {key: made.config()[key] for key in asked_with} == asked_with  # another prompt, other anchors
    strengths = {name: each["strength"] for name, each in found.summary["anchors"].items()}
    assert strengths["slight"] > strengths["some"] > strengths["most"]
    folder = tmp_path / "anchors-v1"
    folder.mkdir()
    for name in ("rows.jsonl", "duels.jsonl"):
        (folder / name).write_bytes((found.path / name).read_bytes())
    kept = AnchorFiles(source=Source(path=str(folder)))
    assert load(folder) == load(found.path) and kept.names == ("slight", "some", "most")
    stage = strength(answers("many"), TlBench(anchors=kept), (FAIR,))
    assert ctx.store.build(stage, ctx).summary["metrics"]["lt"]["n"] == 12 * 3 * 2
    lone = JudgedAnchors(answers=(answers("slight"),), judge=FAIR)
    assert "at least two" in next(lone.check())


def test_anchors_without_a_text_of_the_candidate_are_refused(tmp_path: Path) -> None:
    made = JudgedAnchors(answers=(answers("slight"), answers("some")), judge=FAIR)
    with pytest.raises(UsageError, match="the anchors have no translation of 4 texts"):
        built(tmp_path, strength(answers("many", TlBenchItems(limit=4)), TlBench(anchors=made), (FAIR,)))
