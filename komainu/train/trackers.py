"""Where metrics go beside metrics.jsonl: TensorBoard, W&B, Trackio, by a setting. They never stop a run."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

log = logging.getLogger("komainu")


class Trackers:
    """The trackers named in komainu.toml, opened once; one that fails is reported once and left out."""

    def __init__(self, names: tuple[str, ...], run: str, root: Path) -> None:
        self.open: dict[str, tuple[Callable[[int, dict[str, Any]], None], Callable[[], None]]] = {}
        for name in names:
            try:
                self.open[name] = MAKERS[name](run, root) if name in MAKERS else _unknown(name)
            except Exception as error:  # a tracker is somebody else's code: whatever it raises, training goes on
                log.warning("tracker %s does not work here and is left out: %s", name, error)

    def log(self, step: int, values: dict[str, Any]) -> None:
        for name, (write, _) in [*self.open.items()]:
            try:
                write(step, values)
            except Exception as error:
                log.warning("tracker %s failed and is left out from here: %s", name, error)
                del self.open[name]

    def close(self) -> None:
        for name, (_, close) in self.open.items():
            try:
                close()
            except Exception as error:
                log.warning("tracker %s did not close: %s", name, error)


def _unknown(name: str) -> Any:
    raise ValueError(f"there is: {', '.join(MAKERS)}; not {name!r}")


def _tensorboard(run: str, root: Path) -> Any:
    writer = importlib.import_module("torch.utils.tensorboard").SummaryWriter(str(root / "tensorboard" / run))

    def write(step: int, values: dict[str, Any]) -> None:
        for key, value in values.items():
            writer.add_scalar(key, value, step)

    return write, writer.close


def _wandb(run: str, root: Path) -> Any:
    opened = importlib.import_module("wandb").init(project="komainu", name=run, id=run, resume="allow", dir=str(root))
    return (lambda step, values: opened.log(values, step=step)), opened.finish


def _trackio(run: str, root: Path) -> Any:
    trackio = importlib.import_module("trackio")
    trackio.init(project="komainu", name=run)
    return (lambda step, values: trackio.log(values, step=step)), trackio.finish


MAKERS: dict[str, Callable[[str, Path], Any]] = {"tensorboard": _tensorboard, "wandb": _wandb, "trackio": _trackio}
