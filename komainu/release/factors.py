"""The page of a sweep: the effect of each factor, every point over its values, settings, costs. It loads nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from komainu.pages.page import policy
from komainu.release.plots import Dot, around_zero, axis, dots
from komainu.release.svg import Scale, drawing, line, percent, polyline, tag, text, ticks
from komainu.release.templates import look, render

Object = dict[str, Any]
HEIGHT, TOP = 240, 14  # of the parallel axes, in pixels
WORDS = {"better": "▲", "worse": "▼", "not distinguishable": "≈", "not compared": "–"}


class Axis(NamedTuple):
    """One vertical axis: its places from 0 (bottom) to 1, each with a word, and where each point lies (None: none)."""

    name: str
    marks: tuple[tuple[float, str], ...]
    at: tuple[float | None, ...]


def page(found: Object) -> str:
    """The page of what `komainu eval board --sweep --json` prints. Equal results, equal bytes."""
    style = look()
    lead = [e for e in found["effects"] if e["response"] == found["lead"]]
    best = {name for group in found["groups"][:1] for name in group}
    return render(
        "factors.html.jinja",
        name=found["name"],
        found=found,
        lead=found["lead"].upper(),
        effects=[*effects(lead)],
        others=[*effects([e for e in found["effects"] if e["response"] != found["lead"]])],
        parallel=parallel(found, best),
        best=sorted(best),
        words=WORDS,
        style=Markup(style),
        policy=policy(style, ""),
    )


def effects(some: Sequence[Object]) -> Iterator[Object]:
    """A block a response and factor: one difference around zero for each two of its levels."""
    scale, marks = around_zero([v for e in some for v in (e["low"], e["high"]) if v is not None])
    for response, factor in dict.fromkeys((e["response"], e["factor"]) for e in some):
        rows = [e for e in some if (e["response"], e["factor"]) == (response, factor)]
        drawn = [{**e, "plot": dots(said(e), [Dot(1, e["effect"], e["low"], e["high"])], scale, marks)} for e in rows]
        yield {"response": response, "factor": factor, "rows": drawn, "axis": axis(marks, scale, sign=True)}


def said(e: Object) -> str:
    if e["effect"] is None:
        return f"{e['from']} to {e['to']}: not compared"
    return f"{e['from']} to {e['to']}: {e['effect']:+.2f}, from {e['low']:+.2f} to {e['high']:+.2f}; {e['word']}"


def parallel(found: Object, best: set[str]) -> Markup:
    """Every built point as a line over its values, its number and its cost; those of the best group stand out."""
    points = [p for p in found["points"] if p["state"] == "built"]
    axes = [*(of_factor(name, levels, points) for name, levels in found["factors"].items())]
    axes.append(of_number(found["lead"].upper(), [p["mean"] for p in points]))
    axes.append(of_number("seconds", [p["cost"]["seconds"] for p in points]))
    across = Scale(0, len(axes) - 1, 6, 94)
    up = Scale(0, 1, HEIGHT, TOP)
    drawn: list[Markup] = []
    for i, each in enumerate(axes):
        x = across.at(i)
        drawn += [line(x, up.start, x, up.end, "grid"), text(x, HEIGHT + 18, each.name)]
    inner = Scale(0, len(axes) - 1, 0, 1000)
    fixed = {name for name in found["factors"] if name in found["seeds"]}
    for faint in (True, False):  # the best on top
        for i, point in enumerate(points):
            setting = " ".join(f"{k}={v}" for k, v in point["values"].items() if k not in fixed) or "all"
            if (setting not in best) == faint:
                places = [(inner.at(n), 1000 * (1 - y)) for n, each in enumerate(axes) if (y := each.at[i]) is not None]
                drawn.append(boxed(polyline(places, "raw s0" if faint else "mean s1")))
    for i, each in enumerate(axes):
        drawn += [text(across.at(i) + 0.6, up.at(y) - 4, word, "start") for y, word in each.marks]
    label = f"{len(points)} points over {', '.join(each.name for each in axes)}; the table below has the same"
    return drawing(label, HEIGHT + 24, drawn)


def boxed(path: Markup) -> Markup:
    """A line over all axes, in their place."""
    box = {"x": percent(6), "y": TOP, "width": percent(88), "height": HEIGHT - TOP}
    return tag("svg", path, **box, viewBox="0 0 1000 1000", preserveAspectRatio="none")


def of_factor(name: str, levels: Sequence[str], points: Sequence[Mapping[str, Any]]) -> Axis:
    """A factor's levels at equal distances, in the order given."""
    at = {level: n / max(1, len(levels) - 1) for n, level in enumerate(levels)}
    return Axis(name, tuple((y, level) for level, y in at.items()), tuple(at[p["values"][name]] for p in points))


def of_number(name: str, values: Sequence[float | None]) -> Axis:
    there = [v for v in values if v is not None] or [0.0]
    marks = ticks(min(there), max(there), 4)
    scale = Scale(marks[0], marks[-1], 0, 1)
    at = tuple(None if v is None else scale.at(v) for v in values)
    return Axis(name, tuple((scale.at(m), f"{m:g}") for m in marks), at)
