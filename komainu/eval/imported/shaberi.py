"""A tree of Shaberi's published judgements (github.com/shisa-ai/shaberi): which files it has, and what a row says."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from komainu.errors import UsageError
from komainu.eval.bench.shaberi.base import QuestionsOf
from komainu.eval.bench.shaberi.elyza import Elyza, ElyzaItems
from komainu.eval.bench.shaberi.ja_mt_bench import JaMtBench, JaMtBenchItems
from komainu.eval.bench.shaberi.rakuda import Rakuda, RakudaItems
from komainu.eval.bench.shaberi.tengu import Tengu, TenguItems
from komainu.eval.judge.base import Judged
from komainu.jsontext import Broken, parse
from komainu.spec import Spec

JUDGE = "judge_"  # what the folder of a judge begins with
PANEL = ("llmjudge-athenev2", "llmjudge-llama33", "llmjudge-tulu405")  # of the published tables
JUDGE_TOKENS = 1024  # of the program that made the trees; the files do not say


class Set(NamedTuple):
    """One of the four sets: our own bench and items of it, what tables call it, and the names of its columns that hold
    task, reference and rubric."""

    ours: type[Judged]
    items: type[QuestionsOf]
    name: str
    columns: Mapping[str, str]

    @property
    def bench(self) -> str:
        return self.ours.name


SETS = {  # by folder
    "elyza__ELYZA-tasks-100": Set(Elyza, ElyzaItems, "ELYZA", {"reference": "output", "rubric": "eval_aspect"}),
    "shisa-ai__ja-mt-bench-1shot": Set(JaMtBench, JaMtBenchItems, "JA-MT", {"task": "category"}),
    "yuzuai__rakuda-questions": Set(Rakuda, RakudaItems, "Rakuda", {"task": "category"}),
    "lightblue__tengu_bench": Set(
        Tengu, TenguItems, "Tengu", {"task": "Category", "reference": "Answer", "rubric": "Criteria"}
    ),
}
BENCHES = {each.bench: each for each in SETS.values()}


@dataclass(frozen=True, kw_only=True)
class File(Spec):
    """One file: the verdicts of a judge on the answers of a model to a set; `name` is its path in the tree."""

    name: str
    sha256: str

    @property
    def judge(self) -> str:
        return self.name.split("/")[0].removeprefix(JUDGE)

    @property
    def set(self) -> Set:
        return SETS[self.name.split("/")[1]]

    @property
    def model(self) -> str:
        return self.name.split("/")[2].removesuffix(".json").replace("__", "/")


class Row(NamedTuple):
    """One row: `score` as it stands there, `reply` what the judge wrote, "" where that was not kept."""

    at: str
    question: str
    answer: str
    score: Any
    reply: str
    value: dict[str, Any]


@dataclass
class Tree:
    """The files of a tree, the questions of each bench, and how many files are left aside, by why."""

    root: Path
    files: list[File] = field(default_factory=list)
    questions: dict[str, list[str]] = field(default_factory=dict)
    aside: Counter[str] = field(default_factory=Counter)


class Question(msgspec.Struct):
    """Of a row only its question: about twice as fast as all of it."""

    Question: str


def judgements(folder: Path) -> Path:
    """The folder of the judges' folders: the one that is given, or in it `judgements` or `data/judgements`."""
    for place in (folder, folder / "judgements", folder / "data" / "judgements"):
        if place.is_dir() and any(place.glob(f"{JUDGE}*/")):
            return place
    raise UsageError(f"{folder}: there are no judgements; give a folder with {JUDGE}NAME/SET/MODEL.json in it")


def scan(folder: Path) -> Tree:
    """Every file of a tree, hashed, and the questions of each set."""
    tree = Tree(judgements(folder))
    asked: dict[str, list[tuple[str, ...]]] = {}
    decoder = msgspec.json.Decoder(Question)
    for path in sorted(tree.root.glob(f"{JUDGE}*/*/*")):
        if path.suffix != ".json" or path.parent.name not in SETS:
            tree.aside["files of other sets" if path.suffix == ".json" else "other files"] += 1
            continue
        content = path.read_bytes()
        file = File(name=path.relative_to(tree.root).as_posix(), sha256=hashlib.sha256(content).hexdigest())
        tree.files.append(file)
        try:
            questions = [decoder.decode(line).Question for line in content.split(b"\n") if line.strip()]
        except msgspec.DecodeError:
            questions = [row.question for row in rows(file, content, tree.root)]  # tells file and line
        asked.setdefault(file.set.bench, []).append(tuple(dict.fromkeys(questions)))
    if not tree.files:
        raise UsageError(f"{tree.root}: no folder of a judge has any of the sets {', '.join(SETS)}")
    tree.questions = {bench: common(some) for bench, some in asked.items()}
    return tree


def common(files: list[tuple[str, ...]]) -> list[str]:
    """The questions that more than half of the files have, in the order in which most files have them."""
    count = Counter(question for file in files for question in file)
    kept = {question for question, n in count.items() if 2 * n > len(files)}
    orders = Counter(tuple(question for question in file if question in kept) for file in files)
    first = max(orders, key=lambda order: (len(order), orders[order]))
    return [*first, *sorted(kept - {*first})]


def rows(file: File, content: bytes, root: Path, blank: Counter[str] | None = None) -> Iterator[Row]:
    """The rows of a file. Raises UsageError with file:line for one that cannot be read; blank lines are counted."""
    lines = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            if blank is not None and number < len(lines):
                blank["blank lines"] += 1
            continue
        at = f"{file.name}:{number}"
        try:
            value = parse(line)
        except Broken as error:
            raise UsageError(
                f"{root / file.name}:{number}: {error}; mend the file or take it out of the tree"
            ) from None
        question, answer = value.get("Question"), value.get("ModelAnswer")
        if not isinstance(question, str) or not isinstance(answer, str | None) or "score" not in value:
            raise UsageError(f"{root / file.name}:{number}: a row needs texts in Question and ModelAnswer, and a score")
        score, reply = value["score"], value.get("judge_output")
        if isinstance(score, dict):
            reply = score.get("judge_output", reply)
        yield Row(at, question, answer or "", score, reply if isinstance(reply, str) else "", value)
