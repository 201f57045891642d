"""Private finds personal data and secrets where they stand, and not what only looks like them."""

from __future__ import annotations

import itertools
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.checks.private import KINDS, Found, Private, luhn, masked, my_number, private
from tests.checks.helpers import answer, needs_fixtures, tanaka, utterances
from tests.checks.marked import FOLDER

BROKEN = "⌁"  # stands in the file inside everything that has the form of a key, so that no scanner takes it for one
TEXT = (FOLDER / "private.jsonl").read_text(encoding="utf-8").replace(BROKEN, "")
ROWS = [json.loads(line) for line in TEXT.splitlines()]


def unmark(row: dict[str, str]) -> tuple[str, list[Found]]:
    """A labelled text without its marks, and what stood between them."""
    text, wanted = "", []
    for i, piece in enumerate(re.split("⟦(.*?)⟧", row["text"], flags=re.S)):
        if i % 2:
            wanted.append(Found(len(text), len(text) + len(piece), row["kind"]))
        text += piece
    return text, wanted


def test_there_is_enough_to_measure_on() -> None:
    kinds = {row["kind"] for row in ROWS}
    assert len(ROWS) >= 150 and kinds == {*KINDS, ""}
    assert sum(not row["kind"] for row in ROWS) >= 75


@pytest.mark.parametrize("kind", [*KINDS, ""])
def test_labelled_stretches_are_found_to_the_character(kind: str) -> None:
    texts = [unmark(row) for row in ROWS if row["kind"] == kind]
    assert [text for text, wanted in texts if private(text) != wanted] == []


def test_check_digits() -> None:
    assert my_number("123456789018") and not my_number("123456789017")
    assert luhn("79927398713") and not luhn("79927398710")  # the example of the standard's articles


def test_the_reason_names_the_kind_and_never_the_data() -> None:
    reason = Private()(answer("連絡先は kato@mise.shop と 090-3817-4462 です。"))
    assert reason == "private: email, phone"
    assert Private(kinds=("card",))(answer("連絡先は kato@mise.shop です。")) == ""


STRETCHES = [text[each.start : each.end] for text, wanted in map(unmark, ROWS) for each in wanted]
NOISE = st.text(alphabet=st.sampled_from("09〒-@.aZ_東京都区丁目+() ４ー:=e\n"), max_size=12)


@given(st.lists(st.sampled_from(STRETCHES) | NOISE, max_size=6).map("".join))
def test_what_is_masked_is_gone_and_the_rest_stands(text: str) -> None:
    found = private(text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert all(0 <= f.start < f.end <= len(text) and f.kind in KINDS for f in found)
    clean = masked(text, found)
    assert len(clean) == len(text) + sum(len(f.kind) + 2 - (f.end - f.start) for f in found)


@needs_fixtures
def test_ordinary_sentences_hold_nothing_private() -> None:
    assert [t for t in (*tanaka(), *utterances("realpersonachat_300.jsonl")) if private(t)] == []
