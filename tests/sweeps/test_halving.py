"""Successive halving: who competes, who is stopped, and that it is the same after an interruption."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from komainu.store import WORK
from komainu.sweeps.record import Point
from komainu.train.base import Fit
from komainu.train.sft import SFT
from tests.train.world import Chats, base

pytest.importorskip("optuna")

from komainu.sweeps.halving import Halving, group, read


def trained(lr: float, n: int = 40, **fit: Any) -> SFT:
    return SFT(model=base(), data=Chats(n=n), fit=Fit(lr=lr, global_batch=4, **fit))


def write(root: Path, stage: SFT, losses: list[float], *, whole: bool = False) -> None:
    folder = root / stage.place / ("" if whole else WORK)
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"step": i, "loss": loss}) for i, loss in enumerate(losses)]
    (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n" + '{"step": 99, "lo', encoding="utf-8")
    if whole:
        (folder / "record.json").write_text("{}")


def world(root: Path, *stages: SFT) -> tuple[Halving, list[Point]]:
    return Halving(root, {s.place: s for s in stages}, 8), [Point({}, s.id, s.place) for s in stages]


def test_the_worse_one_at_a_rung_is_stopped_and_told_why(tmp_path: Path) -> None:
    good, bad = trained(1e-3), trained(1e-1)
    watch, (first, second) = world(tmp_path, good, bad)
    write(tmp_path, good, [2.0] * 8)
    write(tmp_path, bad, [3.0] * 7)
    assert watch.hopeless(first) is None and watch.hopeless(second) is None  # it has not come to the rung
    write(tmp_path, bad, [3.0] * 8)
    stop = watch.hopeless(second)
    assert stop and (stop.state, stop.step, stop.stage) == ("pruned", 8, bad.place)
    assert "loss 3.0000" in stop.why and "number 2 of 2" in stop.why


def test_a_rung_is_judged_by_the_steps_before_it(tmp_path: Path) -> None:
    good, bad = trained(1e-3), trained(1e-1)
    watch, (first, second) = world(tmp_path, good, bad)
    write(tmp_path, good, [9.0] * 6 + [1.0] * 2)
    write(tmp_path, bad, [1.0] * 6 + [2.0] * 2 + [0.0] * 4)
    assert watch.hopeless(first) is None and watch.hopeless(second) is not None


def test_only_what_has_the_same_data_and_batch_competes(tmp_path: Path) -> None:
    good, other, wide = trained(1e-3), trained(1e-1, n=20), replace(trained(1e-1), fit=Fit(lr=1e-1, global_batch=8))
    watch, points = world(tmp_path, good, other, wide)
    for stage, loss in ((good, 1.0), (other, 2.0), (wide, 3.0)):
        write(tmp_path, stage, [loss] * 32)
    assert [watch.hopeless(point) for point in points] == [None] * 3
    later = replace(good, model=replace(base(), fit=Fit(lr=1.0, steps=4)))
    assert group(good) == group(trained(5.0, seed=3)) == group(later) and group(good) != group(other)


def test_a_training_that_is_whole_is_not_stopped_but_competes(tmp_path: Path) -> None:
    good, bad, next_one = trained(1e-3), trained(1e-1), trained(1e-2)
    watch, points = world(tmp_path, good, bad, next_one)
    write(tmp_path, good, [1.0] * 8)
    write(tmp_path, bad, [3.0] * 8, whole=True)
    assert watch.hopeless(points[0]) is None and watch.hopeless(points[1]) is None
    write(tmp_path, next_one, [2.0] * 8)
    stop = watch.hopeless(points[2])
    assert stop and "number 2 of 3" in stop.why


def test_a_training_that_several_points_need_is_not_watched(tmp_path: Path) -> None:
    shared = trained(1e-3)
    after = [replace(trained(lr), model=shared) for lr in (1e-4, 1e-5)]
    watch, points = world(tmp_path, *after)
    assert [[s.id for s in watch.trained[p.ref]] for p in points] == [[s.id] for s in after]


def test_an_interrupted_sweep_judges_as_before(tmp_path: Path) -> None:
    stages = [trained(lr) for lr in (1e-3, 1e-2, 1e-1, 1.0)]
    for stage, loss in zip(stages, (2.0, 1.0, 3.0, 1.5), strict=True):
        write(tmp_path, stage, [loss] * 16)
    watch, points = world(tmp_path, *stages)
    once = [watch.hopeless(point) for point in points]
    again, _ = world(tmp_path, *stages)
    again.replay(points[:2])
    assert [*map(again.hopeless, points[2:])] == once[2:] and any(once)


def test_losses_are_those_of_whole_lines(tmp_path: Path) -> None:
    stage = trained(1e-3)
    assert read(tmp_path / stage.place) == []
    write(tmp_path, stage, [1.0, 2.0])
    assert read(tmp_path / stage.place) == [1.0, 2.0]
