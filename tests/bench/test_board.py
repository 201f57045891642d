"""The benchmark of `eval board` runs, and its models have every column of the family's table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.board import FORMS, Made, main
from komainu.eval.family import MEANS, PARTS
from komainu.eval.league.columns import columns
from komainu.eval.league.found import numbers
from tests.core_fakes import context


def test_every_model_has_every_column(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    found = columns([*numbers(ctx.store, (ctx.store.build(Made(models=3), ctx).ref,))])
    assert [column.key for column in found] == [*(mean.key for mean in MEANS), *(part.key for part in PARTS)]
    assert all(len(column.cells) == 3 and c.value for column in found for c in column.cells.values())


def test_each_form_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    main(40, 1)
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + len(FORMS) and json.loads(rows[1].split("|")[2]) > 0
