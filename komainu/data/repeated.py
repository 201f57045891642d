"""What windows of rows repeat of benchmark items, and the counts over all windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from komainu.data.edits import Edits
from komainu.data.folding import Codes
from komainu.data.kana import Places, fold, text_of
from komainu.data.keys import messages_of
from komainu.data.overlap import Overlap, Overlaps
from komainu.data.passage import passage
from komainu.data.screen import Grams, Hits, Screen
from komainu.rows import Chat, Pair

if TYPE_CHECKING:
    from komainu.data.decontaminate import Decontaminate, Item

BLOCK = 1 << 17  # characters folded and looked up at once, so that the arrays stay in the processor's cache
NONE = Overlap(-1, 0.0, 0, "")


class Found(NamedTuple):
    """A row that repeats an item: how, how much, and the passage as the row has it."""

    kind: str
    overlap: Overlap
    passage: str


class Looked(NamedTuple):
    """What some rows repeat: by place, of `rows`; and of the others the nearest one, and how many come how near."""

    rows: int
    found: dict[int, Found]
    nearest: Overlap
    nearest_row: str
    bins: dict[int, int]


class Block(NamedTuple):
    """Some rows, folded: row i has the turns from marks[i] to marks[i + 1], its prompt those up to asked[i]."""

    rows: Sequence[Chat | Pair]
    turns: list[str]
    marks: list[int]
    asked: list[int]
    codes: Codes
    ends: Places

    @property
    def bounds(self) -> Places:
        """The line ends between rows."""
        return self.ends[self.marks]

    def passage(self, row: int, start: int, end: int) -> str:
        first, last = self.marks[row], self.marks[row + 1]
        low, high = max(start, int(self.ends[first])), min(end, int(self.ends[last]) + 1)
        return passage(self.turns[first:last], self.ends[first : last + 1].tolist(), low, high)


class Judge:
    """Compares rows with items: an index of the items, made once a process."""

    def __init__(self, step: Decontaminate, items: list[Item]) -> None:
        self.step, self.items = step, items
        texts = [item.text for item in items]
        self.equal = {text: place for place, text in enumerate(texts)}
        self.sizes = {len(text) for text in texts}
        self.exact = Overlaps(texts, step.ngram, common=0.01)
        self.screen = Screen(texts)
        self.grams = Grams(self.exact, self.screen.codes, self.screen.starts)
        self.edits = Edits(texts, self.screen, step.edited) if step.edited else None

    def look(self, rows: Sequence[Chat | Pair]) -> Looked:
        """What each of the rows repeats; the same whatever rows stand beside it."""
        tally = Tally()
        for block in blocks(rows):
            self.count(block, tally)
        bins = dict(sorted(tally.bins.items()))
        return Looked(tally.rows, tally.found, tally.nearest, tally.nearest_row, bins)

    def count(self, block: Block, tally: Tally) -> None:
        bounds = block.bounds
        short, known = self.screen.look(block.codes)
        exact = self.grams.hits(short, known, block.codes, bounds)
        near: dict[int, Overlap] = {}
        found = {i: same for i in range(len(block.rows)) if (same := self.same(block, i))}
        for row in np.unique(exact.document).tolist():
            if row in found:
                continue
            near[row], begin = self.most(exact.of(row))
            if near[row].coverage >= self.step.coverage:
                end = begin + len(self.items[near[row].place].text)
                found[row] = Found("benchmark_overlap", near[row], block.passage(row, begin, end))
        for copy in self.edits(short, known, block.codes, bounds, {*found}) if self.edits else ():
            passage = block.passage(copy.document, copy.start, copy.end)
            found[copy.document] = Found("benchmark_edited", copy.overlap, passage)
        for i, each in enumerate(block.rows):
            if i in found:
                tally.found[tally.rows] = found[i]
            else:
                tally.near(each.id, near.get(i, NONE))
            tally.rows += 1

    def same(self, block: Block, row: int) -> Found | None:
        """Whether the prompt of a row is that of an item."""
        start, end = int(block.ends[block.marks[row]]), int(block.ends[block.asked[row]]) + 1
        if end - start not in self.sizes:
            return None
        text = text_of(block.codes[start:end])
        if text not in self.equal:
            return None
        return Found(
            "benchmark_prompt", Overlap(self.equal[text], 1.0, len(text), text), block.passage(row, start, end)
        )

    def most(self, hits: Hits) -> tuple[Overlap, int]:
        """The item of which a row repeats most, and where in the block the item would begin; NONE for none."""
        best, begin = NONE, 0
        for item in np.unique(hits.place).tolist():
            mine = hits.place == item
            overlap = self.exact.overlap(item, {*hits.at[mine].tolist()})
            if overlap and overlap.coverage > best.coverage:
                at = self.items[item].text.find(overlap.span)
                first = np.flatnonzero(mine & (hits.at == at))
                best, begin = overlap, int(hits.where[first[0]]) - at
        return best, begin


@dataclass
class Tally:
    """What was found, and of the rows that stay the nearest and the number in each tenth of coverage."""

    rows: int = 0
    found: dict[int, Found] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    by_stage: Counter[str] = field(default_factory=Counter)
    bins: Counter[int] = field(default_factory=Counter)
    nearest: Overlap = NONE
    nearest_row: str = ""

    def near(self, row: str, overlap: Overlap) -> None:
        self.bins[min(int(overlap.coverage * 10), 9)] += 1
        if overlap.coverage > self.nearest.coverage:
            self.nearest, self.nearest_row = overlap, row

    def add(self, looked: Looked, items: Sequence[Item]) -> None:
        """Count a window too."""
        self.rows += looked.rows
        self.bins.update(looked.bins)
        for found in looked.found.values():
            self.dropped[found.kind] += 1
            self.by_stage[items[found.overlap.place].stage] += 1
        if looked.nearest.coverage > self.nearest.coverage:
            self.nearest, self.nearest_row = looked.nearest, looked.nearest_row

    def facts(self, items: Sequence[Item]) -> dict[str, Any]:
        nearest: dict[str, Any] = {"coverage": round(self.nearest.coverage, 4), "row": self.nearest_row}
        if self.nearest.place >= 0:
            item = items[self.nearest.place]
            nearest |= {"id": item.id, "stage": item.stage, "span": self.nearest.span.strip("\n")}
        return {
            "compared": f"{self.rows} rows with {len(items)} items, {self.dropped.total()} found",
            "rows": self.rows,
            "items": len(items),
            "found": dict(sorted(self.dropped.items())),
            "by": dict(sorted(self.by_stage.items())),
            "nearest": nearest,
            "coverage": {f"{b / 10:.1f}": self.bins[b] for b in sorted(self.bins)},
        }


def blocks(rows: Sequence[Chat | Pair]) -> Iterator[Block]:
    """Rows in blocks of about BLOCK characters."""
    some: list[Chat | Pair] = []
    turns: list[str] = []
    marks, asked, size = [0], list[int](), 0
    for row in rows:
        said = [m.content for m in messages_of(row)]
        some.append(row)
        asked.append(len(turns) + len(row.prompt))
        turns += said
        marks.append(len(turns))
        size += sum(map(len, said))
        if size >= BLOCK:
            yield Block(some, turns, marks, asked, *fold(turns))
            some, turns, marks, asked, size = [], [], [0], [], 0
    if some:
        yield Block(some, turns, marks, asked, *fold(turns))
