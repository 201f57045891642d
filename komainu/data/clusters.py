"""The clusters of duplicates of a dataset: what stayed, and what was dropped for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from komainu.data.base import drops
from komainu.rows import Row, Score
from komainu.store import Artifact

MEASURES = ("jaccard", "cosine")


class Member(NamedTuple):
    """A dropped row and how similar it is to the one that stayed (1.0 where the texts are equal)."""

    row: Row
    similarity: float


class Cluster(NamedTuple):
    """Rows that one step holds for the same. `kept` is None where the row that stayed is of another set (`inside` is
    its label), or went with a later step or is not in this artifact any more."""

    step: str
    id: str
    inside: str
    kept: Row | None
    members: tuple[Member, ...]

    @property
    def size(self) -> int:
        return 1 + len(self.members)


def clusters(artifact: Artifact) -> Iterator[Cluster]:
    """Every cluster of a dataset, the largest first, those of equal size in the order of their first dropped row.

    Read from dropped.jsonl and rows.jsonl: what steps dropped with `duplicate_of` in meta (`Exact`, `Near`,
    `Semantic`). Dropped rows of all clusters are held in memory.
    """
    found: dict[tuple[str, str, str], list[Member]] = {}
    for drop in drops(artifact):
        meta = {} if isinstance(drop.row, Score) else drop.row.meta
        if "duplicate_of" in meta and drop.reason.partition(":")[0].endswith("duplicate"):
            similarity = next((float(meta[name]) for name in MEASURES if name in meta), 1.0)
            key = (drop.step, str(meta["duplicate_of"]), str(meta.get("duplicate_in", "")))
            found.setdefault(key, []).append(Member(drop.row, similarity))
    wanted = {id for _, id, inside in found if not inside}
    kept = {row.id: row for row in artifact.rows() if row.id in wanted} if wanted else {}
    for key in sorted(found, key=lambda key: -len(found[key])):  # stable: equals stay in order
        step, id, inside = key
        yield Cluster(step, id, inside, None if inside else kept.get(id), tuple(found[key]))


def sizes(found: Iterator[Cluster]) -> dict[str, dict[int, int]]:
    """For each step how many clusters it made of each size."""
    counted: dict[str, Counter[int]] = {}
    for cluster in found:
        counted.setdefault(cluster.step, Counter())[cluster.size] += 1
    return {step: dict(sorted(counts.items())) for step, counts in counted.items()}
