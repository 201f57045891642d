"""Boilerplate, Markup, Encoding and Shape: how they do on texts labelled by hand, and on real answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from komainu.checks.base import Check
from komainu.checks.boilerplate import Boilerplate
from komainu.checks.encoding import Encoding
from komainu.checks.markup import Markup
from komainu.checks.shape import Shape
from tests.checks.helpers import answer, ifeval, needs_fixtures, tanaka
from tests.checks.marked import quality

CHECKS: tuple[Check, ...] = (Boilerplate(), Markup(), Encoding(), Shape())
LEAST = {"boilerplate": (0.98, 0.98), "markup": (0.98, 0.95), "encoding": (0.95, 0.98), "shape": (0.98, 0.80)}
PIECES = st.sampled_from("(（「『[**`$\\{}\n\0�縺ãあ漢A1 .,…|#-") | st.sampled_from(
    ["```", "$$", "\\begin{a}", "As an AI,"]
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.name)
def test_labelled_texts_are_told_apart(check: Check) -> None:
    precision, recall, mistaken = quality(check)
    assert (precision, recall) >= LEAST[check.name] and recall >= LEAST[check.name][1], mistaken


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.name)
@settings(max_examples=100, deadline=None)
@given(pieces=st.lists(PIECES, max_size=60))
def test_any_text_gives_one_line_that_starts_with_the_name(check: Check, pieces: list[str]) -> None:
    reason = check(answer("".join(pieces)))
    assert reason == "" or (reason.startswith(f"{check.name}: ") and "\n" not in reason)


def test_a_question_may_ask_for_what_is_boilerplate_elsewhere() -> None:
    said = "私はAIですので、食事はしません。"
    assert Boilerplate()(answer(said, "好きな食べ物は？")) != ""
    assert Boilerplate()(answer(said, "あなたは人間ですか。")) == ""
    assert Boilerplate(kinds=("note",))(answer(said, "好きな食べ物は？")) == ""


def test_capitals_are_fine_where_they_are_asked_for() -> None:
    loud = "THE TRAIN LEAVES AT NINE AND NOBODY KNOWS WHY IT IS LATE"
    assert Shape()(answer(loud, "When does it leave?")) != ""
    assert Shape()(answer(loud, "When does it leave? Answer in all capital letters.")) == ""


@needs_fixtures
def test_good_answers_and_sentences_pass() -> None:
    sentences = [("", text) for text in tanaka()]
    for check in CHECKS:
        assert [t for q, t in sentences if check(answer(t, q))] == []
    for check, most in zip(CHECKS, (0.06, 0.03, 0.0, 0.01), strict=True):
        rows = ifeval("ja", "gpt-4o") + ifeval("en", "gpt-4o")
        assert sum(bool(check(answer(t, q))) for q, t in rows) / len(rows) <= most


@pytest.mark.parametrize(
    "text", ["In (2018).", "See (fig. 8).", "f(x) = (8)", "[no. 8] and (8)", "よい8) はい。", "Fine :) (yes :) x)"]
)
def test_what_ends_in_a_smiley_may_be_a_bracket_that_is_closed(text: str) -> None:
    assert Markup()(answer(text)) == ""


@pytest.mark.parametrize("text", ["See (fig. 8", "Up to max) is fine.", "Half (2018 of it.", "(a (b 8) c"])
def test_a_bracket_beside_an_eight_is_missed_no_more_than_another(text: str) -> None:
    assert Markup()(answer(text)) != ""


def test_enough_is_labelled() -> None:
    lines = (Path(__file__).parent / "labelled" / "quality.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) >= 200
