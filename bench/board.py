"""How long `komainu eval board` takes over many models: wall and CPU of a process, medians of interleaved runs.

python -m bench.board [models] [rounds]    default: 5000 models, 5 rounds
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, ClassVar

from komainu.context import Context
from komainu.eval.family import EN, PARTS
from komainu.launch import open_context
from komainu.settings import Settings
from komainu.stage import Stage, Table

FORMS = {"text, 200 wide": ("200",), "text, 80 wide, by ELYZA": ("80", "--sort", "elyza"), "--csv": ("0", "--csv")}
FORMS |= {"--json": ("0", "--json"), "--filter": ("0", "--filter", "13b", "--filter", "ja_avg>50")}


@dataclass(frozen=True, kw_only=True)
class Made(Stage):
    """A board of as many models, with every bench of the family's table."""

    makes: ClassVar[type] = Table
    models: int

    def rows(self) -> Iterator[dict[str, Any]]:
        for i in range(self.models):
            rng = random.Random(i)
            name = f"model-{i:05}-{rng.choice((7, 8, 13, 32, 70))}b"
            for part in PARTS:
                mean = round(part.unit * rng.uniform(0.2, 0.9), 6)
                ends = {"mean": mean, "low": 0.97 * mean, "high": 1.03 * mean}
                yield {
                    **{"entry": name, "model": name, "weights": f"{i:012x}", "bench": part.bench},
                    **{"language": "en" if part in EN.of else "ja", "metric": part.metric, **ends},
                    **{"n": 100, "items": 100, "missing": 0, "worst": mean, "best": mean, "top": part.unit},
                    **{"higher_is_better": True, "averaged": True, "scores": f"scores/{i}-{part.key}"},
                    **({"own": {**ends, "lacking": ""}} if part.own else {}),
                }

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        rows = [*self.rows()]
        way = {"items": "Items 0", "sampling": "temperature 0, max_tokens 2048"}
        measured = {f"{row['bench']} ({row['language']})": way for row in rows[: len(PARTS)]}
        (out / "board.json").write_text(json.dumps({"accept": 0.0, "measured": measured, "rows": rows}))
        return {}


def main(models: int, rounds: int) -> None:
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in FORMS}
    with tempfile.TemporaryDirectory() as folder:
        with open_context(Settings(store=folder)) as ctx:
            ctx.store.build(stage := Made(models=models), ctx)
            ctx.store.name("many", stage)
        env = {**os.environ, "KOMAINU_STORE": folder}
        for _ in range(rounds):
            for name, (width, *words) in FORMS.items():
                started, used = time.perf_counter(), cpu()
                command = [sys.executable, "-m", "komainu.cli", "eval", "board", *words]
                subprocess.run(command, check=True, capture_output=True, env={**env, "COLUMNS": width})
                took[name].append((time.perf_counter() - started, cpu() - used))
    print(f"{models} models, {len(PARTS)} benches\n\n| form | wall, s | CPU, s |\n|---|---|---|")
    for name, some in took.items():
        wall, busy = (median(each) for each in zip(*some, strict=True))
        print(f"| {name} | {wall:.2f} | {busy:.2f} |")


def cpu() -> float:
    """Seconds that ended child processes have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(*(int(word) for word in (*sys.argv[1:], *("5000", "5")[len(sys.argv) - 1 :])))
