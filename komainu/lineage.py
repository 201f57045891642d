"""Where an artifact comes from: the provenance tree, what differs between two, and whether the files still hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from komainu.leaves import as_recorded
from komainu.seal import changes
from komainu.stage import PACKAGE, Stage, module_hash, sources_of
from komainu.store import Artifact, Store, reference
from komainu.stored import Stored


@dataclass(frozen=True)
class Node:
    """A stage in a provenance tree, seen from a recipe or from a record. `config` holds inputs as {"stage": id}."""

    kind: str
    ref: str  # stage/id
    state: Literal["built", "missing", "drift"]
    config: dict[str, Any]
    artifact: Artifact | None
    inputs: dict[str, Node]  # by field path
    changed: tuple[str, ...]  # modules whose source is not what it was when this was built

    @property
    def id(self) -> str:
        return self.ref.rpartition("/")[2]

    @property
    def label(self) -> str:
        return f"{self.kind} {self.id}"

    def line(self) -> str:
        """One line about it: label, state, rows, changed code."""
        rows = self.artifact.summary.get("rows") if self.artifact else None
        said = [self.label, self.state if rows is None else f"{self.state}, {rows} rows"]
        if self.changed:
            said.append(f"(code changed since: {', '.join(self.changed)})")
        return " ".join(said)


def from_stage(stage: Stage, store: Store, seen: dict[str, Node] | None = None) -> Node:
    """The tree under a stage of a recipe."""
    seen = {} if seen is None else seen
    ref = reference(stage)
    if isinstance(stage, Stored):
        return from_record(ref, store, seen)
    if ref not in seen:
        inputs = {path: from_stage(s, store, seen) for path, s in stage.inputs.items()}
        found, config = store.at(ref), stage.config()
        state: Literal["built", "missing", "drift"] = "missing" if found is None else "built"
        if found is not None and found.record["config"] != (config := as_recorded(config, found.record["config"])):
            state = "drift"
        now = sources_of(stage) if found else {}
        changed = differing(found.record.get("sources", now), now) if found else ()
        seen[ref] = Node(type(stage).__name__, ref, state, config, found, inputs, changed)
    return seen[ref]


def from_record(ref: str, store: Store, seen: dict[str, Node] | None = None) -> Node:
    """The tree under an artifact of the store, from records alone."""
    seen = {} if seen is None else seen
    if ref not in seen:
        found = store.at(ref)
        if found is None:
            seen[ref] = Node(ref.partition("/")[0], ref, "missing", {}, None, {}, ())
            return seen[ref]
        inputs = {path: from_record(r, store, seen) for path, r in found.inputs.items()}
        changed = changed_since(found.record)
        seen[ref] = Node(found.record["stage"], ref, "built", found.record["config"], found, inputs, changed)
    return seen[ref]


def changed_since(record: dict[str, Any]) -> tuple[str, ...]:
    """The modules of komainu whose source is not what it was when a record was written."""
    then = {m: h for m, h in record.get("sources", {}).items() if m.split(".")[0] == PACKAGE}
    return differing(then, {m: module_hash(m) for m in then})


def differing(then: dict[str, str], now: dict[str, str]) -> tuple[str, ...]:
    return tuple(sorted(m for m in then.keys() | now.keys() if then.get(m) != now.get(m)))


def upstream(root: Node) -> list[Node]:
    """Every node under `root`, and itself, each once, inputs first."""
    order: dict[str, Node] = {}

    def visit(node: Node) -> None:
        if node.ref not in order:
            for each in node.inputs.values():
                visit(each)
            order[node.ref] = node

    visit(root)
    return [*order.values()]


def why(root: Node) -> Iterator[str]:
    """The provenance tree, a line a stage; what stands there twice is only named the second time."""
    seen: set[str] = set()

    def visit(node: Node, name: str, depth: int) -> Iterator[str]:
        again = node.ref in seen and bool(node.inputs)
        seen.add(node.ref)
        yield f"{'  ' * depth}{name}: {node.line()}{' (as above)' if again else ''}"
        if not again:
            for path, each in node.inputs.items():
                yield from visit(each, path, depth + 1)

    yield from visit(root, "target", 0)


def tree(root: Node) -> dict[str, Any]:
    """The same as JSON: every stage once by `stage/id`, inputs by reference."""
    return {
        "target": root.ref,
        "stages": {
            n.ref: {
                "stage": n.kind,
                "state": n.state,
                "makes": n.artifact.record["makes"] if n.artifact else None,
                "summary": n.artifact.summary if n.artifact else None,
                "code_changed": [*n.changed],
                "inputs": {path: each.ref for path, each in n.inputs.items()},
            }
            for n in upstream(root)
        },
    }


def verify(store: Store, targets: Iterable[Node] | None = None) -> tuple[list[Path], list[str]]:
    """Recompute every hash of the targets and all they came from, or of the whole store.

    Returns the directories looked at, and what does not hold, a sentence each.
    """
    problems: list[str] = []
    if targets is None:
        folders = [p for p in store.folders() if p not in set(store.unfinished())]
        for name, ref in store.names().items():
            if not (store.root / ref / "record.json").exists():
                problems.append(f"the name {name!r} points at {ref}, which is not in {store.root}")
    else:
        nodes = {n.ref: n for target in targets for n in upstream(target)}
        problems += [f"{n.ref} is not in {store.root}" for n in nodes.values() if n.artifact is None]
        folders = sorted(n.artifact.path for n in nodes.values() if n.artifact)
    for path in folders:
        problems += (found := [*changes(path)])
        artifact = None if found else store.at(f"{path.parent.name}/{path.name}")
        for field, ref in (artifact.inputs if artifact else {}).items():
            if not (store.root / ref / "record.json").exists():
                problems.append(f"{path} was made from {field} = {ref}, which is not in {store.root}")
    return folders, list(dict.fromkeys(problems))
