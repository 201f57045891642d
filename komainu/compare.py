"""What differs between two provenance trees, stage by stage; what only follows from it is told apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from komainu.leaves import ABSENT, Leaf, leaves
from komainu.lineage import Node, upstream


@dataclass
class Diff:
    """`changed` stages differ in their own values; `follow` differ only because an input does."""

    changed: list[tuple[Node, Node, list[Leaf]]] = field(default_factory=list)
    follow: list[tuple[Node, Node]] = field(default_factory=list)
    only_a: list[Node] = field(default_factory=list)
    only_b: list[Node] = field(default_factory=list)
    same: int = 0  # stages that both have

    @property
    def equal(self) -> bool:
        return not (self.changed or self.follow or self.only_a or self.only_b)

    def text(self) -> Iterator[str]:
        if self.equal:
            yield f"nothing differs; stages in both: {self.same}"
            return
        for a, b, found in self.changed:
            yield f"{pair(a, b)}"
            yield from (f"  {leaf}" for leaf in found)
        yield from (f"only in the first: {n.label}" for n in self.only_a)
        yield from (f"only in the second: {n.label}" for n in self.only_b)
        if self.follow:
            yield "follows from that: " + ", ".join(pair(a, b) for a, b in self.follow)
        yield f"the same in both: {self.same}"

    def json(self) -> dict[str, Any]:
        return {
            "equal": self.equal,
            "changed": [{"a": a.ref, "b": b.ref, "leaves": [plain(x) for x in found]} for a, b, found in self.changed],
            "follow": [{"a": a.ref, "b": b.ref} for a, b in self.follow],
            "only_a": [n.ref for n in self.only_a],
            "only_b": [n.ref for n in self.only_b],
            "same": self.same,
        }


def plain(leaf: Leaf) -> dict[str, Any]:
    """A leaf as JSON; the side that lacks it is left out."""
    sides = {"old": leaf.old, "new": leaf.new}
    return {"path": leaf.path, **{k: v for k, v in sides.items() if v is not ABSENT}}


def pair(a: Node, b: Node) -> str:
    return f"{a.kind} {a.id} -> {b.id}" if a.kind == b.kind else f"{a.label} -> {b.label}"


def compare(a: Node, b: Node) -> Diff:
    """What differs between two trees. Inputs are matched by id, then by field and kind, then by kind."""
    diff = Diff()
    ours, theirs = ({n.ref: n for n in upstream(root)} for root in (a, b))
    diff.same = sum(1 for ref, n in ours.items() if ref in theirs and n.config == theirs[ref].config)
    seen: set[tuple[str, str]] = set()
    matched: set[str] = set()
    lone: tuple[dict[str, Node], dict[str, Node]] = ({}, {})

    def visit(x: Node, y: Node) -> None:
        if (x.ref, y.ref) in seen:
            return
        seen.add((x.ref, y.ref))
        matched.update((x.ref, y.ref))
        pairs, left, right = match(x.inputs, y.inputs)
        for p, q in pairs:
            visit(p, q)
        lone[0].update({n.ref: n for n in left})
        lone[1].update({n.ref: n for n in right})
        if x.ref == y.ref and x.config == y.config:
            return
        found = [*leaves(masked(x.config), masked(y.config))]
        inputs_differ = bool(left or right) or any(p.ref != q.ref for p, q in pairs)
        if not found and not inputs_differ:  # the same inputs in another order
            found = [*leaves(x.config, y.config)]
        if found:
            diff.changed.append((x, y, found))
        else:
            diff.follow.append((x, y))

    visit(a, b)
    for here, other, out in ((lone[0], theirs, diff.only_a), (lone[1], ours, diff.only_b)):
        added = {n.ref: n for root in here.values() for n in upstream(root)}
        out.extend(n for ref, n in added.items() if ref not in other and ref not in matched)
    return diff


def match(a: dict[str, Node], b: dict[str, Node]) -> tuple[list[tuple[Node, Node]], list[Node], list[Node]]:
    """Pairs of inputs that stand for each other, and those of either side that stand alone."""
    left, right = dict(a), dict(b)
    pairs: list[tuple[Node, Node]] = []

    def take(same: Any) -> None:
        for p, x in [*left.items()]:
            for q, y in [*right.items()]:
                if same(p, x, q, y):
                    pairs.append((left.pop(p), right.pop(q)))
                    break

    take(lambda p, x, q, y: x.ref == y.ref)
    take(lambda p, x, q, y: p == q and x.kind == y.kind)
    take(lambda p, x, q, y: x.kind == y.kind and p.split("[")[0] == q.split("[")[0])
    take(lambda p, x, q, y: p == q and "[" not in p)
    return pairs, [*left.values()], [*right.values()]


def masked(value: Any) -> Any:
    """A config in which every input looks alike: what differs in an input is told where the input is."""
    if isinstance(value, dict):
        if value.keys() == {"stage"}:
            return {"stage": "..."}
        return {k: masked(v) for k, v in value.items()}
    return [masked(v) for v in value] if isinstance(value, list) else value
