"""All that is imported from a tree: which scores are made of it, and their table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.errors import UsageError, nearest
from komainu.eval.bench.shaberi.base import MAX_TOKENS, TEMPERATURE
from komainu.eval.imported.shaberi import BENCHES, PANEL, File, Tree, scanned
from komainu.eval.imported.stages import ImportedAnswers, ImportedBench, ImportedItems, ImportedScores
from komainu.files import write_json
from komainu.models.base import Model
from komainu.stage import Stage, Table

if TYPE_CHECKING:
    from pathlib import Path

    from komainu.context import Context

AVERAGE = "average"
ENDS = ("mean", "balanced", "worst", "best")


@dataclass(frozen=True, kw_only=True)
class Imported(Stage):
    """Writes `import.json`: the table of models and sets, `panel` and each of the other judges alone (`alone`).

    Everything is shown from 0 to 10. `mean` is over all verdicts (the published convention), `balanced` the mean of the
    judges' means, `worst` and `best` what the mean could be with the missing verdicts. `average` is over all four sets,
    and there where a model has all four by the same judges.
    """

    makes: ClassVar[type] = Table
    panel: tuple[ImportedScores, ...]
    alone: tuple[ImportedScores, ...] = ()

    @property
    def items(self) -> Stage:
        return (*self.panel, *self.alone)[0].answers.items

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        lines = {part: [*table(getattr(self, part), ctx)] for part in ("panel", "alone")}
        write_json(out / "import.json", lines)
        answers = {scores.answers.id: scores.answers for scores in (*self.panel, *self.alone)}.values()
        told = [ctx.open(each).summary for each in answers]
        return {
            "rows": sum(map(len, lines.values())),
            "models": len(answers),
            "files": sum(len(each.files) for each in answers),
            "answers": sum(each["rows"] for each in told),
            "missing": missing([*self.panel, *self.alone], ctx),
            "tolerated": summed(each["tolerated"] for each in told),
            "nothing_to_judge": summed(each["nothing_to_judge"] for each in told),
        }


def imported(root: str, judges: Sequence[str] = ()) -> Imported:
    """What is made of the tree at a path: a panel of `judges` (those of the published tables, or all where the tree has
    not these) for each model and set, and the scores of each other judge alone."""
    tree, items = scanned(root), ImportedItems.of(root)
    known = list(dict.fromkeys(file.judge for file in tree.files))
    for judge in judges:
        if judge not in known:
            raise UsageError(f"{root} has no judge {judge!r}{nearest(judge, known)}")
    wanted = tuple(sorted({*judges})) or (PANEL if {*PANEL} <= {*known} else tuple(known))
    panel, alone = [], []
    for model, files in by_model(tree).items():
        asked = Model(name=model, temperature=TEMPERATURE, max_tokens=MAX_TOKENS)
        answers = ImportedAnswers(model=asked, items=items, files=tuple(files), root=root)
        for each in BENCHES.values():
            there = [file.judge for file in files if file.set == each]
            bench = ImportedBench.of(each)
            if mine := tuple(judge for judge in wanted if judge in there):
                panel.append(ImportedScores(answers=answers, bench=bench, judges=mine))
            others = (judge for judge in there if judge not in wanted)
            alone += [ImportedScores(answers=answers, bench=bench, judges=(judge,)) for judge in others]
    return Imported(panel=tuple(panel), alone=tuple(alone))


def by_model(tree: Tree) -> dict[str, list[File]]:
    found: dict[str, list[File]] = {}
    for file in tree.files:
        found.setdefault(file.model, []).append(file)
    return dict(sorted(found.items()))


def table(scores: Sequence[ImportedScores], ctx: Context) -> Iterator[dict[str, Any]]:
    """One line a model and set of judges: what `Imported` tells."""
    lines: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}
    for each in scores:
        key = (each.answers.model.name, each.judges)
        lines.setdefault(key, {"model": key[0], "judges": [*key[1]]})[each.bench.name] = numbers(each, ctx)
    for line in lines.values():
        parts = [line[bench] for bench in BENCHES if bench in line]
        whole = len(parts) == len(BENCHES)
        yield {**line, AVERAGE: {end: averaged(parts, end) if whole else None for end in ENDS}}


def averaged(parts: Sequence[dict[str, Any]], end: str) -> float | None:
    there = [part[end] for part in parts]
    return None if None in there else round(fmean(there), 6)


def numbers(scores: ImportedScores, ctx: Context) -> dict[str, Any]:
    told = ctx.open(scores).summary
    found, judges = told["metrics"]["score"], told["judges"]["score"]
    n, missing, scale = found["n"], found["missing"], 10 / scores.bench.top
    total = n * (found["mean"] or 0.0)
    ends = {
        "mean": found["mean"],
        "balanced": judges["balanced"],
        "worst": (total + missing * scores.bench.low) / (n + missing),
        "best": (total + missing * scores.bench.top) / (n + missing),
    }
    shown = {end: None if value is None else round(scale * value, 6) for end, value in ends.items()}
    return {**shown, "n": n, "missing": missing, "scores": ctx.open(scores).ref}


def missing(scores: Sequence[ImportedScores], ctx: Context, metric: str = "score") -> dict[str, dict[str, list[int]]]:
    """By judge and set: how many verdicts are missing, of how many."""
    found: dict[str, dict[str, list[int]]] = {}
    for each in scores:
        for judge, told in ctx.open(each).summary["judges"][metric]["by"].items():
            counts = found.setdefault(judge, {}).setdefault(each.bench.name, [0, 0])
            counts[0] += told["missing"]
            counts[1] += told["missing"] + told["n"]
    return {judge: dict(sorted(some.items())) for judge, some in sorted(found.items())}


def summed(counts: Any) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(sorted(total.items()))
