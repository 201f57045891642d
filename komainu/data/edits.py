"""Edited copies of short texts in long ones: rare short runs on one diagonal, then edit distance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from komainu.data.align import SURE, Match, Pairing, costs, kept, match
from komainu.data.folding import Codes, Places
from komainu.data.overlap import Overlap, Overlaps
from komainu.data.screen import SEED, Hashes, Hits, Screen, spread

PAYLOAD = 8  # characters: a run of so many that many texts share is template
LEAST = 12  # characters of payload, those of ASCII counted half, or a passage as near as a copy is chance
RARE = 3  # texts: a run of SEED characters in more of them says little about any
FEW = 0.08  # of a text's rare runs: a passage with a fifth of its characters changed keeps as many nearly always


class Copy(NamedTuple):
    """An edited copy: of which text, how much of it is left, and where in the block it stands."""

    document: int
    overlap: Overlap
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
        order = np.argsort(runs)
        self.runs, self.first, self.counts = runs[order], first[order], counts[order]
        self.table = screen.table_of(self.runs)
        least = np.where(self.sizes < 5 * PAYLOAD, 1, 2)
        self.needed = np.maximum(least, FEW * np.bincount(self.place, minlength=len(texts)))
        ascii = np.array([sum(map(str.isascii, text)) / len(text) for text in texts])
        self.needed[self.payload * (1 - ascii / 2) < LEAST] = np.inf

    def __call__(self, short: Hashes, known: NDArray[np.bool_], codes: Codes, bounds: Places) -> Iterator[Copy]:
        """The best copy in each document of a block that has one, in the documents' order."""
        hits = self.hits(short, known, bounds)
        likely = [(each, self.pairing(each[1], codes[each[2] : each[3]])) for each in self.near(hits, bounds)]
        likely = [(each, pairing) for each, pairing in likely if kept(pairing) >= SURE]
        near, pairings = [each for each, _ in likely], [pairing for _, pairing in likely]
        left = 1 - costs(pairings) / self.payload[[text for _, text, _, _ in near]] if near else np.empty(0)
        best: dict[int, int] = {}
        for i in np.flatnonzero(left >= self.share).tolist():
            document = near[i][0]
            if document not in best or left[i] > left[best[document]]:
                best[document] = i
        for document, i in sorted(best.items()):
            yield self.copy(near[i], hits.of(document), float(left[i]), match(pairings[i]))

    def hits(self, short: Hashes, known: NDArray[np.bool_], bounds: Places) -> Hits:
        """Rare runs. Those of two documents at once are harmless: what is found is compared within one document."""
        where = np.flatnonzero(known)
        runs = short[where]
        may = np.flatnonzero(self.table[self.screen.slot(runs)])
        where, runs = where[may], runs[may]
        run = np.searchsorted(self.runs, runs)
        same = np.flatnonzero(self.runs[np.minimum(run, len(self.runs) - 1)] == runs) if len(self.runs) else run[:0]
        where, run = where[same], run[same]
        document = np.searchsorted(bounds, where, "right") - 1
        entry, counts = spread(self.first[run], self.counts[run]), self.counts[run]
        return Hits(np.repeat(document, counts), self.place[entry], self.at[entry], np.repeat(where, counts))

    def near(self, hits: Hits, bounds: Places) -> Iterator[tuple[int, int, int, int]]:
        """Document, text, and the stretch of the block to compare, where enough rare runs stand as in the text."""
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
            start = max(int(bounds[document]), at - size // 8 - 4)
            end = min(int(bounds[document + 1]) + 1, at + int(wide[i]) + size + size // 8 + 4)
            if start < end:
                yield document, text, start, end

    def pairing(self, text: int, codes: Codes) -> Pairing:
        start = int(self.screen.starts[text])
        return Pairing(self.screen.codes[start : start + int(self.sizes[text])], self.weights[text], codes)

    def copy(self, near: tuple[int, int, int, int], hits: Hits, left: float, met: Match) -> Copy:
        document, text, start, end = near
        mine = (hits.place == text) & (start <= hits.where) & (hits.where < end)
        shared = self.short.overlap(text, {*hits.at[mine].tolist()})
        assert shared, "a text with payload"
        return Copy(document, shared._replace(coverage=left), start + met.start, start + met.end)
