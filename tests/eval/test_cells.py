from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from komainu.eval.stats.cells import Cells, pair

VERDICTS = st.lists(st.one_of(st.none(), st.integers(1, 5).map(float)), min_size=1, max_size=3)
CELLS = st.dictionaries(st.sampled_from("ijk"), st.dictionaries(st.sampled_from(["x", "y", "z"]), VERDICTS), min_size=1)


def test_an_item_is_compared_over_the_judges_that_both_models_have() -> None:
    first: Cells = {"i": {"kind": [5.0], "strict": [1.0]}, "j": {"kind": [4.0], "strict": [None]}, "k": {"kind": [3.0]}}
    second: Cells = {
        "i": {"kind": [5.0], "strict": [None]},
        "j": {"kind": [4.0], "strict": [2.0]},
        "k": {"kind": [None]},
    }
    found = pair(first, second)
    assert (found.items, found.first, found.second) == (["i", "j"], [5.0, 4.0], [5.0, 4.0])  # means of all: 3 and 5
    assert (found.cells, found.alone, found.lost) == (2, (2, 1), 1)


def test_a_rule_stands_for_every_judge() -> None:
    """An empty answer gets the lowest mark without a judge; the other model's answer to the item has two judges'."""
    found = pair({"i": {"rule": [1.0, 1.0]}}, {"i": {"kind": [5.0], "strict": [3.0]}})
    assert (found.first, found.second, found.cells, found.alone) == ([1.0], [4.0], 2, (0, 0))
    assert pair({"i": {"rule": [1.0]}}, {"i": {"rule": [0.0]}}).second == [0.0]


def test_a_rule_on_one_sample_counts_for_each_judge_of_the_others() -> None:
    """Two samples, one of them empty: a verdict by rule for each of the two judges."""
    found = pair({"i": {"kind": [5.0], "strict": [3.0], "rule": [1.0, 1.0]}}, {"i": {"kind": [5.0, 5.0]}})
    assert (found.first, found.second, found.alone) == ([3.0], [5.0], (1, 0))


@given(CELLS, CELLS)
def test_pairing_mirrors_and_counts_everything(first: Cells, second: Cells) -> None:
    there = pair(first, {item: second.get(item, {}) for item in first})
    back = pair({item: second.get(item, {}) for item in first}, first)
    assert (there.first, there.second, there.cells) == (back.second, back.first, back.cells)
    assert there.alone == back.alone[::-1] and there.lost == back.lost == len(first) - len(there.items)
    filled = sum(any(v is not None for v in some) for by in first.values() for some in by.values())
    assert there.cells + there.alone[0] == filled


@given(CELLS)
def test_a_model_does_not_differ_from_itself(cells: Cells) -> None:
    found = pair(cells, cells)
    assert found.first == found.second and found.alone == (0, 0)
