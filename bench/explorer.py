"""How long the studio's explorer takes to search a large dataset, asked over HTTP as a browser asks.

python -m bench.explorer [ROWS [FOLDER]]

Rows are those of `bench.corpus` (2.5 kB each), a few of them with texts that stand nowhere else. With FOLDER the store
is kept there, and what is there of it is not made again.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from urllib.parse import urlencode
from urllib.request import urlopen

from bench.corpus import chat
from bench.look import Silent
from komainu.context import Context
from komainu.data.explore import index
from komainu.data.explore.made import make
from komainu.data.explore.rows import place, rows_of
from komainu.files import write_rows
from komainu.rows import Chat, Message
from komainu.stage import Stage
from komainu.store import Artifact, Store

ASKED = 9  # times each
PLANTED = ("鬱", "漠然", "暗中模索", "zebrafish", "“A rare—very rare—quote” 🐉")
TEXTS = (
    ("frequent, 1 character", "の"),
    ("frequent, 2", "です"),
    ("frequent, 4", "田中さん"),
    ("frequent, English", "important"),
    ("in one row, 1 character", "鬱"),
    ("in one row, 2", "漠然"),
    ("in one row, 4", "暗中模索"),
    ("in one row, English", "zebrafish"),
    ("in one row, quotes and emoji", "“A rare—very rare—quote” 🐉"),
    ("absent, 1 character", "躑"),
    ("absent, 2", "躑躅"),
    ("absent, 4", "五里霧中"),
    ("absent, English", "xylophone"),
    ("absent, a frequent word twice", "the the"),
    ("absent, of frequent words", "the of the"),
    ("absent, a sentence of frequent words", "sold the letter near the castle of the river"),
    ("absent, Japanese of frequent words", "図書館で古い時計を食べました"),
)


@dataclass(frozen=True, kw_only=True)
class Planted(Stage):
    """`n` chats of the corpus; each text of PLANTED follows the question of one of them."""

    makes: ClassVar[type] = Chat
    n: int

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return {"rows": write_rows(out / "rows.jsonl", self.rows())}

    def rows(self) -> Iterator[Chat]:
        there = {(i + 1) * self.n // (len(PLANTED) + 1): text for i, text in enumerate(PLANTED)}
        for i in range(self.n):
            row = chat(0, i)
            if i in there:
                asked = Message("user", f"{row.messages[0].content} {there[i]}")
                row = Chat(row.id, (asked, *row.messages[1:]), row.meta)
            yield row


def built(root: Path, n: int) -> tuple[Store, Artifact]:
    """The dataset with its index; says what that takes in one process."""
    store = Store(root)
    made = store.build(Planted(n=n), Context(store, Silent()))
    for what, work in (("noting the rows", make), ("the index", indexed)):
        cpu, wall = time.process_time(), time.perf_counter()
        work(store, made)
        print(f"{what}: {time.process_time() - cpu:.1f} s of CPU, {time.perf_counter() - wall:.1f} s", flush=True)
    size = (made.path / "rows.jsonl").stat().st_size
    parts = {"of the index": "*.db", "of signs": "[0-9]*.npy", "of notes": "[a-z]*"}
    sizes = {what: sum(path.stat().st_size for path in place(store, made).glob(each)) for what, each in parts.items()}
    told = ", ".join(f"{count / 1e6:,.0f} MB {what}" for what, count in sizes.items())
    print(f"{n:,} rows, {size / 1e6:,.0f} MB: {told}\n", flush=True)
    return store, made


def indexed(store: Store, made: Artifact) -> None:
    rows = rows_of(store, made)
    assert rows is not None
    with rows:
        index.build(rows)


def forget(store: Store, made: Artifact) -> None:
    """Let the machine forget what it has read of the dataset."""
    for path in [*made.path.iterdir(), *place(store, made).iterdir()]:
        if path.is_file():
            file = os.open(path, os.O_RDONLY)
            os.fsync(file)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


def asked(url: str) -> tuple[float, str]:
    """The milliseconds until a page is there, and what it says of how many rows there are."""
    started = time.perf_counter()
    with urlopen(url) as answer:
        text = answer.read().decode()
    took = 1000 * (time.perf_counter() - started)
    return took, "; ".join(unescape(each) for each in re.findall('role="status">([^<]*)', text))


def used(process: int) -> float:
    """The milliseconds of CPU that a process's threads have used."""
    tasks = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e6


def measure(store: Store, made: Artifact, n: int) -> None:
    env = {**os.environ, "KOMAINU_STORE": str(store.root.absolute())}
    command = [sys.executable, "-m", "komainu.cli", "studio", "--port", "0", "--json"]
    server = subprocess.Popen(command, env=env, stdout=subprocess.PIPE)
    assert server.stdout is not None
    try:
        url = json.loads(server.stdout.readline())["url"]
        page = f"{url}rows/{made.ref}"
        asked(page)
        places = [("the first rows", page), (f"rows from {9 * n // 10:,} on", f"{page}?start={9 * n // 10}")]
        places += [(f"row {9 * n // 10:,}", f"{page}/{9 * n // 10}")]
        places += [(f"{what}: `{text}`", f"{page}?{urlencode({'q': text})}") for what, text in TEXTS]
        print("| asked for | found | not yet read, ms | median, ms | worst, ms | CPU, ms |\n|---|---|---|---|---|---|")
        for what, address in places:
            forget(store, made)
            cold, told = asked(address)
            before = used(server.pid)
            warm = sorted(asked(address)[0] for _ in range(ASKED))
            cpu = (used(server.pid) - before) / ASKED
            print(f"| {what} | {told} | {cold:,.0f} | {median(warm):,.0f} | {warm[-1]:,.0f} | {cpu:,.0f} |", flush=True)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def main(rows: int = 200_000, folder: str = "") -> None:
    with TemporaryDirectory() as made:
        store, artifact = built(Path(folder or made) / "store", rows)
        measure(store, artifact, rows)


if __name__ == "__main__":
    main(*[int(sys.argv[1])] if len(sys.argv) == 2 else [int(sys.argv[1]), sys.argv[2]] if len(sys.argv) > 2 else [])
