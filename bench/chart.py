"""Line charts side by side as one SVG file that needs no style sheet and follows light and dark."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

from komainu.release.svg import SHAPES, Scale, tag, ticks

WIDTH, HEIGHT = 250.0, 210.0  # of a panel
LEFT, RIGHT, TOP, BOTTOM = 46.0, 12.0, 26.0, 40.0
STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#555}.title{font-weight:600}.grid{stroke:#8884}"
    ".s0{stroke:#1f6feb;fill:none;stroke-width:1.6}.s1{stroke:#d9730d;fill:none;stroke-width:1.6}"
    ".m0{fill:#1f6feb}.m1{fill:#d9730d}@media(prefers-color-scheme:dark){text{fill:#bbb}}"
)


class Line(NamedTuple):
    """A series; `name` is written at its last point."""

    name: str
    points: Sequence[tuple[float, float]]


class Panel(NamedTuple):
    """One or two lines over one x axis, from 0 up. `doubling`: each x is about twice the one before."""

    title: str
    below: str
    lines: Sequence[Line]
    doubling: bool = False


def chart(panels: Sequence[Panel]) -> str:
    """The file's text."""
    width = WIDTH * len(panels)
    label = "; ".join(f"{p.title} by {p.below}" for p in panels)
    inside = [tag("style", Markup(STYLE))]
    inside += [tag("g", *drawn(p), transform=f"translate({i * WIDTH:g} 0)") for i, p in enumerate(panels)]
    outer = {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width:g} {HEIGHT:g}", "role": "img"}
    return str(tag("svg", *inside, width=width, height=HEIGHT, aria_label=label, **outer)) + "\n"


def drawn(panel: Panel) -> Iterator[Markup]:
    across = [x for x, _ in panel.lines[0].points]
    marks = ticks(0, max(y for line in panel.lines for _, y in line.points), 4)
    at = math.log2 if panel.doubling else float
    xs = Scale(at(across[0]), at(across[-1]), LEFT, WIDTH - RIGHT)
    ys = Scale(0, marks[-1], HEIGHT - BOTTOM, TOP)
    yield tag("text", panel.title, x=LEFT, y=14, class_="title")
    for mark in marks:
        yield tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=ys.at(mark), y2=ys.at(mark), class_="grid")
        yield tag("text", f"{mark:,g}", x=LEFT - 5, y=ys.at(mark) + 4, text_anchor="end")
    for x in across:
        yield tag("text", f"{x:g}", x=xs.at(at(x)), y=HEIGHT - BOTTOM + 15, text_anchor="middle")
    yield tag("text", panel.below, x=(LEFT + WIDTH - RIGHT) / 2, y=HEIGHT - 6, text_anchor="middle")
    for i, line in enumerate(panel.lines):
        places = [(xs.at(at(x)), ys.at(y)) for x, y in line.points]
        yield tag("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in places), class_=f"s{i}")
        for x, y in places:
            yield tag("path", d=SHAPES[i], transform=f"translate({x:.1f} {y:.1f}) scale(.7)", class_=f"m{i}")
        x, y = places[-1]
        yield tag("text", line.name, x=x, y=y + (16 if i else -8), text_anchor="end")
