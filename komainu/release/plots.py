"""The plots of a report: dots with intervals, differences around zero, training curves, a sampler sweep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from komainu.release.numbers import one, short
from komainu.release.svg import Scale, drawing, line, marker, percent, polyline, tag, text, ticks
from komainu.release.training import Curve, Run, smoothed

LANE = 19  # pixels an entry takes in a row of dots
POINTS = 240  # of a curve, at most
HUNDRED = Scale(0, 100, 1.5, 98.5)
LEFT, RIGHT = 12.0, 98.0  # per cent: where a chart's own area lies


class Dot(NamedTuple):
    """A value with its interval; without a value only the interval is drawn."""

    series: int
    value: float | None
    low: float | None
    high: float | None


def dots(label: str, found: Sequence[Dot], scale: Scale = HUNDRED, marks: Sequence[float] = ()) -> Markup:
    """One lane a dot, over lines at `marks` (0, 25, ... when not given)."""
    height = LANE * len(found)
    every = marks or (0, 25, 50, 75, 100)
    drawn = [line(scale.at(m), 0, scale.at(m), height, "zero" if m == 0 and marks else "grid") for m in every]
    for lane, dot in enumerate(found):
        y = LANE * (lane + 0.5)
        if dot.low is not None and dot.high is not None:
            kind = f"reach s{dot.series}" if dot.value is not None else f"bounds s{dot.series}"
            drawn.append(line(scale.at(dot.low), y, scale.at(dot.high), y, kind))
        if dot.value is not None:
            drawn.append(marker(scale.at(dot.value), y, dot.series))
    return drawing(label, height, drawn)


def axis(marks: Sequence[float], scale: Scale = HUNDRED, sign: bool = False) -> Markup:
    """The numbers under rows of dots."""
    return drawing(
        "", 14, [text(scale.at(m), 11, f"{m:+g}" if sign and m else f"{m:g}", anchor_of(m, marks)) for m in marks]
    )


def anchor_of(mark: float, marks: Sequence[float]) -> str:
    return "start" if mark == marks[0] else "end" if mark == marks[-1] else "middle"


def around_zero(values: Sequence[float]) -> tuple[Scale, list[float]]:
    """A scale with zero in the middle that holds all values, and its marks."""
    reach = ticks(0, max([abs(v) for v in values] or [1.0]) or 1.0, 4)[-1]
    return Scale(-reach, reach, 2, 98), [-reach, -reach / 2, 0.0, reach / 2, reach]


class Said(NamedTuple):
    """What a curve says in words: of its ends, and of the tokens under its axis."""

    ends: str = "{run}, {caption}: {first} at the first step, {last} at the last"
    tokens: str = "{n} tokens"


ENGLISH = Said()


def curve(run: Run, found: Curve, series: int, said: Said = ENGLISH) -> Markup:
    """One metric of a training run over its steps: every value faint, their running mean on top."""
    values, height = found.values, 132
    marks = ticks(min(values), max(values), 4)
    up = Scale(marks[0], marks[-1], height, 8)
    along = Scale(run.steps[0], max(run.steps[-1], run.steps[0] + 1), LEFT, RIGHT)
    drawn: list[Markup] = []
    for mark in marks:
        drawn.append(line(LEFT, up.at(mark), RIGHT, up.at(mark), "grid"))
        drawn.append(text(LEFT - 1.5, up.at(mark) + 3.5, f"{mark:g}", "end"))
    window = max(1, len(values) // 25)
    kept = range(0, len(values), max(1, -(-len(values) // POINTS)))
    inner, flat = Scale(along.low, along.high, 0, 1000), Scale(up.low, up.high, 1000, 0)
    lines = [("raw", [values[i] for i in kept]), ("mean", smoothed(values, window, kept))]
    across = [inner.at(run.steps[i]) for i in kept]
    paths = [polyline(zip(across, map(flat.at, some), strict=True), f"{k} s{series}") for k, some in lines]
    box = {"x": percent(LEFT), "y": 8, "width": percent(RIGHT - LEFT), "height": height - 8}
    drawn.append(tag("svg", *paths, **box, viewBox="0 0 1000 1000", preserveAspectRatio="none"))
    for i in told(run.steps):
        where = along.at(run.steps[i])
        anchor = "start" if i == 0 else "end" if i == len(values) - 1 else "middle"
        drawn.append(text(where, height + 15, f"{run.steps[i] + 1:,}", anchor))
        drawn.append(text(where, height + 28, said.tokens.format(n=short(run.tokens[i])), anchor, "tick faint"))
    ends = {"first": f"{values[0]:.4g}", "last": f"{values[-1]:.4g}"}
    return drawing(said.ends.format(run=run.name, caption=found.caption, **ends), height + 32, drawn)


def told(steps: Sequence[int]) -> list[int]:
    """The numbers of the steps under the axis: both ends, and one between where it does not reach into theirs."""
    middle = len(steps) // 2
    central = abs((steps[middle] - steps[0]) / max(1, steps[-1] - steps[0]) - 0.5) < 0.05
    return sorted({0, *([middle] if central else []), len(steps) - 1})


def sweep_plot(points: Sequence[dict[str, Any]], advised: str) -> Markup:
    """Quality over leakage, a numbered mark a setting with both intervals; the advised one in another colour."""
    height = 250
    there = [(i, p["leakage"], p["quality"], 1 if p["point"] == advised else 0) for i, p in enumerate(points, 1)]
    there = [t for t in there if t[1]["mean"] is not None and t[2]["mean"] is not None]
    if not there:
        return Markup("")
    across = ticks(0, max(leak["high"] for _, leak, _, _ in there), 5)
    upward = ticks(min(good["low"] for _, _, good, _ in there), max(good["high"] for _, _, good, _ in there), 5)
    along, up = Scale(across[0], across[-1], LEFT, RIGHT), Scale(upward[0], upward[-1], height, 14)
    drawn = [*grid(along, across, up, upward)]
    drawn += [text((LEFT + RIGHT) / 2, height + 31, "answers with a leak, %"), text(LEFT, 7, "quality", "start")]
    places: dict[tuple[int, int], list[int]] = {}
    marks = []
    for i, leak, good, series in there:
        x, y = along.at(leak["mean"]), up.at(good["mean"])
        drawn.append(line(along.at(leak["low"]), y, along.at(leak["high"]), y, f"thin s{series}"))
        drawn.append(line(x, up.at(good["low"]), x, up.at(good["high"]), f"thin s{series}"))
        marks.append(marker(x, y, series))
        places.setdefault((round(x / 3), round(y / 12)), []).append(i)
    for (column, lane), numbers in places.items():
        words = ", ".join(map(str, numbers))
        marks.append(text(min(column * 3 + 1.5, 94), lane * 12 - 7, words, "start", "number"))
    said = (f"{i}: quality {one(good['mean'])}, leakage {one(leak['mean'])} %" for i, leak, good, _ in there)
    return drawing("; ".join(said), height + 36, [*drawn, *marks])


def grid(along: Scale, across: Sequence[float], up: Scale, upward: Sequence[float]) -> Iterator[Markup]:
    """The lines and numbers of a chart with two scales."""
    for mark in across:
        yield line(along.at(mark), up.end, along.at(mark), up.start, "grid")
        yield text(along.at(mark), up.start + 15, f"{mark:g}")
    for mark in upward:
        yield line(LEFT, up.at(mark), RIGHT, up.at(mark), "grid")
        yield text(LEFT - 1.5, up.at(mark) + 3.5, f"{mark:g}", "end")


def funnel_bar(rows: int, most: int, series: int = 1) -> Markup:
    """A bar as long as a share of the most rows."""
    width = 100 * rows / most if most else 0.0
    bar = tag("rect", x=0, y=3, height=12, width=percent(width), rx=2, class_=f"bar s{series}")
    return drawing(f"{rows:,} rows", 18, [bar])
