"""Passage finds paragraphs that come again and again, and no chorus."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from komainu.checks.passage import Passage, thrice
from tests.checks.helpers import answer, ifeval, judged, needs_fixtures

PARTS = (
    "The baker rises long before the sun and lights the big oven.\n\n"
    "By six the first loaves stand in the window, and people come in from the cold. "
    "Nobody speaks much at that hour, but everyone knows everyone else's name.\n\n"
)
VERSES = [f"Verse {n} tells of a ship that sailed to port number {n * 7}.\n" for n in range(9)]
BEFORE, AFTER = "".join(VERSES), "In the evening the oven is cold again."
LONG = "one sentence of a hundred and fifty characters " * 3 + "\n"


def test_a_passage_may_stand_twice_in_a_row_and_not_three_times() -> None:
    assert Passage()(answer(BEFORE + PARTS * 2 + AFTER)) == ""
    assert Passage()(answer(BEFORE + PARTS * 3 + AFTER)).startswith("passage: 'The baker")
    assert Passage()(answer(BEFORE + LONG * 3)).startswith("passage: 'one sentence")
    assert Passage()(answer((VERSES[0] + VERSES[1] + VERSES[0] + VERSES[2]) * 3)).startswith("passage: 'Verse 0")
    assert Passage(span=300)(answer(BEFORE + PARTS * 3 + AFTER)) == ""


def test_a_chorus_between_other_verses_passes() -> None:
    assert Passage()(answer("".join(verse + PARTS for verse in VERSES))) == ""


def test_what_was_asked_for_and_rows_of_tables_and_code_pass() -> None:
    assert Passage()(answer(PARTS * 3, f"Write this three times: {PARTS}")) == ""
    assert Passage()(answer(f"| {PARTS[:60]} | {PARTS[:60]} |\n" * 4)) == ""
    assert Passage()(answer(f"```\n{PARTS * 4}\n```")) == ""


@given(
    pieces=st.lists(
        st.text("abcdef ghあいう", min_size=8).filter(lambda t: len(t.strip()) >= 8), min_size=1, unique=True
    ),
    before=st.text("xyz.\n ", max_size=40),
    times=st.integers(1, 5),
)
def test_a_passage_is_found_from_the_third_time_on(pieces: list[str], before: str, times: int) -> None:
    pieces = list(dict.fromkeys(piece.strip() for piece in pieces))
    found = thrice(f"{before}\n" + "。".join(pieces * times), 120)
    assert bool(found) == (times >= 3 and sum(map(len, pieces)) > 120)
    assert not found or sorted(found) == sorted(pieces)


@needs_fixtures
def test_answers_of_strong_models_pass() -> None:
    assert [text for _, text in ifeval("ja", "gpt-4o") + ifeval("en", "gpt-4o") if Passage()(answer(text))] == []
    assert sum(bool(Passage()(answer(text))) for _, text in judged("phi-4")) <= 1
