"""Trackers: what goes wrong in one stays there, and the real ones get every step."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import closing
from pathlib import Path

import pytest

from komainu.train import trackers
from komainu.train.trackers import Trackers

PLAYED = """
import sys, time
name, run, root = sys.argv[1:]
if name == "mlflow":
    sys.exit("no such server")
if name == "trackio":
    time.sleep(600)
with open(f"{root}/{name}.txt", "w") as out:
    out.writelines(sys.stdin)
"""


@pytest.fixture
def played(tmp_path: Path) -> tuple[str, ...]:
    """A command that stands in for the trackers' process: one that fails, one that hangs, others that write."""
    script = tmp_path / "played.py"
    script.write_text(PLAYED)
    return (sys.executable, "-S", str(script))


def steps(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_several_trackers_get_every_step(tmp_path: Path, played: tuple[str, ...]) -> None:
    found = Trackers(["tensorboard", "wandb-offline"], "run", tmp_path, command=played)
    for step in range(100):
        found.log(step, {"loss": 1.0})
    found.close()
    for name in ("tensorboard", "wandb-offline"):
        assert steps(tmp_path / f"{name}.txt") == [f'[{step}, {{"loss": 1.0}}]' for step in range(100)]


def test_one_that_fails_is_told_and_the_others_go_on(
    tmp_path: Path, played: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    found = Trackers(["mlflow", "tensorboard"], "run", tmp_path, command=played)
    found.open[0].process.wait()
    for step in range(100):
        found.log(step, {"loss": 1.0})
    found.close()
    assert len(steps(tmp_path / "tensorboard.txt")) == 100
    assert [r.getMessage() for r in caplog.records] == ["tracker mlflow failed, it lacks steps: no such server"]


def test_one_that_hangs_is_ended_and_never_waited_for_while_training_goes_on(
    tmp_path: Path, played: tuple[str, ...], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trackers, "PATIENCE", 0.5)
    monkeypatch.setattr(trackers, "WAITING", 50)
    found = Trackers(["trackio"], "run", tmp_path, command=played)
    process, big = found.open[0].process, {"loss": "x" * 10_000}
    for step in range(1000):  # far more than the pipe and the queue hold
        found.log(step, big)
    assert process.poll() is None and 800 < found.open[0].lost < 1000
    found.close()
    assert process.poll() is not None
    told = " ".join(r.getMessage() for r in caplog.records)
    assert "50 steps behind" in told and "too slow for" in told


def test_an_unknown_one_and_one_without_its_package_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trackio.py").write_text("raise ImportError('not here')")
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(__file__).parents[2]}"}
    found = Trackers(["comet", "trackio"], "run", tmp_path / "out", env)
    found.log(0, {"loss": 1.0})
    found.close()
    said = [r.getMessage() for r in caplog.records]
    assert said[0].startswith("tracker 'comet' is left out: there is tensorboard")
    assert said[1] == "tracker trackio failed, it lacks steps: ImportError: not here"


def logged(name: str, root: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Twenty steps to a real tracker, in its process."""
    env = {**os.environ, "WANDB_SILENT": "true", "PYTHONPATH": os.pathsep.join(["", *sys.path])}
    for key in ("MLFLOW_TRACKING_URI", "TRACKIO_DIR"):
        env.pop(key, None)
    with caplog.at_level(logging.WARNING, "komainu"):
        found = Trackers([name], "SFT-1", root, env)
        for step in range(20):
            found.log(step, {"step": step, "loss": 1 / (step + 1)})
        found.close()
    assert not caplog.records


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine of a test may be busy."""
    monkeypatch.setattr(trackers, "PATIENCE", 120.0)


@pytest.mark.usefixtures("patient")
def test_tensorboard_gets_the_steps(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("tensorboard")
    logged("tensorboard", tmp_path, caplog)
    (events,) = (tmp_path / "tensorboard" / "SFT-1").iterdir()
    assert events.read_bytes().count(b"loss") >= 20


@pytest.mark.usefixtures("patient")
def test_wandb_gets_the_steps_offline(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("wandb")
    logged("wandb-offline", tmp_path, caplog)
    (file,) = tmp_path.glob("wandb/offline-run-*/run-SFT-1.wandb")
    assert file.read_bytes().count(b"loss") >= 20


@pytest.mark.usefixtures("patient")
def test_mlflow_gets_the_steps_and_goes_on_with_a_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("mlflow")
    logged("mlflow", tmp_path, caplog)
    logged("mlflow", tmp_path, caplog)
    (file,) = tmp_path.glob("mlflow/*/*/metrics/loss")
    assert [int(line.split()[2]) for line in steps(file)] == [*range(20)] * 2


@pytest.mark.usefixtures("patient")
def test_trackio_gets_the_steps(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    import sqlite3

    pytest.importorskip("trackio")
    logged("trackio", tmp_path, caplog)
    with closing(sqlite3.connect(tmp_path / "trackio" / "komainu.db")) as db:
        (count,) = db.execute("select count(*) from metrics").fetchone()
    db.close()
    assert count == 20


def test_a_training_is_the_same_with_trackers_that_hang_and_fail(
    tmp_path: Path, played: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    from komainu.settings import Settings
    from tests.train.world import base, context

    monkeypatch.setattr(trackers, "PATIENCE", 0.5)
    monkeypatch.setattr(Trackers.__init__, "__defaults__", (os.environ, played))
    plain, tracked = context(tmp_path / "a"), context(tmp_path / "b")
    tracked.settings = Settings(threads=1, trackers=("trackio", "mlflow", "tensorboard"))
    first, second = (ctx.store.build(base(), ctx) for ctx in (plain, tracked))
    assert (first.path / "model.safetensors").read_bytes() == (second.path / "model.safetensors").read_bytes()
    run = f"Base-{base().id}"
    assert len(steps(tmp_path / "b" / ".trackers" / "tensorboard.txt")) == 4
    assert (tmp_path / "b" / ".trackers" / f"trackio-{run}.log").exists()
