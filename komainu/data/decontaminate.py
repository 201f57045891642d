"""Step: drop rows that repeat a benchmark's prompts, and say how near the others come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from komainu.checks.base import shown
from komainu.context import Context
from komainu.data.base import Dropped, Note, Sieve
from komainu.data.keys import messages_of, unkana
from komainu.data.overlap import Overlap, Overlaps
from komainu.errors import UsageError
from komainu.rows import Chat, Pair
from komainu.stage import Stage

EDITED_LEAST = 12  # characters an edited copy shares with its item, or it is chance
NONE = Overlap(-1, 0.0, 0, "")
EDITED_NGRAM = 8  # characters: in a text with a fifth of it changed, runs of this length survive


class Item(NamedTuple):
    """A benchmark item: its id, the stage it belongs to, its prompt as it is compared."""

    id: str
    stage: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Decontaminate(Sieve):
    """Drop a row that repeats the prompt of an item of `against`, anywhere in its turns.

    Text is compared without width, case, spaces and punctuation, and with katakana as hiragana. Three kinds:
    `benchmark_prompt`: the prompts are equal; `benchmark_overlap`: shared runs of `ngram` characters cover
    `coverage` of the item's payload; `benchmark_edited`: shared runs of 8 characters, 12 or more in all,
    cover `edited` of it (an edited copy; 0 leaves this out). Payload is the prompt less what 1 in 100 items
    (and 5 or more) share, so that a template counts for nothing. Where items are short and differ from training
    rows by a word, as in the textbook, use coverage=1.0, edited=0: the whole prompt as a turn.

    The dropped row's meta["contaminates"] has the item's id and stage, the coverage and the shared span.
    The notes tell the kept rows' nearest coverage. Not covered: translated or reworded items, items of fewer
    than `ngram` characters (only an equal prompt is found), and answers given away without their question.
    """

    against: tuple[Stage, ...]
    ngram: int = 20
    coverage: float = 0.6
    edited: float = 0.5

    def __post_init__(self) -> None:
        if not (0 < self.coverage <= 1 and 0 <= self.edited <= 1):
            raise UsageError("Decontaminate.coverage is a share over 0 up to 1, edited from 0 (off) to 1")
        if self.ngram < EDITED_NGRAM:
            raise UsageError(f"Decontaminate.ngram is {self.ngram}; use at least {EDITED_NGRAM} characters")

    def check(self) -> Iterator[str]:
        for stage in self.against:
            if stage.row_type is not Chat:
                made = stage.row_type.__name__
                yield f"Decontaminate.against needs a stage that makes Chat, but {stage.label} makes {made}"
        if not self.against:
            yield "Decontaminate.against is empty: name the stages whose items must not be in the data"

    def __call__(self, rows: Iterator[Chat | Pair], ctx: Context) -> Iterator[Chat | Pair | Dropped | Note]:
        judge = Judge(self, unique(items(self.against, ctx)))
        for row in rows:
            yield judge(row)
        yield Note(judge.facts())


class Judge:
    """Compares rows with items and keeps count."""

    def __init__(self, step: Decontaminate, found: list[Item]) -> None:
        self.step, self.items = step, found
        texts = [item.text for item in found]
        self.equal = {text: place for place, text in enumerate(texts)}
        self.exact = Overlaps(texts, step.ngram, common=0.01)
        self.loose = Overlaps(texts, EDITED_NGRAM, common=0.01) if step.edited else None
        self.tally = Tally()

    def __call__(self, row: Chat | Pair) -> Chat | Pair | Dropped:
        self.tally.rows += 1
        kind, overlap = self.compare(row)
        if kind:
            item = self.items[overlap.place]
            self.tally.dropped[kind] += 1
            self.tally.by_stage[item.stage] += 1
            coverage = round(overlap.coverage, 4)
            span = overlap.span.strip("\n")
            met = {"id": item.id, "stage": item.stage, "coverage": coverage, "span": span}
            why = f"{kind}: {item.id} of {item.stage}, {coverage:.2f} of it: {shown(span, 80)}"
            return Dropped(row.with_meta(contaminates=met), why)
        self.tally.near(row.id, overlap)
        return row

    def compare(self, row: Chat | Pair) -> tuple[str, Overlap]:
        """The kind of contamination ("" for none) with the item, or with the nearest item."""
        turns = [unkana(m.content) for m in messages_of(row)]
        prompt = joined(turns[: len(row.prompt)])
        if prompt in self.equal:
            return "benchmark_prompt", Overlap(self.equal[prompt], 1.0, len(prompt), prompt)
        text = joined(turns)
        exact = self.exact.most(text) or NONE
        if exact.coverage >= self.step.coverage:
            return "benchmark_overlap", exact
        loose = self.loose.most(text) if self.loose else None
        if loose and loose.coverage >= self.step.edited and loose.characters >= EDITED_LEAST:
            return "benchmark_edited", loose
        return "", exact

    def facts(self) -> dict[str, Any]:
        tally = self.tally
        nearest: dict[str, Any] = {"coverage": round(tally.nearest.coverage, 4), "row": tally.nearest_row}
        if tally.nearest.place >= 0:
            item = self.items[tally.nearest.place]
            nearest |= {"id": item.id, "stage": item.stage, "span": tally.nearest.span.strip("\n")}
        found = tally.dropped.total()
        return {
            "compared": f"{tally.rows} rows with {len(self.items)} items, {found} found",
            "rows": tally.rows,
            "items": len(self.items),
            "found": dict(sorted(tally.dropped.items())),
            "by": dict(sorted(tally.by_stage.items())),
            "nearest": nearest,
            "coverage": {f"{b / 10:.1f}": tally.bins[b] for b in sorted(tally.bins)},
        }


@dataclass
class Tally:
    """What was found, and of the rows that stay the nearest and the number in each tenth of coverage."""

    rows: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    by_stage: Counter[str] = field(default_factory=Counter)
    bins: Counter[int] = field(default_factory=Counter)
    nearest: Overlap = NONE
    nearest_row: str = ""

    def near(self, row: str, overlap: Overlap) -> None:
        self.bins[min(int(overlap.coverage * 10), 9)] += 1
        if overlap.coverage > self.nearest.coverage:
            self.nearest, self.nearest_row = overlap, row


def items(against: Iterable[Stage], ctx: Context) -> Iterator[Item]:
    for stage in against:
        for row in ctx.open(stage).rows():
            assert isinstance(row, Chat), "check() lets only stages of chats through"
            yield Item(row.id, stage.label, joined(unkana(m.content) for m in row.prompt))


def unique(found: Iterable[Item]) -> list[Item]:
    """Items with the same prompt are one, the first."""
    first: dict[str, Item] = {}
    for item in found:
        first.setdefault(item.text, item)
    return list(first.values())


def joined(turns: Iterable[str]) -> str:
    """Folded turns with a line end before, between and after them, so that a match tells where turns end."""
    return "\n" + "".join(turn + "\n" for turn in turns)
