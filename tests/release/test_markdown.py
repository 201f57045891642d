from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.release.markdown import escape, metadata, table


def test_numbers_stay_readable() -> None:
    assert escape("84.0 [80.1, 87.3]") == "84.0 [80.1, 87.3]"
    assert escape("p < 0.001, 95 %, top_p 0.9 [95 %]") == "p < 0.001, 95 %, top_p 0.9 [95 %]"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("[a](javascript:x)", "\\[a](javascript:x)"),
        ("[1](javascript:x)", "\\[1](javascript:x)"),
        ("a|b", "a\\|b"),
        ("_a_", "\\_a\\_"),
        ("two\nlines", "two lines"),
    ],
)
def test_markup_is_text(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(st.text())
def test_nothing_gets_out_of_a_cell(text: str) -> None:
    line = table(["a", "b"], [[text, text]]).split("\n")
    assert len(line) == 3
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line[2])) == 3
    assert "<" not in line[2].replace("< ", "")


def test_a_language_that_yaml_takes_for_a_truth_value_is_quoted() -> None:
    assert metadata({"language": ("ja", "no"), "base_model": ""}) == '---\nlanguage:\n- ja\n- "no"\n---'
    assert metadata({"license": "a: b\n"}) == '---\nlicense: "a: b\\n"\n---'
