"""Sketches: true sets of n-grams, signatures that estimate their similarity, numbers."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.data.folding import BREAK, CODE, fold
from komainu.data.minhash import jaccard
from komainu.data.sketch import Sketcher, Sketches, banding
from tests.data.test_folding import TEXT

ROWS = st.lists(st.lists(TEXT, max_size=3), min_size=1, max_size=6)
ASCII = st.lists(st.text("abc d.1-", max_size=20), min_size=1, max_size=3)


def sets(made: Sketches) -> list[set[int]]:
    return [set(made.grams[span].tolist()) for span in made.spans()]


def shingles(text: str, n: int) -> set[str]:
    return {text[i : i + n] for i in range(max(len(text) - n + 1, 1))}


def words(turns: list[str]) -> list[str]:
    """The words of a row, from its folded characters and where words begin."""
    folded = fold([turns])
    found: list[str] = []
    for packed in folded.packed[: folded.lengths[0]].tolist():
        if packed & BREAK or not found:
            found.append("")
        found[-1] += chr(packed & CODE)
    return found


@given(ROWS, st.integers(1, 7))
def test_the_hashes_that_rows_share_are_the_ngrams_that_they_share(rows: list[list[str]], n: int) -> None:
    found = [*zip(fold(rows).keys(), sets(Sketcher(0.8, ngram=n)(rows)), strict=True)]
    for key, hashes in found:
        for other, its in found:
            assert len(hashes & its) == len(shingles(key, n) & shingles(other, n))


@given(st.lists(ROWS, min_size=2, max_size=3))
def test_a_row_has_the_same_sketch_whatever_stands_beside_it(parts: list[list[list[str]]]) -> None:
    sketcher = Sketcher(0.8, words=2)
    together = sketcher([row for part in parts for row in part])
    apart = [sketcher(part) for part in parts]
    for field in Sketches._fields:
        assert np.array_equal(getattr(together, field), np.concatenate([getattr(made, field) for made in apart]))


@given(st.lists(ASCII, min_size=1, max_size=5), st.integers(1, 4))
def test_english_is_taken_in_words(rows: list[list[str]], n: int) -> None:
    made = Sketcher(0.8, words=n)([["latin", *row] for row in rows])
    assert made.worded.all()
    for row, hashes in zip(rows, sets(made), strict=True):
        spoken = words(["latin", *row])
        assert len(hashes) == len({tuple(spoken[i : i + n]) for i in range(max(len(spoken) - n + 1, 1))})


def test_words_end_at_spaces_marks_and_turns() -> None:
    assert words(["One, two-three  four", "five. 3.5"]) == ["one", "two", "three", "four", "\n", "five", "3.5"]


@pytest.mark.parametrize(
    ("text", "worded"),
    [("an English text", True), ("英 the book in English", True), ("英語の本 the book", False), ("12 34", False)],
)
def test_the_letters_of_a_row_decide_whether_words_are_compared(text: str, worded: bool) -> None:
    assert Sketcher(0.8, words=3)([[text]]).worded.tolist() == [worded]


@pytest.mark.parametrize("size", [10, 40, 200, 2000])
def test_signatures_estimate_similarity_without_bias_also_of_short_texts(size: int) -> None:
    rng = random.Random(size)
    sketcher = Sketcher(0.8, permutations=64)
    errors = []
    for _ in range(300):
        text = [chr(rng.randrange(0x5000, 0x9000)) for _ in range(size)]
        other = text.copy()
        for place in rng.sample(range(size), max(size // 40, 1)):
            other[place] = "あ"
        made = sketcher([["".join(text)], ["".join(other)]])
        one, two = (made.grams[span] for span in made.spans())
        errors.append(float((made.signatures[0] == made.signatures[1]).mean()) - jaccard(one, two))
    assert abs(np.mean(errors)) < 0.012
    assert (
        np.std(errors) < 0.065
    )  # that of 64 independent permutations: sqrt(0.8 * 0.2 / 64) = 0.05, and the bytes' luck


@given(ROWS)
def test_rows_have_equal_number_hashes_just_when_their_numbers_are_equal(rows: list[list[str]]) -> None:
    keys = fold(rows).keys()
    found = [re.findall(r"\d+", key) for key in keys]
    hashes = Sketcher(0.8)(rows).numbers.tolist()
    for one, mine in zip(found, hashes, strict=True):
        for other, its in zip(found, hashes, strict=True):
            assert (one == other) == (mine == its)


@given(st.floats(0.2, 1), st.sampled_from([64, 128, 256]))
def test_banding_uses_no_more_permutations_than_there_are(threshold: float, permutations: int) -> None:
    bands, rows = banding(threshold, permutations)
    assert bands * rows <= permutations and bands <= 256
