"""The numbers of benches that are to be compared with other people's, where those are no mean over items."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.eval.bench.evalplus import EvalPlus
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.bench.llm_jp_eval.bench import LlmJpEval
from komainu.eval.items import Source
from komainu.eval.stats.combined import independent_mean, mean_of_means
from komainu.eval.stats.intervals import Estimate

PLUS = EvalPlus(source=Source(repo="a/b", revision="0" * 40))


def told(mean: float | None, low: float = 0.0, high: float = 1.0) -> dict[str, Any]:
    return {"mean": mean, "low": low, "high": high}


def test_evalplus_is_the_mean_of_both_sets_and_whole_with_both() -> None:
    found = PLUS.own({"by": {"humaneval": told(0.8, 0.7, 0.9), "mbpp": told(0.6, 0.6, 0.6)}})
    assert found == {"mean": 0.7, "low": 0.65, "high": 0.75, "lacking": ""}
    assert PLUS.own({"by": {"mbpp": told(0.6)}})["lacking"] == "without humaneval"
    assert PLUS.own({"by": {"humaneval": told(None), "mbpp": told(0.6)}})["lacking"] == "a part has no verdicts"


def test_llm_jp_eval_is_the_average_of_its_categories_and_whole_when_none_lacks() -> None:
    average = {**told(0.5, 0.4, 0.6), "partial": False, "lacking": {}}
    assert LlmJpEval().own({"overall": {"average": average}}) == {**told(0.5, 0.4, 0.6), "lacking": ""}
    average |= {"lacking": {"jsts": "no items", "mt": "no items"}}
    assert LlmJpEval().own({"overall": {"average": average}})["lacking"] == "without jsts, mt"


def test_for_most_benches_it_is_the_mean() -> None:
    assert ExactMatch(language="ja").own({"metrics": {}}) == {}


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)).map(sorted), min_size=1, max_size=9))
def test_the_interval_of_a_mean_holds_the_mean_and_is_no_wider_than_its_parts(parts: list[list[float]]) -> None:
    found = independent_mean([Estimate(mean, low, high) for low, mean, high in parts])
    assert found.low <= found.mean + 1e-12 and found.high >= found.mean - 1e-12
    assert found.mean - found.low <= max(mean - low for low, mean, _ in parts) + 1e-12
    assert found.high - found.mean <= max(high - mean for _, mean, high in parts) + 1e-12


def test_equal_parts_are_as_sure_as_their_number_says() -> None:
    found = mean_of_means([told(0.5, 0.4, 0.6)] * 4)
    assert (found["low"], found["high"]) == (pytest.approx(0.45), pytest.approx(0.55))
    assert mean_of_means([])["mean"] is None
