"""How long the studio's first page takes, over a store of 5,000 artifacts: in the server, and as a browser asks for it.

python -m bench.studio [ARTIFACTS]
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from komainu.seal import seal_of
from komainu.store import Store

CHAIN = (("Prompts", "Chat"), ("Dataset", "Chat"), ("SFT", "Weights"), ("Answers", "Chat"), ("Scores", "Score"))
FIELDS = ("", "source", "data", "model", "answers")  # how each is the input of the next
NAMED = 20  # every so many chains have a name
SOURCES = {f"komainu.train.part{i}": hashlib.sha256(str(i).encode()).hexdigest()[:12] for i in range(30)}


def records(count: int) -> Iterator[dict[str, Any]]:
    """Records of chains from prompts to scores, as long as real ones."""
    before = ""
    for n in range(count):
        place = n % len(CHAIN)
        kind, makes = CHAIN[place]
        id = hashlib.sha256(f"{kind} {n}".encode()).hexdigest()[:12]
        config = {"is": kind, "v": 1, "seed": n, "fit": {"is": "Fit", "v": 1, "lr": 0.002, "betas": [0.9, 0.98]}}
        yield {
            "id": id,
            "stage": kind,
            "makes": makes,
            "config": {**config, **({FIELDS[place]: {"stage": before.split("/")[1]}} if place else {})},
            "inputs": {FIELDS[place]: before} if place else {},
            "code": "0" * 12,
            "sources": SOURCES,
            "summary": {"rows": 100 + n, "tokens": 1000 * n, "loss": 1 / (n + 1)},
            "files": {"rows.jsonl": "0" * 64, "dropped.jsonl": "1" * 64},
            "started": 1_790_000_000.0 + 60 * n,
            "seconds": float(n % 1000),
            "made_with": {"komainu": "0.1.0", "python": "3.11.7", "torch": "2.13.0+cpu"},
        }
        before = f"{kind.lower()}/{id}"


def fill(root: Path, count: int) -> Store:
    """A store of so many artifacts, written as they would be found, without their rows."""
    names = root / "names"
    names.mkdir(parents=True)
    for n, record in enumerate(records(count)):
        place = root / record["stage"].lower() / record["id"]
        place.mkdir(parents=True)
        text = json.dumps({**record, "seal": seal_of(record)}, ensure_ascii=False, indent=1) + "\n"
        (place / "record.json").write_text(text, encoding="utf-8")
        os.utime(place / "record.json", (record["started"], record["started"]))
        if n % (len(CHAIN) * NAMED) == len(CHAIN) - 1:
            (names / f"family,seed={n}").symlink_to(Path("..") / record["stage"].lower() / record["id"])
    return Store(root)
