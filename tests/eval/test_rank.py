"""`komainu eval rank`: what is read from a file, what is refused and where, and what is told of a ranking."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from komainu.cli import main
from komainu.cli_rank import rank
from komainu.errors import UsageError
from komainu.eval.rank import ranking, read
from komainu.eval.stats.bradley_terry import Duels

HEAD = "a,b,wins_a,wins_b,ties\n"
GOOD = HEAD + "x,y,3,1,1\ny,z,4,2,\nx,z,5,0.5,0\n"


def file(folder: Path, text: str | bytes, name: str = "duels.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def found(path: Path) -> dict[str, Any]:
    return ranking(read(path))


def test_csv_and_json_lines_say_the_same(tmp_path: Path) -> None:
    rows = [
        {"a": "x", "b": "y", "wins_a": 3, "wins_b": 1, "ties": 1},
        {"a": "y", "b": "z", "wins_a": 4, "wins_b": 2},
        {"a": "x", "b": "z", "wins_a": 5, "wins_b": 0.5, "ties": None},
    ]
    lines = file(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), "duels.jsonl")
    tabs = file(tmp_path, GOOD.replace(",", "\t"), "duels.tsv")
    marked = file(tmp_path, b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode(), "windows.csv")
    wanted = found(file(tmp_path, GOOD))
    assert found(lines) == found(tabs) == found(marked) == wanted
    assert [row["model"] for row in wanted["rows"]] == ["x", "y", "z"] and wanted["comparisons"] == 16.5
    assert {"model", "strength", "low", "high", "lt"} <= wanted["rows"][0].keys()


def test_small_fractions_are_counts_too(tmp_path: Path) -> None:
    few, many = HEAD + "x,y,0.000006,0.000001,0\n", HEAD + "x,y,6,1,0\n"
    small, big = (found(file(tmp_path, text))["rows"][0] for text in (few, many))
    assert small["strength"] == pytest.approx(big["strength"], abs=1e-6) == pytest.approx(math.log(6) / 2, abs=1e-6)
    assert (small["low"], small["high"]) == (None, None) and big["low"] < 1 < big["high"]
    alone = found(file(tmp_path, HEAD + "x,y,0.000007,0,0\n"))["rows"]
    assert [(row["model"], row["side"]) for row in alone] == [("x", "above"), ("y", "below")]
    assert alone[0]["low"] < 0 < alone[1]["high"] and alone[0]["high"] is alone[1]["low"] is None


def test_a_model_that_lost_next_to_nothing_is_ranked_with_bounds_or_without(tmp_path: Path) -> None:
    for lost in ("0.000003", "0.00003", "0.0"):
        told = found(file(tmp_path, HEAD + f"x,y,879,{lost},0\ny,z,29,0.5,0\n"))["rows"]
        assert [row["model"] for row in told] == ["x", "y", "z"]
        assert told[0]["side"] == ("" if lost == "0.00003" else "above"), "less than 1e-8 of the games is no win"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no comparison in it"),
        (HEAD, "there is no comparison in it"),
        (HEAD + "x,y,0,0,0\n", "there is no comparison in it"),
        ("a,b,wins_a,win_b\nx,y,1,1\n", ":1: the heading has 0 columns 'wins_b'; did you mean 'win_b'?"),
        ("a,b,wins_a,wins_b,a\nx,y,1,1,x\n", ":1: the heading has 2 columns 'a'"),
        ("a,b,wins_a,wins_b,c,c\nx,y,1,1,1,1\n", ":1: the heading has a column twice"),
        (HEAD + "x,y,1,1\n", ":2: 4 cells, but the heading has 5"),
        (HEAD + "\nx,y,1,2,0\nx,y,one,1,0\n", ":4: wins_a must be float, not 'one'"),
        (HEAD + "x,y,nan,1,0\n", ":2: wins_a must be float, not 'nan'"),
        (HEAD + "x,y,-1,1,0\n", ":2: wins_a is -1; a count is 0, or from 1e-06 to 1e+06"),
        (HEAD + "x,y,1,1e-300,0\n", ":2: wins_b is 1e-300; a count is 0, or"),
        (HEAD + "x,,1,1,0\n", ":2: b must be the name of a model, not ''"),
        (HEAD + "x, x,1,1,0\n", ":2: 'x' is compared with itself"),
        (HEAD + '"x,y,1,1,0\n', ":2: not CSV: unexpected end of data"),
        (HEAD.encode() + b"\xff,y,1,1,0\n", "not UTF-8"),
    ],
)
def test_what_is_no_comparison_is_refused_with_its_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(UsageError) as error:
        read(file(tmp_path, text))
    assert str(error.value).startswith(f"{tmp_path}/duels.csv") and said in str(error.value)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('{"a": "x", "b": "y", "wins_a": 1}', ":1: the row has no 'wins_b'; did you mean 'wins_a'?"),
        ('{"a": "x", "b": 7, "wins_a": 1, "wins_b": 1}', ":1: b must be the name of a model, not 7"),
        ('{"a": "x", "b": "y", "wins_a": true, "wins_b": 1}', ":1: wins_a must be a number, not True"),
        ('{"a": "x", "b": "y", "wins_a": [1], "wins_b": 1}', ":1: wins_a must be a number, not [1]"),
        ("[1]", ":1: expected an object"),
        ("{", ":1: not JSON"),
    ],
)
def test_a_row_of_json_that_is_no_comparison_is_refused_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        read(file(tmp_path, row + "\n", "duels.jsonl"))
    assert said in str(error.value)


def test_a_missing_file_and_an_unknown_format_are_refused(tmp_path: Path) -> None:
    for name, said in (("none.csv", "no such file"), ("none.jsonl", "no such file"), ("none.xls", "no known format")):
        with pytest.raises(UsageError, match=said):
            read(tmp_path / name)


names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8)
number = st.one_of(st.integers(0, 10**6), st.floats(1e-6, 1e6), st.just(0))


@given(st.lists(st.tuples(names, names, number, number, number), min_size=1, max_size=8))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_written_is_read_and_ranked(tmp_path: Path, rows: list[tuple[Any, ...]]) -> None:
    kept = [r for r in rows if r[0].strip() and r[1].strip() and r[0].strip() != r[1].strip()]
    out = io.StringIO()
    csv.writer(out).writerows([HEAD.strip().split(","), *kept])
    path = file(tmp_path, out.getvalue())
    wanted = [Duels(a.strip(), b.strip(), float(x), float(y), float(t)) for a, b, x, y, t in kept]
    if not any(d.wins_a + d.wins_b + d.ties for d in wanted):
        return
    duels, ignored = read(path)
    assert duels == wanted and ignored == []
    told = ranking(read(path))
    assert {row["model"] for row in told["rows"]} == {name for d in wanted for name in d[:2]}
    for row in told["rows"]:
        assert row["low"] is None or row["low"] <= row["strength"]
        assert row["high"] is None or row["strength"] <= row["high"]
        assert 0 <= row["lt_low"] <= row["lt"] <= row["lt_high"] <= 10


@given(st.binary(max_size=200), st.sampled_from(["duels.csv", "duels.tsv", "duels.jsonl", "duels.json"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_comparisons_or_a_usage_error(tmp_path: Path, data: bytes, name: str) -> None:
    for text in (data, HEAD.encode() + data):
        try:
            ranking(read(file(tmp_path, text, name)))
        except UsageError as error:
            assert name in str(error)


def test_groups_are_the_longest_runs_that_cannot_be_told_apart(tmp_path: Path) -> None:
    told = found(file(tmp_path, HEAD + "p,q,12,8,0\nq,r,12,8,0\np,r,17,3,0\n"))
    words = {(pair["a"], pair["b"]): pair["word"] for pair in told["pairs"]}
    same = "not distinguishable"
    assert words == {("p", "q"): same, ("q", "r"): same, ("p", "r"): "worse"}
    assert told["groups"] == [["p", "q"], ["q", "r"]]
    assert all(pair["p"] <= pair["p_holm"] for pair in told["pairs"])
    assert found(file(tmp_path, GOOD))["groups"] == [["x", "y", "z"]]
    assert found(file(tmp_path, HEAD + "p,q,90,10,0\n"))["groups"] == [["p"], ["q"]]


def test_separation_parts_and_other_columns_are_told(tmp_path: Path) -> None:
    told = found(file(tmp_path, "item,a,b,wins_a,wins_b\n1,x,y,3,1\n2,x,w,2,0\n3,y,w,2,0\n4,p,q,1,1\n"))
    assert told["parts"] == 2 and told["ignored"] == ["item"]
    assert [row["side"] for row in told["rows"] if row["model"] == "w"] == ["below"]
    assert [row["low"] for row in told["rows"] if row["model"] == "w"] == [None]
    text = "\n".join(told["notes"])
    assert "2 parts that never met" in text and "w never won" in text and "columns not looked at: item" in text


def test_the_command_prints_one_object_and_refuses_a_file_with_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "rank", str(file(tmp_path, GOOD)), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == found(tmp_path / "duels.csv")
    assert main(["eval", "rank", str(file(tmp_path, HEAD + "x,x,1,1,0\n", "bad.csv")), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"].startswith(f"{tmp_path}/bad.csv:2: 'x' is compared with itself")


def test_the_table_has_a_line_a_model_and_the_groups(tmp_path: Path) -> None:
    lines = [*rank(file(tmp_path, GOOD)).lines]
    assert lines[0].split()[:2] == ["model", "strength"] and lines[1].startswith("x ")
    assert "not distinguishable: x, y, z" in lines
