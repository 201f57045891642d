"""Artifacts built by several processes: all of them, errors told, and nothing lost when one dies."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from komainu.abreast import abreast
from komainu.context import Context
from komainu.errors import UsageError
from komainu.files import write_rows
from komainu.rows import Chat
from komainu.settings import Settings
from komainu.stage import Stage
from komainu.store import Store


@dataclass(frozen=True, kw_only=True)
class Numbered(Stage):
    """One row; `fails` says how it does not come to be."""

    makes = Chat
    n: int
    fails: str = ""

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        if self.fails == "told":
            raise UsageError("row 7 of x.jsonl is no row; mend it")
        if self.fails == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        return {"rows": write_rows(out / "rows.jsonl", [Chat(f"{self.n}", ())]), "process": os.getpid()}


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    return Settings(store=str(tmp_path / "store"))


def test_every_group_is_built_and_by_several_processes(here: Settings) -> None:
    groups = [[Numbered(n=2 * i), Numbered(n=2 * i + 1)] for i in range(9)]
    assert len([*abreast(groups, here)]) == 9
    store = Store(here.root)
    found = [store.find(stage) for group in groups for stage in group]
    assert (
        all(found)
        and len({a.summary["process"] for a in found if a}) > 1
        and os.getpid() not in {a.summary["process"] for a in found if a}
    )
    assert [*abreast([], here)] == []


def test_an_error_of_one_is_raised_here_and_a_second_time_goes_on(here: Settings) -> None:
    groups = [[Numbered(n=i)] for i in range(5)]
    with pytest.raises(UsageError, match=r"row 7 of x\.jsonl is no row"):
        [*abreast([*groups, [Numbered(n=5, fails="told")]], here)]
    assert len([*abreast(groups, here)]) == 5


def test_a_process_that_is_killed_is_told(here: Settings) -> None:
    with pytest.raises(RuntimeError, match="ended with -9; run again to go on"):
        [*abreast([[Numbered(n=0)], [Numbered(n=1, fails="killed")]], here)]
