from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from komainu.eval.stats.groups import groups

NAMES = [*"abcdefghi"]
PAIRS = [(a, b) for i, a in enumerate(NAMES) for b in NAMES[i + 1 :]]


def by_pairs(apart: set[tuple[str, str]]) -> list[list[str]]:
    return groups(NAMES, lambda a, b: (a, b) in apart or (b, a) in apart)


@given(st.sets(st.sampled_from(PAIRS)))
def test_two_share_a_group_exactly_when_nothing_separates_them(apart: set[tuple[str, str]]) -> None:
    found = by_pairs(apart)
    for a, b in PAIRS:
        assert any({a, b} <= {*group} for group in found) == ((a, b) not in apart)
    assert {name for group in found for name in group} == {*NAMES}


@given(st.sets(st.sampled_from(PAIRS)))
def test_nobody_can_be_added_to_a_group_and_none_is_there_twice(apart: set[tuple[str, str]]) -> None:
    found = by_pairs(apart)
    for group in found:
        assert group == sorted(group)
        for name in {*NAMES} - {*group}:
            assert any(tuple(sorted((name, each))) in apart for each in group)
    assert len({*map(tuple, found)}) == len(found)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=9, unique=True), st.integers(0, 12))
def test_of_ranked_models_the_groups_are_the_maximal_runs(values: list[int], reach: int) -> None:
    ranked = sorted(values, reverse=True)
    found = groups([str(v) for v in ranked], lambda a, b: abs(int(a) - int(b)) > reach)
    ends = [max(j for j in range(i, len(ranked)) if ranked[i] - ranked[j] <= reach) for i in range(len(ranked))]
    runs = [(i, end) for i, end in enumerate(ends) if i == 0 or end > ends[i - 1]]
    assert found == [[str(v) for v in ranked[i : end + 1]] for i, end in runs]


def test_groups_overlap_and_the_lonely_stand_alone() -> None:
    assert groups(["best", "middle", "worst", "far"], lambda a, b: "far" in (a, b) or {a, b} == {"best", "worst"}) == [
        ["best", "middle"],
        ["middle", "worst"],
        ["far"],
    ]
    assert groups([], lambda a, b: True) == [] and groups(["one"], lambda a, b: True) == [["one"]]


def test_many_models_with_scattered_decisions_stay_few_groups() -> None:
    """All maximal cliques would be 2^40 here."""
    names = [f"m{i:02}" for i in range(80)]
    assert len(groups(names, lambda a, b: int(a[1:]) // 2 == int(b[1:]) // 2)) < 100
