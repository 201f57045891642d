"""How long the studio's pages take over a store of 5,000 artifacts: the first of a fresh process, and those after it.

python -m bench.studio [ARTIFACTS]
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.request import urlopen

from komainu.seal import seal_of
from komainu.store import Store

CHAIN = (("Prompts", "Chat"), ("Dataset", "Chat"), ("SFT", "Weights"), ("Answers", "Chat"), ("Scores", "Score"))
FIELDS = ("", "source", "data", "model", "answers")  # how each is the input of the next
FRESH, WARM = 5, 20  # processes that are asked once, requests to the last of them
TICK = os.sysconf("SC_CLK_TCK")
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


class Took(NamedTuple):
    """One page: seconds until it was whole, and the server's CPU seconds."""

    wall: float
    cpu: float


@contextmanager
def studio(root: Path) -> Iterator[tuple[str, int]]:
    """`komainu studio` over a store: its address and process id."""
    words = [sys.executable, "-m", "komainu.cli", "studio", "--port", "0", "--json"]
    env = {**os.environ, "KOMAINU_STORE": str(root)}
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"], process.pid
        finally:
            process.terminate()


def asked(url: str, pid: int) -> Took:
    before, started = cpu(pid), time.perf_counter()
    with urlopen(url, timeout=60) as answer:
        answer.read()
    return Took(time.perf_counter() - started, cpu(pid) - before)


def cpu(pid: int) -> float:
    """The CPU seconds of a process so far, to the tick of the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def line(name: str, some: list[Took]) -> str:
    walls = [1000 * each.wall for each in some]
    return f"| {name} | {median(walls):.0f} | {min(walls):.0f} | {max(walls):.0f} | {mean_cpu(some):.0f} |"


def mean_cpu(some: list[Took]) -> float:
    """A tick is 10 ms, so of single pages only the mean says something."""
    return 1000 * sum(each.cpu for each in some) / len(some)


def main(count: int) -> None:
    with TemporaryDirectory(prefix="studio") as folder:
        store = fill(Path(folder) / "store", count)
        chain = [record for _, record in zip(range(len(CHAIN)), records(count), strict=False)]
        artifact = f"artifact/{chain[-1]['stage'].lower()}/{chain[-1]['id']}"
        pages = {
            "first page": "",
            "page 40 of the list": "?page=39",
            "search": "?q=seed%3D104",
            "an artifact": artifact,
        }
        fresh: dict[str, list[Took]] = {name: [] for name in pages}
        warm: dict[str, list[Took]] = {name: [] for name in pages}
        for n in range(FRESH):
            for name, path in pages.items():
                with studio(store.root) as (url, pid):
                    fresh[name].append(asked(url + path, pid))
                    for _ in range(WARM if n == FRESH - 1 else 0):
                        warm[name].append(asked(url + path, pid))
    print(
        f"{count:,} artifacts\n\n| page | median, ms | least, ms | most, ms | server's CPU, ms |\n|---|---|---|---|---|"
    )
    for name in pages:
        print(line(f"{name}, first request to a fresh process", fresh[name]))
        print(line(f"{name}, {WARM} requests after it", warm[name]))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
