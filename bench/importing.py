"""A tree of the size of the public one (6,035 files, 2.4 GB) imported into an empty store: seconds by part.

python -m bench.importing [files]    writes the tree under .bench/tree (once) and the store under .bench/store-import
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from komainu.eval.imported.shaberi import JUDGE, PANEL, SETS, Set

BENCH = Path(".bench")
FILES = 6035
SIZES = {"elyza_tasks_100": 100, "ja_mt_bench_1shot": 60, "rakuda": 40, "tengu_bench": 120}
FOURTH = "gpt-4-turbo-preview"
QUESTION, ANSWER = 160, 530  # characters, as in the public tree: about 5 kB a row with every character escaped
KANA = [chr(c) for c in range(0x3041, 0x3097)]


def words(rng: random.Random, n: int) -> str:
    return "".join(rng.choices(KANA, k=n))


def rows(each: Set, judge: str, model: str, questions: list[str]) -> Iterator[dict[str, object]]:
    """A file's rows: the judges of the panel have the same answers before them, the fourth has others."""
    before = random.Random(f"{model}:{each.bench}:{judge not in PANEL}")
    marks = random.Random(f"{model}:{each.bench}:{judge}")
    for question in questions:
        row: dict[str, object] = {
            column: words(random.Random(f"{question}:{column}"), 40) for column in each.columns.values()
        }
        score = None if marks.random() < 0.02 else marks.randint(1, int(each.ours.top))
        yield {
            **row,
            "Question": question,
            "ModelAnswer": words(before, before.randint(ANSWER // 2, 2 * ANSWER)),
            "score": score,
        }


def tree(root: Path, files: int) -> None:
    """Write files until there are so many, model by model; a quarter of the models have the fourth judge too."""
    asked = {
        folder: [words(random.Random(f"{each.bench}:{i}"), QUESTION) for i in range(SIZES[each.bench])]
        for folder, each in SETS.items()
    }
    names = (
        (f"model-{m:04}", folder, judge)
        for m in range(files)
        for folder in SETS
        for judge in (*PANEL, *([FOURTH] if m % 4 == 0 else []))
    )
    for model, folder, judge in islice(names, files):
        path = root / "judgements" / f"{JUDGE}{judge}" / folder / f"{model}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows(SETS[folder], judge, model, asked[folder])))


def main(files: int) -> None:
    root, store = BENCH / f"tree-{files}", (BENCH / "store-import").absolute()
    if not root.exists():
        tree(root.with_suffix(".partial"), files)
        root.with_suffix(".partial").rename(root)
    size = sum(path.stat().st_size for path in root.rglob("*.json"))
    shutil.rmtree(store, ignore_errors=True)
    for what in ("first", "again"):
        began, before = time.monotonic(), spent()
        command = [sys.executable, "-m", "komainu.cli", "eval", "import", "shaberi", str(root), "--json"]
        done = subprocess.run(command, env={**os.environ, "KOMAINU_STORE": str(store)}, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        found = json.loads(done.stdout)
        took = time.monotonic() - began
        told = f"{found['files']} files, {size / 1e9:.2f} GB, {found['answers']} answers"
        print(f"{what}: {told}: {took:.1f} s, {spent() - before:.1f} s of CPU", flush=True)


def spent() -> float:
    """Seconds of CPU that the processes started here have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else FILES)
