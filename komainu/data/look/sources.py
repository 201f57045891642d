"""What is looked at: a set of the store, or files of rows, with everything that is known of it beside its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from komainu.data.base import drops
from komainu.data.check.reading import read
from komainu.data.look.earlier import inputs, upstream
from komainu.data.look.entry import Held
from komainu.errors import UsageError
from komainu.rows import Chat, Pair
from komainu.store import Artifact, Store

BROKEN = "reading"  # the step by which objects of a file that are no rows are gone


@dataclass(frozen=True)
class Source:
    """`held` gives the rows in their order, then what was dropped; `rows` is how many there are in all, if known."""

    title: str
    held: Callable[[], Iterator[Held]]
    rows: int | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    upstream: list[tuple[str, str]] = field(default_factory=list)
    made_of: list[Artifact] = field(default_factory=list)
    items: list[Artifact] = field(default_factory=list)


def stored(store: Store, artifact: Artifact, title: str) -> Source:
    """A set of the store. Raises UsageError for an artifact without rows, naming the sets it was made from."""
    if artifact.record["makes"] not in ("Chat", "Pair"):
        sets = [
            ref for ref in artifact.inputs.values() if (each := store.at(ref)) and each.record["makes"] != "Weights"
        ]
        other = f"; it was made from {', '.join(sets[:8])}" if sets else ""
        raise UsageError(f"{artifact.ref} makes {artifact.record['makes']}, no chats or pairs to look at{other}")

    def held() -> Iterator[Held]:
        for row in artifact.rows():
            assert isinstance(row, (Chat, Pair)), "the record says what is made"
            yield Held(row)
        if (artifact.path / "dropped.jsonl").exists():
            for drop in drops(artifact):
                if isinstance(drop.row, (Chat, Pair)):
                    yield Held(drop.row, drop.step, drop.reason)

    summary = artifact.summary
    return Source(
        title,
        held,
        summary["rows"] if isinstance(summary.get("rows"), int) else None,
        summary,
        upstream(store, artifact),
        inputs(store, artifact, of_steps=False),
        inputs(store, artifact, of_steps=True),
    )


def filed(place: str, layout: str = "") -> Source:
    """Files of rows, as `ChatFile` names them; an object that is no row counts as dropped."""

    def held() -> Iterator[Held]:
        broken: list[Held] = []
        for line in read(place, layout):
            if line.row is not None:
                yield Held(line.row)
            else:
                broken.append(Held(Chat(line.id or line.at, ()), BROKEN, f"schema: {line.at}: {line.problem}"))
        yield from broken

    return Source(place, held)
