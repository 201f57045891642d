"""The rows that a set was made of, found by id and read back from the store when they are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import IO, NamedTuple, Protocol

import msgspec

from komainu.rows import Chat, Pair, decode
from komainu.store import Artifact, Store

CALL = "call:"  # how a call's name begins in meta["from"]


class Named(msgspec.Struct):
    """A row of which only the id is read."""

    id: str


class Found(NamedTuple):
    """An earlier row, and the artifact it stands in."""

    ref: str
    row: Chat | Pair


class Finder(Protocol):
    """Rows that a set was made of."""

    def find(self, id: str) -> Iterator[Found]:
        """Every row of an id, in order."""
        ...


class Earlier:
    """Rows of some artifacts by id. Memory: about 200 bytes a row; texts stay in their files."""

    def __init__(self, artifacts: Sequence[Artifact]) -> None:
        self.artifacts = [each for each in artifacts if (each.path / "rows.jsonl").exists()]
        self.places: dict[str, tuple[tuple[int, int], ...]] = {}
        self.files: list[IO[bytes]] = []
        self.open = ExitStack()

    def __enter__(self) -> Earlier:
        decoder = msgspec.json.Decoder(Named)
        for number, artifact in enumerate(self.artifacts):
            lines = self.open.enter_context(open(artifact.path / "rows.jsonl", "rb"))
            self.files.append(lines)
            at = 0
            for line in lines:
                id = decoder.decode(line).id
                self.places[id] = (*self.places.get(id, ()), (number, at))
                at += len(line)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.open.close()

    def find(self, id: str) -> Iterator[Found]:
        """Every row of an id, in the order of the artifacts."""
        for number, at in self.places.get(id, ()):
            self.files[number].seek(at)
            row = decode(self.files[number].readline())
            if isinstance(row, (Chat, Pair)):
                yield Found(self.artifacts[number].ref, row)


def inputs(store: Store, artifact: Artifact, *, of_steps: bool) -> list[Artifact]:
    """The sets of rows an artifact was made of, or those its steps compare with, as far as they are in the store."""
    refs = {ref: path for path, ref in artifact.inputs.items() if path.startswith("steps") == of_steps}
    found = [each for ref in refs if (each := store.at(ref))]
    return [each for each in found if each.record["makes"] in ("Chat", "Pair")]


def upstream(store: Store, artifact: Artifact) -> list[tuple[str, str]]:
    """Everything an artifact was made from, nearest first: its `stage/id`, and what is known of it."""
    todo, seen = [artifact.ref], [artifact.ref]
    told: list[tuple[str, str]] = []
    for ref in todo:
        if (each := store.at(ref)) is None:
            told.append((ref, "not in the store any more"))
            continue
        steps = [str(step["step"]) for step in each.summary.get("steps", []) if isinstance(step, dict)]
        rows = f"{each.summary['rows']} rows" if isinstance(each.summary.get("rows"), int) else ""
        told.append((ref, ", ".join(filter(None, (each.record["makes"], rows, " → ".join(steps))))))
        new = [other for other in each.inputs.values() if other not in seen]
        seen += dict.fromkeys(new)
        todo += dict.fromkeys(new)
    return told


def changed(before: Chat | Pair, now: Chat | Pair) -> bool:
    """Whether a row says something else than before; an answer that was added to a prompt changes nothing."""
    if isinstance(before, Pair) or isinstance(now, Pair):
        both = isinstance(before, Pair) and isinstance(now, Pair)
        return both and texts(before) != texts(now)
    old, new = texts(before), texts(now)
    return old != new and not (len(old) < len(new) and new[: len(old)] == old)


def texts(row: Chat | Pair) -> list[tuple[str, str]]:
    """Who says what, in order; the answers of a pair as `chosen` and `rejected`."""
    said: list[tuple[str, str]] = [(m.role, m.content) for m in (row.messages if isinstance(row, Chat) else row.prompt)]
    return said if isinstance(row, Chat) else [*said, ("chosen", row.chosen), ("rejected", row.rejected)]
