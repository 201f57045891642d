"""The whole of `bench.data` beside datatrove's way of it: the same files, read, filtered, deduplicated, written.

python -m bench.chain [rows] [rounds] [processes]     default: 20000 1 2; writes .bench/chain.md

Both work in so many processes, in turn. datatrove lives in a pinned environment of its own, made on the first run.
What is found is told by what was planted (`bench.corpus`).
"""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.corpus import ITEMS, chat, item, planted
from bench.data import Peak, spent
from bench.filters import ENVIRONMENTS, TROVE
from bench.peers import ROOT, told
from komainu.files import write_rows
from komainu.settings import load as settings

OURS = "komainu"
MODULES = {OURS: "ours", TROVE: "trove"}
FILES = 8  # of the corpus: datatrove's tasks share whole files


class Run(NamedTuple):
    """Seconds, the CPU of all processes, the most memory that they had together, and which rows stayed."""

    wall: float
    cpu: float
    mb: float
    kept: set[int]


def corpus(folder: Path, n: int) -> None:
    """`n` chats in files, and the items of the benchmark."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "rows").mkdir(parents=True)
    for k in range(FILES):
        write_rows(folder / "rows" / f"{k}.jsonl", (chat(0, i) for i in range(n * k // FILES, n * (k + 1) // FILES)))
    lines = (json.dumps({"text": item(0, i)}) + "\n" for i in range(ITEMS))
    (folder / "items.jsonl").write_text("".join(lines), encoding="utf-8")


def run(name: str, folder: Path, processes: int, envs: Path) -> Run:
    before = spent()
    with Peak() as peak:
        said = told(name, (f"bench.chains.{MODULES[name]}", str(folder), str(processes)), ENVIRONMENTS[name], envs)
    if said is None:
        raise SystemExit(f"{name} did not come through")
    kept = {int(id.removeprefix("bench:")) for id in said["kept"]}
    return Run(said["wall"], spent() - before, peak.most / 2**20, kept)


def table(n: int, processes: int, runs: dict[str, list[Run]]) -> Iterator[str]:
    """Medians over the rounds; what is dropped is that of the first."""
    rounds = len(runs[OURS])
    yield f"**{n:,} chats of 2.5 kB, {processes} processes; medians of {rounds} round{'s' * (rounds > 1)}**"
    yield ""
    yield "| engine | wall, s | rows/s | CPU, µs a row | CPU, × ours | wall, × ours | memory, MB |"
    yield "|---|---|---|---|---|---|---|"
    for name, some in runs.items():
        wall, cpu, mb = (median(getattr(each, field) for each in some) for field in ("wall", "cpu", "mb"))
        pairs = [*zip(some, runs[OURS], strict=True)]
        by_cpu, by_wall = median(a.cpu / b.cpu for a, b in pairs), median(a.wall / b.wall for a, b in pairs)
        costs = f"{wall:.1f} | {n / wall:,.0f} | {1e6 * cpu / n:,.0f} | {by_cpu:.1f} | {by_wall:.1f} | {mb:,.0f}"
        yield f"| {name} | {costs} |"
    kinds = [planted(0, i) or "nothing" for i in range(n)]
    yield ""
    yield f"| dropped of what was planted | {' | '.join(f'{k} ({c:,})' for k, c in sorted(Counter(kinds).items()))} |"
    yield "|---|" + "---|" * len(set(kinds))
    for name, some in runs.items():
        left = Counter(kinds[i] for i in some[0].kept)
        cells = (f"{1 - left[kind] / count:.2%}" for kind, count in sorted(Counter(kinds).items()))
        yield f"| {name} | {' | '.join(cells)} |"


def main(n: int, rounds: int, processes: int) -> None:
    envs = ROOT / settings().environments
    if environment := ENVIRONMENTS[TROVE]:
        environment.python(envs)
    folder = ROOT / ".bench" / f"chain-{n}"
    corpus(folder, n)
    runs: dict[str, list[Run]] = {name: [] for name in MODULES}
    for turn in range(rounds):
        for name in [*MODULES][:: -1 if turn % 2 else 1]:
            runs[name].append(found := run(name, folder, processes, envs))
            print(f"{turn + 1}/{rounds} {name}: {found.wall:.1f} s, {len(found.kept):,} stay", file=sys.stderr)
    shutil.rmtree(folder)
    text = "\n".join(table(n, processes, runs))
    print(text)
    folder.with_name("chain.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [20_000, 1, 2][len(given) :]))
