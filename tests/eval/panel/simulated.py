"""Judges of whom it is known how they judge."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from komainu.eval.panel.marks import Mark

Judge = Callable[[float, str, str, random.Random], float | None]  # of an answer's worth, its model and its item


def world(judges: dict[str, Judge], models: int = 12, items: int = 60, seed: str = "0") -> Iterator[Mark]:
    """Models of rising worth answer all items; `gold` knows what each answer is worth, the judges score it from 0 to
    10. Answers are the longer the more their item's number ends in."""
    rng = random.Random(seed)
    for m in range(models):
        for i in range(items):
            worth = 3 + 5 * m / models + rng.gauss(0, 1)
            model, item, length = f"model-{m}", f"item-{i}", 100 * 2 ** rng.choice((0, 1, 2))
            for judge, score in {"gold": lambda worth, *_: worth, **judges}.items():
                given = score(worth, model, f"{item}/{length}", rng)
                yield Mark(model, item, judge, given, length=length, top=10.0)


def noisy(worth: float, model: str, item: str, rng: random.Random) -> float:
    return worth + rng.gauss(0, 1)


def wild(worth: float, model: str, item: str, rng: random.Random) -> float:
    return rng.uniform(0, 10)


def wordy(worth: float, model: str, item: str, rng: random.Random) -> float:
    """Half a point for an answer twice as long."""
    doublings = {"100": 0, "200": 1, "400": 2}[item.split("/")[1]]
    return worth + 0.5 * doublings + rng.gauss(0, 0.5)


def vain(worth: float, model: str, item: str, rng: random.Random) -> float:
    """Half a point for its own three models."""
    return worth + (0.5 if model in ("model-2", "model-6", "model-9") else 0.0) + rng.gauss(0, 0.5)


def shy(worth: float, model: str, item: str, rng: random.Random) -> float | None:
    """No verdict on what is bad."""
    return None if worth < 5 and rng.random() < 0.5 else worth + rng.gauss(0, 0.5)


def careless(worth: float, model: str, item: str, rng: random.Random) -> float | None:
    """No verdict now and then."""
    return None if rng.random() < 0.2 else worth + rng.gauss(0, 0.5)
