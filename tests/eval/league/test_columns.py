"""Columns of many models: what may stand in one, what an average needs, what is withheld."""

from __future__ import annotations

import pytest

from komainu.eval.family import ELYZA, IFEVAL, JA_MT, JP_IFEVAL, LLM_JP_EVAL, RAKUDA, RP_BENCH, TENGU, TL_BENCH, Shown
from komainu.eval.league.cells import Cell
from komainu.eval.league.columns import Column, Entrant, columns
from komainu.eval.league.found import Number
from tests.eval.league.world import HOW, TOPS, full, numbers, row

OTHER = {**HOW, "judges": "gpt-4"}
PANEL = {**HOW, "judges": "athene, llama"}
SHABERI = (ELYZA, JA_MT, RAKUDA, TENGU)


def by_key(some: list[Number], accept: float = 0.0) -> dict[str, Column]:
    return {column.key: column for column in columns(some, accept)}


def at(column: Column, model: str) -> Cell:
    return column.cells[Entrant(model, f"id of {model}")]


def test_scores_measured_differently_never_share_a_column() -> None:
    some = numbers([row("a", ELYZA, 8), row("b", ELYZA, 7)]) + numbers([row("c", ELYZA, 9)], OTHER)
    found = by_key(some)
    assert "elyza" not in found
    assert {e.model for e in found["elyza@1"].cells} == {"a", "b"} and {e.model for e in found["elyza@2"].cells} == {
        "c"
    }
    assert (found["elyza@1"].way, found["elyza@2"].way) == ("judges none", "judges gpt-4")
    assert found["elyza@1"].name == "ELYZA (1)"


@pytest.mark.parametrize("word", ["bench", "prompt", "items", "sampling", "samples", "read by", "judged with"])
def test_whatever_differs_makes_a_column_and_names_it(word: str) -> None:
    some = numbers([row("a", ELYZA, 8)], {**HOW, word: "x"}) + numbers([row("b", ELYZA, 8)], {**HOW, word: "y"})
    found = by_key(some)
    assert {found[f"elyza@{n}"].way for n in (1, 2)} == {f"{word} x", f"{word} y"}


def test_averages_do_not_mix_panels_either() -> None:
    rows = [row("a", shown, 8) for shown in SHABERI]
    lower = [row("a", shown, 6, scores="other") for shown in SHABERI]
    found = by_key(numbers(rows, PANEL) + numbers(lower, OTHER))
    values = {c.way: at(c, "a").value for c in found.values() if c.name.startswith("Shaberi (")}
    assert values == {"judges athene, llama": pytest.approx(8), "judges gpt-4": pytest.approx(6)}


def test_an_average_takes_what_no_judge_marked_with_each_panel() -> None:
    judged = full("a", {})[:4]
    ruled = full("a", {})[4:]
    found = by_key(numbers(judged, PANEL) + numbers(ruled))
    assert at(found["ja_avg"], "a").value == pytest.approx(10)


def test_a_part_of_an_average_is_never_shown_as_the_whole() -> None:
    rows = [*full("whole", {}), *(r for r in full("part", {}) if r["bench"] not in (RP_BENCH.bench, TL_BENCH.bench))]
    found = by_key(numbers(rows))
    cell = at(found["ja_avg"], "part")
    assert cell.state == "partial" and cell.value is None
    assert cell.why == "6 of 8, without rp-bench, tl-bench"
    assert at(found["ja_avg"], "whole").value == pytest.approx(10)
    some = found["ja_avg_6_of_8"]
    assert some.name == "JA 6 of 8" and some.without == ("rp-bench", "tl-bench")
    assert at(some, "part").value == at(some, "whole").value == pytest.approx(10)
    assert "en_avg_4_of_4" not in found


def test_models_without_a_common_part_have_no_part_of_an_average() -> None:
    found = by_key(numbers([row("a", LLM_JP_EVAL, 0.5), row("b", JP_IFEVAL, 0.5)]))
    assert [key for key in found if key.startswith("ja_avg")] == ["ja_avg"]
    assert all(cell.state == "partial" for cell in found["ja_avg"].cells.values())


def test_a_model_measured_in_several_ways_has_no_average_of_one_of_them() -> None:
    rows = full("a", {})
    again = {**HOW, "items": "Items 2"}
    found = by_key(numbers(rows) + numbers([row("a", JP_IFEVAL, 0.9, scores="other")], again))
    cell = at(found["ja_avg"], "a")
    assert cell.value is None and cell.why == "measured in several ways: jp-ifeval"


def test_too_many_missing_verdicts_withhold_a_number_and_its_averages_with_bounds() -> None:
    rows = [r for r in full("a", {}) if r["bench"] != ELYZA.bench]
    found = by_key(numbers([*rows, row("a", ELYZA, 5, n=90, missing=10)]))
    cell = at(found["elyza"], "a")
    assert (cell.state, cell.value, cell.why) == ("withheld", None, "lacks 10.0 % of its verdicts")
    assert [cell.worst, cell.best] == pytest.approx([4.5, 5.5])
    shaberi = at(found["shaberi"], "a")
    assert shaberi.state == "withheld" and shaberi.why == "ELYZA lacks 10.0 % of its verdicts"
    assert [shaberi.worst, shaberi.best] == pytest.approx([7.5 / 4, 8.5 / 4])
    assert at(found["ja_avg"], "a").state == "withheld"


def test_missing_verdicts_are_accepted_by_an_explicit_share_and_told() -> None:
    some = numbers([row("a", ELYZA, 5, n=90, missing=10), row("b", ELYZA, 5, n=996, missing=4)])
    assert at(by_key(some, 0.09)["elyza"], "a").state == "withheld"
    found = by_key(some, 0.1)["elyza"]
    assert at(found, "a").value == 5 and at(found, "a").why == "accepted without 10.0 % of its verdicts"
    assert at(found, "b").why == ""
    own = [number._replace(accept=0.1) for number in some]
    assert at(by_key(own)["elyza"], "a").why.startswith("accepted")


def test_a_number_of_nothing_is_withheld() -> None:
    nothing = {"mean": None, "low": None, "high": None}
    for accept in (0.0, 1.0):
        found = by_key(numbers([row("a", ELYZA, 5, n=0, missing=7, **nothing)]), accept)["elyza"]
        assert at(found, "a").state == "withheld" and at(found, "a").best == 10


def test_the_number_to_compare_with_others_is_taken_where_a_bench_has_one_and_only_when_it_is_whole() -> None:
    own = {"mean": 0.7, "low": 0.6, "high": 0.8, "lacking": ""}
    some = numbers([row("a", LLM_JP_EVAL, 0.5, own=own), row("b", LLM_JP_EVAL, 0.5, own={**own, "lacking": "no MT"})])
    found = by_key(some)["llm_jp_eval"]
    assert (at(found, "a").value, at(found, "a").high) == (0.7, 0.8)
    assert (at(found, "b").state, at(found, "b").why, at(found, "b").value) == ("partial", "no MT", None)
    (none,) = numbers([{k: v for k, v in row("a", LLM_JP_EVAL, 0.5).items() if k != "own"}])
    assert at(by_key([none])["llm_jp_eval"], "a").why == "without its own average"


def test_units_are_the_customary_ones_whatever_scale_a_bench_has() -> None:
    found = by_key(numbers([row("a", ELYZA, 8.45), row("a", RP_BENCH, 4.76), row("a", IFEVAL, 0.67)]))
    raw = {n.bench: n.row["mean"] for n in numbers([row("a", ELYZA, 8.45)])}
    assert [*raw.values()] == pytest.approx([4.225])
    assert [at(found[k], "a").value for k in ("elyza", "rp_bench", "ifeval")] == pytest.approx([8.45, 4.76, 0.67])


def test_both_means_of_a_panel_and_what_each_judge_lacks_are_kept() -> None:
    judges = {"kind": {"mean": 4.5, "n": 10, "missing": 0}, "strict": {"mean": 3.5, "n": 9, "missing": 1}}
    cell = at(by_key(numbers([row("a", ELYZA, 8, balanced=4.0, judges=judges)], PANEL))["elyza"], "a")
    assert cell.more["balanced"] == 8 and cell.more["judges"]["strict"] == {"mean": 7, "n": 9, "missing": 1}


def test_other_benches_have_a_column_for_their_first_metric_on_their_own_scale() -> None:
    exact = [Shown("", "", "exact", metric, 1) for metric in ("exact", "close")]
    rows = [row("a", s, 0.5, language=lang) for lang in ("en", "ja") for s in exact]
    rate = row("a", Shown("", "", "sorry", "sorry", 1), 0.1, higher_is_better=False)
    found = by_key(numbers([*rows, rate]))
    assert [*found] == ["exact_en", "exact_ja", "sorry_ja"] and found["exact_ja"].name == "exact (ja)"
    assert [found[key].better_up for key in found] == [True, True, False]


def test_the_same_scores_on_two_boards_are_one_and_others_of_the_same_model_a_row_of_their_own() -> None:
    one = numbers([row("a", ELYZA, 8)], result="one")
    same, other = numbers([row("a", ELYZA, 8)], result="two"), numbers([row("a", ELYZA, 7, scores="x")], result="three")
    (found,) = [c for c in columns([*one, *same, *other]) if c.key == "elyza"]
    assert sorted(found.cells) == [Entrant("a", "id of a"), Entrant("a", "id of a", "three")]


def test_an_average_with_each_judge_weighing_alike_stands_beside_it_where_several_judged() -> None:
    judges = {name: {"mean": 4.0, "n": 10, "missing": 0} for name in ("kind", "strict")}
    rows = [row("a", s, 8, balanced=s.unit * 0.7 * TOPS.get(s.key, s.unit) / s.unit, judges=judges) for s in SHABERI]
    found = by_key(numbers([*rows, *full("a", {})[4:]], PANEL))
    assert at(found["shaberi"], "a").value == 8 and at(found["shaberi_balanced"], "a").value == pytest.approx(7)
    assert at(found["ja_avg_balanced"], "a").value == pytest.approx((4 * 70 + 4 * 10) / 8)
    assert "en_avg_balanced" not in found and found["shaberi_balanced"].name == "Shaberi balanced"
    one = [{**r, "judges": {"kind": judges["kind"]}} for r in rows]
    assert "shaberi_balanced" not in by_key(numbers(one, PANEL))
