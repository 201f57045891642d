"""Points: what `key=a,b,c` and `key=0..2` mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.errors import UsageError
from komainu.sweeps.points import combinations, factors, levels

WORD = st.text("abz019.-_ /é", min_size=1, max_size=6).filter(lambda w: ".." not in w)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1e-5,2e-5", ("1e-5", "2e-5")),
        ("0..2", ("0", "1", "2")),
        ("0..2,7", ("0", "1", "2", "7")),
        ("-1..1", ("-1", "0", "1")),
        ("a", ("a",)),
        ("", ("",)),
        ("a,b;c", ("a,b", "c")),
        ("a,b;", ("a,b",)),
        ("../x", ("../x",)),
        ("1.5..2", ("1.5..2",)),
    ],
)
def test_levels_stand_between_commas_and_ranges_hold_both_ends(text: str, found: tuple[str, ...]) -> None:
    assert levels("k", text) == found


@pytest.mark.parametrize(
    ("text", "said"), [("a,,b", "empty level"), ("a,a", "twice"), ("0..2,1", "twice"), ("3..1", "goes up")]
)
def test_what_cannot_be_meant_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        levels("k", text)


LEVELS = st.lists(WORD, min_size=1, max_size=3, unique=True)


@given(st.dictionaries(st.sampled_from(["lr", "mix", "seed"]), LEVELS))
def test_every_combination_comes_once(said: dict[str, list[str]]) -> None:
    some = factors([f"{key}={';'.join(values)};" for key, values in said.items()])
    assert {f.name: [*f.levels] for f in some} == said
    found = combinations(some)
    count = 1
    for values in said.values():
        count *= len(values)
    assert len(found) == len({(*each.items(),) for each in found}) == count


def test_too_many_points_are_a_slip() -> None:
    with pytest.raises(UsageError, match="more than"):
        combinations(factors(["a=0..200", "b=0..200"]))
