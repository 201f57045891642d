"""Which rows fit under the licence of a set: the table of docs/publishing.md."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.licences import UNKNOWN, Rule, conflict
from komainu.rows import Chat

FREE, NAMED = ("CC0 1.0", "unlicense", "public domain"), ("MIT", "apache-2.0", "bsd-3-clause", "CC BY 4.0", "odc-by")
ALIKE, PAID, BOTH = "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0"
TERMS = ("gemma", "llama3.1", "llama3.3")
EVERY = (*FREE, *NAMED, ALIKE, PAID, BOTH, *TERMS)


def fits(licence: str) -> set[str]:
    return {release for release in EVERY if not conflict(licence, release)}


def test_what_asks_for_nothing_fits_everywhere_and_what_is_named_where_attribution_stays() -> None:
    assert all(fits(licence) == {*EVERY} for licence in FREE)
    assert all(fits(licence) == {*EVERY} - {*FREE} for licence in NAMED)


def test_share_alike_and_no_money_and_terms_stay_among_themselves() -> None:
    assert fits(ALIKE) == {ALIKE} and fits(PAID) == {PAID, BOTH} and fits(BOTH) == {BOTH}
    assert all(fits(licence) == {licence} for licence in TERMS)
    assert not conflict("CC BY-SA 3.0", ALIKE)


@pytest.mark.parametrize("licence", ["cc-by-nd-4.0", "CC BY-NC-ND 4.0", "", " ", UNKNOWN])
def test_what_forbids_adaptations_or_says_nothing_fits_nowhere(licence: str) -> None:
    assert all(conflict(licence, release) for release in (*EVERY, licence))


def test_a_licence_that_is_not_known_fits_under_its_own_name_alone() -> None:
    assert not conflict("House Terms", "house-terms")
    assert conflict("house-terms", "mit") == "it is not known here"
    assert not conflict("cc0-1.0", "house-terms") and conflict("mit", "house-terms")


@given(st.sampled_from(EVERY), st.sampled_from(EVERY), st.sampled_from(EVERY))
def test_what_fits_under_a_licence_fits_where_that_fits(a: str, b: str, c: str) -> None:
    if not conflict(a, b) and not conflict(b, c):
        assert not conflict(a, c)


def test_a_refusal_counts_all_rows_and_names_five() -> None:
    rows = [Chat(f"r{i}", (), {"licence": "cc-by-nc-4.0"}) for i in range(8)]
    rule = Rule(lambda licence: conflict(licence, "mit"), "Leave them out.")
    (told,) = rule.of_rows(rows)
    assert told == (
        "8 rows (r0, r1, r2, r3, r4, ...) are under 'cc-by-nc-4.0': it forbids commercial use, which mit does not. "
        "Leave them out."
    )
    assert [*rule._replace(allowed=("CC BY-NC 4.0",)).of_rows(rows)] == []
