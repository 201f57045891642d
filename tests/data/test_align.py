"""The nearest passage is the one of least edit distance, whatever is compared beside it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from komainu.data.align import Pairing, costs, kept
from komainu.data.kana import codes_of

few = st.text("abc", max_size=9)


def distance(a: str, b: str, weights: list[int]) -> int:
    """Plain weighted edit distance of two whole texts; what is put in costs the weight of the character before."""
    row = [0, *[10**6] * len(b)]
    for i, x in enumerate(a):
        new = [row[0] + weights[i]]
        for j, y in enumerate(b):
            new.append(min(row[j + 1] + weights[i], row[j] + weights[i] * (x != y), new[j] + weights[i]))
        row = new
    return row[-1]


def slowly(short: str, weights: list[int], text: str) -> int:
    spans = [(i, j) for i in range(len(text) + 1) for j in range(i, len(text) + 1)]
    return min(distance(short, text[i:j], weights) for i, j in spans)


def pairing(short: str, weights: list[int], text: str) -> Pairing:
    return Pairing(codes_of(short), np.array(weights, np.int32), codes_of(text))


@given(st.lists(st.tuples(few.filter(bool), few, st.integers(0, 2**9 - 1)), min_size=1, max_size=5))
def test_many_at_once_cost_what_a_slow_search_over_all_passages_finds(cases: list[tuple[str, str, int]]) -> None:
    weighed = [(short, [bits >> i & 1 for i in range(len(short))], text) for short, text, bits in cases]
    found, _ = costs([pairing(*case) for case in weighed])
    assert found.tolist() == [slowly(*case) for case in weighed]


@given(few.filter(bool), few)
def test_the_end_is_that_of_the_first_passage_that_costs_as_little(short: str, text: str) -> None:
    weights = [1] * len(short)
    (cost,), (end,) = costs([pairing(short, weights, text)])
    ends = [j for j in range(len(text) + 1) if slowly(short, weights, text[:j]) == cost]
    assert end == ends[0]


@given(few.filter(lambda text: len(text) > 2), few, few)
def test_all_is_kept_of_what_is_there_as_it_is(short: str, before: str, after: str) -> None:
    assert kept(pairing(short, [1] * len(short), before + short + after)) == 1


def test_of_what_is_there_in_part_its_share_of_the_weight_is_kept() -> None:
    assert kept(pairing("abcdef", [1] * 6, "xxabcxxx")) == 0.5
    assert kept(pairing("abcdef", [0, 0, 1, 1, 1, 1], "xxabcxxx")) == 0.25
    assert kept(pairing("abcdef", [1] * 6, "ab.cd.ef")) == kept(pairing("abcdef", [1] * 6, "abc")) == 0
