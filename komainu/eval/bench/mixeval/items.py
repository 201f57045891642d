"""The items of MixEval and MixEval-Hard: from the released files to prompts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from komainu.errors import UsageError
from komainu.eval.items import Items, Source
from komainu.files import write_rows
from komainu.rows import Chat, Message

if TYPE_CHECKING:
    from komainu.context import Context

# A copy of release 2024-06-01 on the hub; later releases are on no hub at a commit that is known here.
HUB = Source(repo="zeitgeist-ai/mixeval", revision="bf803eb354a6257315398a3a6e30fa683ce2a995")
CHOICE, FREE = "multiple-choice", "free-form"
ASKED = "Answer with the option letter from the given choices directly."
SHORTLY, STEPS = "Answer the question shortly.", "Answer the question. \nLet's think step by step."
STEPWISE = ("BBH", "GSM8k", "MATH")  # the sets whose free-form questions are answered step by step


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A released item. `target` of a choice is the place of the right option, of a free-form question its answers."""

    problem_type: str
    prompt: str
    benchmark_name: str
    target: tuple[int | str, ...]
    context: str | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MixEvalItems(Items):
    """The prompts of MixEval, or of MixEval-Hard (`hard`); row ids `mixeval-choice-<id>`, `mixeval-hard-choice-<id>`.

    `source` is a local folder with multiple-choice.json and free-form.json, or one of these files. The hub's copy is
    of release 2024-06-01. The free-form questions are counted in the summary, and asked only with `free_form`: they
    are for judges, no rule scores them. A `limit` is of each kind.
    """

    version: ClassVar[int] = 2
    source: Source = HUB
    hard: bool = False
    free_form: bool = False

    @property
    def bench(self) -> str:
        return "mixeval_hard" if self.hard else "mixeval"

    def read(self) -> Iterator[Chat]:
        for kind in (CHOICE, FREE) if self.free_form else (CHOICE,):
            yield from (self.asked(kind, key, question) for key, question in self.asking(kind).items())

    def asking(self, kind: str) -> dict[str, Question]:
        """The items of a file by their ids. Raises UsageError with file and id for what is not as the schema says."""
        name = f"{kind}.json"
        if self.source.repo:
            name = f"mixeval-2024-06-01/{self.bench.replace('_', '-')}/{name}"
        path = self.source.file(name)
        try:
            rows = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UsageError(f"{path}: {error}; a file of MixEval is an object of items by their ids") from None
        if not rows:
            raise UsageError(f"{path}: the file holds no items; give the file as MixEval releases it")
        return {key: checked(path, key, row, kind) for key, row in rows.items()}

    def asked(self, kind: str, key: str, question: Question) -> Chat:
        bench = self.bench.replace("_", "-")
        meta = {
            "bench": self.bench if kind == CHOICE else f"{self.bench}_free",
            "lang": "en",
            "set": kind,
            "benchmark": question.benchmark_name,
            "target": [*question.target],
            "source": f"MixEval/{bench}",
            "licence": "not stated",
        }
        if kind == CHOICE:
            meta["options"] = [*question.options]
        else:
            meta["question"] = question.prompt
        text = choice_prompt(question) if kind == CHOICE else free_prompt(question)
        return Chat(f"{bench}-{kind.split('-')[-1]}-{key}", (Message("user", text),), meta)

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        rows = self.rows()
        here = self.source.repo or Path(self.source.path).is_dir()
        free = len(self.asking(FREE)) if here else None
        return {
            "rows": write_rows(out / "rows.jsonl", rows),
            "benchmarks": dict(sorted(Counter(row.meta["benchmark"] for row in rows).items())),
            "free_form": {"items": free, "asked": self.free_form, "scored_by_rule": False},
        }


def checked(path: Path, key: str, row: Mapping[str, Any], kind: str) -> Question:
    try:
        question = msgspec.convert(row, Question)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: item {key!r}: {error}; give the file as MixEval releases it") from None
    for wrong, what in (
        (question.problem_type != kind, f"problem_type is {question.problem_type!r}; this file is of {kind} items"),
        (kind == CHOICE and not 2 <= len(question.options) <= 26, f"{len(question.options)} options; 2 to 26 fit"),
        (
            kind == CHOICE and not right_place(question),
            f"target is {[*question.target]}; it must be one option's place",
        ),
        (kind == FREE and not all(isinstance(t, str) for t in question.target), "target must be a list of texts"),
        (not question.target, "target is empty"),
    ):
        if wrong:
            raise UsageError(f"{path}: item {key!r}: {what}; give the file as MixEval releases it")
    return question


def right_place(question: Question) -> bool:
    places = question.target
    return len(places) == 1 and isinstance(places[0], int) and 0 <= places[0] < len(question.options)


def context_of(question: Question) -> str:
    """The context with a line end; "" where the files have none, spelled in one of several ways."""
    context = question.context or ""
    return "" if context.strip().lower() in ("", "none", "null") else f"{context}\n"


def choice_prompt(question: Question) -> str:
    """A multiple-choice item in upstream's fixed form."""
    options = "\n".join(f"{chr(65 + i)}. {option}" for i, option in enumerate(question.options))
    return f"{context_of(question)}{question.prompt}\n{options}\n{ASKED}"


def free_prompt(question: Question) -> str:
    """A free-form item in upstream's fixed form."""
    how = STEPS if question.benchmark_name in STEPWISE else SHORTLY
    return f"Question: {context_of(question)}{question.prompt}\n{how}"
