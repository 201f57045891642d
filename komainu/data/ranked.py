"""Near-duplicates where another than the first row stays: all rows are held, then placed from the best down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from komainu.data.minhash import Index, Shelf
from komainu.data.prepared import Verdict
from komainu.data.ruling import Ruling
from komainu.data.sketch import Sketched, Sketcher

AT_ONCE = 512  # rows placed at once


def ranked(
    prepared: Iterator[Sketched], index: Index, ruling: Ruling, sketcher: Sketcher, folder: Path | None
) -> Iterator[list[Verdict | None]]:
    """The verdicts of rows that are placed by falling rank, equals in their order."""
    shelf = Shelf(sketcher, folder)
    counts: list[int] = []
    ids: list[str] = []
    ranks: list[float] = []
    for made in prepared:
        shelf.add(made.sketches, np.arange(len(made.ids)))
        counts.append(len(made.ids))
        ids += made.ids
        ranks += made.ranks
    order = sorted(range(len(ids)), key=lambda place: (-ranks[place], place))
    verdicts: list[Verdict | None] = [None] * len(ids)
    for begin in range(0, len(order), AT_ONCE):
        some = order[begin : begin + AT_ONCE]
        for place, found in zip(some, index.place(shelf.take(some)), strict=True):
            verdicts[place] = ruling.of(ids[place], *found)
    begin = 0
    for count in counts:
        yield verdicts[begin : begin + count]
        begin += count
