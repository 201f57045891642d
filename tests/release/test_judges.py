"""Judged benches, and missing verdicts that were accepted, on a card and on a report."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.release.conftest import Built
from tests.release.world import build, with_board

EVIL = "<script>alert(1)</script>|`x`"
WAY = {"bench": "Marks 3f9a", "judges": f"{EVIL}, kind", "judged with": "temperature 0", "prompt": "ab12cd34ef56"}


def judged(built: Built) -> dict[str, Any]:
    """The board with two judges of the first bench: the strict one lacks two verdicts."""
    found = copy.deepcopy(built.board)
    (bench, language), *_ = {(row["bench"], row["language"]): None for row in found["rows"]}
    for row in found["rows"]:
        if (row["bench"], row["language"]) == (bench, language):
            mean = row["mean"]
            by = {EVIL: {"mean": mean, "n": 10, "missing": 2}, "kind": {"mean": None, "n": 0, "missing": 12}}
            row |= {"balanced": 0.123, "judges": by}
    found["measured"] = {f"{bench} ({language})": WAY}
    return found


def test_a_card_names_the_judges_their_marks_and_what_is_missing(built: Built) -> None:
    card = build(built.family.card(board=with_board(judged(built))), built.ctx)
    text = (card / "README.md").read_text(encoding="utf-8")
    section = text.split("### Judges")[1].split("### What was decided")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ") and "12.3" in line]
    assert len(lines) == len(built.board["entries"])
    assert all("kind –" in line and "kind 12" in line for line in lines)
    first = next(line for line in text.split("### By benchmark")[1].splitlines() if line.endswith("ab12cd34ef56 |"))
    assert "&lt;script&gt;" in first and f"| {built.board['rows'][0]['items']} |" in first
    assert text.split("### By benchmark")[1].split("###")[0].count("| a rule |") == 3
    assert "prompt ab12cd34ef56" in section and "judged with temperature 0" in section
    assert "<script>" not in section and "Every answer was scored by a rule" not in text
    cells = json.loads((card / "cells.json").read_bytes())
    assert [cell["balanced"] for cell in cells.values() if "balanced" in cell] == [0.123] * len(lines)


def test_a_report_has_the_judges_as_text(built: Built) -> None:
    html = (build(built.family.report(board=with_board(judged(built))), built.ctx) / "report.html").read_text("utf-8")
    assert "<h3>Judges</h3>" in html and "prompt ab12cd34ef56" in html and "kind 12" in html
    assert EVIL not in html and "<script>alert" not in html


def test_without_judges_there_is_no_such_section(built: Built) -> None:
    assert "<h3>Judges</h3>" not in built.html
    text = (built.card / "README.md").read_text(encoding="utf-8")
    assert "### Judges" not in text and "Judged by" not in text and "Every answer was scored by a rule" in text


def test_what_was_accepted_is_told_on_card_and_report(built: Built) -> None:
    found = copy.deepcopy(built.board)
    told = "accepted 1.2 % missing of exact (ja)"
    found["headline"][-1]["ja"] |= {"accepted": told}
    text = (build(built.family.card(board=with_board(found)), built.ctx) / "README.md").read_text(encoding="utf-8")
    assert f"- DPO: JA avg: {told}" in text
    html = (build(built.family.report(board=with_board(found)), built.ctx) / "report.html").read_text("utf-8")
    assert "DPO, ja: accepted 1.2\u00a0% missing of exact (ja)." in html


def test_a_bench_beside_the_averages_is_told_and_no_part_of_their_cells(built: Built) -> None:
    found = copy.deepcopy(built.board)
    aside = {(row["bench"], row["language"]) for row in found["rows"][:1]}
    for row in found["rows"]:
        row["averaged"] = (row["bench"], row["language"]) not in aside
    card = build(built.family.card(board=with_board(found)), built.ctx)
    html = (build(built.family.report(board=with_board(found)), built.ctx) / "report.html").read_text("utf-8")
    ((bench, language),) = aside
    for text in ((card / "README.md").read_text("utf-8"), html):
        assert f"Not counted in the averages: {bench} ({language})." in text
    cells = json.loads((card / "cells.json").read_bytes())
    part = cells[f"DPO/headline/{language}"]["cells"]
    assert part and not any(f"/{bench}/{language}/" in cell for cell in part)
    assert "Not counted in the averages" not in built.html


def test_the_notes_of_a_card_are_on_card_and_report_as_text(built: Built) -> None:
    card = built.family.card(notes=(f"The judges are stand-ins {EVIL}.",))
    text = (build(card, built.ctx) / "README.md").read_text("utf-8")
    html = (build(built.family.report(card=card), built.ctx) / "report.html").read_text("utf-8")
    assert "The judges are stand-ins" in text.split("## What the numbers do not cover")[1]
    assert "The judges are stand-ins" in html and "<script>alert" not in text + html


def test_the_liking_of_a_judge_for_a_place_is_told(built: Built) -> None:
    found = judged(built)
    for row in found["rows"]:
        for numbers in row.get("judges", {}).values():
            numbers |= {"first_place": 0.625, "flipped": 0.25, "half": 0.0}
    text = (build(built.family.card(board=with_board(found)), built.ctx) / "README.md").read_text("utf-8")
    html = (build(built.family.report(board=with_board(found)), built.ctx) / "report.html").read_text("utf-8")
    for told in (text, html):
        assert "wins 62.5 % went to what was shown first" in told and "changed in 25.0 % of the pairs" in told
    assert "shown first" not in built.html
