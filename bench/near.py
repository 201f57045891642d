"""Near beside five others on the same records: seconds of CPU, near-duplicates found, and what is taken out wrongly.

python -m bench.near [records|quick] [rounds]    default: 20000 1; writes .bench/near.md

The others live in pinned environments of their own, made on the first run. Every engine runs on one thread, and gets
the texts in memory; Near folds them, the others take them in lower case.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.dedup.common import PERMUTATIONS, THRESHOLD
from bench.dedup.corpus import KINDS, Record, read, write
from bench.peers import ROOT, listed, told
from komainu.data.minhash import jaccard
from komainu.data.sketch import Sketcher
from komainu.environment import Environment
from komainu.settings import load as settings

FOLDER = Path(__file__).parent / "dedup"
SMALL = (FOLDER / "small.txt").read_text(encoding="utf-8")


class Engine(NamedTuple):
    """An engine under test: its module and further words, where it runs (None: here), and how it verifies."""

    name: str
    command: tuple[str, ...]
    environment: Environment | None
    verified: str


class Run(NamedTuple):
    wall: float
    cpu: float
    mb: float
    removed: list[int]


class Truth(NamedTuple):
    """The records, and of each copy how similar it is to its original: the larger of characters and words."""

    records: list[Record]
    similar: dict[int, float]

    def near(self) -> set[int]:
        return {place for place, value in self.similar.items() if value >= THRESHOLD}


def small(name: str, *packages: str) -> Environment:
    return Environment(name=f"dedup-{name}", steps=(packages,), pins=SMALL)


ENGINES = (
    Engine("komainu, English in words", ("ours",), None, "exactly"),
    Engine("komainu, characters", ("ours", "characters"), None, "exactly"),
    Engine("rensa 0.5.0", ("rensa_sets",), small("rensa", "rensa"), "by signature"),
    Engine("gaoya 0.2.2", ("gaoya_index",), small("gaoya", "gaoya"), "by signature"),
    Engine("datasketch 2.0.0", ("datasketch_lsh",), small("datasketch", "datasketch"), "by signature"),
    Engine("datatrove 0.10.1", ("trove",), listed("dedup-datatrove", FOLDER / "trove.txt"), "no"),
    Engine("data-juicer 1.6.1", ("juicer",), listed("dedup-data-juicer", FOLDER / "juicer.txt"), "no"),
)


def run(engine: Engine, corpus: Path, envs: Path) -> Run | None:
    """None: the engine ended with an error."""
    module, *more = engine.command
    said = told(engine.name, (f"bench.dedup.{module}", str(corpus), *more), engine.environment, envs)
    return Run(**said) if said else None


def truth(records: list[Record]) -> Truth:
    """Compares every copy with its original on the whole sets of n-grams."""
    copies = [place for place, record in enumerate(records) if record.of >= 0]
    similar = dict.fromkeys(copies, 0.0)
    for words in (0, 2):
        sketcher = Sketcher(THRESHOLD, words=words, permutations=16)
        for place in copies:
            made = sketcher([[records[place].text], [records[records[place].of].text]])
            one, other = (made.grams[span] for span in made.spans())
            similar[place] = max(similar[place], jaccard(one, other))
    return Truth(records, similar)


def table(found: Truth, runs: dict[Engine, list[Run]]) -> Iterator[str]:
    """Medians over the rounds; what is found is the same in each."""
    n, near = len(found.records), found.near()
    characters = sum(len(record.text) for record in found.records)
    rounds = len(runs[ENGINES[0]])
    yield (
        f"**{n:,} records, {characters / 1e6:.0f} M characters, {len(found.similar):,} planted copies ({len(near):,} "
        f"of similarity {THRESHOLD} or more); {PERMUTATIONS} hashes; medians of {rounds} rounds**"
    )
    yield ""
    yield (
        "| engine | verified | records/s of CPU | CPU, s | CPU, × ours | wall, s | memory, MB | recall, all copies "
        "| recall, copies over the threshold | removed wrongly |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for engine, some in runs.items():
        cpu = median(r.cpu for r in some)
        times = median(r.cpu / ours.cpu for r, ours in zip(some, runs[ENGINES[0]], strict=True))
        removed = set(some[0].removed)
        yield (
            f"| {engine.name} | {engine.verified} | {n / cpu:,.0f} | {cpu:.1f} | {times:.1f} "
            f"| {median(r.wall for r in some):.1f} | {median(r.mb for r in some):,.0f} "
            f"| {share(removed, found.similar)} | {share(removed, near)} | {len(removed - near):,} |"
        )
    yield ""
    yield "Recall by kind of copy, and how similar the copies of a kind are to their originals:"
    yield ""
    yield "| engine | " + " | ".join(KINDS) + " |"
    yield "|---|" + "---|" * len(KINDS)
    kinds = {kind: [place for place in found.similar if found.records[place].kind == kind] for kind in KINDS}
    for engine, some in runs.items():
        yield f"| {engine.name} | " + " | ".join(share(set(some[0].removed), kinds[kind]) for kind in KINDS) + " |"
    spans = [quantiles([found.similar[place] for place in kinds[kind]]) for kind in KINDS]
    yield "| similarity, 5 % to 95 % | " + " | ".join(spans) + " |"


def share(removed: set[int], wanted: Sequence[int] | set[int] | dict[int, float]) -> str:
    return f"{sum(place in removed for place in wanted) / max(len(wanted), 1):.3f}"


def quantiles(values: list[float]) -> str:
    values = sorted(values)
    return f"{values[len(values) // 20]:.2f} to {values[len(values) * 19 // 20]:.2f}" if values else "none"


def main(n: int, rounds: int) -> None:
    envs = ROOT / settings().environments
    for engine in ENGINES:
        if engine.environment:
            engine.environment.python(envs)
    (ROOT / ".bench").mkdir(exist_ok=True)
    corpus = ROOT / ".bench" / f"near-{n}.jsonl"
    write(corpus, n)
    runs: dict[Engine, list[Run]] = {engine: [] for engine in ENGINES}
    for turn in range(rounds):
        for engine in ENGINES[turn % len(ENGINES) :] + ENGINES[: turn % len(ENGINES)]:
            if not (done := run(engine, corpus, envs)):
                continue
            runs[engine].append(done)
            print(f"{turn + 1}/{rounds} {engine.name}: CPU {done.cpu:.1f} s, wall {done.wall:.1f} s", file=sys.stderr)
    runs = {engine: some for engine, some in runs.items() if len(some) == rounds}
    found = truth(read(corpus))
    print(Counter(record.kind for record in found.records), file=sys.stderr)
    text = "\n".join(table(found, runs))
    print(text)
    (ROOT / ".bench" / "near.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    given = sys.argv[1:]
    records = 4_000 if given[:1] == ["quick"] else int(given[0]) if given else 20_000
    main(records, int(given[1]) if len(given) > 1 else 1)
