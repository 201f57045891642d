"""Lines of metrics, whatever is in them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from komainu.studio.curves import read, series

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
