"""Training beside TRL: the same model, rows, order, steps and one thread; CPU time of the steps, losses compared.

python -m bench.train [full|quick] [rounds]    default: full 3; writes .bench/train.md

TRL lives in a pinned environment of its own, made on the first run. The two take turns. TRL's other settings run in
the first round only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.training import rows, tokens, write_model, write_rows
from komainu.environment import Environment, bare
from komainu.settings import load as settings
from komainu.train.batches import order

ROOT = Path(__file__).parents[1]
CLIENTS = Path(__file__).parent / "clients"
AGREE = 1e-4  # of the losses of every step
TRL = Environment(
    name="trl",
    steps=(("torch==2.13.0",), ("trl==1.16.0",)),
    pins=(CLIENTS / "trl.txt").read_text(encoding="utf-8"),
)


class Way(NamedTuple):
    """Who trains and how: TRL's micro-batch in rows, whether its rows lie in one without padding; measured once?"""

    name: str
    micro: int = 0
    flat: bool = False
    once: bool = False


class Load(NamedTuple):
    """A set of rows, the global batch, and who is measured on it, ours first."""

    name: str
    batch: int
    unit: str
    ways: tuple[Way, ...]


class Run(NamedTuple):
    """Once: tokens or pairs a CPU second and a second, after the first step, and the loss of every step."""

    rate: float
    speed: float
    losses: list[float]


OURS = Way("komainu")
PAIRS = (OURS, Way("TRL, reference precomputed, 4 pairs", 4), Way("TRL, the same, 1 pair x 4", 1, once=True))
LOADS = (
    Load(
        "sft",
        8,
        "tokens",
        (OURS, Way("TRL, padding-free, 8 rows", 8, True), Way("TRL, 1 row x 8, accumulated", 1, True, once=True)),
    ),
    Load("rp", 4, "pairs", PAIRS),
    Load("uf", 4, "pairs", PAIRS),
)


def once(load: Load, way: Way, steps: int, made: list[dict[str, Any]], work: Path) -> Run:
    """Train in a process of its own."""
    with tempfile.TemporaryDirectory(dir=work) as scratch:
        write_rows(Path(scratch) / "rows.jsonl", made)
        job = {
            "kind": "sft" if load.name == "sft" else "dpo",
            **{"model": str(work / "model"), "rows": f"{scratch}/rows.jsonl", "steps": steps, "batch": load.batch},
            **{"lr": 1e-4, "micro": way.micro, "flat": way.flat, "micro_tokens": 4096, "checkpoint": 5.0},
        }
        (Path(scratch) / "job.json").write_text(json.dumps(job), encoding="utf-8")
        ours = way == OURS
        python = sys.executable if ours else str(TRL.python(ROOT / settings().environments))
        environment = {**os.environ} if ours else bare()
        done = subprocess.run(
            [python, "-m", f"bench.clients.{'trainer' if ours else 'trl'}", f"{scratch}/job.json", scratch],
            cwd=ROOT,
            env={**environment, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise SystemExit(f"{way.name} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    (wall, cpu), (wall_end, cpu_end) = found["times"][1], found["times"][-1]
    part = made[load.batch :]
    count = sum(map(tokens, part)) if load.unit == "tokens" else len(part)
    return Run(count / (cpu_end - cpu), count / (wall_end - wall), found["losses"])


def apart(one: Run, other: Run) -> float:
    """The largest difference of two runs' losses."""
    return max(abs(a - b) for a, b in zip(one.losses, other.losses, strict=True))


def table(load: Load, runs: dict[Way, list[Run]]) -> Iterator[str]:
    """Medians over the rounds; the ratio is ours over each, round by round."""
    yield f"**{load.name}: {load.batch} rows a step**\n"
    yield f"| | rounds | {load.unit} a CPU second | {load.unit} a second | komainu / this (CPU) | loss differs by |"
    yield "|---|---|---|---|---|---|"
    for way, some in runs.items():
        pairs = [*zip(runs[OURS], some, strict=False)]
        times, differ = median(o.rate / r.rate for o, r in pairs), max(apart(o, r) for o, r in pairs)
        yield (
            f"| {way.name} | {len(some)} | {median(r.rate for r in some):,.4g} | {median(r.speed for r in some):,.4g} "
            f"| {times:.2f} | {differ:.1e} |"
        )
        if differ > AGREE:
            raise SystemExit(f"{load.name}: the losses of {way.name} differ by {differ:.1e}")
    yield ""


def main(mode: str, rounds: int) -> None:
    work = ROOT / ".bench" / "train"
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "model").exists():
        write_model(work / "model")
    TRL.python(ROOT / settings().environments)
    steps = {"full": 4, "quick": 3}[mode]
    lines: list[str] = []
    for load in LOADS:
        made = [*rows(load.name, load.batch * steps)]
        made = [made[i] for i in order([row["id"] for row in made], 0, 0)]
        runs: dict[Way, list[Run]] = {way: [] for way in load.ways}
        for turn in range(rounds):
            due = [way for way in load.ways if not (way.once and turn)]
            for way in due[turn % len(due) :] + due[: turn % len(due)]:
                runs[way].append(found := once(load, way, steps, made, work))
                print(f"{load.name} {turn + 1}/{rounds} {way.name}: {found.rate:.4g} a CPU s", file=sys.stderr)
        lines += table(load, runs)
    text = "\n".join(lines)
    print(text)
    (ROOT / ".bench" / "train.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(given[0] if given else "full", int(given[1]) if len(given) > 1 else 3)
