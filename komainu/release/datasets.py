"""What a training set is made of, and what was dropped on the way: counted, with a few rows to look at."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from komainu.errors import UsageError
from komainu.licences import UNKNOWN
from komainu.rows import Chat, Pair, Row
from komainu.store import Artifact

SHOWN = 2  # dropped rows shown for each reason
ORIGIN = ("source", "licence", "lang")
BATCH = 1000  # texts that are counted at once


class Flow(NamedTuple):
    """Rows after a step."""

    step: str
    rows: int


class Drops(NamedTuple):
    """How many rows a step dropped for a reason."""

    step: str
    reason: str
    rows: int


class Origin(NamedTuple):
    """Rows of one source, licence and language, and the tokens of their texts where these were counted."""

    source: str
    licence: str
    language: str
    rows: int
    tokens: int | None = None


class DataSet(NamedTuple):
    """A set of rows as its record tells; `flow` begins with the rows that came in."""

    stage: str
    ref: str
    rows: int
    steps: tuple[str, ...]
    flow: tuple[Flow, ...]
    drops: tuple[Drops, ...]

    @property
    def dropped(self) -> int:
        return sum(d.rows for d in self.drops)


class Example(NamedTuple):
    """One dropped row: the question, the answers it had (name to text), the whole reason, the teacher's label."""

    step: str
    reason: str
    why: str
    id: str
    language: str
    question: str
    answers: tuple[tuple[str, str], ...]
    label: str


class Drop(msgspec.Struct, frozen=True):
    """One line of dropped.jsonl."""

    step: str
    reason: str
    row: Row


def read_set(artifact: Artifact) -> DataSet:
    """The row flow of an artifact from its summary."""
    summary, config = artifact.summary, artifact.record["config"]
    stage, rows = str(artifact.record["stage"]), int(summary.get("rows", 0))
    flow = []
    if "in" in summary:
        after = [Flow(s["step"], s["out"]) for s in summary.get("steps", [])] or [Flow(stage, rows)]
        flow = [Flow("rows in", summary["in"]), *after]
    drops = [Drops(s, reason, n) for s, reasons in summary.get("dropped", {}).items() for reason, n in reasons.items()]
    steps = tuple(str(step.get("is")) for step in config.get("steps", []) if isinstance(step, dict))
    return DataSet(stage, artifact.ref, rows, steps, tuple(flow), tuple(drops))


def origins(artifact: Artifact, count: Callable[[Sequence[str]], int] | None = None) -> list[Origin]:
    """The rows of an artifact by source, licence and language, from their meta; `count` tells the tokens of texts."""
    rows: Counter[tuple[str, str, str]] = Counter()
    tokens: Counter[tuple[str, str, str]] = Counter()
    held: dict[tuple[str, str, str], list[str]] = {}
    for row in artifact.rows():
        if isinstance(row, (Chat, Pair)):
            source, licence, lang = (str(row.meta.get(word) or UNKNOWN) for word in ORIGIN)
            rows[key := (source, licence, lang)] += 1
            some = held.setdefault(key, [])
            some += texts(row)
            if count and len(some) >= BATCH:
                tokens[key] += count(some)
                some.clear()
            elif not count:
                some.clear()
    if count:
        tokens.update({key: count(some) for key, some in held.items()})
    return [Origin(*key, n, tokens[key] if count else None) for key, n in sorted(rows.items())]


def texts(row: Chat | Pair) -> list[str]:
    """What is read and written in a row: every turn, of a pair the prompt once and both answers."""
    if isinstance(row, Chat):
        return [message.content for message in row.messages]
    return [*(message.content for message in row.prompt), row.chosen, row.rejected]


def examples(artifact: Artifact) -> list[Example]:
    """A few dropped rows of each step and reason: those whose ids hash lowest, the same on every run."""
    file = artifact.path / "dropped.jsonl"
    if not file.exists():
        return []
    kept: dict[tuple[str, str], list[tuple[str, Example]]] = {}
    decoder = msgspec.json.Decoder(Drop)
    with open(file, "rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                drop = decoder.decode(line)
            except msgspec.DecodeError as error:
                raise UsageError(
                    f"{artifact.ref}, dropped.jsonl:{number}: not a dropped row: {error}"
                    "; `komainu verify` finds what else has changed: remove that folder and run the recipe again"
                ) from None
            word = drop.reason.partition(":")[0].strip()
            some = kept.setdefault((drop.step, word), [])
            some.append((luck(drop.row.id), example(drop, word)))
            some.sort(key=lambda pair: pair[0])
            del some[SHOWN:]
    return [found for key in sorted(kept) for _, found in kept[key]]


def luck(id: str) -> str:
    return hashlib.sha256(id.encode()).hexdigest()


def example(drop: Drop, word: str) -> Example:
    row = drop.row
    question, meta = "", dict[str, Any]()
    answers: tuple[tuple[str, str], ...] = ()
    if isinstance(row, Chat):
        meta, question = row.meta, row.prompt[-1].content if row.prompt else ""
        answers = (("answer", row.reply),) if row.answered else ()
    elif isinstance(row, Pair):
        meta, question = row.meta, row.prompt[-1].content if row.prompt else ""
        answers = (("chosen", row.chosen), ("rejected", row.rejected))
    label = meta.get("hidden", {}).get("fault", "") if isinstance(meta.get("hidden"), dict) else ""
    language = str(meta.get("lang", ""))
    return Example(drop.step, word, drop.reason, row.id, language, question, answers, str(label))
