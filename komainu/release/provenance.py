"""Where a page's numbers come from: the tree of artifacts under some stages, from records alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from komainu.store import Artifact, Store

FEW = 3  # more siblings of one stage than this are shown folded


class Node(NamedTuple):
    """An artifact in the tree. `again`: its inputs are shown where it stands first."""

    field: str  # of what was made from it
    ref: str
    stage: str
    id: str
    rows: int | None
    gone: bool  # from the store
    again: bool
    groups: tuple[Group, ...]


class Group(NamedTuple):
    """Neighbouring inputs made by one kind of stage."""

    name: str
    nodes: tuple[Node, ...]
    folded: bool


def tree(store: Store, refs: dict[str, str]) -> tuple[Group, ...]:
    """The inputs `refs` (field to `stage/id`) with all they came from; an artifact's inputs are shown once."""
    seen: set[str] = set()

    def node(field: str, ref: str) -> Node:
        found = store.at(ref)
        kind, _, id = ref.partition("/")
        if found is None:
            return Node(field, ref, kind, id, None, True, False, ())
        rows = found.summary.get("rows")
        again = ref in seen
        seen.add(ref)
        below = () if again else groups(found.inputs)
        return Node(field, ref, found.record["stage"], id, rows if isinstance(rows, int) else None, False, again, below)

    def groups(inputs: dict[str, str]) -> tuple[Group, ...]:
        found = []
        for kind, some in groupby(inputs.items(), key=lambda item: item[1].partition("/")[0]):
            nodes = tuple(node(field, ref) for field, ref in some)
            found.append(Group(nodes[0].stage or kind, nodes, len(nodes) > FEW))
        return tuple(found)

    return groups(refs)


def upstream(store: Store, refs: Iterable[str]) -> list[Artifact]:
    """Every artifact under `refs`, and these, each once, inputs first; what is gone from the store is left out."""
    order: dict[str, Artifact] = {}
    seen: set[str] = set()

    def visit(ref: str) -> None:
        if ref in seen:
            return
        seen.add(ref)
        if found := store.at(ref):
            for each in found.inputs.values():
                visit(each)
            order[ref] = found

    for ref in refs:
        visit(ref)
    return [*order.values()]


def chain(store: Store, ref: str) -> Iterator[Artifact]:
    """The weights that a model was trained from, the first first, itself last."""
    found = store.at(ref)
    if found is None or found.record["makes"] != "Weights":
        return
    if "model" in found.inputs:
        yield from chain(store, found.inputs["model"])
    yield found
