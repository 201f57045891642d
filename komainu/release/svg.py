"""A small SVG helper: marks, scales and charts that keep the size of text and marks at any width.

Horizontal places are percentages of the drawing, vertical ones pixels. Colours come from the page's style
sheet by class (`s0`, `s1`, ...), so that a drawing follows light and dark; a series also has a shape of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

SHAPES = (
    "M-4.2 0a4.2 4.2 0 1 0 8.4 0a4.2 4.2 0 1 0-8.4 0z",  # circle
    "M-3.8-3.8h7.6v7.6h-7.6z",  # square
    "M0-5.4l5.4 5.4-5.4 5.4-5.4-5.4z",  # diamond
    "M0-5.2l5 8.8h-10z",  # triangle
    "M0 5.2l5-8.8h-10z",
    "M-1.6-5h3.2v3.4h3.4v3.2h-3.4v3.4h-3.2v-3.4h-3.4v-3.2h3.4z",  # cross
)
SERIES = len(SHAPES)


class Scale(NamedTuple):
    """Values from `low` to `high` laid over `start` to `end` of whatever the drawing measures in."""

    low: float
    high: float
    start: float = 0.0
    end: float = 100.0

    def at(self, value: float) -> float:
        """Where a value lies; one outside the scale lies at its end."""
        span = self.high - self.low
        part = (value - self.low) / span if span else 0.5
        return self.start + (self.end - self.start) * min(1.0, max(0.0, part))


def tag(name: str, *inside: str, **attributes: object) -> Markup:
    """An element; what is inside and the attributes' values are escaped, an attribute that is None is left out.

    `text_anchor` becomes text-anchor, `class_` class.
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-") if key != "viewBox" else key}="{escape(written(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup("<{}{}>{}</{}>").format(Markup(name), Markup(said), Markup("").join(inside), Markup(name))


def written(value: object) -> str:
    """A number with at most two decimals; anything else as it is."""
    return f"{round(value, 2) + 0.0:g}" if isinstance(value, float) else str(value)


def percent(value: float) -> str:
    return f"{round(value, 2):g}%"


def marker(x: float, y: float, series: int) -> Markup:
    """The mark of a series at x per cent and y pixels."""
    shape = tag("path", d=SHAPES[series % SERIES])
    return tag("svg", shape, x=percent(x), y=round(y, 1), overflow="visible", class_=f"mark s{series % SERIES}")


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    return tag("line", x1=percent(x1), y1=round(y1, 1), x2=percent(x2), y2=round(y2, 1), class_=kind)


def text(x: float, y: float, words: str, anchor: str = "middle", kind: str = "tick") -> Markup:
    return tag("text", words, x=percent(x), y=round(y, 1), text_anchor=anchor, class_=kind)


def polyline(points: Iterable[tuple[float, float]], kind: str) -> Markup:
    """A line in a drawing of 1000 by 1000 that is stretched; its width stays."""
    places = " ".join(f"{round(x, 1):g},{round(y, 1):g}" for x, y in points)
    return tag("polyline", points=places, class_=kind, vector_effect="non-scaling-stroke")


def drawing(label: str, height: float, inside: Sequence[str], kind: str = "plot") -> Markup:
    """The outer element, as wide as its place; `label` says in words what it shows."""
    return tag("svg", *inside, class_=kind, width="100%", height=round(height, 1), role="img", aria_label=label)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values that cover low to high, at most `most` steps apart; the ends may lie beyond."""
    large = max(abs(low), abs(high))
    span = max(high - low if high - low > 1e-9 * large else large or 1.0, 1e-300)
    size = 10.0 ** math.floor(math.log10(span / most))
    step = next(size * k for k in (1, 2, 2.5, 5, 10) if span / (size * k) <= most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, max(last, first + 1) + 1)]
