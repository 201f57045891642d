from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from komainu.errors import UsageError
from komainu.eval.base import Answers, Bench, Scores, judged
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.board import Board, Entry
from komainu.files import write_rows
from komainu.models.base import Model, Reply, RopeScaling
from komainu.rows import Chat, Score
from komainu.stage import Stage, wiring
from tests.eval.world import Items, Say, context, item, right, share_right

SHARES = {"base": 0.2, "sft": 0.8, "dpo": 0.8}


@dataclass(frozen=True, kw_only=True)
class Sorry(Bench):
    """The share of answers that do not know: lower is better."""

    name: ClassVar[str] = "sorry"
    metrics: ClassVar[tuple[str, ...]] = ("sorry",)
    higher_is_better: ClassVar[bool] = False

    def score(self, chat: Chat) -> list[Score]:
        return judged(self, chat, "does not know" if "わかりません" in chat.reply else "")


JA, EN, SORRY = ExactMatch(language="ja"), ExactMatch(language="en"), Sorry(language="ja")
BENCHES: tuple[Bench, ...] = (SORRY, EN, JA)
ITEMS = Items(n=200)


def entry(name: str, benches: tuple[Bench, ...] = BENCHES, items: Stage = ITEMS) -> Entry:
    answers = Answers(model=Model(name=name), items=items)
    return Entry(name=name, scores=tuple(Scores(answers=answers, bench=bench) for bench in benches))


def asked(scores: Scores, **how: Any) -> Scores:
    return replace(scores, answers=replace(scores.answers, **how))


BOARD = Board(entries=tuple(map(entry, SHARES)))


def built(root: Path, board: Board = BOARD, say: Say | None = None) -> dict[str, Any]:
    ctx = context(root, say or share_right(SHARES))
    found: dict[str, Any] = json.loads((ctx.store.build(board, ctx).path / "board.json").read_text(encoding="utf-8"))
    return found


def summed(root: Path, say: Say | None = None) -> dict[str, Any]:
    ctx = context(root, say or share_right(SHARES))
    return ctx.store.build(BOARD, ctx).summary


def picked(lines: list[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    (found,) = [line for line in lines if all(line[k.rstrip("_")] == v for k, v in wanted.items())]
    return found


def test_a_row_tells_its_numbers_and_where_they_come_from(tmp_path: Path) -> None:
    board = built(tmp_path)
    assert len(board["rows"]) == 9
    row = picked(board["rows"], entry="sft", bench="exact", language="ja")
    assert (row["metric"], row["mean"], row["n"], row["missing"]) == ("exact", 0.8, 100, 0)
    assert row["low"] < 0.8 < row["high"] and row["higher_is_better"] is True
    assert (tmp_path / row["scores"] / "rows.jsonl").exists() and (tmp_path / row["answers"] / "rows.jsonl").exists()


def test_the_tasks_of_the_exact_bench_are_listed(tmp_path: Path) -> None:
    line = picked(built(tmp_path)["tasks"], entry="base", language="ja", task="task0")
    assert (line["n"], line["bench"]) == (50, "exact") and 0 < line["low"] < line["mean"] < line["high"]


def test_a_rate_where_lower_is_better_counts_as_a_hundred_minus_it(tmp_path: Path) -> None:
    headline = picked(built(tmp_path)["headline"], entry="base")
    assert headline["ja"]["mean"] == 20.0  # (exact 20 + (100 - sorry 80)) / 2
    assert headline["en"]["mean"] == 20.0 and headline["avg"]["mean"] == 20.0
    assert headline["avg"]["low"] < 20 < headline["avg"]["high"]
    assert (headline["ja"]["withheld"], headline["ja"]["worst"], headline["ja"]["best"]) == ("", 20.0, 20.0)


def test_the_interval_of_an_average_draws_items_and_not_scores(tmp_path: Path) -> None:
    """Two benches that say the same of the same items are no more certain than one."""
    two = picked(built(tmp_path)["headline"], entry="base")["ja"]
    one = picked(built(tmp_path, Board(entries=(entry("base", (JA, EN)),)))["headline"], entry="base")["ja"]
    assert one["high"] - one["low"] == pytest.approx(two["high"] - two["low"], abs=1.0)
    assert 14 < one["high"] - one["low"] < 18  # 2·1.96·sqrt(.2·.8/100) is 15.7


def test_a_perfect_model_is_not_perfectly_certain(tmp_path: Path) -> None:
    ja = built(tmp_path, Board(entries=(entry("dpo"),)), share_right({"dpo": 1.0}))["headline"][0]["ja"]
    assert (ja["mean"], ja["high"]) == (100.0, 100.0) and 96 < ja["low"] < 96.5  # Wilson, 100 of 100


def test_decisions_are_paired_and_know_the_direction(tmp_path: Path) -> None:
    board = built(tmp_path)
    assert [(d["from"], d["to"]) for d in board["decisions"][::3]] == [("base", "sft"), ("sft", "dpo"), ("base", "dpo")]
    up = picked(board["decisions"], from_="base", to="sft", bench="exact", language="ja")
    assert (up["difference"], up["up"], up["down"], up["n"]) == (0.6, 60, 0, 100)
    assert up["low"] < 0.6 < up["high"] and up["p"] <= up["p_holm"] < 1e-12 and up["word"] == "better"
    fewer = picked(board["decisions"], from_="base", to="sft", bench="sorry")
    assert fewer["difference"] == -0.6 and fewer["word"] == "better"
    same = picked(board["decisions"], from_="sft", to="dpo", bench="exact", language="en")
    assert same["word"] == "not distinguishable" and same["p"] == 1.0 and same["low"] < 0 < same["high"]


def test_averages_are_compared_too(tmp_path: Path) -> None:
    tests = built(tmp_path)["headline_decisions"]
    assert [t["part"] for t in tests[:3]] == ["ja", "en", "avg"]
    up = picked(tests, from_="base", to="sft", part="avg")
    assert up["difference"] == 60.0 and up["low"] < 60 < up["high"] and up["word"] == "better"
    assert picked(tests, from_="sft", to="dpo", part="ja")["word"] == "not distinguishable"


def test_what_an_average_could_have_shown_is_of_its_items_spread_within_their_benches(tmp_path: Path) -> None:
    """60 of 100 Japanese items and none of 100 English ones differ: 80 % power takes 2.8 standard errors."""

    def say(model: Model, text: str, sample: int) -> str:
        i = int(text.split()[1])
        return right(i) if i % 2 or model.name == "sft" or i % 10 < 4 else "わかりません。"

    board = built(tmp_path, Board(entries=(entry("base", (JA, EN)), entry("sft", (JA, EN)))), say)
    avg = picked(board["headline_decisions"], part="avg")
    error = 100 * (0.6 * 0.4 / 99) ** 0.5 / 2
    assert avg["difference"] == 30 and avg["detectable"] == pytest.approx(2.8016 * error, rel=1e-3)
    for low, high in (("low", "high"), ("boot_low", "boot_high")):
        assert avg[high] - avg[low] == pytest.approx(2 * 1.98 * error, rel=0.1)


def test_a_worse_model_is_called_worse(tmp_path: Path) -> None:
    board = built(tmp_path, Board(entries=(entry("sft"), entry("base"))))
    assert {d["word"] for d in board["decisions"]} == {"worse"} and len(board["decisions"]) == 3


def some_missing(model: Model, text: str, sample: int) -> str | Reply:
    i = int(text.split()[1])
    return Reply("", finish="length") if model.name == "sft" and i in (0, 2) else right(i)


def test_an_average_that_lacks_verdicts_is_withheld_with_its_bounds(tmp_path: Path) -> None:
    board = built(tmp_path, say=some_missing)
    sft = picked(board["headline"], entry="sft")
    assert sft["ja"]["mean"] is None and sft["avg"]["mean"] is None and sft["en"]["mean"] == 100.0
    assert sft["ja"]["withheld"] == "exact (ja) lacks 2.0 % of its verdicts, more than 0.5 %"
    assert (sft["ja"]["worst"], sft["ja"]["best"]) == (98.0, 100.0)
    assert picked(board["headline"], entry="dpo")["ja"]["mean"] == 100.0
    decision = picked(board["decisions"], from_="base", to="sft", bench="exact", language="ja")
    assert (decision["cells"], decision["missing"]) == (98, 2)
    average = picked(board["headline_decisions"], from_="base", to="sft", part="ja")
    told = ("difference", "low", "high", "boot_low", "boot_high", "detectable", "p", "p_holm", "word")
    for each in (decision, average):
        assert each["withheld"] == sft["ja"]["withheld"] and each["n"] == 0
        assert {each[key] for key in told} == {None}
    whole = picked(board["decisions"], from_="base", to="sft", bench="exact", language="en")
    assert (whole["word"], whole["p"], whole["withheld"]) == ("not distinguishable", 1.0, "")


def test_a_withheld_average_is_told_in_the_summary(tmp_path: Path) -> None:
    lacking = "lacks 2.0 % of its verdicts, more than 0.5 %"
    summary = summed(tmp_path, say=some_missing)
    assert [what.split(":")[0] for what in summary["incomplete"]] == ["sft ja", "sft avg"]
    assert all(lacking in what for what in summary["incomplete"])
    assert summary["decisions"] == {"not distinguishable": 5, "withheld": 4}
    assert "incomplete" not in summed(tmp_path / "whole")


def test_few_missing_verdicts_do_not_withhold_an_average(tmp_path: Path) -> None:
    many = Items(n=1000)
    board = built(tmp_path, Board(entries=(entry("sft", (JA, EN), many),)), some_missing)
    ja = board["headline"][0]["ja"]
    assert (ja["mean"], ja["worst"], ja["best"]) == (100.0, 99.6, 100.0)


def test_a_part_of_an_average_is_not_shown_as_the_whole(tmp_path: Path) -> None:
    board = built(tmp_path, Board(entries=(entry("sft", (JA,)), entry("dpo", (JA,)))))
    assert board["headline"][0]["en"] is None and board["headline"][0]["avg"] is None
    assert [t["part"] for t in board["headline_decisions"]] == ["ja"]


def problems(*entries: Entry) -> list[str]:
    return [problem for _, problem in wiring(Board(entries=entries))]


def test_boards_that_do_not_compare_like_with_like_are_refused() -> None:
    assert not problems(entry("a"), entry("b"))
    (lacks,) = problems(entry("a"), entry("b", (JA, EN)))
    assert lacks == "the entry 'b' lacks the bench sorry (ja), which 'a' has; score both with it"
    (more,) = problems(entry("a", (JA,)), entry("b", (JA, EN)))
    assert more.startswith("the entry 'a' lacks the bench exact (en)")
    (items,) = problems(entry("a", (JA,)), entry("b", (JA,), Items(n=7)))
    assert "different items" in items
    (settings,) = problems(entry("a", (JA,)), entry("b", (replace(JA, tasks=("task0",)),)))
    assert "other settings" in settings
    for sampled in ({"model": Model(name="b", temperature=0.5)}, {"temperatures": (0.0, 0.5)}):
        other = Entry(name="b", scores=tuple(asked(scores, **sampled) for scores in entry("b", (JA,)).scores))
        assert ["is sampled otherwise" in problem for problem in problems(entry("a", (JA,)), other)] == [True]


def test_a_wrong_board_is_not_built_even_when_nobody_checked_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lacks the bench"):
        built(tmp_path, Board(entries=(entry("sft"), entry("dpo", (JA, EN)))))


def test_rope_scaling_is_the_models_own_shown_with_its_scores_and_not_how_it_is_sampled(tmp_path: Path) -> None:
    rope = RopeScaling(factor=2)
    plain = entry("sft")
    answers = Answers(model=Model(name="dpo", rope=rope), items=ITEMS)
    scaled = Entry(name="dpo", scores=tuple(Scores(answers=answers, bench=bench) for bench in BENCHES))
    assert problems(plain, scaled) == []
    rows = built(tmp_path, Board(entries=(plain, scaled)))["rows"]
    assert {row["entry"]: row["sampling"].get("rope") for row in rows} == {"sft": None, "dpo": 2}
    mixed = Entry(name="dpo", scores=(*scaled.scores[:1], *entry("dpo").scores[1:]))
    assert "several models" in problems(mixed)[0]


def test_names_models_and_emptiness_are_checked() -> None:
    assert "stands 2 times" in problems(entry("a"), entry("a"))[0]
    assert "stands 2 times" in problems(entry("a", (JA, JA)))[0]
    assert "is empty" in problems()[0]
    assert "has no scores" in problems(Entry(name="a", scores=()))[0]
    mixed = Entry(name="a", scores=(*entry("a", (JA,)).scores, *entry("b", (EN,)).scores))
    assert "several models" in problems(mixed)[0]


@dataclass(frozen=True, kw_only=True)
class Forgetful(Scores):
    """Scores that lost the item 2."""

    def run(self, out: Path, ctx: Any) -> dict[str, Any]:
        summary = super().run(out, ctx)
        kept = [Score(item(i).id, "exact", 1.0) for i in range(0, 200, 2) if i != 2]
        return {**summary, "rows": write_rows(out / "rows.jsonl", kept)}


def test_items_that_one_entry_lacks_are_named(tmp_path: Path) -> None:
    answers = Answers(model=Model(name="dpo"), items=ITEMS)
    lossy = Entry(name="dpo", scores=(Forgetful(answers=answers, bench=JA),))
    with pytest.raises(UsageError, match=r"'dpo' has no exact \(ja\) score for 1 items that 'sft' has, first 'item-2'"):
        built(tmp_path, Board(entries=(entry("sft", (JA,)), lossy)))
    with pytest.raises(UsageError, match=r"'sft'.*first|'dpo' has no"):
        built(tmp_path, Board(entries=(lossy, entry("sft", (JA,)))))


def test_two_builds_give_the_same_bytes_and_another_seed_another_bootstrap(tmp_path: Path) -> None:
    paths = []
    for root in ("a", "b"):
        ctx = context(tmp_path / root, share_right(SHARES))
        paths.append(ctx.store.build(BOARD, ctx).path / "board.json")
    assert paths[0].read_bytes() == paths[1].read_bytes()
    other = built(tmp_path / "a", replace(BOARD, seed=1))
    board = json.loads(paths[0].read_text(encoding="utf-8"))
    assert board["headline"] == other["headline"]  # nothing is drawn for it
    one, two = (b["headline_decisions"][0] for b in (board, other))
    drawn = {"boot_low", "boot_high"}
    assert {"boot_low"} <= {k for k in one if one[k] != two[k]} <= drawn and abs(one["boot_low"] - one["low"]) < 3


def test_the_summary_is_small_and_holds_the_averages(tmp_path: Path) -> None:
    ctx = context(tmp_path, share_right(SHARES))
    summary = ctx.store.build(BOARD, ctx).summary
    assert summary["headline"]["dpo"] == {"ja": 80.0, "en": 80.0, "avg": 80.0}
    assert summary["decisions"] == {"better": 6, "not distinguishable": 3}
