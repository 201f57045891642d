"""The family's table as a stage makes it and a card shows it: the published one comes out of its published parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from komainu.errors import UsageError
from komainu.eval.family import ELYZA, TENGU
from komainu.eval.standings import FILE, Standings
from komainu.release.markdown import table
from komainu.stage import wiring
from tests.core_fakes import context
from tests.eval.league.test_family import PUBLISHED, published
from tests.eval.league.world import Given, board_of, full, row

OURS = Path(__file__).with_name("standings.md").read_text()  # averages from the parts, which are rounded there
RENAMED = {"jp-rp": "rp-bench", "jp-tl": "tl-bench"}
AVERAGES = ("ja avg", "en avg")


def bare(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without intervals, as published numbers are."""
    for each in rows:
        for numbers in (each, each.get("own", {})):
            numbers |= {"low": None, "high": None} if numbers else {}
    return rows


def given(rows: list[dict[str, Any]]) -> Given:
    return Given(text=json.dumps(board_of(rows)))


def made(root: Path, stage: Standings) -> dict[str, Any]:
    ctx = context(root)
    found: dict[str, Any] = json.loads((ctx.store.build(stage, ctx).path / FILE).read_bytes())
    return found


def cells(text: str) -> list[list[str]]:
    lines = [line.strip("| ").split(" | ") for line in text.strip().splitlines()]
    return [lines[0], *lines[2:]]


def test_the_published_table_comes_out_of_its_parts_laid_out_alike(tmp_path: Path) -> None:
    boards = tuple(given(bare(full(model, parts))) for model, parts in published())
    found = made(tmp_path, Standings(boards=boards, sort="ja_avg"))
    text = table(found["header"], found["rows"])
    assert text == OURS.strip()
    (head, *rows), (ours, *own) = cells(PUBLISHED), cells(text)
    assert [RENAMED.get(name, name).casefold() for name in head] == [name.casefold() for name in ours]
    for theirs, mine in zip(rows, own, strict=True):
        for name, a, b in zip(ours, theirs, mine, strict=True):
            if name.casefold() in AVERAGES:
                assert abs(float(a) - float(b)) < 0.3
            else:
                assert a == b or (name == "Shaberi" and abs(float(a) - float(b)) < 0.011)


def test_models_of_several_boards_stand_once_with_their_intervals(tmp_path: Path) -> None:
    both = given([row("a-7b", ELYZA, 8.0), row("b-14b", ELYZA, 7.0)])
    more = given([row("b-14b", ELYZA, 7.0), row("c-12b", ELYZA, 9.0)])
    found = made(tmp_path, Standings(boards=(both, more), filters=("size>=12",)))
    assert [(line[0], line[-1]) for line in found["rows"]] == [
        ("c-12b", "9.00 [8.90, 9.10]"),
        ("b-14b", "7.00 [6.90, 7.10]"),
    ]
    assert found["table"]["rows"][0]["cells"]["elyza"]["scores"] == "scores/c-12b-elyza"


def test_what_lacks_verdicts_is_withheld_and_told(tmp_path: Path) -> None:
    stage = Standings(boards=(given([row("a", ELYZA, 8.0, missing=3), row("a", TENGU, 8.0)]),))
    ctx = context(tmp_path)
    built = ctx.store.build(stage, ctx)
    assert any("lacks 2.9 % of its verdicts" in told for told in built.summary["incomplete"])
    found = json.loads((built.path / FILE).read_bytes())
    assert "withheld (7.77 to 8.06)" in found["rows"][0] and any("withheld a, ELYZA" in note for note in found["notes"])


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    def problems(**fields: Any) -> list[str]:
        return [text for _, text in wiring(Standings(**fields))]

    assert "boards is empty" in problems(boards=())[0] and "a share" in problems(boards=(given([]),), accept=2.0)[0]
    for boards, why in (((given([]),), "none of the models"), ((Given(text=""),), "has no board.json")):
        with pytest.raises(UsageError, match=why):
            made(tmp_path, Standings(boards=boards))
    with pytest.raises(UsageError, match="does not tell how it was measured"):
        made(tmp_path, Standings(boards=(Given(text=json.dumps({"rows": []})),)))
