"""How fast files are read: CPU seconds and rows a second of ours beside plain parsers and `datasets`, in turn.

python -m bench.reading [ROWS]. orjson and datasets are measured where they are installed. Ours checks UTF-8, keys that
stand twice and every turn; `scan` gives objects, `ChatFile` rows with ids. The peak is that of Python's own memory
while `scan` reads, measured apart.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import zstandard

from komainu.data.files import ChatFile
from komainu.files import scan, write_objects

ROUNDS = 3


def objects(count: int) -> Iterator[dict[str, Any]]:
    """Chats of four turns, about 1.2 kB each, half of the text Japanese."""
    for i in range(count):
        turns = [("human", f"{i} 番の質問です。" * 6), ("gpt", f"Answer {i * i} is here. " * 18)] * 2
        yield {"id": f"r{i}", "conversations": [{"from": role, "value": text} for role, text in turns], "n": i}


def lines(path: Path, decode: Callable[[bytes], Any]) -> int:
    with open(path, "rb") as file:
        source = zstandard.ZstdDecompressor().stream_reader(file) if path.suffix == ".zst" else file
        return sum(1 for text in buffered(source) if decode(text))


def buffered(source: Any) -> Iterator[bytes]:
    rest = b""
    while chunk := source.read(1 << 20):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole


def arrow(path: Path) -> int:
    return sum(len(batch.to_pylist()) for batch in pq.ParquetFile(path).iter_batches(batch_size=1024))


def hugging_face(path: Path) -> int:
    kind = "parquet" if path.suffix == ".parquet" else "json"
    with tempfile.TemporaryDirectory() as cache:  # it turns the file into Arrow first, then gives rows
        return sum(
            1
            for _ in importlib.import_module("datasets").load_dataset(
                kind, data_files=str(path), cache_dir=cache, split="train"
            )
        )


def readers(path: Path) -> dict[str, Callable[[], int]]:
    """Each way to read a file; all return the number of rows."""
    found: dict[str, Callable[[], int]] = {
        "komainu scan": lambda: sum(1 for _ in scan(path)),
        "komainu ChatFile": lambda: sum(1 for _ in ChatFile(path=str(path), licence="MIT").read()),
    }
    if path.suffix == ".parquet":
        found["pyarrow to_pylist"] = lambda: arrow(path)
    else:
        found["msgspec, plain"] = lambda: lines(path, msgspec.json.decode)
        found["json, plain"] = lambda: lines(path, json.loads)
        if importlib.util.find_spec("orjson"):
            found["orjson, plain"] = lambda: lines(path, importlib.import_module("orjson").loads)
    if importlib.util.find_spec("datasets"):
        found["datasets"] = lambda: hugging_face(path)
    return found


def main(count: int) -> None:
    print(f"{count} rows; CPU seconds, median of {ROUNDS}, in turn")
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".jsonl", ".jsonl.zst", ".parquet", ".arrow"):
            path = Path(folder) / f"x{suffix}"
            write_objects(path, objects(count))
            ways = readers(path) if suffix != ".arrow" else dict([*readers(path).items()][:2])
            spent: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(ROUNDS):
                for name, way in ways.items():
                    start = time.process_time()
                    assert way() == count, name
                    spent[name].append(time.process_time() - start)
            tracemalloc.start()
            for _ in scan(path):
                pass
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            print(f"{suffix}, {path.stat().st_size / 1e6:.0f} MB; scan's peak {peak / 1e6:.1f} MB")
            for name, each in spent.items():
                middle = statistics.median(each)
                print(f"  {name:<18} {middle:7.2f} s {count / middle:10.0f} rows/s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
