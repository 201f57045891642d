"""Rows as token ids in a file of the store: made once for some rows and a tokenizer, read a unit at a time.

`.tokens/<stage>/<id of the rows>/<key>.safetensors`; the key is of the tokenizer with its template, of what becomes of
a row, and of the code that does it. A file is whole or not there, and may be removed at any time: it is made again. So
it is where the rows are not those that it was made of, which it tells by their hash.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers
import transformers
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from komainu.context import Context
from komainu.files import sync_folder
from komainu.rows import Row, encode
from komainu.stage import code_hash, module_hash
from komainu.store import DERIVED, Store
from komainu.train.base import Train, Unit, Units
from komainu.train.documents import Documents
from komainu.train.flat import laid
from komainu.train.heldout import HeldOut
from komainu.train.reference import Reference
from komainu.train.render import Tokens

CODE = ("documents", "flat", "mismatch", "preflight", "render", "tokens")  # of this package: what makes a file
ROWS = "rows.jsonl"
KINDS = {"numbers": "F64", "tokens": "I32", "spans": "I32", "edges": "I32", "sizes": "I32", "names": "U8"}
COUNTS = {"ends": "tokens", "span_ends": "spans", "name_ends": "names"}  # running totals of other arrays, I64
Arrays = dict[str, NDArray[Any]]
Reads = Train | Reference | HeldOut
Making = Callable[[Sequence[Row]], list[Unit]]


def units_of(stage: Reads, tokenizer: Any, ctx: Context) -> Sequence[Unit]:
    """The units of a stage's data, as `kept` has them."""
    data = ctx.open(stage.data)
    with ctx.progress(data.summary.get("rows"), "tokens") as bar:
        known = str(data.record["files"].get(ROWS, ""))
        return kept(ctx.store, stage, tokenizer, data.rows(ROWS), known=known, told=bar.update)


def kept(
    store: Store,
    stage: Reads,
    tokenizer: Any,
    rows: Iterable[Row],
    *,
    known: str = "",
    told: Callable[[int], object] = int,
) -> Sequence[Unit]:
    """The units of some rows from the store's file, which is made where it is not there, or is of other rows.

    `known` is the hash of the rows as a file, where they lie in one; `told` is given how many rows are done.

    Those of a stage that makes them by itself are made anew, in memory. Raises UsageError as `units` does, all rows
    named at once.
    """
    documents = stage.documents
    if documents is None or (isinstance(stage, Train) and type(stage).units is not Train.units):
        assert isinstance(stage, Train), "references and held-out losses have documents"
        return stage.units(tokenizer, [*rows])
    file = place(store, stage, tokenizer)
    with store.lock(f"tokens-{stage.data.id}-{file.stem}"):
        if not file.exists() or (known and hash_in(file) != known):
            make = partial(documents.units, tokenizer, stage.model.label)
            write(file, documents, make, rows, known=known, told=told)
    return Stored(file)


def hash_in(file: Path) -> str:
    """The hash of the rows that a file was made of."""
    opened: Any = safe_open(file, "np")
    return str(opened.metadata()["sha256"])


def place(store: Store, stage: Reads, tokenizer: Any) -> Path:
    """Where the tokens of a stage's data lie, or would lie."""
    assert stage.documents is not None
    package = __name__.rpartition(".")[0]
    parts = {
        "documents": stage.documents.config(full=False),
        "tokenizer": tokenizer.backend_tokenizer.to_str(),
        "template": tokenizer.chat_template,
        "special": {name: str(token) for name, token in tokenizer.special_tokens_map.items()},
        "code": code_hash({name: module_hash(f"{package}.{name}") for name in CODE}),
        "libraries": [tokenizers.__version__, transformers.__version__],
    }
    key = hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]
    return store.root / DERIVED / stage.data.place / f"{key}.safetensors"


def write(
    file: Path,
    documents: Documents,
    make: Making,
    rows: Iterable[Row],
    *,
    known: str = "",
    told: Callable[[int], object] = int,
) -> None:
    """Make a file window by window; those that an earlier try has finished are not made again."""
    parts = file.with_suffix(".parts")
    parts.mkdir(parents=True, exist_ok=True)
    done: list[Path] = []
    read = hashlib.sha256()

    def part(number: int, some: list[Row]) -> None:
        text = b"".join(encode(row) + b"\n" for row in some)
        read.update(text)
        found = parts / f"{number:06d}-{hashlib.sha256(text).hexdigest()[:12]}.safetensors"
        if not found.exists():
            made = arrays(make(some))
            whole(found, lambda partial: save_file(made, partial))
        done.append(found)
        told(len(some))

    if not documents.through(rows, part):
        part(0, [])
    metadata = {"documents": documents.id, "sha256": known or read.hexdigest()}
    whole(file, lambda partial: join(partial, done, metadata))
    shutil.rmtree(parts)


def whole(file: Path, write: Callable[[Path], None]) -> None:
    """A file under a temporary name, fsynced, renamed."""
    unfinished = file.with_suffix(f".{os.getpid()}.partial")
    write(unfinished)
    with open(unfinished, "rb") as handle:
        os.fsync(handle.fileno())
    os.replace(unfinished, file)
    sync_folder(file.parent)


def arrays(units: Sequence[Unit]) -> Arrays:
    """Units as arrays. All have as many documents; `ends` are where a document's tokens end, and so on."""
    documents = [document for unit in units for document in unit.documents]
    spans = [spans_of(document.trained) for document in documents]
    names = [unit.id.encode() for unit in units]
    width = len(units[0].numbers) if units else 0
    assert all(not unit.marks for unit in units), "marks are made by stages that make their units themselves"
    return {
        "tokens": np.fromiter((i for d in documents for i in d.ids), np.int32),
        "ends": totals(len(d.ids) for d in documents),
        "spans": np.array([span for some in spans for span in some], np.int32).reshape(-1, 2),
        "span_ends": totals(map(len, spans)),
        "sizes": np.fromiter((laid(unit.documents) for unit in units), np.int32),
        "edges": np.array([*map(edges, documents, spans)], np.int32).reshape(-1, 3),
        "numbers": np.array([unit.numbers for unit in units], np.float64).reshape(len(units), width),
        "names": np.frombuffer(b"".join(names), np.uint8),
        "name_ends": totals(map(len, names)),
    }


def totals(counts: Iterable[int]) -> NDArray[np.int64]:
    return np.cumsum(np.fromiter(counts, np.int64), dtype=np.int64)


def spans_of(trained: Sequence[bool]) -> list[tuple[int, int]]:
    """The stretches of targets, [start, end)."""
    turns = [i for i, (a, b) in enumerate(zip([False, *trained], [*trained, False], strict=True)) if a != b]
    return [*zip(turns[::2], turns[1::2], strict=True)]


def edges(document: Tokens, spans: Sequence[tuple[int, int]]) -> tuple[int, int, int]:
    """The first two tokens and the last target, -1 for what is not there."""
    first, second = (*document.ids[:2], -1, -1)[:2]
    return first, second, document.ids[spans[-1][1] - 1] if spans else -1


def join(file: Path, parts: Sequence[Path], metadata: dict[str, str]) -> None:
    """Write the arrays of all parts one behind the other; no more than one array of one part is in memory.

    The metadata tell sums over all units too, so that a plan need not read the arrays.
    """
    opened: list[Any] = [safe_open(part, "np") for part in parts]
    header: dict[str, dict[str, Any]] = {"__metadata__": metadata | sums(opened)}
    at = 0
    for name in (*COUNTS, *KINDS):  # those of 8 bytes first, so that all are aligned
        shapes = [part.get_slice(name).get_shape() for part in opened]
        shape = [sum(s[0] for s in shapes), *shapes[0][1:]]
        kind = KINDS.get(name, "I64")
        size = int(np.prod(shape)) * {"I64": 8, "F64": 8, "I32": 4, "U8": 1}[kind]
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(file, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for name in (*COUNTS, *KINDS):
            before = 0
            for part in opened:
                out.write((part.get_tensor(name) + (before if name in COUNTS else 0)).tobytes())
                before += part.get_slice(COUNTS.get(name, name)).get_shape()[0]


def sums(parts: Sequence[Any]) -> dict[str, str]:
    """Rows, their tokens, the squares of a row's tokens, and targets, each over all units."""
    rows = tokens = squares = targets = 0
    for part in parts:
        sizes, spans = part.get_tensor("sizes").astype(np.int64), part.get_tensor("spans").astype(np.int64)
        rows, tokens, squares = rows + len(sizes), tokens + int(sizes.sum()), squares + int((sizes**2).sum())
        targets += int((spans[:, 1] - spans[:, 0]).sum())
    return {
        name: str(n) for name, n in (("rows", rows), ("tokens", tokens), ("squares", squares), ("targets", targets))
    }


class Stored(Units):
    """The units of a file. Token ids stay on disk; in memory are where they lie, some 60 bytes a document, and ids."""

    def __init__(self, file: Path) -> None:
        opened: Any = safe_open(file, "np")
        self.tokens = opened.get_slice("tokens")
        self.ends, self.spans, self.span_ends, self.edges, self.numbers = (
            opened.get_tensor(name) for name in ("ends", "spans", "span_ends", "edges", "numbers")
        )
        self.sizes: Sequence[int] = opened.get_tensor("sizes").tolist()
        names, stops = opened.get_tensor("names").tobytes(), opened.get_tensor("name_ends").tolist()
        self.ids = [names[a:b].decode() for a, b in zip([0, *stops], stops, strict=False)]
        self.width = len(self.ends) // len(self.ids) if self.ids else 1

    def made(self, place: int) -> Unit:
        row = self.ids[place]
        places = range(place * self.width, (place + 1) * self.width)
        return Unit(row, tuple(self.document(row, i) for i in places), tuple(self.numbers[place].tolist()))

    def document(self, row: str, place: int) -> Tokens:
        start, end = (int(self.ends[place - 1]) if place else 0), int(self.ends[place])
        first, last = (int(self.span_ends[place - 1]) if place else 0), int(self.span_ends[place])
        trained = [False] * (end - start)
        for a, b in self.spans[first:last].tolist():
            trained[a:b] = [True] * (b - a)
        return Tokens(row, self.tokens[start:end].tolist() if start < end else [], trained)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each document."""
        found: NDArray[np.int64] = np.diff(self.ends, prepend=0)
        return found

    @property
    def targets(self) -> NDArray[np.int64]:
        """Targets of each document; the first token is never predicted."""
        sizes = self.spans[:, 1] - self.spans[:, 0] - (self.spans[:, 0] == 0)
        found: NDArray[np.int64] = np.diff(np.concatenate([[0], np.cumsum(sizes)])[self.span_ends], prepend=0)
        return found

    def suspects(self, context: int, bos: int | None, eos: int | None) -> Iterator[int]:
        first, second, last = self.edges.T
        bad = (self.targets == 0) | (self.lengths > context) | (last != (-1 if eos is None else eos))
        if bos is not None:
            bad |= (first == bos) & (second == bos)
        yield from sorted({int(i) // self.width for i in np.flatnonzero(bad)})
