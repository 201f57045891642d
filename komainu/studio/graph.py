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
Place = tuple[float, float]  # the upper left corner of a box, in pixels


class Box(NamedTuple):
    """A place in the drawing; without `ref` it stands for the artifacts that found no place."""

    ref: str
    title: str
    below: str
    kind: str


class Drawing(NamedTuple):
    """References by column, left to right, the target next to last; and pairs of those that a line joins."""

    columns: list[list[str]]
    edges: list[tuple[str, str]]


def around(store: Store, target: Artifact, users: Sequence[str]) -> Drawing:
    """What stands where. An input that another input was made from stands left of it, and a line leads there alone:
    to the target only where none would lead to it otherwise."""
    direct = inputs_of(target)
    behind = {ref: inputs_of(store.at(ref)) for ref in direct}
    made_of = {each for some in behind.values() for each in some}
    near = [ref for ref in direct if ref not in made_of]
    lines = [(each, ref) for ref in near for each in behind[ref]]
    further = dict.fromkeys([*(ref for ref in direct if ref in made_of), *(each for each, _ in lines)])
    lines += [(ref, target.ref) for ref in direct if ref not in {each for each, _ in lines}]
    return Drawing([[*further], near, [target.ref], [*users]], [*lines, *((target.ref, ref) for ref in users)])


def inputs_of(artifact: Artifact | None) -> list[str]:
    return [*dict.fromkeys(artifact.inputs.values())] if artifact else []


def drawn(store: Store, target: Artifact, users: Sequence[str], names: Mapping[str, str], more: str) -> Markup:
    """The drawing; `more` says how many artifacts one box stands for, `{n}` in it is their number."""
    columns, edges = around(store, target, users)
    columns = [some for some in columns if some]
    tall = min(MOST, max(map(len, columns))) * (HEIGHT + DOWN) - DOWN
    places: dict[str, Place] = {}
    shapes = []
    for n, some in enumerate(columns):
        alone = len(some) if len(some) <= MOST else MOST - 1
        places |= {ref: place(n, min(i, alone), min(len(some), MOST), tall) for i, ref in enumerate(some)}
        shapes += [shape(box(store, ref, target.ref, names), *places[ref]) for ref in some[:alone]]
        if rest := some[alone:]:
            shapes.append(shape(Box("", more.format(n=len(rest)), "", "more"), *places[rest[0]]))
    lines = [edge(*ends) for ends in dict.fromkeys((places[a], places[b]) for a, b in edges)]
    wide = len(columns) * (WIDTH + ACROSS) - ACROSS
    return tag(
        "svg", *lines, *shapes, class_="graph", width=wide + 4, height=tall + 4, viewBox=f"-2 -2 {wide + 4} {tall + 4}"
    )


def box(store: Store, ref: str, target: str, names: Mapping[str, str]) -> Box:
    found = store.at(ref)
    stage, _, id = ref.partition("/")
    kind = "target" if ref == target else "gone" if found is None else "other"
    return Box(ref, fitted(found.record["stage"] if found else stage), fitted(names.get(ref, id)), kind)


def fitted(text: str) -> str:
    text = clean(text)
    return text if len(text) <= LETTERS else text[: LETTERS - 1] + "…"


def place(column: int, row: int, rows: int, tall: float) -> Place:
    """Where a box is: each column stands in the middle."""
    start = (tall - rows * (HEIGHT + DOWN) + DOWN) / 2
    return column * (WIDTH + ACROSS), start + row * (HEIGHT + DOWN)


def edge(a: Place, b: Place) -> Markup:
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
