"""The engine of a Dataset: lines of rows go through its steps in chunks, some in other processes, in order."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from komainu.context import Context
from komainu.data.base import Dropped, Note, Step, labels
from komainu.data.executor import Executor, executor
from komainu.data.flow import Flow, Losing, Placed, verify
from komainu.data.ledger import Ledger
from komainu.data.prepared import Prepared
from komainu.data.stretch import Chunk, Stretch, Together, cut, places
from komainu.files import encode_row, whole
from komainu.progress import Progress
from komainu.rows import Chat, Pair
from komainu.store import Artifact

ROWS, BYTES = 512, 1 << 20  # of a chunk, at most: rows, and bytes after which it ends


class Stream:
    """One pass of rows through steps. What waits in memory is a few chunks for each stretch, and what a step holds."""

    def __init__(self, steps: Sequence[Step], ctx: Context, rows: int = ROWS) -> None:
        self.steps, self.ctx, self.rows = steps, ctx, min(rows, ctx.settings.data.rows)
        self.flows = [Flow(label) for label in labels(steps)]
        self.pieces = cut(steps)

    def run(self, sources: Sequence[Artifact], out: Path) -> dict[str, Any]:
        """Write rows.jsonl and dropped.jsonl; returns the summary of a Dataset."""
        total = sum(int(s.summary["rows"]) for s in sources)
        stretches = [piece for piece in self.pieces if isinstance(piece, Stretch)]
        with self.ctx.progress(total, "Dataset") as bar, Ledger(out) as ledger:
            with executor(stretches, self.ctx, total, out) as hands:
                chunks = self.through(read(sources, places(self.steps), self.rows, bar), hands, ledger)
                count = self.write(out / "rows.jsonl", chunks, bar)
            verify(self.steps, self.flows, total)
        return {
            "rows": count,
            "in": total,
            "steps": [{"step": f.label, "in": f.came, "out": f.went} for f in self.flows],
            "dropped": {f.label: dict(sorted(f.dropped.items())) for f in self.flows if f.dropped},
            "notes": {f.label: f.notes for f in self.flows if f.notes},
        }

    def through(self, chunks: Iterator[Chunk], hands: Executor, ledger: Ledger) -> Iterator[Chunk]:
        """What comes out behind the last step."""
        rows: Iterator[Placed] | None = None  # instead of chunks, between two steps that stay in this process
        for piece in self.pieces:
            if isinstance(piece, Together):
                rows = rows if rows is not None else (row for chunk in chunks for row in chunk.rows())
                flow = self.flows[piece.first]
                rows = flow.through(piece.step, rows, piece.width, self.ctx, ledger.stream())
            else:
                chunks = chunks if rows is None else chunked(rows, self.rows)
                chunks, rows = self.stretch(piece, chunks, hands, ledger), None
        return chunks if rows is None else chunked(rows, self.rows)

    def stretch(self, piece: Stretch, chunks: Iterator[Chunk], hands: Executor, ledger: Ledger) -> Iterator[Chunk]:
        """What a stretch leaves of chunks, wherever they are worked on."""
        after = piece.first + len(piece.steps)
        lose = ledger.stream()

        def worked() -> Iterator[tuple[Chunk, Any]]:
            for done in hands.map(piece, chunks):
                for at, line in done.drops:
                    lose(at, line)
                for flow, seen in zip(self.flows[piece.first : after], done.flows, strict=True):
                    flow.add(seen)
                yield Chunk(done.lines, done.at), done.value

        if piece.prepared is None:
            return (chunk for chunk, _ in worked())
        return settled(piece.prepared, hands.loaded(piece), worked(), self.flows[after], ledger.stream())

    def write(self, path: Path, chunks: Iterable[Chunk], bar: Progress) -> int:
        count, began = 0, time.monotonic()
        with whole(path) as out:
            for chunk in chunks:
                out.writelines(chunk.lines)
                count += len(chunk.lines)
                bar.update(0, self.note(bar.done / max(time.monotonic() - began, 1e-9)))
        return count

    def note(self, pace: float) -> str:
        """Rows a second, and which share each step has let through."""
        shares = [f"{f.label} {f.went / (f.went + dropped):.1%}" for f in self.flows if (dropped := f.dropped.total())]
        return ", ".join([f"{pace:,.0f} rows/s", *shares])


def settled(
    step: Prepared, loaded: Any, worked: Iterator[tuple[Chunk, Any]], flow: Flow, lose: Losing
) -> Iterator[Chunk]:
    """Chunks without the rows that a verdict drops; these alone are decoded."""
    waiting: deque[Chunk] = deque()

    def values() -> Iterator[Any]:
        for chunk, value in worked:
            if chunk.lines:
                flow.came += len(chunk.lines)
                waiting.append(chunk)
                yield value

    for made in step.settle(values(), loaded):
        if isinstance(made, Note):
            flow.notes |= made.facts
            continue
        chunk, kept = waiting.popleft(), []
        for i, verdict in enumerate(made):
            if verdict is None:
                kept.append(i)
            else:
                row = chunk.row(i)
                assert isinstance(row, (Chat, Pair)), "check() lets only stages of chats or pairs through"
                flow.lost(chunk.at[i], Dropped(row.with_meta(**verdict.meta), verdict.reason), lose)
        assert i + 1 == len(chunk.lines), f"{flow.label} settles {i + 1} of {len(chunk.lines)} rows"
        flow.went += len(kept)
        yield chunk if len(kept) == len(made) else Chunk([chunk.lines[i] for i in kept], [chunk.at[i] for i in kept])


def read(sources: Iterable[Artifact], width: int, most: int, bar: Progress) -> Iterator[Chunk]:
    """The rows of artifacts in chunks, as they stand in their files."""
    begun = 0
    for source in sources:
        file, number = source.path / "rows.jsonl", 1
        for lines in sliced(lines_of(source, file), most):
            end = begun + len(lines)
            yield Chunk(lines, range(begun * width, end * width, width), str(file), number)
            bar.update(len(lines))
            begun, number = end, number + len(lines)


def lines_of(source: Artifact, file: Path) -> Iterator[bytes]:
    """The rows of an artifact as lines; those of rows.jsonl as they are."""
    if not file.is_file():
        yield from (encode_row(row) + b"\n" for row in source.rows())
        return
    with open(file, "rb") as lines:
        for line in lines:
            yield line if line.endswith(b"\n") else line + b"\n"


def chunked(rows: Iterator[Placed], most: int) -> Iterator[Chunk]:
    """Rows in chunks."""
    places: deque[int] = deque()

    def lines() -> Iterator[bytes]:
        for at, row in rows:
            places.append(at)
            yield encode_row(row) + b"\n"

    for some in sliced(lines(), most):
        yield Chunk(some, [places.popleft() for _ in some])


def sliced(lines: Iterator[bytes], most: int) -> Iterator[list[bytes]]:
    """Lines in lists of `most` or of BYTES bytes."""
    some: list[bytes] = []
    size = 0
    for line in lines:
        some.append(line)
        size += len(line)
        if len(some) == most or size >= BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some
