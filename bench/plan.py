"""What `plan` says of a training beside what it took: peak memory of the process, and seconds of its steps.

python -m bench.plan [full|quick] [rounds]    default: full 3, about 12 minutes; quick 1 is two; writes .bench/plan.md

Every training runs in a process of its own, on one thread, and in each round all of them do. A round before the others
makes the speeds known: what is said of a training comes from those of the same model before it in its store. So what
other programs do between two rounds makes it wrong. It changes CPU time least: said of that is the same arithmetic,
with the tokens a CPU second of the runs before. Shown are medians of the rounds, and of their differences.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.clients.trainer import Timed
from bench.training import rows, write_model, write_rows
from komainu.data.files import ChatFile, PairFile
from komainu.launch import open_context
from komainu.plan import plan
from komainu.settings import Settings, Training
from komainu.train.adapter import Adapter
from komainu.train.base import Fit, Train
from komainu.train.directory import Directory
from komainu.train.dpo import DPO
from komainu.train.reference import Reference
from komainu.train.sft import SFT
from komainu.workload import Workloads

ROOT = Path(__file__).parents[1]
MODELS = {
    "2.9M": {"hidden_size": 128, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 384},
    "10.5M": {},
    "69M": {"hidden_size": 768, "num_hidden_layers": 8, "num_attention_heads": 12, "intermediate_size": 2048},
}


class Case(NamedTuple):
    model: str
    kind: str = "sft"
    micro: int = 1024
    recompute: bool = False
    optimizer: str = "adamw"
    adapter: bool = False

    @property
    def name(self) -> str:
        """As the table has it."""
        more = [word for word, yes in (("recompute", self.recompute), ("LoRA", self.adapter)) if yes]
        more += [self.optimizer] if self.optimizer != "adamw" else []
        return f"{self.kind.upper()}, {', '.join([*more, f'{self.micro} tokens at a time'])}"


CASES = (
    Case("2.9M", micro=4096),
    Case("2.9M", "dpo"),
    Case("10.5M", micro=2048),
    Case("10.5M", adapter=True),
    Case("10.5M", "dpo", micro=2048),
    Case("69M"),
    Case("69M", recompute=True),
    Case("69M", optimizer="adamw8bit"),
)
QUICK = CASES[:4]


def stage(case: Case, work: Path, *, seed: int, steps: int) -> Train:
    fit = Fit(
        lr=1e-4,
        global_batch=16 if case.model != "69M" else 8,
        steps=steps,
        schedule="constant",
        warmup=0.0,
        optimizer=case.optimizer,  # type: ignore[arg-type]
        micro_tokens=case.micro,
        seed=seed,
    )
    model = Directory.of(str(work / case.model), licence="none")
    adapter = Adapter() if case.adapter else None
    if case.kind == "sft":
        return SFT(model=model, data=ChatFile(path=str(work / "sft.jsonl"), licence="none"), fit=fit, adapter=adapter)
    data = PairFile(path=str(work / "uf.jsonl"), licence="none")
    return DPO(model=model, data=data, reference=Reference(model=model, data=data), fit=fit, adapter=adapter)


def once(case: Case, work: Path, store: Path, seed: int) -> None:
    """In a process of its own: what the plan says, then the training, then what it took; one line of JSON."""
    here = Settings(store=str(store), threads=1, train=Training(recompute=case.recompute))
    wanted = stage(case, work, seed=seed, steps=2 if case.model == "69M" else 4)
    opened = open_context(here)
    ctx = Timed(opened.store, opened.client, here)
    with ctx:
        *_, said = Workloads(plan(wanted, ctx.store), ctx.store, here).all
        made = ctx.store.build(wanted, ctx)
    lines = [json.loads(line) for line in (made.path / "metrics.jsonl").read_text().splitlines()]
    (clock,) = [c for c in ctx.clocks if c.what == type(wanted).__name__]
    cpu = [after - before for (_, before), (_, after) in pairwise(clock.times)]
    found = {
        "said": said.json(),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "tokens": made.summary["tokens"],
        "seconds": sum(line["tokens"] / line["tokens_per_s"] for line in lines),
        "cpu": sum(cpu),
        "tokens_per_cpu_s": median(line["tokens"] / each for line, each in zip(lines, cpu, strict=True)),
    }
    print("\n" + json.dumps(found))


class Said(NamedTuple):
    """Of one round: what was said and what there was."""

    said: float
    was: float

    @property
    def off(self) -> float:
        return self.said / self.was - 1


def cells(rounds: list[Said], digits: int = 0) -> str:
    said, was = (median(values) for values in zip(*rounds, strict=True))
    return f"{said:,.{digits}f} | {was:,.{digits}f} | {median(each.off for each in rounds):+.0%}"


def row(case: Case, runs: list[dict[str, Any]]) -> str:
    """All runs but the first are rounds."""
    memory, tokens, wall, cpu = list[Said](), list[Said](), list[Said](), list[Said]()
    for i, run in enumerate(runs[1:], 1):
        (low, high), count = run["said"]["hours"], sum(run["said"]["tokens"]) / 2
        memory.append(Said(run["said"]["memory"]["total"] / 1e6, run["peak"] / 1e6))
        tokens.append(Said(count, run["tokens"]))
        wall.append(Said((low * high) ** 0.5 * 3600, run["seconds"]))
        cpu.append(Said(count / median(before["tokens_per_cpu_s"] for before in runs[:i]), run["cpu"]))
    parts = (cells(memory), cells(tokens), cells(wall, 1), cells(cpu, 1))
    return f"| {case.model} | {case.name} | {' | '.join(parts)} |"


def main(cases: tuple[Case, ...], rounds: int) -> None:
    work = ROOT / ".bench" / "plan"
    work.mkdir(parents=True, exist_ok=True)
    for name, sizes in MODELS.items():
        if not (work / name).exists():
            write_model(work / name, **sizes)
    for name in ("sft", "uf"):
        write_rows(work / f"{name}.jsonl", [*rows(name, 64)])
    runs: dict[Case, list[dict[str, Any]]] = {case: [] for case in cases}
    with ExitStack() as stack:
        stores = [stack.enter_context(tempfile.TemporaryDirectory(dir=work)) for _ in cases]
        for turn in range(rounds + 1):
            for case, store in zip(cases, stores, strict=True):
                done = subprocess.run(
                    [sys.executable, "-m", "bench.plan", "--once", str(CASES.index(case)), store, str(turn)],
                    cwd=ROOT,
                    env={**os.environ, "OMP_NUM_THREADS": "1"},
                    capture_output=True,
                    text=True,
                )
                if done.returncode:
                    raise SystemExit(f"{case.name} ended with {done.returncode}:\n{done.stderr[-2000:]}")
                runs[case].append(json.loads(done.stdout.splitlines()[-1]))
                print(f"round {turn} of {rounds}: {case.model} {case.name}", file=sys.stderr)
    head = ("memory, MB: said | peak", "tokens: said | there were", "steps, s: said | took", "CPU, s: said | took")
    lines = [f"| model | training | {' | | '.join(head)} | |", "|" + "---|" * 14]
    text = "\n".join(lines + [row(case, some) for case, some in runs.items()])
    print(text)
    (work.parent / "plan.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[:1] == ["--once"]:
        once(CASES[int(given[1])], ROOT / ".bench" / "plan", Path(given[2]), int(given[3]))
    else:
        main(QUICK if given[:1] == ["quick"] else CASES, int(given[1]) if len(given) > 1 else 3)
