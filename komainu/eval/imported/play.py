"""All that is imported from files of role-play: which scores are made of it, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.errors import UsageError, nearest
from komainu.eval.imported.played import ImportedOpenings, ImportedRolePlay, ImportedTalks
from komainu.eval.imported.stages import ImportedScores
from komainu.eval.imported.talks import TalkFile, found_in
from komainu.eval.imported.whole import missing, summed
from komainu.files import write_json
from komainu.models.base import Model
from komainu.stage import Stage, Table

if TYPE_CHECKING:
    from pathlib import Path

    from komainu.context import Context

TEMPERATURE, TOKENS = 0.7, 1024  # of the program that made the files; they do not say


@dataclass(frozen=True, kw_only=True)
class ImportedPlay(Stage):
    """Writes `import.json`: a line a model, by the `panel` and by each of the other judges (`alone`).

    `mean` is over all verdicts, `balanced` the mean of the judges' means, `worst` and `best` what the mean could be
    with the missing verdicts, `criteria` the mean of each; all from 1 to 5.
    """

    makes: ClassVar[type] = Table
    panel: tuple[ImportedScores, ...]
    alone: tuple[ImportedScores, ...] = ()

    @property
    def items(self) -> Stage:
        return (*self.panel, *self.alone)[0].answers.items

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        lines = {part: [line(each, ctx) for each in getattr(self, part)] for part in ("panel", "alone")}
        write_json(out / "import.json", lines)
        every = [*self.panel, *self.alone]
        answers = {each.answers.id: each.answers for each in every}.values()
        told = [ctx.open(each).summary for each in answers]
        return {
            "rows": sum(map(len, lines.values())),
            "models": len(answers),
            "files": len({file for each in answers for file in each.files}),
            "answers": sum(each["rows"] for each in told),
            "missing": missing(every, ctx, "total"),
            "tolerated": summed(each["tolerated"] for each in told),
            "nothing_to_judge": summed(each["nothing_to_judge"] for each in told),
        }


def line(scores: ImportedScores, ctx: Context) -> dict[str, Any]:
    told = ctx.open(scores).summary
    found, judges = told["metrics"]["total"], told["judges"]["total"]
    n, missing = found["n"], found["missing"]
    total = n * (found["mean"] or 0.0)
    return {
        "model": scores.answers.model.name,
        "judges": [*scores.judges],
        "mean": found["mean"],
        "low": found["low"],
        "high": found["high"],
        "balanced": judges["balanced"],
        "worst": round((total + missing * scores.bench.low) / (n + missing), 6),
        "best": round((total + missing * scores.bench.top) / (n + missing), 6),
        "n": n,
        "missing": missing,
        "criteria": {name: each["mean"] for name, each in told["criteria"].items()},
        "scores": ctx.open(scores).ref,
    }


def play(paths: Sequence[Path], judges: Sequence[str] = ()) -> ImportedPlay:
    """What is made of some files: the scores of each model by `judges` (all it had, unless they are given), and those
    of each other judge alone."""
    files = tuple(sorted({TalkFile.of(path) for path in paths}, key=lambda file: (file.name, file.sha256)))
    found = found_in(files)
    known = sorted({judge for some in found.judges.values() for judge in some})
    for judge in judges:
        if judge not in known:
            raise UsageError(f"{', '.join(file.path for file in files)}: no judge {judge!r}{nearest(judge, known)}")
    bench = ImportedRolePlay()
    items, panel, alone = ImportedOpenings(lines=found.openings), list[ImportedScores](), list[ImportedScores]()
    for model, of in sorted(found.files.items()):
        asked = Model(name=model, temperature=TEMPERATURE, max_tokens=TOKENS)
        there, (user,) = tuple(sorted(found.judges[model])), found.partners[model]
        answers = ImportedTalks(model=asked, items=items, files=tuple(of), judges=there, user=user)
        if mine := tuple(judge for judge in there if not judges or judge in judges):
            panel.append(ImportedScores(answers=answers, bench=bench, judges=mine))
        others = (judge for judge in there if judge not in mine)
        alone += [ImportedScores(answers=answers, bench=bench, judges=(judge,)) for judge in others]
    return ImportedPlay(panel=tuple(panel), alone=tuple(alone))
