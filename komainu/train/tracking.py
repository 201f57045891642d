"""One tracker in a process of its own: `python -m komainu.train.tracking NAME RUN ROOT`, with steps on standard input.

Each line is `[step, {name: value}]`. When the input ends the tracker is closed, or the process left after a while.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

PROJECT = "komainu"
LAST = 60.0  # seconds after the end of the input until this process leaves, whatever its tracker does


class Opened(NamedTuple):
    """A tracker's two calls."""

    write: Callable[[int, dict[str, float]], object]
    close: Callable[[], object]


def tensorboard(run: str, root: Path) -> Opened:
    """Event files under `root/tensorboard/RUN`, without torch."""
    writer = importlib.import_module("tensorboard.summary").Writer(str(root / "tensorboard" / run))

    def write(step: int, values: dict[str, float]) -> None:
        for key, value in values.items():
            writer.add_scalar(key, value, step)

    return Opened(write, writer.close)


def wandb(run: str, root: Path, mode: str | None = None) -> Opened:
    """As W&B's own environment variables say, among them WANDB_MODE; files under `root/wandb`."""
    package = importlib.import_module("wandb")
    opened = package.init(project=PROJECT, name=run, id=run, resume="allow", dir=str(root), mode=mode)
    return Opened(lambda step, values: opened.log(values, step=step), opened.finish)


def wandb_offline(run: str, root: Path) -> Opened:
    """Under `root/wandb` alone; `wandb sync` sends it later."""
    return wandb(run, root, "offline")


def mlflow(run: str, root: Path) -> Opened:
    """To MLFLOW_TRACKING_URI; without it to files under `root/mlflow`. The run of a name is gone on with."""
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    client_of = importlib.import_module("mlflow.tracking").MlflowClient
    entities = importlib.import_module("mlflow.entities")
    client = client_of(os.environ.get("MLFLOW_TRACKING_URI") or (root / "mlflow").resolve().as_uri())
    known = client.get_experiment_by_name(PROJECT)
    experiment = known.experiment_id if known else client.create_experiment(PROJECT)
    there = client.search_runs([experiment], f"tags.`mlflow.runName` = '{run}'")
    id = there[0].info.run_id if there else client.create_run(experiment, run_name=run).info.run_id

    def write(step: int, values: dict[str, float]) -> None:
        now = int(1000 * importlib.import_module("time").time())
        client.log_batch(id, metrics=[entities.Metric(key, value, now, step) for key, value in values.items()])

    return Opened(write, lambda: client.set_terminated(id))


def trackio(run: str, root: Path) -> Opened:
    """Under `root/trackio`, or where TRACKIO_DIR says; `trackio show` is its own page."""
    os.environ.setdefault("TRACKIO_DIR", str((root / "trackio").resolve()))
    package = importlib.import_module("trackio")
    package.init(project=PROJECT, name=run, resume="allow")
    return Opened(lambda step, values: package.log(values, step=step), package.finish)


MAKERS: dict[str, Callable[[str, Path], Opened]] = {
    "tensorboard": tensorboard,
    "wandb": wandb,
    "wandb-offline": wandb_offline,
    "mlflow": mlflow,
    "trackio": trackio,
}


def main(name: str, run: str, root: Path, source: IO[bytes]) -> None:
    """Write every step that comes; an error ends the process, and its message is the last line."""
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def read() -> None:
        for line in source:
            lines.put(line)
        lines.put(None)
        threading.Timer(LAST, os._exit, (1,)).start()

    threading.Thread(target=read, daemon=True).start()
    opened = MAKERS[name](run, root)
    while (line := lines.get()) is not None:
        step, values = json.loads(line)
        opened.write(step, {k: v for k, v in values.items() if k != "step" and isinstance(v, (int, float))})
    opened.close()
    sys.stdout.flush()
    os._exit(0)  # what a tracker left running does not count


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.stdin.buffer)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)  # the thread that reads must not be waited for
