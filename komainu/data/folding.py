"""Many texts folded at once, as `keys.folded` folds one; NumPy."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]

CODE = 0x1FFFFF  # the bits of a packed character: what it folds to,
SHIFT = 21  # its kind (three bits),
PLAIN, DIGIT, SPACE, MARK, MARKS, END, SLOW = range(7)
LATIN, JAPANESE, BREAK = 1 << 24, 1 << 25, 1 << 26  # its script, and whether a word begins with it
PART = 65_536  # characters folded at once: what fits the cache of a core
LIMIT = 0x20000  # characters from here on take the slow way
STILL = [(0x3400, 0xA4FE), (0xAC00, 0xF900), (0x12000, 0x13430), (0x13440, 0x16A60), (0x17000, 0x1BC9E)]
STILL += [(0x1D800, 0x1E000), (0x1F260, 0x1FBF0)]  # all of these fold to themselves, and are no digits and no marks
BY_TABLE, NORMAL, VERBATIM = range(3)  # how a turn is looked up


class Folded(NamedTuple):
    """Folded turns of rows, packed, a row after the other; each turn is followed by a line end of kind END.

    Of a row the key is `packed[start : start + length] & CODE`; the line end after its last turn is no part of it.
    """

    packed: Codes
    starts: NDArray[np.intp]
    lengths: NDArray[np.intp]

    def kinds(self) -> NDArray[np.uint8]:
        return kinds_of(self.packed)

    def keys(self) -> list[str]:
        """What `keys.key_of` gives for each row."""
        text = (self.packed & CODE).astype("<u4").tobytes()
        spans = zip(self.starts.tolist(), self.lengths.tolist(), strict=True)
        return [text[4 * at : 4 * (at + n)].decode("utf-32-le", "surrogatepass") for at, n in spans]


def fold(rows: Sequence[Sequence[str]]) -> Folded:
    """The turns of each row, folded; a turn of nothing but marks stands as it is.

    A table says what a character folds to. A turn with one that does not fold alone (combining marks, ligatures,
    planes over 1) is brought into normal form by unicodedata first.
    """
    turns = [turn for row in rows for turn in row or ("",)]
    packed, changed, forms = looked(turns)
    squeezed = squeeze(packed)
    ends = np.flatnonzero(kinds_of(squeezed) == END)
    empty = [i for i in np.flatnonzero(np.diff(ends, prepend=-1) == 1).tolist() if turns[i]]
    if empty:
        for place in empty:
            changed[place], forms[place] = turns[place], VERBATIM
        squeezed = squeeze(looked_up(changed, forms))
        ends = np.flatnonzero(kinds_of(squeezed) == END)
    last = np.cumsum([max(len(row), 1) for row in rows], dtype=np.intp) - 1
    starts = np.concatenate([[0], ends[last[:-1]] + 1]).astype(np.intp)[: len(rows)]
    return Folded(squeezed, starts, ends[last] - starts)


def parts_of(rows: Sequence[Sequence[str]]) -> Iterator[Sequence[Sequence[str]]]:
    """Rows in parts of about PART characters; at least one part."""
    begin = size = 0
    for place, row in enumerate(rows):
        size += sum(map(len, row))
        if size > PART:
            yield rows[begin : place + 1]
            begin, size = place + 1, 0
    if begin < len(rows) or not rows:
        yield rows[begin:]


class Looked(NamedTuple):
    """Turns with each character as it folds, a line end after each; the turns as they were looked up, and how."""

    packed: Codes
    turns: list[str]
    forms: NDArray[np.uint8]


def looked(turns: Sequence[str]) -> Looked:
    forms = np.zeros(len(turns), np.uint8)
    packed, changed = looked_up(turns, forms), list(turns)
    slow = np.unique(np.searchsorted(ends_of(turns), np.flatnonzero(kinds_of(packed) == SLOW)))
    if len(slow):
        forms[slow] = NORMAL
        for place in slow.tolist():
            changed[place] = normal(turns[place])
        packed = looked_up(changed, forms)
    return Looked(packed, changed, forms)


def normal(text: str) -> str:
    """NFKC and case folding."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def ends_of(turns: Sequence[str]) -> NDArray[np.intp]:
    """Where the line end after each turn stands, when they are joined."""
    return np.cumsum(np.fromiter(map(len, turns), np.intp, len(turns)) + 1) - 1


def looked_up(turns: Sequence[str], forms: NDArray[np.uint8]) -> Codes:
    """The packed characters of all turns, a line end after each."""
    codes = np.frombuffer("\n".join([*turns, ""]).encode("utf-32-le", "surrogatepass"), "<u4")
    by_table, as_is = tables()
    packed = by_table.take(codes, mode="clip")
    if forms.any():
        form = np.repeat(forms, np.fromiter(map(len, turns), np.intp, len(turns)) + 1)
        other = np.flatnonzero(form)
        own = as_is.take(codes[other], mode="clip") & ~np.uint32(CODE) | codes[other]
        quiet = (form[other] == VERBATIM) & (own >> SHIFT & 7 != DIGIT)
        own[quiet] &= ~np.uint32(7 << SHIFT)
        packed[other] = own
    ends = ends_of(turns)
    packed[ends] = ord("\n") | END << SHIFT | BREAK
    packed[ends[:-1] + 1] |= np.uint32(BREAK)
    return packed


def squeeze(packed: Codes) -> Codes:
    """Without what does not stay; changes its argument."""
    return packed.compress(staying(packed))


def staying(packed: Codes) -> NDArray[np.bool_]:
    """Which characters stay: all but spaces, and then all but marks, that do not stand between two digits.

    A word begins after each that goes, which is written into `packed`.
    """
    kinds = kinds_of(packed)
    digits, gone = kinds == DIGIT, kinds == SPACE
    gone[1:-1] &= ~(digits[:-2] & digits[2:])
    marks = np.flatnonzero((kinds == MARK) | (kinds == MARKS))
    before, after = beside(gone, marks, -1), beside(gone, marks, 1)
    gone[marks] = ~(digits[before] & digits[after]) | (kinds[marks] == MARKS)
    packed[1:] |= gone[:-1].astype(np.uint32) * np.uint32(BREAK)
    stay: NDArray[np.bool_] = ~gone
    return stay


def beside(gone: NDArray[np.bool_], places: NDArray[np.intp], step: int) -> NDArray[np.intp]:
    """The next place before (-1) or after (1) each that is not gone."""
    found = places + step
    on = np.flatnonzero(gone[found])
    found[on] += step  # most often that is far enough
    on = on[gone[found[on]]]
    if len(on):
        left = np.flatnonzero(~gone)
        found[on] = left[np.searchsorted(left, found[on]) - (step < 0)]
    return found


def kinds_of(packed: Codes) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = (packed >> np.uint32(SHIFT)).astype(np.uint8) & np.uint8(7)
    return found


@cache
def tables() -> tuple[Codes, Codes]:
    """What each character folds to, packed, or SLOW; and each character as it is, packed. Past LIMIT the last entry."""
    by_table, as_is = np.arange(LIMIT + 1, dtype=np.uint32), np.arange(LIMIT + 1, dtype=np.uint32)
    joins, still = joining(), np.zeros(LIMIT, bool)
    for begin, end in STILL:
        still[begin:end] = True
    for table in (by_table, as_is):
        table[0x3400:0xA000] |= np.uint32(JAPANESE)
    for code in np.flatnonzero(~still).tolist():
        char = chr(code)
        as_is[code] |= flags(char)
        first = unicodedata.normalize("NFKC", char)
        second = first.casefold()
        last = unicodedata.normalize("NFKC", second)
        if not joins.isdisjoint(first + second + last):
            by_table[code] = SLOW << SHIFT
        elif len(last) == 1:
            by_table[code] = ord(last) | flags(last)
        else:
            marks = all(flags(c) >> SHIFT & 7 == MARK for c in last)
            by_table[code] = (MARKS if marks else SLOW) << SHIFT
    by_table[LIMIT], as_is[LIMIT] = SLOW << SHIFT, 0
    return by_table, as_is


def joining() -> set[str]:
    """Characters that can change or reorder with what stands before them: normal form does not take them alone."""
    found = {chr(code) for code in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}
    for char in map(chr, range(LIMIT)):
        if unicodedata.combining(char):
            found.add(char)
        parts = unicodedata.decomposition(char).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            found.add(chr(int(parts[1], 16)))
    return found


def flags(char: str) -> int:
    """Kind and script of a character, packed; its kind as `keys.unmarked` and `\\d` have it."""
    code, category = ord(char), unicodedata.category(char)
    if category == "Nd":
        return DIGIT << SHIFT
    if code < 0x10000 and category in ("Zs", "Zl", "Zp", "Cc", "Cf"):
        return SPACE << SHIFT
    if code < 0x10000 and category[0] == "P":
        return PLAIN if char == "?" else MARK << SHIFT
    if 0x3041 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF:
        return JAPANESE
    return LATIN if category[0] == "L" and (char.isascii() or 0xC0 <= code <= 0x24F) else PLAIN
