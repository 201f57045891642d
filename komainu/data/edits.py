"""Edited copies of short texts in long ones: rare short runs on one diagonal, then edit distance."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from komainu.data.align import NOTHING, SURE, Pairing, costs, kept
from komainu.data.folding import Codes
from komainu.data.kana import Places
from komainu.data.overlap import Overlap, Overlaps
from komainu.data.screen import SEED, Hashes, Hits, Screen, Slots, spread

PAYLOAD = 8  # characters: a run of so many that many texts share is template
LEAST = 12  # characters of payload, those of ASCII counted half, or a passage as near as a copy is chance
RARE = 3  # texts: a run of SEED characters in more of them says little about any
FEW = 0.1  # of a text's rare runs: a passage with a fifth of its characters changed keeps as many nearly always


class Copy(NamedTuple):
    """An edited copy: of which text, how much of it is left, and where in the block it stands, its begin nearly."""

    document: int
    overlap: Overlap
    start: int
    end: int


class Near(NamedTuple):
    """A stretch of a block that may hold an edited copy of a text; it may reach over the document's ends."""

    document: int
    text: int
    start: int
    end: int


class Edits:
    """An index of texts for their edited copies. Of a text's payload, `share` must be left by the fewest edits."""

    def __init__(self, texts: Sequence[str], screen: Screen, share: float) -> None:
        self.texts, self.screen, self.share = texts, screen, share
        loose = Overlaps(texts, PAYLOAD, common=0.01)
        self.weights = [np.diff(np.array(before)).astype(np.int32) for before in loose.payload]
        self.payload = np.array([int(weights.sum()) for weights in self.weights], np.int64)
        self.short = Overlaps(texts, SEED, common=0.01)
        self.sizes = np.array([len(text) for text in texts], np.int64)
        entries = [some for some in self.short.index.values() if len(some) <= RARE]
        flat = np.array([pair for some in entries for pair in some], np.int64).reshape(-1, 2)
        self.place, self.at = flat[:, 0], flat[:, 1]
        counts = np.array([len(some) for some in entries], np.int64)
        first = np.cumsum(counts) - counts
        runs = screen.seeds[screen.starts[self.place[first]] + self.at[first]] if entries else screen.seeds[:0]
        self.runs, self.first, self.counts = Slots(runs), first, counts
        self.table = screen.table_of(runs)
        least = np.where(self.sizes < 5 * PAYLOAD, 1, 2)
        self.needed = np.maximum(least, FEW * np.bincount(self.place, minlength=len(texts)))
        ascii = np.array([sum(map(str.isascii, text)) / len(text) for text in texts])
        self.needed[self.payload * (1 - ascii / 2) < LEAST] = np.inf

    def __call__(
        self, short: Hashes, known: NDArray[np.bool_], codes: Codes, bounds: Places, done: Container[int]
    ) -> Iterator[Copy]:
        """The best copy in each document of a block that has one, in order; documents that are `done` are left out."""
        hits = self.hits(short, known, bounds)
        near = [each for each in self.near(hits) if each.document not in done]
        pairings = [self.pairing(each, codes, bounds) for each in near]
        likely = [i for i, pairing in enumerate(pairings) if kept(pairing) >= SURE]
        near, pairings = [near[i] for i in likely], [pairings[i] for i in likely]
        cost, stops = costs(pairings)
        left = 1 - cost / self.payload[[each.text for each in near]] if near else cost
        best: dict[int, int] = {}
        for i in np.flatnonzero(left >= self.share).tolist():
            document = near[i].document
            if document not in best or left[i] > left[best[document]]:
                best[document] = i
        for document, i in sorted(best.items()):
            yield self.copy(near[i], hits.of(document), float(left[i]), near[i].start + int(stops[i]))

    def hits(self, short: Hashes, known: NDArray[np.bool_], bounds: Places) -> Hits:
        """Rare runs. Those of two documents at once are harmless: what is found is compared within one document."""
        where = np.flatnonzero(known)
        runs = short[where]
        may = np.flatnonzero(self.table[self.screen.slot(runs)])
        where, runs = where[may], runs[may]
        same, run = self.runs(runs)
        where = where[same]
        document = np.searchsorted(bounds, where, "right") - 1
        entry, counts = spread(self.first[run], self.counts[run]), self.counts[run]
        return Hits(np.repeat(document, counts), self.place[entry], self.at[entry], np.repeat(where, counts))

    def near(self, hits: Hits) -> Iterator[Near]:
        """Where enough rare runs stand as in the text; of each document and text the stretch with most of them."""
        if not len(hits):
            return
        pair, begin = hits.document * len(self.texts) + hits.place, hits.where - hits.at
        span = int(begin.max() - begin.min()) + int(self.sizes.max()) + PAYLOAD + 1
        key = np.sort(pair * span + (begin - begin.min()))
        pair = key // span
        wide = np.maximum(PAYLOAD, self.sizes[pair % len(self.texts)] // 4)
        inside = np.searchsorted(key, key + wide, "right") - np.arange(len(key))
        enough = np.flatnonzero(inside >= self.needed[pair % len(self.texts)])
        order = enough[np.lexsort((-inside[enough], pair[enough]))]
        chosen = order[np.flatnonzero(np.diff(pair[order], prepend=-1))]
        for i in chosen.tolist():
            document, text = divmod(int(pair[i]), len(self.texts))
            size, at = int(self.sizes[text]), int(key[i] - pair[i] * span + begin.min())
            spare = size // 8 + 4
            yield Near(document, text, at - spare, at + int(wide[i]) + size + spare)

    def pairing(self, near: Near, codes: Codes, bounds: Places) -> Pairing:
        first = int(self.screen.starts[near.text])
        short = self.screen.codes[first : first + int(self.sizes[near.text])]
        low, high = max(near.start, int(bounds[near.document])), min(near.end, int(bounds[near.document + 1]) + 1)
        text = np.full(near.end - near.start, NOTHING, np.uint32)
        text[low - near.start : high - near.start] = codes[low:high]
        return Pairing(short, self.weights[near.text], text)

    def copy(self, near: Near, hits: Hits, left: float, end: int) -> Copy:
        mine = (hits.place == near.text) & (near.start <= hits.where) & (hits.where < near.end)
        shared = self.short.overlap(near.text, {*hits.at[mine].tolist()})
        assert shared, "a text with payload"
        return Copy(near.document, shared._replace(coverage=left), end - int(self.sizes[near.text]), end)
