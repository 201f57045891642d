"""The verdict formats of published trees: each is read as it was, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.eval.imported.stages import ImportedBench
from komainu.eval.judge.historical import FORMATS, Historical

BENCH = ImportedBench(name="rakuda", top=10.0)
READ: list[tuple[str, float | None]] = [
    ("良い回答です。\nFINAL SCORE: 7", 7.0),
    ("FINAL SCORE: 3\n...\nFINAL SCORE: 8", 8.0),  # the last one counts
    ("FINAL SCORE: 6.5", 6.0),
    ("FINAL SCORE: 7.5", 8.0),
    ("<score>4</score> と <score>5</score>", 5.0),
    ("[計算式]\n3+2=5\n[点数]\n5点", 5.0),
    ("評価：[[9]]", 9.0),
    ("評価：[9] 後で 評価：[[2]]", 9.0),  # the first one counts
    ("評価：【10】", 10.0),
    (" 4\n", 4.0),
    ("0", 0.0),
    ("11", None),
    ("FINAL SCORE: 11", None),
    ("FINAL SCORE: 11\n<score>4</score>", None),  # what is there and out of range is not looked for elsewhere
    ("[点数]5点", None),
    ("評価: [[5]]", None),
    ("4/5", None),
    ("-1", None),
    ("良い", None),
    ("", None),
]


@pytest.mark.parametrize(("reply", "value"), READ)
def test_each_format_is_read_as_it_was(reply: str, value: float | None) -> None:
    found = Historical().read(reply, "", BENCH)
    assert found.values.get("score") == value and bool(found.wrong) == (value is None)


def test_the_reason_is_what_the_judge_wrote_and_only_the_formats_said_are_read() -> None:
    assert Historical().read("短い。\nFINAL SCORE: 7", "", BENCH).reason == "短い。\nFINAL SCORE: 7"
    assert Historical(formats=("bare",)).read("FINAL SCORE: 7", "", BENCH).wrong.startswith("no verdict")
    assert Historical(rounding="none").read("FINAL SCORE: 7.5", "", BENCH).values == {"score": 7.5}


@given(st.text() | st.text(alphabet="FINAL SCORE:<>/score[点数]\n評価：【】0123456789."), st.sampled_from([*FORMATS]))
def test_reading_never_fails_and_stays_on_the_scale(reply: str, name: str) -> None:
    for rule in (Historical(), Historical(formats=(name,))):  # type: ignore[arg-type]
        found = rule.read(reply, "", BENCH)
        assert all(0 <= value <= 10 for value in found.values.values()) and bool(found.values) != bool(found.wrong)
