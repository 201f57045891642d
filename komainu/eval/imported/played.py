"""Published role-play: its items, the talks of a model with what its judges said, and how these are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.eval.base import Answers, Lang
from komainu.eval.bench.rp_bench.bench import CRITERIA
from komainu.eval.bench.rp_bench.items import NAME
from komainu.eval.imported.talks import TalkFile, kept, opening, talk
from komainu.eval.judge.base import Judged
from komainu.eval.judge.criteria import Criteria
from komainu.eval.judge.verdict import Rule, Verdict
from komainu.files import write_rows
from komainu.models.base import Model
from komainu.rows import Chat
from komainu.spec import Spec
from komainu.stage import Stage

if TYPE_CHECKING:
    from komainu.context import Context


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
class ImportedTalks(Answers):
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
        """Who has judged them."""
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
        told = {"model": self.model.name, "sampling": self.sampled}
        return {**kept(out, chats, tolerated), **told}


@dataclass(frozen=True, kw_only=True)
class ImportedRolePlay(Judged):
    """Japanese-RP-Bench as others had it judged: eight whole marks from 1 to 5, and `total`, their mean.

    The prompts are not known, so it is never equal to a bench of our own.
    """

    name: ClassVar[str] = NAME
    top: ClassVar[float] = 5.0
    metrics: ClassVar[tuple[str, ...]] = ("total",)
    pooled: ClassVar[tuple[str, ...]] = ("total",)
    criteria: ClassVar[tuple[str, ...]] = CRITERIA
    language: Lang = "ja"

    def config(self, *, full: bool = True) -> dict[str, Any]:
        return super(Judged, self).config(full=full)

    @property
    def rule(self) -> Rule:
        return Criteria()

    def read_said(self, said: str) -> Verdict:
        """The verdict in what a file says."""
        return self.read(Chat("", (), {"replies": [said], "mark": ""}))
