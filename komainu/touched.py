"""What is affected when a source row, or all rows of a licence, are taken away."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from komainu.errors import UsageError
from komainu.kin import Kin, kin
from komainu.licences import normal
from komainu.lineage import Node, from_record, upstream
from komainu.store import Artifact, Store

Object = dict[str, Any]
ROWS = ("Chat", "Pair", "Score")


def touched(store: Store, source: Artifact | None, row: str = "", licence: str = "") -> Object:
    """Every artifact of the store that would not be as it is, upstream first, as JSON.

    Taken away are: a row of `source`, its rows of a licence, all of it; without `source` the rows of a licence in any
    artifact. `artifacts`: `rows` hold something of what was taken (a row is followed by its id and by
    meta["from"]); weights trained on such rows or on such weights, what such weights answered, and what is computed
    from any of these are `direct`. One that is not direct only stands downstream: its rows have nothing of it, but
    which rows were chosen may depend on it. Raises UsageError when nothing of the kind is in the store.
    """
    names: dict[str, list[str]] = {}
    for name, ref in store.names().items():
        names.setdefault(ref, []).append(name)
    seen: dict[str, set[str] | None] = {}  # ids that are touched; None: all of one that has no rows
    told: list[Object] = []
    for node in everything(store):
        if node.artifact is None:
            continue
        start = source is None or node.ref == source.ref
        before = {path: each for path, each in node.inputs.items() if each.ref in seen}
        if not (start or before):
            continue
        found, total = ids(node, before, seen, start, row, licence)
        if found or found is None or before:
            seen[node.ref] = found
            told.append(
                {
                    "ref": node.ref,
                    "stage": node.kind,
                    "makes": node.artifact.record["makes"],
                    "names": names.get(node.ref, []),
                    "rows": len(found or ()),
                    "of": total,
                    "direct": found is None or bool(found),
                    "by": [*before],
                }
            )
    if not any(each["direct"] for each in told):
        what = f"row {row!r}" if row else f"rows of licence {licence!r}" if licence else "rows"
        raise UsageError(
            f"{source.ref if source else store.root} has no {what}"
            "; `komainu data trace` and `komainu ls` show what there is"
        )
    return {"source": source.ref if source else None, "row": row, "licence": licence, "artifacts": told}


def everything(store: Store) -> Iterator[Node]:
    """Every artifact, inputs first."""
    seen: dict[str, Node] = {}
    given: set[str] = set()
    for artifact in store.ls():
        for node in upstream(from_record(artifact.ref, store, seen)):
            if node.ref not in given:
                given.add(node.ref)
                yield node


def ids(
    node: Node, before: dict[str, Node], seen: dict[str, set[str] | None], start: bool, row: str, licence: str
) -> tuple[set[str] | None, int]:
    """The touched rows of an artifact (None: all of one without rows), and how many it has, those of one id as one."""
    assert node.artifact is not None, "only artifacts of the store are asked"
    makes_rows = node.artifact.record["makes"] in ROWS
    inputs = [each for each in before.values() if not (makes_rows and is_table(each))]  # no row is made of numbers
    whole = any(seen[each.ref] is None for each in inputs) or (start and not row and not licence)
    names = set().union(*(seen[each.ref] or () for each in inputs))
    if not makes_rows:
        return (None if whole or names else set()), 0
    rows = [each for each, _ in kin(node.artifact)]
    found = {each.id for each in rows if whole or each.rows & names or (start and taken(each, row, licence))}
    return found, len({each.id for each in rows})


def is_table(node: Node) -> bool:
    return node.artifact is not None and node.artifact.record["makes"] == "Table"


def taken(each: Kin, row: str, licence: str) -> bool:
    return (not row or each.id == row) and (not licence or alike(str(each.meta.licence), licence))


@cache
def alike(licence: str, other: str) -> bool:
    """Whether two spellings name one licence: files of many makers say CC-BY-NC-4.0, cc-by-nc-4.0 and CC BY-NC 4.0."""
    return normal(licence) == normal(other)


def text(found: Object) -> Iterator[str]:
    """What is touched, as lines to read."""
    parts = {"rows": ("Chat", "Pair"), "models": ("Weights",), "scores": ("Score", "Table"), "cards": ("Page",)}
    for what, kinds in parts.items():
        some = [each for each in found["artifacts"] if each["makes"] in kinds]
        direct = sum(each["direct"] for each in some)
        yield f"{what}: {direct} touched, {len(some) - direct} only downstream"
        for each in some:
            told = f"{each['rows']} of {each['of']} rows" if each["of"] else "the whole" if each["direct"] else ""
            named = f" = {', '.join(each['names'])}" if each["names"] else ""
            by = f" by {', '.join(each['by'])}" if each["by"] else ""
            yield f"  {each['ref']}{named}: {told if each['direct'] else 'downstream'}{by}"
