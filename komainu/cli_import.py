"""What `komainu eval import` does: published results of others become ordinary results of the store."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from komainu import launch, settings
from komainu.abreast import abreast
from komainu.cli_verbs import Outcome
from komainu.errors import UsageError
from komainu.eval.imported.play import ImportedPlay, play
from komainu.eval.imported.shaberi import BENCHES, scanned
from komainu.eval.imported.stages import ImportedScores
from komainu.eval.imported.whole import AVERAGE, Imported, imported
from komainu.plan import plan as plan_of
from komainu.progress import Progress
from komainu.store import Store

NAME, PLAY = "shaberi", "rp-bench"


def shaberi(paths: Sequence[Path], judges: Sequence[str]) -> Outcome:
    """A tree of Shaberi's judgements."""
    folder, *more = map(str, paths)
    if more:
        raise UsageError(f"a tree is one folder, and {len(paths)} were given; import {more[0]} by itself")
    target = imported(folder, judges)
    found = {**built(target, NAME, name), "left_aside": dict(scanned(folder).aside)}
    return Outcome(found, lines(found))


def rp_bench(paths: Sequence[Path], judges: Sequence[str]) -> Outcome:
    """Files of evaluations by Japanese-RP-Bench."""
    found = built(play(paths, judges), PLAY, lambda scores: f"{PLAY}/{scores.answers.model.name}")
    return Outcome(found, play_lines(found))


def built(target: Imported | ImportedPlay, whole: str, name: Callable[[ImportedScores], str]) -> dict[str, Any]:
    """All that an import makes, built and named; what is told of it."""
    here = settings.load()
    plan_of(target, Store(here.root)).refuse()
    models = by_answers((*target.panel, *target.alone))
    with quiet(), launch.open_context(here) as ctx:
        ctx.store.build(target.items, ctx)
    with quiet(), Progress(len(models), "models") as bar:
        for _ in abreast(models, here):
            bar.update()
    with quiet(), launch.open_context(here) as ctx:
        artifact = ctx.store.build(target, ctx)
        ctx.store.name(whole, target)
        for scores in target.panel:
            ctx.store.name(name(scores), scores)
        for scores in target.alone:
            ctx.store.name(f"{name(scores)}/{scores.judges[0]}", scores)
    told = json.loads((artifact.path / "import.json").read_bytes())
    return {"name": whole, "ref": artifact.ref, "path": str(artifact.path), **artifact.summary, **told}


def by_answers(scores: Iterable[ImportedScores]) -> list[list[ImportedScores]]:
    """The scores of each model."""
    found: dict[str, list[ImportedScores]] = {}
    for each in scores:
        found.setdefault(each.answers.id, []).append(each)
    return [*found.values()]


@contextmanager
def quiet() -> Iterator[None]:
    """Thousands of small artifacts are made: a line for each would say less than the progress bar."""
    log = logging.getLogger("komainu")
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(level)


def name(scores: ImportedScores) -> str:
    return f"{NAME}/{scores.answers.model.name}/{scores.bench.name}"


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    heading = ("model", *(each.name for each in BENCHES.values()), "average", "balanced")
    for part in ("panel", "alone"):
        groups: dict[str, list[Mapping[str, Any]]] = {}
        for line in found[part]:
            groups.setdefault(", ".join(line["judges"]), []).append(line)
        for judges, some in groups.items():
            yield f"judged by {judges}"
            yield from aligned([heading, *(cells(line) for line in some)])
            yield ""
    yield from lacking(found["panel"])
    yield from counts(found, {bench: each.name for bench, each in BENCHES.items()})


def play_lines(found: Mapping[str, Any]) -> Iterator[str]:
    heading = ("model", "total", "95 % interval", "balanced", "verdicts", "missing", "judged by")
    rows = [
        (
            line["model"],
            f"{line['mean']:.4f}" if line["n"] else "-",
            f"[{line['low']:.2f}, {line['high']:.2f}]" if line["n"] else "-",
            "-" if line["balanced"] is None else f"{line['balanced']:.4f}",
            str(line["n"]),
            str(line["missing"]),
            ", ".join(line["judges"]),
        )
        for part in ("panel", "alone")
        for line in found[part]
    ]
    yield from aligned([heading, *rows])
    yield ""
    yield from counts(found, {"rp_bench": "rp-bench"})


def counts(found: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[str]:
    """What is missing, was tolerated or left aside, and how much there was; then where it lies."""
    for judge, by in found["missing"].items():
        lack = (f"{names[bench]} {missing} of {n}" for bench, (missing, n) in by.items() if missing)
        yield f"missing of {judge}: {', '.join(lack) or 'none'}"
    for what in ("tolerated", "nothing_to_judge", "left_aside"):
        if some := found.get(what):
            yield f"{what.replace('_', ' ')}: {', '.join(f'{n} {name}' for name, n in some.items())}"
    yield f"{found['files']} files, {found['models']} models, {found['answers']} answers"
    yield found["path"]


def cells(line: Mapping[str, Any]) -> tuple[str, ...]:
    """A line of the table; a star where more verdicts are missing than a board would show."""
    parts, whole = [line.get(bench) for bench in BENCHES], line[AVERAGE]
    sets = (mark(part["mean"], over(part)) if part else "-" for part in parts)
    average = mark(whole["mean"], any(part and over(part) for part in parts))
    return (line["model"], *sets, average, mark(whole["balanced"], False))


def over(part: Mapping[str, Any]) -> bool:
    from komainu.eval.columns import LIMIT

    return bool(part["missing"] > LIMIT * (part["n"] + part["missing"]))


def mark(value: float | None, star: bool) -> str:
    return "-" if value is None else f"{value:.2f}{'*' if star else ' '}"


def lacking(panel: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What the starred numbers could be."""
    for line in panel:
        for bench, each in BENCHES.items():
            if (part := line.get(bench)) and over(part):
                share = 100 * part["missing"] / (part["n"] + part["missing"])
                bounds = f"{part['worst']:.2f} to {part['best']:.2f}"
                yield f"* {line['model']} on {each.name}: {share:.1f} % of the verdicts are missing: {bounds}"


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        right = (f"{cell:>{width}}" for cell, width in zip(rest, widths[1:], strict=True))
        yield "  ".join((f"{first:<{widths[0]}}", *right)).rstrip()
