"""Finding benchmark prompts in documents, beside an Aho-Corasick automaton and runs of words: CPU time and recall.

KOMAINU_FIXTURES=FOLDER python -m bench.decontamination [documents] [rounds]    default: 20000 3; writes .bench/

1,100 prompts; documents of about 1,200 characters of other text, and in one of 200 a prompt as it is. ahocorasick_rs
lives in a pinned environment of its own, made on the first run; its text is folded before the clock starts, ours after.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from komainu.environment import Environment, bare
from komainu.settings import load as settings

ROOT = Path(__file__).parents[1]
SIZE, PROMPTS, PLANTED = 1200, 1100, 200
AHO = Environment(
    name="ahocorasick", steps=(("ahocorasick_rs==1.0.3",),), pins="ahocorasick_rs==1.0.3\ntyping_extensions==4.16.0\n"
)


class Way(NamedTuple):
    """A way under test: its name, its word for the client, and where it runs (None: here)."""

    name: str
    word: str
    environment: Environment | None = None


WAYS = (
    Way("komainu, edited=0", "ours"),
    Way("komainu, edited copies too", "ours-edited"),
    Way("ahocorasick_rs 1.0.3, character 20-grams", "aho", AHO),
    Way("runs of 8 words, Python sets", "words"),
)


def prompts(folder: Path) -> list[str]:
    """Prompts of Shaberi, IFEval in both languages and MT-Bench, each once."""
    found: list[str] = []
    files = [*sorted((folder / "shaberi/items").glob("*.jsonl")), *sorted((folder / "ifeval").glob("*.jsonl"))]
    for file in (*files, folder / "data/mt_bench_question.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            keys = ("Question", "question", "text", "turns", "prompt")
            text = next(item[key] for key in keys if item.get(key))
            found += text if isinstance(text, list) else [text]
    return [*dict.fromkeys(text for text in found if len(text) > 24)][:PROMPTS]


def sentences(folder: Path, lang: str) -> list[str]:
    text = (folder / f"data/enja50k_train000.{lang}").read_text(encoding="utf-8")
    return (text.replace(" ", "") if lang == "ja" else text).splitlines()


def documents(folder: Path, n: int, items: list[str]) -> Iterator[tuple[str, str, bool]]:
    """Id, text, and whether a prompt was put into it: two in Japanese, one in English, and so on."""
    rng = random.Random(0)
    pools = [sentences(folder, lang) for lang in ("ja", "ja", "en")]
    for i in range(n):
        parts: list[str] = []
        size, pool = 0, pools[i % 3]
        while size < SIZE:
            parts.append(rng.choice(pool))
            size += len(parts[-1])
        if planted := i % PLANTED == 7:
            parts.insert(rng.randrange(len(parts)), rng.choice(items))
        yield str(i), "\n".join(parts), planted


def run(way: Way, folder: Path, envs: Path) -> dict[str, Any]:
    python = str(way.environment.python(envs)) if way.environment else sys.executable
    command = [python, str(Path(__file__).parent / "clients" / "decontaminate.py"), way.word, str(folder)]
    environment = bare() if way.environment else {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{way.name} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(n: int, planted: set[str], runs: dict[Way, list[dict[str, Any]]]) -> Iterator[str]:
    yield f"**{n:,} documents, {len(planted)} with a prompt; CPU, medians of {len(runs[WAYS[0]])} rounds**"
    yield ""
    yield "| way | documents/s/core | CPU, × the first | index, s | recall | found in others |"
    yield "|---|---|---|---|---|---|"
    for way, some in runs.items():
        found = {*some[0]["found"]}
        speed, load = n / median(r["cpu"] for r in some), median(r["load"] for r in some)
        times = median(r["cpu"] / first["cpu"] for r, first in zip(some, runs[WAYS[0]], strict=True))
        yield (
            f"| {way.name} | {speed:,.0f} | {times:.2f} | {load:.1f} "
            f"| {len(found & planted) / len(planted):.3f} | {len(found - planted)} |"
        )


def main(n: int, rounds: int) -> None:
    if not os.environ.get("KOMAINU_FIXTURES"):
        raise SystemExit("KOMAINU_FIXTURES is not set; name the folder whose prompts are the benchmark")
    fixtures = Path(os.environ["KOMAINU_FIXTURES"])
    envs = ROOT / settings().environments
    items = prompts(fixtures)
    planted: set[str] = set()
    runs: dict[Way, list[dict[str, Any]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open(folder / "items.jsonl", "w", encoding="utf-8") as file:
            file.writelines(json.dumps({"id": f"q{i}", "text": text}) + "\n" for i, text in enumerate(items))
        with open(folder / "documents.jsonl", "w", encoding="utf-8") as file:
            for id, text, holds in documents(fixtures, n, items):
                planted |= {id} if holds else set()
                file.write(json.dumps({"id": id, "text": text}) + "\n")
        for turn in range(rounds):
            for way in [*runs][turn % len(runs) :] + [*runs][: turn % len(runs)]:
                runs[way].append(found := run(way, folder, envs))
                print(f"{turn + 1}/{rounds} {way.name}: {found['cpu']:.2f} s", file=sys.stderr)
    text = "\n".join(table(n, planted, runs))
    print(text)
    (ROOT / ".bench").mkdir(exist_ok=True)
    (ROOT / ".bench" / "decontamination.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(given[0] if given else 20_000, given[1] if len(given) > 1 else 3)
