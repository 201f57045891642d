"""Arrange: the order is what the meta says, and equals stay as they came."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from komainu.data.arrange import Arrange
from komainu.rows import Chat, Message

VALUES = st.one_of(st.none(), st.sampled_from(["ja", "en", "zh"]), st.integers(-3, 3), st.floats(allow_nan=True))


def chat(i: int, **meta: Any) -> Chat:
    return Chat(f"r{i}", (Message("user", "?"),), meta)


def ids(step: Arrange, rows: list[Chat]) -> list[str]:
    return [row.id for row in step(iter(rows), None)]  # type: ignore[arg-type]


def test_named_values_come_first_then_numbers_then_the_rest_then_rows_without_one() -> None:
    rows = [chat(0), chat(1, lang="zh"), chat(2, lang="en"), chat(3, lang="ja"), chat(4, lang=2), chat(5, lang=-1.5)]
    assert ids(Arrange(by="lang", first=("ja", "en")), rows) == ["r3", "r2", "r5", "r4", "r1", "r0"]


def test_a_dot_goes_into_a_dict() -> None:
    rows = [chat(0, tags={"difficulty": "hard"}), chat(1, tags={}), chat(2, tags={"difficulty": "easy"}), chat(3)]
    assert ids(Arrange(by="tags.difficulty", first=("easy", "hard")), rows) == ["r2", "r0", "r1", "r3"]


@given(st.lists(VALUES))
def test_every_row_is_there_once_and_equals_stay_as_they_came(values: list[Any]) -> None:
    rows = [chat(i, lang=value) for i, value in enumerate(values)]
    step = Arrange(by="lang", first=("ja",))
    found = ids(step, rows)
    assert sorted(found) == sorted(row.id for row in rows)
    at = {row.id: i for i, row in enumerate(rows)}
    places = [(step.place(rows[at[row]]), at[row]) for row in found]
    assert places == sorted(places)


def test_a_stage_of_pairs_gives_pairs(tmp_path: Path) -> None:
    from komainu.rows import Pair

    assert Arrange(by="lang").turns(Pair) is Pair and Arrange(by="lang").turns(Chat) is Chat
