"""Rows of a table of many models: in which order, which of them, which are not told apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.context import Context
from komainu.errors import UsageError
from komainu.eval.base import Answers, Scores
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.board import Board, Entry
from komainu.eval.family import ELYZA, IFEVAL, LLM_JP_EVAL, TL_BENCH, Shown
from komainu.eval.league import found
from komainu.eval.league.found import Number
from komainu.eval.league.pick import BOUND, Bound, Wanted, matches, size, wanted
from komainu.eval.league.table import MOST, League, league
from komainu.models.base import Model
from komainu.stage import Stage, Weights
from tests.eval.league.world import HOW, board_of, full, numbers, row, stored
from tests.eval.world import Items
from tests.eval.world import context as eval_context

VALUES = {"a": 7.0, "b": 9.0, "c": 8.0}
ROWS = [row(model, ELYZA, value) for model, value in VALUES.items()]


def table(some: list[Number], sort: str = "", *filters: str, licence: str = "") -> League:
    return league(some, sort, wanted(filters), 0.0, lambda number: licence)


def names(of: League) -> str:
    return "".join(row.name for row in of.rows)


def test_rows_are_sorted_best_first_by_any_column_and_turned_by_a_minus() -> None:
    some = numbers([*ROWS, row("a", IFEVAL, 0.9), row("b", IFEVAL, 0.1), row("d", IFEVAL, 0.5)])
    assert names(table(some)) == names(table(some, "elyza")) == names(table(some, "ELYZA")) == "bcad"
    assert names(table(some, "-elyza")) == "acbd"  # what has no number stays last
    assert names(table(some, "ifeval")) == "adbc"
    assert names(table(some, "model")) == "abcd" and names(table(some, "-model")) == "dcba"


def test_a_rate_where_lower_is_better_has_the_lowest_first() -> None:
    rate = Shown("", "", "sorry", "sorry", 1)
    some = numbers([row(m, rate, v / 10, higher_is_better=False) for m, v in VALUES.items()])
    assert names(table(some)) == "acb" and names(table(some, "-sorry_ja")) == "bca"


def test_a_withheld_number_is_not_sorted_by_what_it_might_be() -> None:
    assert names(table(numbers([row("a", ELYZA, 9.9, n=1, missing=1), row("b", ELYZA, 1)]))) == "ba"


def test_the_average_that_most_models_have_is_sorted_by_unless_it_is_said() -> None:
    part = [r for r in full("b", {}) if r["bench"] != TL_BENCH.bench]
    assert table(numbers([*full("a", {}), *part])).by.key == "ja_avg_7_of_8"  # type: ignore[union-attr]
    assert table(numbers(full("a", {}))).by.key == "ja_avg"  # type: ignore[union-attr]
    assert table(numbers([row("a", LLM_JP_EVAL, 0.5)])).by.key == "llm_jp_eval"  # type: ignore[union-attr]


def test_an_unknown_column_is_refused_with_the_nearest_and_one_of_several_ways_with_all() -> None:
    with pytest.raises(UsageError, match="no column 'elyzza'; did you mean 'elyza'"):
        table(numbers(ROWS), "elyzza")
    some = numbers(ROWS) + numbers([row("x", ELYZA, 5)], {**HOW, "judges": "gpt-4"})
    with pytest.raises(UsageError, match=r"say elyza@1 \(judges none\) or elyza@2 \(judges gpt-4\)"):
        table(some, "elyza")
    assert names(table(some, "elyza@2"))[0] == "x"
    with pytest.raises(UsageError, match="no column 'en_avg'"):
        table(numbers(ROWS), "", "en_avg>1")


def test_rows_are_picked_by_words_sizes_and_bounds() -> None:
    some = numbers([row(m, ELYZA, v) for m, v in {"Qwen2.5-7B": 7, "qwen2.5-32b": 9, "phi-4": 8}.items()])
    assert [r.name for r in table(some, "model", "qwen").rows] == ["qwen2.5-32b", "Qwen2.5-7B"]
    assert [r.name for r in table(some, "", "QWEN", "size<=14").rows] == ["Qwen2.5-7B"]
    assert [r.name for r in table(some, "", "elyza >= 8").rows] == ["qwen2.5-32b", "phi-4"]
    assert [r.name for r in table(some, "", "board").rows] == [
        "qwen2.5-32b",
        "phi-4",
        "Qwen2.5-7B",
    ]  # the result's name
    assert table(some, "", "apache").rows == [] and len(table(some, "", "apache", licence="Apache-2.0").rows) == 3


@pytest.mark.parametrize(
    ("name", "billions"),
    [
        ("shisa-v2-qwen2.5-7b", 7),
        ("Mixtral-8x7B-Instruct", 56),
        ("smol-500m", 0.5),
        ("llama-3.1-70B", 70),
        ("qwen2.5-0.5b", 0.5),
        ("phi-4", None),
        ("8bit-model", None),
        ("a7b", None),
    ],
)
def test_a_size_is_read_from_a_name(name: str, billions: float | None) -> None:
    assert size(name) == billions


@given(st.lists(st.text(max_size=30), max_size=4))
def test_any_filter_is_words_or_bounds_and_nothing_raises(filters: list[str]) -> None:
    found = wanted(filters)
    assert len(found.words) + len(found.bounds) == sum(bool(text.strip()) for text in filters)
    matches(found.words, ("a",), lambda: "")


@given(st.sampled_from(["<=", ">=", "<", ">", "="]), st.floats(-1e6, 1e6).map(lambda x: round(x, 3)))
def test_a_bound_is_read_as_it_is_written(sign: str, number: float) -> None:
    text = f"ja_avg {sign} {number:.3f}"
    assert BOUND.fullmatch(text) and wanted([text]) == Wanted((), (Bound("ja_avg", sign, number),))


def test_models_that_share_a_group_are_those_whose_intervals_do_not_tell_them_apart() -> None:
    near = [row("a", ELYZA, 8.0), row("b", ELYZA, 8.05), row("c", ELYZA, 5.0)]
    rows = table(numbers(near)).rows
    assert [(r.name, r.groups) for r in rows] == [("b", (1,)), ("a", (1,)), ("c", (2,))]
    chain = [row(m, ELYZA, v) for m, v in {"a": 8.0, "b": 8.12, "c": 8.24}.items()]
    assert [r.groups for r in table(numbers(chain)).rows] == [(1,), (1, 2), (2,)]


def test_more_pairs_are_corrected_for() -> None:
    two = [row("a", ELYZA, 8.0), row("b", ELYZA, 8.15)]
    assert [r.groups for r in table(numbers(two)).rows] == [(1,), (2,)]
    many = [*two, *(row(f"x{i}", ELYZA, i / 10) for i in range(8))]
    assert [r.groups for r in table(numbers(many)).rows][:2] == [(1,), (1,)]


def test_groups_are_of_few_models_only() -> None:
    some = numbers([row(f"m{i}", ELYZA, 5) for i in range(MOST + 1)])
    assert {r.groups for r in table(some).rows} == {()}
    assert {r.groups for r in table(some[:MOST]).rows} == {(1,)}


def test_two_models_of_one_name_are_told_apart_by_their_results() -> None:
    one = numbers([row("sft", ELYZA, 8)], result="size s")
    two = numbers([row("sft", ELYZA, 7, weights="other", scores="x")], result="size m")
    assert [r.name for r in table(one + two).rows] == ["sft (size s)", "sft (size m)"]


def test_numbers_come_from_boards_what_was_made_from_them_and_scores(tmp_path: Path) -> None:
    ctx = stored(tmp_path, "one", board_of(ROWS))
    assert {n.model for n in found.numbers(ctx.store)} == {*VALUES}
    assert [n.result for n in found.numbers(ctx.store, ("one",))] == ["one"] * 3
    rates = [{**ROWS[0], "averaged": False}]
    assert [*found.numbers(stored(tmp_path / "beside", "x", board_of(rates)).store)] == []


def test_a_result_that_does_not_tell_how_it_was_measured_is_refused(tmp_path: Path) -> None:
    ctx = stored(tmp_path, "old", {"rows": ROWS})
    with pytest.raises(UsageError, match=r"'old'.*does not tell how it was measured.*run it again"):
        [*found.numbers(ctx.store)]
    older: list[str] = []
    assert [*found.numbers(ctx.store, (), older)] == [] and older == ["old"]
    with pytest.raises(UsageError, match="'old'"):
        [*found.numbers(ctx.store, ("old",), older)]


@dataclass(frozen=True, kw_only=True)
class Made(Stage):
    """Weights under a licence, or made from others."""

    makes: ClassVar[type] = Weights
    licence: str = ""
    model: Stage | None = None

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return {}


def test_the_licence_is_that_of_the_weights_a_model_was_made_from(tmp_path: Path) -> None:
    trained = Made(model=Made(model=Made(licence="Apache-2.0")))
    ctx = eval_context(tmp_path, lambda model, text, sample: "a")
    for weights, licence in ((trained, "Apache-2.0"), (Made(licence="mit"), "mit"), (Made(), ""), (None, "")):
        answers = Answers(model=Model(name="m", weights=weights), items=Items(n=4))
        board = Board(entries=(Entry(name="m", scores=(Scores(answers=answers, bench=ExactMatch(language="ja")),)),))
        (number,) = found.numbers(ctx.store, (ctx.store.build(board, ctx).ref,))
        assert found.licence(ctx.store, number) == licence
