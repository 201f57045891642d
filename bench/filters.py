"""Our checks beside filters of datatrove and data-juicer on the same answers: CPU, memory, faults found, false alarms.

python -m bench.filters [records|quick] [rounds]    default: 500 2; writes .bench/filters.md

The others live in pinned environments of their own, made on the first run. Every filter runs on one thread, in turn
with the others, and gets the texts in memory. KOMAINU_FIXTURES adds answers of real models.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.filtering.common import FINE, PLANTED, Record, read, write
from bench.filtering.planted import KINDS, records
from bench.peers import ROOT, listed, told
from komainu.environment import Environment
from komainu.settings import load as settings

DEDUP = Path(__file__).parent / "dedup"
OURS, TROVE, JUICER = "komainu", "datatrove 0.10.1", "data-juicer 1.6.1"
MODULES = {OURS: "ours", TROVE: "trove", JUICER: "juicer"}
ENVIRONMENTS: dict[str, Environment | None] = {
    OURS: None,
    TROVE: listed("filters-datatrove", DEDUP / "trove.txt", Path(__file__).parent / "filtering" / "trove.txt"),
    JUICER: listed("dedup-data-juicer", DEDUP / "juicer.txt"),
}


class Engine(NamedTuple):
    """A filter under test: whose it is, its name in their module, what it is called, and which of ours it is beside."""

    of: str
    word: str
    called: str
    beside: str


class Run(NamedTuple):
    cpu: float
    mb: float
    dropped: list[int]


ENGINES = (
    Engine(OURS, "language", "Language", "language"),
    Engine(OURS, "identify", "identify", "language"),
    Engine(TROVE, "language", "LanguageFilter, ft176", "language"),
    Engine(OURS, "repetition", "Repetition, Passage", "repetition"),
    Engine(TROVE, "repetition", "GopherRepetitionFilter", "repetition"),
    Engine(JUICER, "repetition", "character_repetition", "repetition"),
    Engine(OURS, "quality", "six checks of quality", "quality"),
    Engine(TROVE, "gopher", "GopherQualityFilter", "quality"),
    Engine(TROVE, "c4", "C4QualityFilter", "quality"),
    Engine(TROVE, "fineweb", "FineWebQualityFilter", "quality"),
    Engine(JUICER, "quality", "four filters of shape", "quality"),
    Engine(OURS, "all", "all of them", "all"),
    Engine(TROVE, "all", "all of them", "all"),
)


def run(engine: Engine, corpus: Path, envs: Path) -> Run | None:
    """None: the filter ended with an error."""
    name = f"{engine.of} {engine.called}"
    command = (f"bench.filtering.{MODULES[engine.of]}", str(corpus), engine.word)
    said = told(name, command, ENVIRONMENTS[engine.of], envs)
    return Run(**said) if said else None


def share(some: list[int], dropped: set[int]) -> str:
    return f"{sum(place in dropped for place in some) / len(some):.3f}" if some else ""


def costs(given: list[Record], runs: dict[Engine, list[Run]]) -> Iterator[str]:
    """Medians over the rounds."""
    planted = [record for record in given if record.part == PLANTED]
    first = {engine.beside: engine for engine in reversed(ENGINES) if engine.of == OURS}
    yield (
        f"**{len(planted):,} answers of {sum(len(r.text) for r in planted) / len(planted):,.0f} characters, "
        f"{sum(r.kind != FINE for r in planted):,} with a fault; medians of {len(next(iter(runs.values())))} rounds**"
    )
    yield ""
    yield "| filter | of | answers/s of CPU | CPU, ms an answer | CPU, × ours | memory, MB |"
    yield "|---|---|---|---|---|---|"
    for engine, some in runs.items():
        cpu = median(r.cpu for r in some)
        times = median(r.cpu / ours.cpu for r, ours in zip(some, runs[first[engine.beside]], strict=True))
        memory = median(r.mb for r in some)
        ms = 1e3 * cpu / len(planted)
        yield f"| {engine.called} | {engine.of} | {len(planted) / cpu:,.0f} | {ms:.2f} | {times:.1f} | {memory:,.0f} |"


def shares(heads: dict[str, list[int]], runs: dict[Engine, list[Run]]) -> Iterator[str]:
    """The share of the records of each column that a filter drops."""
    yield f"| filter | {' | '.join(f'{head} ({len(some)})' for head, some in heads.items())} |"
    yield "|---|" + "---|" * len(heads)
    for engine, some in runs.items():
        dropped = set(some[0].dropped)
        cells = " | ".join(share(places, dropped) for places in heads.values())
        yield f"| {engine.of.split(' ')[0]} {engine.called} | {cells} |"


def table(given: list[Record], runs: dict[Engine, list[Run]]) -> Iterator[str]:
    def places(part: str, kind: str, lang: str = "") -> list[int]:
        return [i for i, r in enumerate(given) if r.part == part and r.kind == kind and lang in ("", r.lang)]

    yield from costs(given, runs)
    fine = {f"nothing, {lang}": places(PLANTED, FINE, lang) for lang in ("ja", "en")}
    yield from ("", "What is dropped, by what was planted in an answer (how many):", "")
    yield from shares(fine | {kind: places(PLANTED, kind) for kind in KINDS}, runs)
    others = dict.fromkeys((r.part, r.kind) for r in given if r.part != PLANTED)
    heads = {f"{part}: {kind}" if kind else part: places(part, kind) for part, kind in others}
    yield from ("", "What is dropped of texts labelled by hand, and of answers that nobody labelled (how many):", "")
    yield from shares(heads, runs)


def main(n: int, rounds: int) -> None:
    envs = ROOT / settings().environments
    for environment in ENVIRONMENTS.values():
        if environment:
            environment.python(envs)
    corpus = ROOT / ".bench" / f"filters-{n}.jsonl"
    corpus.parent.mkdir(exist_ok=True)
    write(corpus, records(n))
    planted = corpus.with_name(f"filters-{n}-planted.jsonl")  # what is dropped of the others is told by the first round
    write(planted, (record for record in read(corpus) if record.part == PLANTED))
    runs: dict[Engine, list[Run]] = {engine: [] for engine in ENGINES}
    for turn in range(rounds):
        for engine in ENGINES[turn % len(ENGINES) :] + ENGINES[: turn % len(ENGINES)]:
            if done := run(engine, planted if turn else corpus, envs):
                runs[engine].append(done)
                print(f"{turn + 1}/{rounds} {engine.of} {engine.called}: CPU {done.cpu:.1f} s", file=sys.stderr)
    text = "\n".join(table(read(corpus), {engine: some for engine, some in runs.items() if len(some) == rounds}))
    print(text)
    corpus.with_name("filters.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    given = sys.argv[1:]
    count = 100 if given[:1] == ["quick"] else int(given[0]) if given else 500
    main(count, int(given[1]) if len(given) > 1 else 2)
