"""A table of many models as text of any width, as CSV that is no program, as JSON."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.eval.family import ELYZA, IFEVAL, TENGU
from komainu.eval.league import write
from komainu.eval.league.found import Number
from komainu.eval.league.pick import Wanted
from komainu.eval.league.table import League, league
from komainu.terminal import cells
from tests.eval.league.world import HOW, full, numbers, row

JUDGES = {"strict": {"mean": 3.0, "n": 80, "missing": 20}, "kind": {"mean": 4.0, "n": 100, "missing": 0}}


def table(some: list[Number], accept: float = 0.0) -> League:
    return league(some, "", Wanted(), accept, lambda number: "")


def lines(of: League, width: int = 0) -> list[str]:
    return [*write.text(of, width)]


def records(of: League) -> list[dict[str, str]]:
    return [*csv.DictReader(write.comma_separated(of))]


def test_a_cell_has_its_unit_and_its_interval() -> None:
    head, first, *_ = lines(table(numbers(full("a", {"elyza": 8.45, "livebench": 40.7}))))
    assert head.split()[:3] == ["Model", "JA", "AVG"] and "8.45 [8.35, 8.55]" in first and "40.7 [39.7, 41.7]" in first


def test_scaling_is_told_of_the_models_that_have_it() -> None:
    some = [row(name, ELYZA, 8, sampling={"rope": n} if n else {}) for name, n in (("a", 2), ("b", 0), ("c", 2))]
    of = table(numbers([*some, row("d", ELYZA, 8)]))
    assert [line for line in lines(of) if "RoPE" in line] == ["RoPE scaling 2: a, c"]
    assert {each["model"]: each["rope"] for each in write.json(of)["rows"]} == {"a": 2, "b": 0, "c": 2, "d": 0}
    assert {each["model"]: each["notes"] for each in records(of)} == {
        "a": "RoPE scaling 2",
        "b": "",
        "c": "RoPE scaling 2",
        "d": "",
    }


def test_columns_are_aligned_whatever_the_names() -> None:
    some = numbers([row("日本語モデル", ELYZA, 8), row("a", ELYZA, 7)])
    found = lines(table(some))[:3]
    assert len({cells(line) for line in found}) == 1


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=5, unique=True), st.integers(60, 200))
def test_no_line_is_wider_than_the_terminal_and_no_model_is_lost(names: list[str], width: int) -> None:
    of = table(numbers([one for name in names for one in full(name, {})]))
    found = [line for line in write.text(of, width) if not line.startswith("Group: ")]
    assert all(cells(line) <= width for line in found)
    blocks = sum(line.startswith("Model ") for line in found)
    assert len([line for line in found if line]) == blocks * (1 + len(names))


def test_a_narrow_terminal_has_the_other_columns_under_the_first_and_all_of_them() -> None:
    of = table(numbers(full("a", {})))
    (wide, *_), narrow = lines(of), lines(of, 60)
    heads = [line for line in narrow if line.startswith("Model")]
    assert len(heads) > 3 and " ".join(" ".join(heads).replace("Model", "").split()) == " ".join(wide.split()[1:])
    tiny = lines(of, 1)
    assert sum(line.startswith("Model") for line in tiny) == len(of.columns)


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    some = numbers([row("\x1b[31mred\nnext\u202e", ELYZA, 8)])
    for found in (lines(table(some)), [*write.comma_separated(table(some))]):
        assert not any("\x1b" in line or "\n" in line or "\u202e" in line for line in found)


def test_what_is_withheld_is_bounded_and_what_each_judge_lacks_is_told() -> None:
    of = table(numbers([row("a", ELYZA, 5, n=90, missing=10, judges=JUDGES, balanced=3.5), row("b", ELYZA, 4)]))
    found = lines(of)
    assert any(line.split()[:2] == ["a", "withheld"] and "(4.50 to 5.50)" in line for line in found)
    assert "withheld a, ELYZA: lacks 10.0 % of its verdicts (missing: strict 20, kind 0)" in found
    assert write.json(of)["withheld"] == ["a elyza: lacks 10.0 % of its verdicts (missing: strict 20, kind 0)"]
    shown = lines(table(numbers([row("a", ELYZA, 5, n=90, missing=10)]), 0.1))
    assert any(line.endswith("5.00 [4.90, 5.10]*") for line in shown)
    assert "* a, ELYZA: accepted without 10.0 % of its verdicts" in shown


def test_ways_that_differ_partial_averages_and_groups_are_told_under_the_table() -> None:
    some = numbers([row("a", ELYZA, 8), row("b", ELYZA, 8.01), row("a", TENGU, 8), row("b", TENGU, 7)])
    found = lines(table(some + numbers([row("c", ELYZA, 9)], {**HOW, "judges": "gpt-4"})))
    assert "ELYZA (1): judges none" in found and "ELYZA (2): judges gpt-4" in found
    every = lines(table(some + numbers([row(m, s, 9) for m in "cd" for s in (ELYZA, TENGU)], {**HOW, "judges": "x"})))
    assert "JA 2 of 8 (2), Shaberi 2 of 4 (2), ELYZA (2), Tengu (2): judges x" in every
    assert "Shaberi 2 of 4 (1), Shaberi 2 of 4 (2): without JA-MT, Rakuda" in every
    assert "Shaberi: not for 2 of 3: 2 of 4, without JA-MT, Rakuda" in found
    assert not any(line.startswith("EN") for line in found)
    assert any(line.startswith("Group: ") for line in lines(table(some)))


def test_many_notes_are_cut_and_counted() -> None:
    some = numbers([row(f"m{i:02}", ELYZA, 5, n=1, missing=1) for i in range(40)])
    told = [line for line in lines(table(some)) if line.startswith("withheld")]
    assert len(told) == write.FEW + 1 and told[-1] == f"withheld {40 - write.FEW} more"


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", "－1"]
)
def test_no_name_is_a_formula_in_a_spreadsheet(name: str) -> None:
    (found,) = records(table(numbers([row(name, ELYZA, 8)])))
    assert not found["model"].lstrip().startswith(write.FORMULA)


@given(st.text())
def test_no_text_of_a_record_is_a_formula_and_numbers_stay_numbers(text: str) -> None:
    (found,) = next(csv.reader([write.record([text])]), [""]) or [""]
    try:
        float(text)
    except ValueError:
        assert not found.lstrip().startswith(write.FORMULA) and "\n" not in found
    assert next(csv.reader([write.record(["-0.25"])])) == ["-0.25"]


def test_csv_has_numbers_ends_and_reasons() -> None:
    of = table(numbers([row("a,b", ELYZA, 8), row('q"', ELYZA, 5, n=90, missing=10), row("a,b", IFEVAL, 0.5)]))
    first, second = records(of)
    assert (first["model"], first["elyza"], first["elyza low"], first["ifeval"]) == ("a,b", "8", "7.9", "0.5")
    assert (
        second["model"] == 'q"' and second["elyza"] == "" and second["notes"].startswith("ELYZA withheld: lacks 10.0")
    )


def test_json_has_every_column_of_every_model() -> None:
    of = table(numbers([row("a", ELYZA, 8, judges=JUDGES, balanced=3.5), row("b", IFEVAL, 0.5)]))
    found: dict[str, Any] = write.json(of)
    keys = [column["key"] for column in found["columns"]]
    assert found["sorted_by"] == "elyza" and [r["model"] for r in found["rows"]] == ["a", "b"]
    assert all(set(keys) <= set(r) for r in found["rows"])
    a, b = found["rows"]
    assert (a["elyza"], a["ja_avg"], b["elyza"]) == (8, None, None) and a["results"] == ["board"]
    assert (
        a["cells"]["ja_avg"]["why"]
        == "1 of 8, without JA-MT, Rakuda, Tengu, llm-jp-eval, jp-ifeval, rp-bench, tl-bench"
    )
    assert a["cells"]["elyza"]["judges"]["kind"]["mean"] == 8 and a["cells"]["elyza"]["scores"] == "scores/a-elyza"
    (ja,) = [column for column in found["columns"] if column["key"] == "ja_avg"]
    assert len(ja["of"]) == 8 and ja["unit"] == 100


def test_groups_have_letters_and_after_z_two() -> None:
    assert [write.letter(n) for n in (1, 26, 27, 52, 53, 703)] == ["a", "z", "aa", "az", "ba", "aaa"]
    of = table(numbers([row("a", ELYZA, 8)]))
    (only,) = of.rows
    assert (
        write.letters(only._replace(groups=(1, 2))) == "ab" and write.letters(only._replace(groups=(1, 27))) == "a,aa"
    )
