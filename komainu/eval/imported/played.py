"""Published role-play as stages: items, the talks of a model with what its judges said, scores, and their table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.errors import UsageError, nearest
from komainu.eval.bench.rp_bench.bench import CRITERIA, RpBench
from komainu.eval.bench.rp_bench.items import NAME
from komainu.eval.imported.stages import VERDICTS, ImportedBench, ImportedScores, Verdicted
from komainu.eval.imported.talks import TalkFile, found_in, opening, talk
from komainu.eval.imported.whole import missing, summed
from komainu.eval.judge.criteria import Criteria
from komainu.eval.judge.guard import ruled
from komainu.eval.judge.verdict import Rule, Verdict
from komainu.files import write_json, write_rows
from komainu.models.base import Model
from komainu.rows import Chat
from komainu.spec import Spec
from komainu.stage import Stage, Table

if TYPE_CHECKING:
    from komainu.context import Context

TEMPERATURE, TOKENS = 0.7, 1024  # of the program that made the files; they do not say


@dataclass(frozen=True, kw_only=True)
class ImportedOpenings(Stage):
    """Chat rows: the user's first line of each talk, by id, so that files with the same talks have the same items.

    The settings of the talks are not in the files.
    """

    makes: ClassVar[type] = Chat
    lines: dict[str, str]

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        order = sorted(self.lines.items(), key=lambda each: (len(each[0]), each[0]))  # 2 before 10
        return {"rows": write_rows(out / "rows.jsonl", (opening(*each) for each in order))}


@dataclass(frozen=True, kw_only=True)
class ImportedTalks(Verdicted):
    """Chat rows: the talks of one model, with what each judge said in `meta["verdicts"]`: `at` (file:line), `said` (the
    criteria as JSON), `reply` (the reason). An item without a talk has no answer. `user` played the other side.

    The summary counts what was tolerated.
    """

    items: ImportedOpenings
    files: tuple[TalkFile, ...]
    judges: tuple[str, ...]
    user: str = ""

    def check(self) -> Iterator[str]:
        if not self.files:
            yield "ImportedTalks.files is empty"

    def judges_of(self, bench: str) -> set[str]:
        return {*self.judges}

    @property
    def how(self) -> tuple[Spec, ...]:
        return (Model(name=self.user),) if self.user else ()

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        tolerated: Counter[str] = Counter()
        talks: dict[str, Chat] = {}
        for at, row in (each for file in self.files for each in file.rows()):
            if row.target_model_name != self.model.name:
                continue
            if row.item in talks:
                tolerated["rows that repeat a talk"] += 1
            else:
                talks[row.item] = talk(at, row, self.judges, tolerated)
        items = self.read_items(ctx)
        nobody = {judge: {"at": ", ".join(file.name for file in self.files)} for judge in self.judges}
        chats = [talks.get(item.id) or item.with_meta(verdicts=nobody) for item in items]
        tolerated["items without a talk"] = sum(item.id not in talks for item in items)
        unfit = Counter(why.partition(":")[0] for chat in talks.values() if (why := ruled(chat)))
        write_rows(out / VERDICTS, (Chat(chat.id, (), chat.meta) for chat in chats))
        return {
            "rows": write_rows(out / "rows.jsonl", chats),
            "model": self.model.name,
            "sampling": self.sampled,
            "tolerated": dict(sorted((what, n) for what, n in tolerated.items() if n)),
            "nothing_to_judge": dict(sorted(unfit.items())),
        }


@dataclass(frozen=True, kw_only=True)
class ImportedRolePlay(ImportedBench):
    """Japanese-RP-Bench as others had it judged: eight whole marks from 1 to 5, and `total`, their mean."""

    low: ClassVar[float] = 1.0
    metrics: ClassVar[tuple[str, ...]] = ("total",)
    pooled: ClassVar[tuple[str, ...]] = ("total",)
    criteria: ClassVar[tuple[str, ...]] = CRITERIA

    @property
    def rule(self) -> Rule:
        return Criteria()

    def read_said(self, said: str) -> Verdict:
        return self.read(Chat("", (), {"replies": [said], "mark": ""}))


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
    bench = ImportedRolePlay(name=NAME, top=RpBench.top)
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
