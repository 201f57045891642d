"""Stored: an artifact stands for the stage that made it, with its id, its place and its past."""

from __future__ import annotations

from pathlib import Path

import pytest

from komainu.errors import UsageError
from komainu.lineage import from_stage, upstream
from komainu.plan import plan
from komainu.rows import Chat
from komainu.store import reference
from komainu.stored import Stored
from tests.core_fakes import Join, Source, context, runs


def test_what_is_made_of_an_artifact_has_the_id_of_what_is_made_of_its_stage(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    stage = Join(parts=(Source(),))
    held = Stored(artifact=ctx.store.build(stage, ctx))
    assert (held.id, reference(held), held.row_type, held.expected(lambda _: None)) == (
        stage.id,
        reference(stage),
        Chat,
        3,
    )
    assert Join(parts=(held,)).id == Join(parts=(stage,)).id


def test_it_is_not_built_again_and_its_past_stays_known(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    stage = Join(parts=(Source(),))
    held = Stored(artifact=ctx.store.build(stage, ctx))
    built = Join(parts=(held, Source(n=5)))
    ctx.store.build(built, ctx)
    assert runs(tmp_path) == ["Source", "Join", "Source", "Join"]
    assert reference(Source()) in {node.ref for node in upstream(from_stage(built, ctx.store))}


def test_it_cannot_be_made_when_it_has_gone(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    held = Stored(artifact=ctx.store.build(Source(), ctx))
    (held.artifact.path / "record.json").unlink()
    with pytest.raises(UsageError, match="has gone from the store"):
        ctx.store.build(Join(parts=(held,)), ctx)


def test_what_is_made_of_it_can_be_planned(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    held = Stored(artifact=ctx.store.build(Source(), ctx))
    assert [line.state for line in plan(Join(parts=(held,)), ctx.store).lines] == ["built", "to build"]
