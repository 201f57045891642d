"""A user's turn by a real model: in this process, and behind our own server, from the same template."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from komainu.data.base import Dataset, drops
from komainu.data.grid import Grid
from komainu.data.open_turn import OpenTurn
from komainu.launch import open_context
from komainu.models.base import Model
from komainu.models.server import served
from komainu.rows import Chat
from komainu.settings import Settings
from komainu.stage import Stage
from komainu.train.directory import Directory
from tests.models.tiny import save_tiny_model

GRID = Grid(template="japan", lists=("japan", "askers"), n=6, languages=("en",), role="system")


def turns(root: Path, step: OpenTurn, settings: Settings) -> dict[str, str]:
    """What was written under each system turn, also where it did not end; by row."""
    made = Dataset(sources=(GRID,), steps=(step,))
    with open_context(settings) as ctx:
        if step.model.weights is not None:
            assert isinstance(step.model.weights, Stage)
            ctx.store.build(step.model.weights, ctx)
        ctx.store.build(GRID, ctx)
        artifact = ctx.store.build(made, ctx)
        rows = [*artifact.rows(), *(drop.row for drop in drops(artifact))]
        assert len(rows) == artifact.summary["in"] * step.samples == 6
        assert all(isinstance(row, Chat) and [m.role for m in row.messages] == ["user"] for row in rows)
        return {row.id: row.messages[0].content for row in rows if isinstance(row, Chat)}


def test_the_engine_and_the_server_go_on_alike_from_the_same_open_turn(tmp_path: Path) -> None:
    directory, asked = tmp_path / "model", Model(name="tiny", max_tokens=12)
    save_tiny_model(directory, context=512)
    own = OpenTurn(model=replace(asked, weights=Directory.of(str(directory), "mit")))
    here = turns(tmp_path, own, Settings(store=str(tmp_path / "here"), threads=1))
    assert any(here.values()) and not any("<|" in text for text in here.values())
    with served(directory, Settings(threads=1), asked) as endpoint:
        there = Settings(store=str(tmp_path / "there"), threads=1, endpoints={"tiny": endpoint})
        step = OpenTurn(model=asked, tokenizer=str(directory))
        assert turns(tmp_path, step, there) == here
