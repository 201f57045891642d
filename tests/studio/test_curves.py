"""Lines of metrics and texts in pieces, whatever is in them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.studio import said
from komainu.studio.curves import read, series
from komainu.studio.said import Piece

VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()))
LINES = st.lists(st.dictionaries(st.sampled_from(["step", "loss", "lr", "note", "tokens"]), VALUES))


@given(st.binary())
def test_any_bytes_are_read(text: bytes) -> None:
    lines, lost = read(text)
    assert len(lines) + lost <= text.count(b"\n")


@given(LINES, st.text(alphabet="{}[]ab", max_size=5))
def test_every_whole_line_counts_once_and_a_cut_one_never(lines: list[dict[str, object]], cut: str) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines) + cut
    found, lost = read(text.encode())
    assert len(found) + lost == len(lines)
    for _, values in series(found):
        assert len(values) == len(found)
        assert all(value is None or value - value == 0 for value in values)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12345, "12,345"),
        (11208.4, "11,208"),
        (-98765.4, "-98,765"),
        (9999.94, "1e+04"),
        (0.58123, "0.5812"),
        (7e-05, "7e-05"),
        (1e300, "1e+300"),
    ],
)
def test_a_number_of_five_digits_is_written_out(value: float, text: str) -> None:
    assert said.number(value) == text


PIECES = st.lists(
    st.one_of(st.text(max_size=40), st.tuples(st.text(min_size=1, max_size=40), st.just("latin")).map(list))
)


@given(PIECES, st.integers(0, 60))
def test_a_text_that_is_cut_is_whole_in_both_parts(pieces: list[Piece], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(said, "SHOWN", most)
        first, rest, more = said.cut(pieces)

    def text(some: list[Piece], kind: str = "") -> str:
        return "".join(p if isinstance(p, str) else p[0] for p in some if not kind or not isinstance(p, str))

    assert text(first) + text(rest) == text(pieces) and len(text(rest)) == more and len(text(first)) <= most
    assert text(first, "latin") + text(rest, "latin") == text(pieces, "latin")
