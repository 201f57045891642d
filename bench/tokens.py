"""What keeping the tokens of a training's rows saves: seconds and memory until training could begin.

python -m bench.tokens [rows]    default 100000; writes .bench/tokens.md

Rows are made up with lengths like those of published sets. Each way runs in a process of its own: all rows as lists in
memory; the file made; the file found. All end with every row looked at by preflight.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from bench.training import Lengths, rows, write_model
from komainu.models.folder import load_tokenizer
from komainu.rows import Chat, Message, Row
from komainu.store import Store
from komainu.train.base import Fit
from komainu.train.directory import Directory
from komainu.train.heldout import HeldOut
from komainu.train.preflight import preflight
from komainu.train.tokens import kept, place

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".bench" / "tokens"
LENGTHS = Lengths(60, 0.8, 230, 0.7)


def read() -> Iterator[Row]:
    with open(FOLDER / "rows.jsonl", "rb") as file:
        for line in file:
            row = msgspec.json.decode(line)
            yield Chat(row["id"], tuple(Message(m["role"], m["content"]) for m in row["messages"]))


def once(way: str) -> dict[str, Any]:
    """One way, in this process."""
    model = Directory.of(str(FOLDER / "model"), licence="none")
    stage = HeldOut(model=model, data=model)  # reads rows as a training does
    tokenizer = load_tokenizer(FOLDER / "model")
    store = Store(FOLDER / "store")
    if way == "made":
        place(store, stage, tokenizer).unlink(missing_ok=True)
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, (time.perf_counter(), time.process_time())
    ways: dict[str, Callable[[], Any]] = {
        "lists": lambda: stage.documents.units(tokenizer, "here", [*read()]),
        "made": lambda: kept(store, stage, tokenizer, read()),
        "found": lambda: kept(store, stage, tokenizer, read()),
    }
    units = ways[way]()
    preflight(tokenizer, 4096, units, Fit(lr=1.0, global_batch=8, steps=8))
    seconds = time.perf_counter() - started[0], time.process_time() - started[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"rows": len(units), "seconds": seconds[0], "cpu": seconds[1], "more": (peak - before) / 1024}


def main(count: int) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(FOLDER / "store", ignore_errors=True)
    if not (FOLDER / "model").exists():
        write_model(FOLDER / "model")
    with open(FOLDER / "rows.jsonl", "wb") as file:
        for row in rows("sft", count, LENGTHS):
            file.write(msgspec.json.encode(row) + b"\n")
    names = {"lists": "all rows as lists in memory", "made": "the file made", "found": "the file found"}
    lines = [f"| {count:,} rows | s | CPU s | MB more than before |", "|---|---|---|---|"]
    for way, name in names.items():
        done = subprocess.run(
            [sys.executable, "-m", "bench.tokens", "--once", way],
            cwd=ROOT,
            env={**os.environ, "RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"{name} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        found = json.loads(done.stdout.splitlines()[-1])
        lines.append(f"| {name} | {found['seconds']:.1f} | {found['cpu']:.1f} | {found['more']:,.0f} |")
        print(lines[-1], file=sys.stderr)
    (kept_file,) = (FOLDER / "store").rglob("*.safetensors")
    lines.append(f"\nThe file has {kept_file.stat().st_size / 1e6:,.0f} MB.")
    print("\n".join(lines))
    (ROOT / ".bench" / "tokens.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--once"]:
        print("\n" + json.dumps(once(sys.argv[2])))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
