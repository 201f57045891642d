"""Step: drop rows that are nearly the same as an earlier one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from komainu.context import Context
from komainu.data.base import Note, windows
from komainu.data.keys import On, known, messages_of
from komainu.data.prepared import Prepared, Verdict
from komainu.data.ruling import Ruling
from komainu.errors import UsageError
from komainu.rows import Chat, Pair, Row, Score
from komainu.stage import Stage
from komainu.store import Artifact

if TYPE_CHECKING:
    from komainu.data.sketch import Sketched, Sketcher


class Opened(NamedTuple):
    """Where n-grams are kept, and the sets that rows are compared with, by label."""

    folder: Path
    against: tuple[tuple[str, Artifact], ...]


@dataclass(frozen=True, kw_only=True)
class Near(Prepared):
    """Drop a row whose folded text has a Jaccard similarity of `threshold` or more with a row that stays.

    Similarity is that of the sets of character `ngram`-grams, or, where more than nine in ten of a row's Latin and
    Japanese letters are Latin, of its `words`-grams of words (0: characters there too). MinHash with banding (Broder
    1997; Leskovec, Rajaraman, Ullman, ch. 3) finds candidates; each is verified on the sets, hashed to 32 bits. A row
    is only compared with rows that stay, so a chain of small changes does not take everything with it. Rows that
    share a long template may be similar and still be right: raise the threshold for them. Texts with other numbers in
    them are different, unless `numbers` is False.

    `keep` says which of similar rows stays: the "first", the "longest" text, or the one with the highest number in
    the meta of that name ("rating"); rows without it come last, and equals in their order. But for "first" nothing is
    decided before the last row, and rows wait in memory. Rows of `against` count as earlier ones that stay: a set
    drops what another one has.

    The dropped row's meta has `duplicate_of` and `jaccard`, and `duplicate_in` where the row that stays is one of
    `against`. The note counts clusters by size. Memory: about 500 bytes a row kept (`docs/dedup.md`); the n-grams are
    in a file, 4 bytes each. Not covered: rows of another language or script with the same meaning (see `Semantic`).
    """

    version: ClassVar[int] = 2
    threshold: float = 0.85
    on: On = "both"
    numbers: bool = True
    ngram: int = 5
    permutations: int = 128
    seed: int = 0
    words: int = 2
    keep: str = "first"
    against: tuple[Stage, ...] = ()

    def __post_init__(self) -> None:
        known(self.on, "Near")
        if not 0.2 <= self.threshold <= 1:
            raise UsageError(f"Near.threshold is {self.threshold}; use a similarity from 0.2 to 1")
        if self.ngram < 1 or self.permutations < 16 or self.words < 0:
            raise UsageError("Near needs ngram of at least 1, words of at least 0, permutations of at least 16")
        if not self.keep:
            raise UsageError('Near.keep is empty; use "first", "longest" or the name of a number in meta')

    def check(self) -> Iterator[str]:
        for stage in self.against:
            if stage.row_type not in (Chat, Pair):
                made = stage.row_type.__name__
                yield f"Near.against needs stages that make Chat or Pair, but {stage.label} makes {made}"

    def load(self, ctx: Context) -> Opened:
        from komainu.data.folding import tables

        tables()  # made before processes split
        return Opened(ctx.store.root, tuple((stage.label, ctx.open(stage)) for stage in self.against))

    @property
    def sketcher(self) -> Sketcher:
        from komainu.data.sketch import Sketcher

        return Sketcher(self.threshold, self.ngram, self.words, self.permutations, self.seed)

    def prepare(self, rows: Sequence[Row], loaded: Any) -> Sketched:
        from komainu.data.sketch import Sketched

        turns = [[message.content for message in messages_of(row, self.on)] for row in rows]
        ranks = [] if self.keep == "first" else [self.rank(row) for row in rows]
        return Sketched([row.id for row in rows], self.sketcher(turns), ranks)

    def kind(self) -> Any:
        from komainu.data.sketch import Sketched

        return Sketched

    def rank(self, row: Row) -> float:
        if self.keep == "longest":
            return float(sum(len(message.content) for message in messages_of(row, self.on)))
        assert not isinstance(row, Score), "messages_of has refused it"
        value = row.meta.get(self.keep)
        if value is None:
            return float("-inf")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
            raise UsageError(f"{row.id}: Near.keep is {self.keep!r}, but meta has {value!r} there, not a number")
        return float(value)

    def settle(self, prepared: Iterator[Sketched], loaded: Opened) -> Iterator[list[Verdict | None] | Note]:
        from komainu.data.minhash import Index

        index, ruling = Index(self.sketcher, loaded.folder, numbers=self.numbers), Ruling("jaccard", "near_duplicate")
        tally: Counter[str] = Counter()
        for label, artifact in loaded.against:
            for window in windows(artifact.rows()):
                made = self.prepare(window, loaded)
                index.add(made.sketches)
                ruling.names += made.ids
            ruling.sets.append((len(ruling.names), label))
        if self.keep == "first":
            for made in counted(prepared, tally):
                yield [ruling.of(row, *found) for row, found in zip(made.ids, index.place(made.sketches), strict=True)]
        else:
            from komainu.data.ranked import ranked

            yield from ranked(counted(prepared, tally), index, ruling, self.sketcher, loaded.folder)
        yield Note(ruling.facts() | tally)


def counted(prepared: Iterator[Sketched], tally: Counter[str]) -> Iterator[Sketched]:
    """Count the rows compared by words, and those without the number they are ranked by."""
    tally["by_words"] = 0
    for made in prepared:
        tally["by_words"] += int(made.sketches.worded.sum())
        if missing := made.ranks.count(float("-inf")):
            tally["unranked"] += missing
        yield made
