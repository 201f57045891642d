"""The data files of a published set: Parquet shards with columns that any tool reads. Needs pyarrow."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from komainu.errors import UsageError
from komainu.licences import UNKNOWN
from komainu.parquet import TEXT
from komainu.parquet import write as write_parquet
from komainu.release import leaks
from komainu.rows import Chat, Message, Pair, Row, encode

SHARD = 200_000  # rows of a file
BATCH = 512  # rows that are looked at at once
SAMPLES = 2  # rows of each language that the card shows
LABELS = ("hidden", "shape", "source", "licence", "lang")  # meta that stays here, or has a column of its own
CALLS = ("from", "prompt_from")
TURNS = pa.list_(pa.struct([("role", TEXT), ("content", TEXT)]))
ENDS = [("source", TEXT), ("licence", TEXT), ("language", TEXT), ("meta", TEXT)]
SCHEMAS: dict[type, Any] = {
    Chat: pa.schema([("id", TEXT), ("messages", TURNS), *ENDS]),
    Pair: pa.schema([("id", TEXT), ("prompt", TURNS), ("chosen", TURNS), ("rejected", TURNS), *ENDS]),
}
_json = msgspec.json.Encoder(order="deterministic")
Published = Chat | Pair


class Seen:
    """What a pass over the rows has seen: how many, by origin; the models that wrote them; a few to show."""

    def __init__(self) -> None:
        self.rows = 0
        self.origins: Counter[tuple[str, str, str]] = Counter()  # source, licence, language
        self.models: Counter[str] = Counter()  # rows that a model wrote something of
        self.samples: dict[str, list[tuple[int, str, Published]]] = {}

    def through(self, rows: Iterable[Row], known: leaks.Known, tick: Callable[[int], object]) -> Iterator[Published]:
        """The rows; raises UsageError for one that holds a key."""
        rows = iter(rows)
        while batch := [row for row in islice(rows, BATCH) if isinstance(row, (Chat, Pair))]:
            refuse(batch, known)
            for row in batch:
                self.add(row, known)
                yield row
            tick(len(batch))

    def add(self, row: Published, known: leaks.Known) -> None:
        self.rows += 1
        source, licence, lang = (str(row.meta.get(key) or UNKNOWN) for key in ("source", "licence", "lang"))
        self.origins[source, licence, lang] += 1
        self.models.update(writers(row))
        some = self.samples.setdefault(lang, [])
        luck = -int.from_bytes(hashlib.sha256(row.id.encode()).digest()[:8])
        if (len(some) == SAMPLES and luck < some[0][0]) or any(leaks.leaks("README.md", encode(row), known)):
            return  # a row that tells of a path is none to show
        self.samples[lang] = sorted([*some, (luck, row.id, row)], key=lambda each: each[:2])[-SAMPLES:]

    def shown(self) -> list[tuple[str, Published]]:
        """The samples by language, those whose ids hash lowest."""
        return [(lang, row) for lang in sorted(self.samples) for _, _, row in reversed(self.samples[lang])]


def writers(row: Published) -> set[str]:
    """The names of the models that were asked for a row or its prompt."""
    calls = (name for key in CALLS for name in row.meta.get(key, []) if name.startswith("call:"))
    return {call.removeprefix("call:").rpartition("/")[0] for call in calls}


def refuse(batch: list[Published], known: leaks.Known) -> None:
    """Raises UsageError when a row holds a key; what it is, is not shown."""
    lines = [encode(published(row)) for row in batch]
    if not any(leaks.leaks("rows.jsonl", b"\n".join(lines), known)):
        return
    for row, line in zip(batch, lines, strict=True):
        for found in leaks.leaks("rows.jsonl", line, known):
            what = found.partition(" holds ")[2]
            raise UsageError(f"nothing is published: row {row.id} holds {what}; take it out where the row comes from")


def published(row: Published) -> Published:
    """A row without what stays here."""
    kept = {key: value for key, value in row.meta.items() if key not in LABELS}
    return msgspec.structs.replace(row, meta=kept)


def write(folder: Path, rows: Iterator[Published], total: int) -> list[str]:
    """The shards, named as the hub's are; returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    shards = max(1, -(-total // SHARD))
    names = []
    for i in range(shards):
        some = islice(rows, SHARD)
        first = next(some, None)
        schema = SCHEMAS[Chat if first is None else type(first)]
        name = f"train-{i:05}-of-{shards:05}.parquet"
        written = chain([] if first is None else [first], some)
        write_parquet(folder / name, map(columns, written), schema, check=False)
        names.append(f"data/{name}")
    assert next(rows, None) is None, "a record tells how many rows there are"
    return names


def columns(row: Published) -> dict[str, Any]:
    meta = published(row).meta
    messages = row.messages if isinstance(row, Chat) else row.prompt
    extra = [{k: v for k, v in m.extra.items() if k != "shape"} for m in messages]
    if any(extra):
        meta = {**meta, "extra_of_messages": extra}
    told = {
        "id": row.id,
        "source": row.meta.get("source"),
        "licence": row.meta.get("licence"),
        "language": row.meta.get("lang"),
        "meta": _json.encode(meta).decode(),
    }
    if isinstance(row, Chat):
        return told | {"messages": turns(messages)}
    answers = {
        key: turns([Message("assistant", text)]) for key, text in (("chosen", row.chosen), ("rejected", row.rejected))
    }
    return told | {"prompt": turns(messages)} | answers


def turns(messages: Iterable[Message]) -> list[dict[str, str]]:
    return [{"role": m.role, "content": m.content} for m in messages]
