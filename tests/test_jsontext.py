"""JSON texts: the elements of an array are found wherever the bytes are cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from komainu import jsontext
from komainu.jsontext import Broken, elements, parse

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
OBJECT = st.dictionaries(TEXT, LEAF | st.lists(LEAF, max_size=2) | st.dictionaries(TEXT, LEAF, max_size=2), max_size=3)
QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


@QUICK
@given(objects=st.lists(OBJECT, max_size=4), indent=st.sampled_from([None, 0, 2]), chunk=st.integers(1, 40))
def test_elements_are_found_wherever_the_chunks_break(
    monkeypatch: pytest.MonkeyPatch, objects: list[dict[str, Any]], indent: int | None, chunk: int
) -> None:
    monkeypatch.setattr(jsontext, "CHUNK", chunk)
    text = json.dumps(objects, indent=indent, ensure_ascii=False).encode()
    found = [*elements(Pieces(text))]  # type: ignore[arg-type]
    assert [parse(element) for _, element in found] == objects
    assert [line for line, _ in found] == lines_of(objects, indent)


@QUICK
@given(st.text(st.sampled_from('[]{},:"\\ \n1a'), max_size=30))
def test_any_text_is_elements_or_broken(text: str) -> None:
    try:
        found = [parse(element) for _, element in elements(Pieces(b"[" + text.encode()))]  # type: ignore[arg-type]
    except Broken:
        return
    assert json.loads("[" + text) == found


class Pieces:
    """A source that gives its bytes as asked."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, size: int) -> bytes:
        piece, self.data = self.data[:size], self.data[size:]
        return piece


def lines_of(objects: list[dict[str, Any]], indent: int | None) -> list[int]:
    """The line each element of an indented array starts on."""
    if indent is None:
        return [1] * len(objects)
    lines, line = [], 2
    for value in objects:
        lines.append(line)
        line += 1 + json.dumps(value, indent=indent, ensure_ascii=False).count("\n")
    return lines


def test_an_element_too_big_to_be_one_is_refused_and_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsontext, "CHUNK", 10)
    monkeypatch.setattr(jsontext, "LIMIT", 100)
    endless = Pieces(b'[{"a":1},{"b":"' + b"x" * 10_000)
    with pytest.raises(Broken, match="the array does not end"):
        [*elements(endless)]  # type: ignore[arg-type]
    assert len(endless.data) > 9_000
