"""Our client beside three others: the same stub server, the same prompts, in turn; wall and CPU of each.

python -m bench.asking [full|quick] [rounds]    default: full 3 (about 7 minutes); writes .bench/asking.md

The others live in pinned environments of their own, made on the first run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.load import Load
from komainu.environment import Environment, bare
from komainu.eval.external.lm_eval import ENVIRONMENT as LM_EVAL
from komainu.settings import load as settings

ROOT = Path(__file__).parents[1]
CLIENTS = Path(__file__).parent / "clients"
PATIENCE = 300.0  # seconds a client may take
INSPECT = Environment(
    name="inspect_ai",
    steps=(("inspect_ai==0.3.285", "openai==3.57.0"),),
    pins=(CLIENTS / "inspectai.txt").read_text(encoding="utf-8"),
)
DATATROVE = Environment(  # its extra `inference` wants GPU packages; these are what its runner needs
    name="datatrove",
    steps=(("datatrove==0.10.1", "orjson==3.13.0", "aiosqlite==0.22.1", "aiofiles==25.1.0", "httpx==0.28.1"),),
    pins=(CLIENTS / "trove.txt").read_text(encoding="utf-8"),
)


class Client(NamedTuple):
    """A client under test: its module, where it runs (None: here), and its share of the prompts of the flat load."""

    name: str
    module: str
    environment: Environment | None
    share: float = 1.0


class Run(NamedTuple):
    """One client on one load, once. Seconds; `cpu` and `wall` are of the asking, `start` is the rest of its CPU."""

    n: int
    wall: float
    cpu: float
    start: float
    server: float
    most: int


OURS = Client("komainu, cache on", "ours", None)
OTHERS = (
    Client("lm-evaluation-harness 0.4.13", "lmeval", LM_EVAL),
    Client("datatrove 0.10.1", "trove", DATATROVE, share=0.25),
    Client("inspect_ai 0.3.285", "inspectai", INSPECT, share=0.05),
)
LOADS = {
    "full": (Load("tail", 2_000, 1.0, 0.7), Load("flat", 20_000, 0.2, 0.0)),
    "quick": (Load("tail", 500, 0.2, 0.7), Load("flat", 4_000, 0.2, 0.0)),
}


@contextmanager
def stub(load: Load) -> Iterator[str]:
    """The address of a stub server in a process of its own."""
    command = [sys.executable, "-m", "bench.stub", str(load.median), str(load.spread), str(load.seed)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


def counted(url: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{url}/count") as response:
        found: dict[str, float] = json.loads(response.read())
    return found


def run(client: Client, load: Load, url: str, envs: Path) -> Run:
    """Ask once. Ends the benchmark when an answer is missing or wrong, or more was asked than there are prompts."""
    n = round(load.n * client.share) if load.name == "flat" else load.n
    python = str(client.environment.python(envs)) if client.environment else sys.executable
    counted(url)
    command = [python, "-m", f"bench.clients.{client.module}", f"{url}/v1", str(n), str(load.limit)]
    environment = bare(PYTHONPATH=str(ROOT)) if client.environment else {**os.environ, "PYTHONPATH": str(ROOT)}
    before = os.times()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    server = counted(url)
    if done.returncode:
        raise SystemExit(f"{client.name} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    if found["right"] != n or server["calls"] != n or server["most"] > load.limit:
        raise SystemExit(f"{client.name}: {found['right']} of {n} answers are right, and the server saw {server}")
    return Run(n, found["wall"], found["cpu"], spent - found["cpu"], server["cpu"], int(server["most"]))


def table(load: Load, runs: dict[Client, list[Run]]) -> Iterator[str]:
    """Medians over the rounds, and the ratio of each to ours, round by round."""
    kind = (
        f"log-normal, median {load.median:g} s, sigma {load.spread:g}" if load.spread else f"{load.median * 1000:g} ms"
    )
    yield f"**{kind}; {load.limit} in flight; medians of {len(runs[OURS])} rounds**"
    yield ""
    yield (
        "| client | prompts | wall, s | wall / ideal | ideal, s | work / limit, s | calls/s | CPU, ms a call "
        "| CPU, × ours | server CPU, ms a call | start, CPU s |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for client, some in runs.items():
        n = some[0].n
        ideal, bound = load.ideal(n), load.bound(n)
        wall = median(r.wall for r in some)
        times = median((r.cpu / r.n) / (ours.cpu / ours.n) for r, ours in zip(some, runs[OURS], strict=True))
        yield (
            f"| {client.name} | {n:,} | {wall:.2f} | {wall / ideal:.3f} | {ideal:.2f} | {bound:.2f} | {n / wall:,.0f} "
            f"| {1000 * median(r.cpu for r in some) / n:.2f} | {times:.1f} "
            f"| {1000 * median(r.server for r in some) / n:.2f} | {median(r.start for r in some):.1f} |"
        )
    yield ""


def main(mode: str, rounds: int) -> None:
    envs = ROOT / settings().environments
    for client in OTHERS:
        assert client.environment
        client.environment.python(envs)
    lines: list[str] = []
    for load in LOADS[mode]:
        runs: dict[Client, list[Run]] = {OURS: [], **{client: [] for client in OTHERS}}
        with stub(load) as url:
            for turn in range(rounds):
                for client in [*runs][turn % len(runs) :] + [*runs][: turn % len(runs)]:
                    runs[client].append(found := run(client, load, url, envs))
                    print(f"{load.name} {turn + 1}/{rounds} {client.name}: {found.wall:.2f} s", file=sys.stderr)
        lines += table(load, runs)
    text = "\n".join(lines)
    print(text)
    (ROOT / ".bench").mkdir(exist_ok=True)
    (ROOT / ".bench" / "asking.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(given[0] if given else "full", int(given[1]) if len(given) > 1 else 3)
