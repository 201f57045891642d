"""LiveBench's own scorers, for real (`make test-livebench`): every task of the release, right and wrong answers.

KOMAINU_LIVEBENCH names a Python that has them; without it the environment is made from upstream's repository.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from komainu.context import Context
from komainu.environment import Environment
from komainu.eval.base import Scores
from komainu.eval.external.base import External
from komainu.eval.external.livebench import ENVIRONMENT, LiveBench, LiveBenchTold
from komainu.eval.external.livebench_means import CATEGORIES
from komainu.models.base import Model
from komainu.rows import Score
from komainu.settings import load
from tests.eval.livebench_world import World
from tests.eval.world import context

PYTHON = os.environ.get("KOMAINU_LIVEBENCH", "")


@dataclass(frozen=True, kw_only=True)
class Made(Environment):
    """An environment that somebody else has made."""

    name: str = "livebench"
    steps: tuple[tuple[str, ...], ...] = ()

    def python(self, root: Path) -> Path:
        return Path(PYTHON).absolute()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def real(tmp_path: Path, world: World) -> Iterator[Context]:
    with context(tmp_path / "store", lambda model, text, sample: world.says[text]) as ctx:
        yield replace(ctx, settings=load())


@pytest.mark.external
def test_every_task_is_scored_as_upstream_says(real: Context, world: World) -> None:
    bench = LiveBench(sources=world.sources, environment=Made() if PYTHON else ENVIRONMENT)
    stage = External(model=Model(name="m"), items=bench)
    scores = [*real.store.build(Scores(answers=stage, bench=LiveBenchTold()), real).rows()]
    told = {score.id: score.value for score in scores if isinstance(score, Score)}
    assert told == pytest.approx(world.scores)
    summary = real.open(stage).summary
    assert {*summary["broken"]} == {name for name, score in world.scores.items() if score is None} != set()
    assert {*summary["categories"]} == {*CATEGORIES} and summary["average"] is not None
