"""`komainu eval view`, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from komainu.store import Store
from tests.eval.view_world import board, say
from tests.eval.world import context
from tests.test_cli import FAMILY, Run, komainu_  # noqa: F401  (a fixture)


@pytest.fixture
def named() -> str:
    """A board in the store of this folder, under a name."""
    ctx = context(Path("store"), say)
    ctx.store.build(board(n=6), ctx)
    ctx.store.name("models", board(n=6))
    return "models"


def test_a_site_of_a_name_is_written_and_told(komainu_: Run, named: str) -> None:  # noqa: F811
    said = komainu_("eval", "view", named, "--json")
    assert said.code == 0 and said.json["page"] == "view/index.html" and Path("view/index.html").is_file()
    told = {key: said.json[key] for key in ("entries", "columns", "items", "answers")}
    assert told == {"entries": 3, "columns": 5, "items": 6, "answers": 18}
    assert said.json["files"] == sum(path.is_file() for path in Path("view").rglob("*"))
    lines = komainu_("eval", "view", named, named, "--out", "other").out.splitlines()
    assert lines[0].startswith("3 models, 5 columns, 6 items, 18 answers: ") and lines[1] == "page other/index.html"


def test_what_cannot_be_shown_is_said(komainu_: Run, named: str) -> None:  # noqa: F811
    assert "there is nothing to show" in (komainu_("run", FAMILY), komainu_("eval", "view", FAMILY))[1].err
    for words, why in (
        ([FAMILY, "n=9"], "not built; `komainu run` builds it"),
        (["model"], "has no artifact 'model'; did you mean 'models'?"),
        (["n=9"], "comes before any target"),
        ([named, "--out", "store"], "is no site of ours"),
    ):
        said = komainu_("eval", "view", *words)
        assert said.code == 2 and why in said.err, said.err
    assert Store(Path("store")).names()["models"].startswith("board/") and not Path("view").exists()


def test_a_board_is_written_for_others(komainu_: Run, named: str) -> None:  # noqa: F811
    said = komainu_("eval", "export", named, "--developer", "lions", "--json")
    assert said.code == 0 and said.json["files"] and all(Path(name).is_file() for name in said.json["files"])
    assert {Path(name).parts[3] for name in said.json["files"]} == {"lions"}
    assert "not built" in komainu_("eval", "export", FAMILY).err
