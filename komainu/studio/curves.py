"""The curves of a training run, finished or going on, from its metrics.jsonl; they work without a script."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from markupsafe import Markup

from komainu.elsewhere import METRICS
from komainu.release.plots import Said, curve
from komainu.release.training import CURVES, Curve, Run
from komainu.studio.base import Ask
from komainu.studio.said import number

SPEED = ("tokens_per_s", "mfu", "memory_gb")  # what depends on the machine
FIRST = ("loss", *SPEED, "accuracy", "margin", "reward")  # shown first, in this order
HIDDEN = ("step", "tokens")
DECODER = msgspec.json.Decoder()
Object = dict[str, Any]


class Drawn(NamedTuple):
    """One curve and its last value."""

    key: str
    caption: str
    last: str
    plot: Markup


class Curves(NamedTuple):
    """`lost`: lines that could not be read. The last one of a run that goes on may be cut, and does not count."""

    steps: int
    tokens: int
    drawn: list[Drawn]
    lost: int


def curves(ask: Ask, folder: Path) -> Curves | None:
    """Every number of a run's steps as a curve; None where there is none."""
    try:
        lines, lost = read((folder / METRICS).read_bytes())
    except OSError:
        return None
    if not lines:
        return None
    steps = tuple(int(line["step"]) for line in lines)
    tokens = tuple(accumulate(int(line.get("tokens", 0)) for line in lines))
    run = Run(folder.name, "", steps, tokens, ())
    t = ask.words
    words = Said("{caption}: " + t("curve.ends"), t("curve.tokens"))
    drawn = []
    for key, values in series(lines):
        at = [i for i, value in enumerate(values) if value is not None]
        own = run._replace(steps=tuple(steps[i] for i in at), tokens=tuple(tokens[i] for i in at))
        found = Curve(key, caption(ask, key), tuple(value for value in values if value is not None))
        drawn.append(Drawn(key, found.caption, number(found.values[-1]), curve(own, found, 1, words)))
    return Curves(len(lines), tokens[-1], drawn, lost)


def read(text: bytes) -> tuple[list[Object], int]:
    """The lines that tell of a step, and how many others there are."""
    lines, lost = list[Object](), 0
    whole, _, _ = text.rpartition(b"\n")
    for line in filter(None, whole.split(b"\n")):
        found = decoded(line)
        if isinstance(found, dict) and finite(found.get("step")) is not None:
            lines.append(found)
        else:
            lost += 1
    return lines, lost


def decoded(line: bytes) -> Any:
    """A line as JSON, with NaN and Infinity, as Python writes them; None where it is none."""
    try:
        return DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def series(lines: Iterable[Object]) -> Iterator[tuple[str, list[float | None]]]:
    """Each key with a number in any line, the first ones first; None at a step that has none."""
    lines = [*lines]
    keys = dict.fromkeys(key for line in lines for key in line if key not in HIDDEN)
    for key in sorted(keys, key=lambda key: FIRST.index(key) if key in FIRST else len(FIRST)):
        values = [finite(line.get(key)) for line in lines]
        if any(value is not None for value in values):
            yield key, values


def finite(value: Any) -> float | None:
    return value if type(value) in (int, float) and math.isfinite(value) else None


def caption(ask: Ask, key: str) -> str:
    """What a number is, where the interface has a word for it."""
    known = f"metric.{key}"
    return ask.words(known) if known in ask.words.catalogue else CURVES.get(key, key)
