"""Step: drop rows that repeat a benchmark's prompts, and say how near the others come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from komainu.checks.base import shown
from komainu.context import Context
from komainu.data.base import Note
from komainu.data.keys import unkana
from komainu.data.prepared import Prepared, Verdict
from komainu.errors import UsageError
from komainu.rows import Chat, Pair
from komainu.stage import Stage

if TYPE_CHECKING:
    from komainu.data.repeated import Found, Judge, Looked

SHORTEST = 8  # characters of `ngram`: shorter runs are shared by chance
SHOWN = 600  # characters of an item or a passage that are kept to be shown


class Item(NamedTuple):
    """A benchmark item: its id, the stage it belongs to, its prompt as it is compared and as it is shown."""

    id: str
    stage: str
    text: str
    prompt: str


@dataclass(frozen=True, kw_only=True)
class Decontaminate(Prepared):
    """Drop a row that repeats the prompt of an item of `against`, anywhere in its turns.

    Text is compared without width, case, spaces and punctuation, and with katakana as hiragana. Three kinds:
    `benchmark_prompt`: the prompts are equal; `benchmark_overlap`: shared runs of `ngram` characters cover
    `coverage` of the item's payload; `benchmark_edited`: the fewest edits that make the item a passage of the row leave
    `edited` of it (0 leaves this out). Payload is the prompt less what 1 in 100 items (and 5 or more) share, so that a
    template counts for nothing. Where items are short and differ from training rows by a word, as in the textbook, use
    coverage=1.0, edited=0: the whole prompt as a turn.

    The dropped row's meta["contaminates"] has the item's id and stage, the coverage and the shared span, and both
    texts as they were written: the item's prompt and the row's passage. The notes tell the kept rows' nearest coverage.
    Not covered: translated or reworded items; parts of items of fewer than `ngram` characters (an equal prompt is
    found, and an edited copy of 12 characters or more, ASCII counted half); answers given away without their question.
    """

    against: tuple[Stage, ...]
    ngram: int = 20
    coverage: float = 0.6
    edited: float = 0.65

    def __post_init__(self) -> None:
        if not (0 < self.coverage <= 1 and 0 <= self.edited <= 1):
            raise UsageError("Decontaminate.coverage must be a share over 0 up to 1, edited from 0 (off) to 1")
        if self.ngram < SHORTEST:
            raise UsageError(f"Decontaminate.ngram is {self.ngram}; use at least {SHORTEST} characters")

    def config(self, *, full: bool = True) -> dict[str, Any]:
        found = super().config(full=full)
        return {**found, "v": 2} if self.edited else found  # 2: edit distance

    def check(self) -> Iterator[str]:
        for stage in self.against:
            if stage.row_type is not Chat:
                made = stage.row_type.__name__
                yield f"Decontaminate.against needs a stage that makes Chat, but {stage.label} makes {made}"
        if not self.against:
            yield "Decontaminate.against is empty: name the stages whose items must not be in the data"

    def load(self, ctx: Context) -> Judge:
        from komainu.data.repeated import Judge

        return Judge(self, unique(items(self.against, ctx)))

    def prepare(self, rows: Sequence[Chat | Pair], loaded: Judge) -> Looked:
        return loaded.look(rows)

    def kind(self) -> Any:
        from komainu.data.repeated import Looked

        return Looked

    def settle(self, prepared: Iterator[Looked], loaded: Judge) -> Iterator[list[Verdict | None] | Note]:
        from komainu.data.repeated import Tally

        tally = Tally()
        for looked in prepared:
            tally.add(looked, loaded.items)
            yield [verdict(found, loaded.items) if (found := looked.found.get(i)) else None for i in range(looked.rows)]
        yield Note(tally.facts(loaded.items))


def verdict(found: Found, items: Sequence[Item]) -> Verdict:
    """Both texts are in the row's meta: `item`, the item's prompt, and `passage`, what the row has of it."""
    item, overlap = items[found.overlap.place], found.overlap
    span = overlap.span.strip("\n")
    met = {"id": item.id, "stage": item.stage, "coverage": round(overlap.coverage, 4), "span": span}
    why = f"{found.kind}: {item.id} of {item.stage}, {overlap.coverage:.2f} of it: {shown(span, 80)}"
    return Verdict(why, {"contaminates": {**met, "item": item.prompt, "passage": found.passage}})


def items(against: Iterable[Stage], ctx: Context) -> Iterator[Item]:
    for stage in against:
        for row in ctx.open(stage).rows():
            assert isinstance(row, Chat), "check() lets only stages of chats through"
            yield item(row.id, stage.label, [m.content for m in row.prompt])


def item(id: str, stage: str, turns: Sequence[str]) -> Item:
    """An item whose prompt has these turns."""
    return Item(id, stage, joined(map(unkana, turns)), excerpt("\n".join(turns)))


def unique(found: Iterable[Item]) -> list[Item]:
    """Items with the same prompt are one, the first."""
    first: dict[str, Item] = {}
    for item in found:
        first.setdefault(item.text, item)
    return list(first.values())


def joined(turns: Iterable[str]) -> str:
    """Folded turns with a line end before, between and after them, so that a match tells where turns end."""
    return "\n" + "".join(turn + "\n" for turn in turns)


def excerpt(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
