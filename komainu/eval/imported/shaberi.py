"""A tree of Shaberi's published judgements (github.com/shisa-ai/shaberi): which files it has, and what a row says."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
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
from komainu.rows import Chat, Message
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


class Row(msgspec.Struct, frozen=True):
    """What is read of a row: `score` as it stands there, and the judge's words where they were kept."""

    Question: str
    ModelAnswer: str | None
    score: Any
    judge_output: Any = None

    @property
    def reply(self) -> str:
        said = self.score.get("judge_output") if isinstance(self.score, dict) else self.judge_output
        return said if isinstance(said, str) else ""


@dataclass
class Tree:
    """The files of a tree, the questions of each bench, and how many files are left aside, by why. `stamps` are the
    sizes and times of the files that were hashed."""

    root: Path
    files: list[File] = field(default_factory=list)
    stamps: dict[str, tuple[int, int]] = field(default_factory=dict)
    questions: dict[str, list[str]] = field(default_factory=dict)
    aside: Counter[str] = field(default_factory=Counter)

    def content(self, file: File) -> bytes:
        """The bytes of a file; UsageError when they are not those that were hashed."""
        path = self.root / file.name
        content = path.read_bytes()
        if stamp(path) != self.stamps.get(file.name) and hashlib.sha256(content).hexdigest() != file.sha256:
            raise UsageError(f"{path} has changed since the tree was looked at; import it again")
        return content

    def rows(self, file: File, blank: Counter[str] | None = None) -> Iterator[tuple[int, Row]]:
        """The rows of a file with their lines; raises UsageError with file:line for one that cannot be read."""
        for number, line in lines(self.content(file), blank):
            try:
                yield number, _row.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                advice = "mend the file or take it out of the tree"
                raise UsageError(f"{self.root / file.name}:{number}: no row: {error}; {advice}") from None


_row = msgspec.json.Decoder(Row)
_QUESTION = re.compile(rb'"Question": ?("(?:[^"\\]++|\\.)*+")', re.DOTALL)  # the answers behind it need no look


def stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def lines(content: bytes, blank: Counter[str] | None = None) -> Iterator[tuple[int, bytes]]:
    """The lines that hold anything; the others are counted."""
    every = content.split(b"\n")
    for number, line in enumerate(every, 1):
        if line.strip():
            yield number, line
        elif blank is not None and number < len(every):
            blank["blank lines"] += 1


def judgements(folder: Path) -> Path:
    """The folder of the judges' folders: the one that is given, or in it `judgements` or `data/judgements`."""
    for place in (folder, folder / "judgements", folder / "data" / "judgements"):
        if place.is_dir() and any(place.glob(f"{JUDGE}*/")):
            return place
    raise UsageError(f"{folder}: there are no judgements; give a folder with {JUDGE}NAME/SET/MODEL.json in it")


@lru_cache(maxsize=4)
def scanned(folder: str) -> Tree:
    """Every file of a tree, hashed, and the questions of each set; looked at once a process."""
    tree = Tree(judgements(Path(folder)))
    asked: dict[str, list[tuple[str, ...]]] = {}
    texts: dict[bytes, str] = {}
    for path in sorted(tree.root.glob(f"{JUDGE}*/*/*")):
        if path.suffix != ".json" or path.parent.name not in SETS:
            tree.aside["files of other sets" if path.suffix == ".json" else "other files"] += 1
            continue
        name, content = path.relative_to(tree.root).as_posix(), path.read_bytes()
        file = File(name=name, sha256=hashlib.sha256(content).hexdigest())
        tree.files.append(file)
        tree.stamps[name] = stamp(path)
        questions = (question(line, texts) for _, line in lines(content))
        asked.setdefault(file.set.bench, []).append(tuple(dict.fromkeys(q for q in questions if q is not None)))
    if not tree.files:
        raise UsageError(
            f"{tree.root}: no folder of a judge has any of the sets {', '.join(SETS)}"
            "; give the folder above those of the judges"
        )
    tree.questions = {bench: common(some) for bench, some in asked.items()}
    return tree


def question(line: bytes, texts: dict[bytes, str]) -> str | None:
    """The question of a line, as far as can be seen without reading all of it; `texts` are those seen before."""
    if (found := _QUESTION.search(line)) is None:
        return None
    if (text := texts.get(found[1])) is None:
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            text = texts[found[1]] = str(msgspec.json.decode(found[1]))
    return text


def common(files: list[tuple[str, ...]]) -> list[str]:
    """The questions that more than half of the files have, in the order in which most files have them."""
    count = Counter(question for file in files for question in file)
    kept = {question for question, n in count.items() if 2 * n > len(files)}
    orders = Counter(tuple(question for question in file if question in kept) for file in files)
    first = max(orders, key=lambda order: (len(order), orders[order]))
    return [*first, *sorted(kept - {*first})]


def read_items(tree: Tree, bench: str) -> Iterator[Chat]:
    """The questions of a set as items, numbered from 1, each with task, reference and rubric of the first file that
    has it."""
    wanted, found = tree.questions[bench], dict[str, dict[str, str]]()
    for file in tree.files:
        if file.set.bench == bench and not found.keys() >= {*wanted}:
            for _, line in lines(tree.content(file)):
                with suppress(Broken):  # told when the answers are read
                    row = parse(line)
                    there = {name: row.get(column) for name, column in file.set.columns.items()}
                    meta = {name: text for name, text in there.items() if isinstance(text, str) and text.strip()}
                    found.setdefault(str(row.get("Question")), {"source": file.set.items.home, **meta})
    for number, text in enumerate(wanted, 1):
        meta = {"bench": bench, "lang": "ja", "licence": BENCHES[bench].items.licence, **found[text]}
        yield Chat(f"{bench.replace('_', '-')}-{number}", (Message("user", text),), meta)
