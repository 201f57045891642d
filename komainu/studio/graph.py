"""The neighbours of an artifact as a drawing: what it was made from on the left, what was made from it on the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from komainu.pages.page import clean
from komainu.release.svg import tag
from komainu.store import Artifact, Store

WIDTH, HEIGHT, ACROSS, DOWN = 172, 46, 48, 12  # pixels of a box, and between boxes
MOST = 8  # boxes in a column; the rest is one box that says how many
LETTERS = 23  # that fit a box


class Box(NamedTuple):
    """A place in the drawing; without `ref` it stands for the artifacts that found no place."""

    ref: str
    title: str
    below: str
    kind: str


def columns(store: Store, target: Artifact, users: Sequence[str]) -> tuple[list[list[str]], dict[str, list[str]]]:
    """References by column, left to right, the target next to last; and what each that is shown was made from.

    An input that another input was made from stands left of it.
    """
    inputs = {target.ref: [*dict.fromkeys(target.inputs.values())]}
    for ref in inputs[target.ref]:
        found = store.at(ref)
        inputs[ref] = [*dict.fromkeys(found.inputs.values())] if found else []
    further = [*dict.fromkeys(each for ref in inputs[target.ref] for each in inputs[ref])]
    near = [ref for ref in inputs[target.ref] if ref not in further]
    return [further, near, [target.ref], [*users]], inputs


def drawn(store: Store, target: Artifact, users: Sequence[str], names: Mapping[str, str], more: str) -> Markup:
    """The drawing; `more` says how many artifacts one box stands for, `{n}` in it is their number."""
    refs, inputs = columns(store, target, users)
    boxes = [[box(store, ref, target.ref, names) for ref in some] for some in refs]
    shown = [
        some if len(some) <= MOST else [*some[: MOST - 1], Box("", more.format(n=len(some) - MOST + 1), "", "more")]
        for some in boxes
    ]
    shown = [some for some in shown if some]
    tall = max(len(some) for some in shown) * (HEIGHT + DOWN) - DOWN
    places = {each.ref: place(n, i, len(some), tall) for n, some in enumerate(shown) for i, each in enumerate(some)}
    edges = [(each, ref) for ref, some in inputs.items() for each in some] + [(target.ref, ref) for ref in users]
    lines = [edge(places[a], places[b]) for a, b in edges if a in places and b in places]
    drawn = [shape(each, *place(n, i, len(some), tall)) for n, some in enumerate(shown) for i, each in enumerate(some)]
    wide = len(shown) * (WIDTH + ACROSS) - ACROSS
    return tag(
        "svg", *lines, *drawn, class_="graph", width=wide + 4, height=tall + 4, viewBox=f"-2 -2 {wide + 4} {tall + 4}"
    )


def box(store: Store, ref: str, target: str, names: Mapping[str, str]) -> Box:
    found = store.at(ref)
    stage, _, id = ref.partition("/")
    kind = "target" if ref == target else "gone" if found is None else "other"
    return Box(ref, fitted(found.record["stage"] if found else stage), fitted(names.get(ref, id)), kind)


def fitted(text: str) -> str:
    text = clean(text)
    return text if len(text) <= LETTERS else text[: LETTERS - 1] + "…"


def place(column: int, row: int, rows: int, tall: float) -> tuple[float, float]:
    """The upper left corner of a box: each column stands in the middle."""
    start = (tall - rows * (HEIGHT + DOWN) + DOWN) / 2
    return column * (WIDTH + ACROSS), start + row * (HEIGHT + DOWN)


def edge(a: tuple[float, float], b: tuple[float, float]) -> Markup:
    """From the right side of a box to the left side of another."""
    (x, y), (to, down) = (a[0] + WIDTH, a[1] + HEIGHT / 2), (b[0], b[1] + HEIGHT / 2)
    bend = ACROSS / 2
    return tag("path", d=f"M{x:g} {y:g}C{x + bend:g} {y:g} {to - bend:g} {down:g} {to:g} {down:g}", class_="edge")


def shape(each: Box, x: float, y: float) -> Markup:
    """A box with two lines of text; a link where it is an artifact."""
    inside = [
        tag("rect", x=x, y=y, width=WIDTH, height=HEIGHT, rx=6, class_=f"box {each.kind}"),
        tag("text", each.title, x=x + 10, y=y + (19 if each.below else 28), class_="box-title"),
        tag("text", each.below, x=x + 10, y=y + 36, class_="box-below"),
    ]
    if not each.ref or each.kind == "target":
        return tag("g", *inside)
    return tag("a", tag("title", each.ref), *inside, href=f"/artifact/{each.ref}")
