"""What `plan` says of a training beside what it took: peak memory of the process, and seconds of its steps.

python -m bench.plan [quick]    one thread; about 6 minutes, quick one; writes .bench/plan.md

Every training runs in a process of its own. Its store has one of the same model that has been trained before, so that
the speed is known.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

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
    with open_context(here) as ctx:
        *_, said = Workloads(plan(wanted, ctx.store), ctx.store, here).all
        made = ctx.store.build(wanted, ctx)
    lines = [json.loads(line) for line in (made.path / "metrics.jsonl").read_text().splitlines()]
    seconds = sum(line["tokens"] / line["tokens_per_s"] for line in lines)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print("\n" + json.dumps({"said": said.json(), "peak": peak, "seconds": seconds, "tokens": made.summary["tokens"]}))


def row(case: Case, found: dict[str, Any]) -> str:
    said = found["said"]
    memory, hours = said["memory"]["total"], said["hours"]
    seconds = (hours[0] * hours[1]) ** 0.5 * 3600
    return (
        f"| {case.model} | {case.name} | {memory / 1e6:,.0f} | {found['peak'] / 1e6:,.0f} "
        f"| {memory / found['peak'] - 1:+.0%} | {said['tokens'][0]:,.0f} | {found['tokens']:,} "
        f"| {seconds:.1f} | {found['seconds']:.1f} | {seconds / found['seconds'] - 1:+.0%} |"
    )


def main(cases: tuple[Case, ...]) -> None:
    work = ROOT / ".bench" / "plan"
    work.mkdir(parents=True, exist_ok=True)
    for name, sizes in MODELS.items():
        if not (work / name).exists():
            write_model(work / name, **sizes)
    for name in ("sft", "uf"):
        write_rows(work / f"{name}.jsonl", [*rows(name, 64)])
    lines = ["| model | training | memory, MB: said | peak | | tokens: said | there were | steps, s: said | took | |"]
    lines.append("|" + "---|" * 10)
    for i, case in enumerate(cases):
        with tempfile.TemporaryDirectory(dir=work) as store:
            for seed in ("0", "1"):
                done = subprocess.run(
                    [sys.executable, "-m", "bench.plan", "--once", str(CASES.index(case)), store, seed],
                    cwd=ROOT,
                    env={**os.environ, "OMP_NUM_THREADS": "1"},
                    capture_output=True,
                    text=True,
                )
                if done.returncode:
                    raise SystemExit(f"{case.name} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        lines.append(row(case, json.loads(done.stdout.splitlines()[-1])))
        print(f"{i + 1}/{len(cases)} {lines[-1]}", file=sys.stderr)
    text = "\n".join(lines)
    print(text)
    (work.parent / "plan.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[:1] == ["--once"]:
        once(CASES[int(given[1])], ROOT / ".bench" / "plan", Path(given[2]), int(given[3]))
    else:
        main(QUICK if given == ["quick"] else CASES)
