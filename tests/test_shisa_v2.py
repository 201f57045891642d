"""The family's recipe: planned for every size from local files, and run in miniature."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from komainu.files import write_rows
from komainu.plan import plan
from komainu.recipe import load
from recipes.shisa_v2 import DPO_MIX, SFT_MIX, Size
from tests.train.world import Chats, Pairs, base, context

RECIPE = str(Path(__file__).parents[1] / "recipes/shisa_v2.py") + ":family"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A tiny model directory, chats and pairs, as the recipe takes them."""
    root = tmp_path_factory.mktemp("files")
    ctx = context(root / "store")
    write_rows(root / "chats.jsonl", Chats().rows())
    write_rows(root / "pairs.jsonl", Pairs().rows())
    model = ctx.store.build(base(), ctx).path
    return [f"base={model}", f"chats={root / 'chats.jsonl'}", f"pairs={root / 'pairs.jsonl'}", "licence=mit"]


@pytest.mark.parametrize("size", get_args(Size))
def test_every_size_is_planned_from_local_files_before_anything_is_built(
    size: str, files: list[str], tmp_path: Path
) -> None:
    made = plan(load(RECIPE, [f"size={size}", "batch=1", *files]).stage, context(tmp_path).store)
    made.refuse()
    assert not [*tmp_path.rglob("record.json")]


def test_the_family_is_planned_on_the_default_mixes_of_sets_in_a_folder(files: list[str], tmp_path: Path) -> None:
    for name in SFT_MIX:
        write_rows(tmp_path / f"{name}.jsonl", Chats().rows())
    for name in DPO_MIX:
        write_rows(tmp_path / f"{name}.jsonl", Pairs().rows())
    recipe = RECIPE.replace(":family", ":family_on_mixes")
    values = ["size=llama3.1-8b", files[0], f"folder={tmp_path}", "licence=mit"]
    made = plan(load(recipe, values).stage, context(tmp_path).store)
    made.refuse()
    rows = [line.rows for line in made.lines if type(line.stage).__name__ == "Mix"]
    assert rows == [40 * 3 + 10 + 10 + 3 + 3 + 20, 40 * 4 + 20]


def test_the_family_in_miniature_runs_to_a_dpo_model(files: list[str], tmp_path: Path) -> None:
    ctx = context(tmp_path)
    made = ctx.store.build(load(RECIPE, ["size=llama3.1-8b", "batch=8", "pack=40", *files]).stage, ctx)
    lines = [json.loads(line) for line in (made.path / "metrics.jsonl").read_text().splitlines()]
    assert len(lines) == 10 and lines[0]["loss"] == pytest.approx(0.693147, abs=1e-6)
    assert {line["lr"] for line in lines} == {7.81e-9}
