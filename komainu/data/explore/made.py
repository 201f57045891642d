"""Notes what `Rows` needs of a dataset: where each row stands, its id, its words, the clusters of duplicates."""

from __future__ import annotations

import json
import os
import shutil
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from komainu.data.base import Drop, word
from komainu.data.explore.index import parts
from komainu.data.explore.rows import ABOUT, CACHE, COLUMNS, FILES, VERSION, Rows, Several, about, hashed, place
from komainu.data.look.clusters import Clusters
from komainu.data.look.entry import Held
from komainu.errors import UsageError
from komainu.files import write_json
from komainu.rows import Chat, Pair
from komainu.store import Artifact, Store

WORDS = 1000  # different words of a column that are told apart; all others are OTHER
OTHER = "…"
PARTIAL = ".partial"
NOWHERE = Several(())
ID = np.dtype([("key", "<u8"), ("row", "<u4")])


class Meta(msgspec.Struct):
    """What columns are made of."""

    lang: Any = ""
    source: Any = ""


class Known(msgspec.Struct):
    """A row of which only this is read."""

    id: str
    meta: Meta = msgspec.field(default_factory=Meta)


class Notes:
    """Row after row, those that stay first. Memory: 40 bytes a row, and what `Clusters` holds of a dropped one."""

    def __init__(self) -> None:
        self.at, self.keys = array("q"), array("Q")
        self.words: dict[str, dict[str, int]] = {name: {} for name in COLUMNS}
        self.of = {name: array("H") for name in COLUMNS}
        self.clusters = Clusters()

    def add(self, at: int, size: int, known: Known, drop: str) -> None:
        self.at.extend((at, size))
        self.keys.append(hashed(known.id))
        for name, said in zip(COLUMNS, (known.meta.lang, known.meta.source, drop), strict=True):
            words, text = self.words[name], str(said or "")
            if text not in words and len(words) >= WORDS:
                text = OTHER
            self.of[name].append(words.setdefault(text, len(words)))

    def kept(self, lines: Iterable[bytes]) -> None:
        """Add the lines of rows.jsonl."""
        decoder, at = msgspec.json.Decoder(Known), 0
        for line in lines:
            self.add(at, len(line), decoder.decode(line), "")
            at += len(line)

    def lost(self, lines: Iterable[bytes]) -> None:
        """Add the lines of dropped.jsonl."""
        decoder, at = msgspec.json.Decoder(Drop), 0
        for line in lines:
            step, reason, row = (drop := decoder.decode(line)).step, drop.reason, drop.row
            if isinstance(row, (Chat, Pair)):
                self.clusters.add(len(self.keys), Held(row, step, reason))
                known = Known(row.id, Meta(row.meta.get("lang", ""), row.meta.get("source", "")))
                self.add(at, len(line), known, f"{step}\n{word(reason)}")
            at += len(line)


def make(store: Store, artifact: Artifact) -> None:
    """Note what `Rows` needs of a dataset, unless it has been noted; what is there takes its place when it is whole.

    A process that waits for another one finds its work done. What was noted of artifacts that are gone is removed.
    Raises UsageError for an artifact without chats or pairs.
    """
    if not explorable(artifact):
        raise UsageError(f"{artifact.ref} makes {artifact.record['makes']}; only chats and pairs can be explored")
    folder = place(store, artifact)
    with store.lock(f"{artifact.id}.explore"):
        if about(store, artifact) is not None:
            return
        forget(store)
        partial = folder.with_name(f"{folder.name}{PARTIAL}")
        for old in (partial, folder):
            shutil.rmtree(old, ignore_errors=True)
        partial.mkdir(parents=True)
        write(artifact, partial)
        os.replace(partial, folder)


def explorable(artifact: Artifact) -> bool:
    return artifact.record["makes"] in ("Chat", "Pair") and (artifact.path / FILES[0]).exists()


def forget(store: Store) -> None:
    """Remove what was noted of artifacts that are not in the store any more."""
    there = {path.name for path in store.folders()}
    for path in (store.root / CACHE).glob("*"):
        if path.name.removesuffix(PARTIAL) not in there:
            shutil.rmtree(path, ignore_errors=True)


def write(artifact: Artifact, folder: Path) -> None:
    """Write all of it, what tells of it last."""
    notes = Notes()
    for name, add in zip(FILES, (notes.kept, notes.lost), strict=True):
        if (artifact.path / name).exists():
            with open(artifact.path / name, "rb") as lines:
                add(lines)
        if name == FILES[0]:
            kept = len(notes.keys)
    at = np.frombuffer(notes.at, np.int64).reshape(-1, 2)
    ids = np.zeros(len(at), ID)
    ids["key"], ids["row"] = np.frombuffer(notes.keys, np.uint64), np.arange(len(at))
    ids.sort(order="key")
    save(folder / "at.npy", at)
    save(folder / "ids.npy", ids)
    for name, of in notes.of.items():
        save(folder / f"{name}.npy", np.frombuffer(of, np.uint16))
    told = {
        "version": VERSION,
        "seal": artifact.record["seal"],
        "kept": kept,
        "dropped": len(at) - kept,
        "columns": {name: [*words] for name, words in notes.words.items()},
        "parts": parts(at[:, 1]),
    }
    with Rows(artifact, folder, told) as rows:
        told["clusters"] = write_clusters(notes.clusters, rows)
    write_json(folder / ABOUT, told)


def write_clusters(clusters: Clusters, rows: Rows) -> int:
    """Write a line a cluster, and where each begins; returns how many there are."""
    for id, _, _ in clusters.members:
        if found := rows.numbers(id):
            clusters.numbers[id] = found[0]
    starts, of = array("q"), np.full(rows.total, -1, np.int32)
    with open(rows.folder / "clusters.jsonl", "wb") as out:
        for number, each in enumerate(clusters.json(NOWHERE, NOWHERE)):
            starts.append(out.tell())
            out.write(json.dumps(each).encode() + b"\n")
            some = [*([] if each["row"] is None else [each["row"]]), *(member for member, _ in each["of"])]
            of[[row for row in some if of[row] < 0]] = number
        synced(out)
    save(rows.folder / "cluster.npy", of)
    save(rows.folder / "clusters.npy", np.frombuffer(starts, np.int64))
    return len(starts)


def save(path: Path, values: NDArray[Any]) -> None:
    with open(path, "wb") as out:
        np.save(out, values)
        synced(out)


def synced(out: IO[bytes]) -> None:
    out.flush()
    os.fsync(out.fileno())
