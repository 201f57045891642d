"""Published judgements as stages: items, the answers of a model with what its judges said, and scores."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from komainu.eval.base import Answers, Lang, Scores
from komainu.eval.imported.played import ImportedRolePlay, ImportedTalks
from komainu.eval.imported.shaberi import JUDGE_TOKENS, File, Set, read_items, scanned
from komainu.eval.imported.shaberi import Row as Line
from komainu.eval.imported.talks import VERDICTS, kept
from komainu.eval.judge.base import Judged
from komainu.eval.judge.historical import Historical
from komainu.eval.judge.panel import criteria_of, judged
from komainu.eval.judge.verdict import Rule, Verdict
from komainu.files import write_rows
from komainu.models.base import Model
from komainu.rows import Chat, Row, Score, encode
from komainu.spec import Spec, where
from komainu.stage import Stage

if TYPE_CHECKING:
    from komainu.context import Context


@dataclass(frozen=True, kw_only=True)
class ImportedItems(Stage):
    """Chat rows: the questions of all sets of a tree, each set's with ids of their own. `sets` has the hash of each."""

    makes: ClassVar[type] = Chat
    sets: dict[str, str]
    root: str = where()

    @classmethod
    def of(cls, root: str) -> ImportedItems:
        """The items of the tree at a path."""
        return cls(sets={bench: hash_of(items(root, bench)) for bench in sorted(scanned(root).questions)}, root=root)

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        every = [item for bench in self.sets for item in items(self.root, bench)]
        return {"rows": write_rows(out / "rows.jsonl", every)}


@lru_cache(maxsize=16)
def items(root: str, bench: str) -> tuple[Chat, ...]:
    """The items of a set of a tree, read once a process."""
    return tuple(read_items(scanned(root), bench))


def hash_of(chats: Sequence[Chat]) -> str:
    return hashlib.sha256(b"\n".join(map(encode, chats))).hexdigest()[:12]


class Held(NamedTuple):
    """What a judge's file holds, by question."""

    judge: str
    file: str
    said: dict[str, list[tuple[int, Line]]]


@dataclass(frozen=True, kw_only=True)
class ImportedAnswers(Answers):
    """Chat rows: the answers of one model in the files of a tree, with what each judge gave in `meta["verdicts"]`:
    `at` (file:line), `said` (the score as it stands there), and `reply` where the judge's words were kept.

    The judges of a tree do not always have the same answer of a model before them. Each answer is a row then, numbered
    by `sample`: first the one that most judges have. A question that a judge's file lacks is a verdict without `said`.
    The summary counts what was tolerated.
    """

    items: ImportedItems
    files: tuple[File, ...]
    root: str = where()

    def check(self) -> Iterator[str]:
        if not self.files:
            yield "ImportedAnswers.files is empty"

    def judges_of(self, bench: str) -> set[str]:
        """Who has judged them on a bench."""
        return {file.judge for file in self.files if file.set.bench == bench}

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        tolerated: Counter[str] = Counter()
        verdicts: dict[str, list[Held]] = {}  # of each bench, a judge's after the other's
        for file in self.files:
            said: dict[str, list[tuple[int, Line]]] = {}
            for number, row in scanned(self.root).rows(file, tolerated):
                said.setdefault(row.Question, []).append((number, row))
            verdicts.setdefault(file.set.bench, []).append(Held(file.judge, file.name, said))
        chats = [
            chat
            for item in self.read_items(ctx)
            for chat in answers_to(item, verdicts.get(item.meta["bench"], []), tolerated)
        ]
        known = {chat.prompt[-1].content for chat in chats}
        for each in chain.from_iterable(verdicts.values()):
            tolerated["rows of other questions"] += sum(len(rows) for q, rows in each.said.items() if q not in known)
        told = {"model": self.model.name, "sampling": self.sampled}
        return {**kept(out, chats, tolerated), **told}


def answers_to(item: Chat, verdicts: Sequence[Held], tolerated: Counter[str]) -> Iterator[Chat]:
    """The different answers to an item, each with the verdicts it was given; the item without one where there are none.

    Nothing for an item of a set that no judge has.
    """
    given: dict[str, dict[str, dict[str, Any]]] = {}
    lacking: dict[str, dict[str, Any]] = {}
    for judge, file, said in verdicts:
        for number, row in said.get(item.prompt[-1].content, ()):
            there = given.setdefault(row.ModelAnswer or "", {})
            if judge in there:
                tolerated["rows that repeat an answer"] += 1
            else:
                there[judge] = verdict(f"{file}:{number}", row, tolerated)
        if item.prompt[-1].content not in said:
            lacking[judge] = {"at": file}
    answers = sorted(given.items(), key=lambda each: (-len(each[1]), sorted(each[1])))
    tolerated["questions a file lacks"] += len(lacking)
    tolerated["questions with several answers"] += len(answers) > 1
    if verdicts and not answers:
        yield item.with_meta(verdicts=lacking)
    for number, (answer, there) in enumerate(answers):
        sample = {"sample": number} if len(answers) > 1 else {}
        first = lacking if number == 0 else {}
        yield item.with_reply(answer, verdicts=dict(sorted({**there, **first}.items())), **sample)


def verdict(at: str, row: Line, tolerated: Counter[str]) -> dict[str, Any]:
    """What a judge said of an answer: the score as a text, "" for null."""
    score = row.score
    if isinstance(score, dict):
        tolerated["scores in an object"] += 1
        score = score.get("score")
    if score is None:
        tolerated["null scores"] += 1
    said = "" if score is None else str(score) if not isinstance(score, float) else f"{score:.12g}"
    return {"at": at, "said": said, **({"reply": row.reply} if row.reply else {})}


@dataclass(frozen=True, kw_only=True)
class ImportedBench(Judged):
    """A set as others had it judged, with prompts that are not known: never equal to a bench of our own.

    The programs set no lower bound to a mark, and the published means hold marks of 0.
    """

    name: str  # type: ignore[misc]  # a value here: one class serves all sets
    top: float  # type: ignore[misc]
    low: ClassVar[float] = 0.0
    language: Lang = "ja"

    @classmethod
    def of(cls, each: Set) -> ImportedBench:
        return cls(name=each.bench, top=each.ours.top)

    def config(self, *, full: bool = True) -> dict[str, Any]:
        return super(Judged, self).config(full=full)

    @property
    def rule(self) -> Rule:
        return Historical(formats=("bare",))

    def read_said(self, said: str) -> Verdict:
        """The verdict in what a file says."""
        return self.rule.read(said, "", self)

    def group(self, chat: Chat) -> str:
        return str(chat.meta.get("task", ""))


@dataclass(frozen=True, kw_only=True)
class ImportedScores(Scores):
    """Score rows: of each answer and metric one a judge of `judges` that had it before it; `why` is the judge's words,
    where they were kept, and where the score stands.

    The score of a row is read by the bench's own rule; with `rule` the judge's words are, where they were kept. What
    gives no number on the scale is None, counted by judge. Means are those of a Panel.
    """

    version: ClassVar[int] = 2
    answers: ImportedAnswers | ImportedTalks
    bench: ImportedBench | ImportedRolePlay
    judges: tuple[str, ...]
    rule: Rule | None = None

    def check(self) -> Iterator[str]:
        yield from super().check()
        there = self.answers.judges_of(self.bench.name)
        for judge in self.judges:
            if judge not in there:
                what = f"{self.answers.model.name} on {self.bench.name}"
                yield f"ImportedScores.judges has {judge!r}, who did not judge {what}"

    @property
    def how(self) -> tuple[Spec, ...]:
        return (*(Model(name=judge, max_tokens=JUDGE_TOKENS) for judge in self.judges), *filter(None, [self.rule]))

    def answered(self, ctx: Context) -> Iterator[Row]:
        return ctx.open(self.answers).rows(VERDICTS)

    def scored(self, chats: Sequence[Chat], ctx: Context) -> list[Score]:
        return [
            score
            for chat in chats
            for judge in self.judges
            if judge in chat.meta["verdicts"]
            for score in self.scores(chat, judge, chat.meta["verdicts"][judge])
        ]

    def scores(self, chat: Chat, judge: str, said: dict[str, str]) -> Iterator[Score]:
        at, found = said["at"], self.read(said)
        reason = "\n".join(filter(None, (said.get("reply", "").strip(), at)))
        for metric in self.bench.told_of:
            value = found.values.get(metric)
            why = f"missing: {found.wrong} ({at})" if value is None else reason
            yield Score(chat.id, metric, value, judge, why)

    def read(self, said: dict[str, str]) -> Verdict:
        if "said" not in said:
            return Verdict({}, "", "no row")
        if self.rule and "reply" in said:
            return self.rule.read(said["reply"], "", self.bench)
        return self.bench.read_said(said["said"]) if said["said"] else Verdict({}, "", "null score")

    def told(self, chats: Sequence[Chat], scores: Sequence[Score], ctx: Context) -> dict[str, Any]:
        criteria = criteria_of(self.bench, scores)
        return {
            "judges": {metric: judged(scores, metric, self.judges) for metric in self.bench.told_of},
            **({"criteria": criteria} if criteria else {}),
        }
