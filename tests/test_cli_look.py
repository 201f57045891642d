"""`komainu data look`, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from komainu.data.base import Dataset
from komainu.data.dedup import Exact
from komainu.rows import Chat
from komainu.store import Store
from tests.data.fakes import chat, context, source
from tests.test_cli import FAMILY, Run, komainu_  # noqa: F401  (a fixture)


@pytest.fixture
def named() -> str:
    """A set with a dropped row in the store of this folder, under a name."""
    ctx = context(Path())
    rows: list[Chat] = [
        chat("a", "空は？", "青いです。"),
        chat("b", "空は？", "青いです！"),
        chat("c", "山は？", "高いです。"),
    ]
    stage = Dataset(sources=(source(*rows),), steps=(Exact(),))
    ctx.store.build(stage, ctx)
    ctx.store.name("sky", stage)
    return "sky"


def test_a_site_of_a_name_is_written_and_told(komainu_: Run, named: str) -> None:  # noqa: F811
    said = komainu_("data", "look", named, "--json")
    assert said.code == 0 and said.json["page"] == "look/index.html" and Path("look/index.html").is_file()
    told = {key: said.json[key] for key in ("rows", "dropped", "clusters", "changed")}
    assert told == {"rows": 2, "dropped": 1, "clusters": 1, "changed": 0}
    assert said.json["files"] == sum(path.is_file() for path in Path("look").rglob("*"))
    lines = komainu_("data", "look", Store(Path("store")).names()[named], "--out", "other").out.splitlines()
    assert lines[0].startswith("2 rows, 1 dropped, 1 clusters: ") and lines[1] == "page other/index.html"


def test_files_and_recipes_are_looked_at_too(komainu_: Run) -> None:  # noqa: F811
    rows = [{"messages": [{"role": "user", "content": "犬"}, {"role": "assistant", "content": "わん"}]}] * 3
    Path("pets.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert komainu_("data", "look", "pets.jsonl", "--json").json["rows"] == 3
    assert komainu_("data", "look", "pets.jsonl[1:]", "--json").json["rows"] == 2
    assert "not built; `komainu run` builds it" in komainu_("data", "look", FAMILY).err
    komainu_("run", FAMILY, "n=2")
    assert komainu_("data", "look", FAMILY, "n=2", "--json").json["rows"] > 0


def test_what_cannot_be_looked_at_is_said(komainu_: Run, named: str) -> None:  # noqa: F811
    for words, why in (
        (["skye"], "has no artifact 'skye'; did you mean 'sky'?; nor are there files: skye: no such file"),
        (["n=9"], "has no artifact"),
        ([named, "n=9"], "'sky' is no recipe.py:function, so it takes no settings: n=9"),
        ([named, "--out", "store"], "is no site of ours"),
    ):
        said = komainu_("data", "look", *words)
        assert said.code == 2 and why in said.err, said.err
    assert not Path("look").exists()
