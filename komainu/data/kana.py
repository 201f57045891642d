"""Many texts at once as their keys: what `unkana` of `keys` gives for each, by NumPy, as code points."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from komainu.data.keys import HIRAGANA, unkana, unmarked

Codes = NDArray[np.uint32]
Places = NDArray[np.int64]
OTHER, DIGIT, END, SPACE, MARK, LOST, ODD = range(7)  # kinds of characters; those from END on are looked at
CLASS = 24  # bits of a code point; its kind stands above them
CODE = np.uint32((1 << CLASS) - 1)
STOP = "\ue000"  # stands between texts: of private use, so that nothing composes with it
PLANES = (range(0x10000), range(0x1F000, 0x20000))  # characters whose keys are known; all others are odd


class Folded(NamedTuple):
    """Keys of texts in one array, with a line end before, between and after them; `ends` are these line ends."""

    codes: Codes
    ends: Places

    def text(self, start: int, end: int) -> str:
        return text_of(self.codes[start:end])


def fold(texts: Sequence[str]) -> Folded:
    """The keys of some texts. A text with a character that depends on its neighbours is left to `unkana`."""
    if not texts:
        return Folded(codes_of("\n"), np.zeros(1, np.int64))
    codes = stopped(texts)
    kinds = table()[codes]
    odd: list[int] = []
    if int(kinds.max()) >> CLASS == ODD:
        stops = np.cumsum([0, *(len(text) + 1 for text in texts)])
        odd = np.unique(np.searchsorted(stops, np.flatnonzero(kinds >> CLASS == ODD)) - 1).tolist()
        left = {*odd}
        kinds = table()[stopped(["" if i in left else text for i, text in enumerate(texts)])]
    found = dropped(kinds)[0]
    ends = np.flatnonzero(found >> CLASS == END)
    found &= CODE
    if odd:
        keys = [codes_of(unkana(texts[i])) for i in odd]
        sizes = np.zeros(len(ends), np.int64)
        sizes[np.array(odd) + 1] = [len(key) for key in keys]
        at = np.repeat(ends[odd] + 1, [len(key) for key in keys])
        found = np.insert(found, at, np.concatenate(keys))
        ends = ends + np.cumsum(sizes)
    return Folded(found, ends)


def places(text: str) -> Places | None:
    """Of each character of a text's key, where in the text it stands; None where that is not one to one."""
    kinds = table()[stopped([text])]
    if int(kinds.max()) >> CLASS == ODD:
        return None
    found: Places = dropped(kinds)[1][1:-1] - 1
    return found


def dropped(kinds: Codes) -> tuple[Codes, Places]:
    """What is left of characters and their kinds without spaces, marks and question marks, and where it stood.

    A single space between two digits stays, then a single mark that has come to stand between two digits.
    """
    keep = np.ones(len(kinds), bool)
    spaces = np.flatnonzero(kinds >> CLASS == SPACE)
    keep[spaces] = between(kinds, spaces)
    at = np.flatnonzero(keep)
    kinds = kinds[at]
    keep = kinds < MARK << CLASS
    marks = np.flatnonzero(kinds >> CLASS == MARK)
    keep[marks] = between(kinds, marks)
    return kinds[keep], at[keep]


def between(kinds: Codes, at: Places) -> NDArray[np.bool_]:
    """Whether a digit stands on both sides."""
    both: NDArray[np.bool_] = (kinds[at - 1] >> CLASS == DIGIT) & (kinds[at + 1] >> CLASS == DIGIT)
    return both


def stopped(texts: Sequence[str]) -> Codes:
    """The texts with STOP before, between and after them; one of their own is made odd."""
    codes = codes_of(f"{STOP}{STOP.join(texts)}{STOP}")
    stops = np.flatnonzero(codes == ord(STOP))
    if len(stops) > len(texts) + 1:
        codes = codes.copy()
        right = np.cumsum([0, *(len(text) + 1 for text in texts)])
        codes[np.setdiff1d(stops, right)] = 0x10FFFF
    return codes


def codes_of(text: str) -> Codes:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def text_of(codes: Codes) -> str:
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


@cache
def table() -> Codes:
    """By code point: its key, and above CLASS its kind. ODD: a key of several characters, or one that may compose."""
    found = np.full(0x110000, ODD << CLASS, np.uint32)
    joining, (spaces, marks) = composing(), (each.all for each in unmarked())
    for code in (code for plane in PLANES for code in plane):
        found[code] = entry(chr(code), joining, spaces, marks)
    found[ord(STOP)] = END << CLASS | ord("\n")
    return found


def entry(char: str, joining: set[str], spaces: re.Pattern[str], marks: re.Pattern[str]) -> int:
    flat = unicodedata.normalize("NFKC", char)
    key = unicodedata.normalize("NFKC", flat.casefold())
    if any(c in joining or unicodedata.combining(c) for c in {*char, *flat, *key}):
        return ODD << CLASS
    if len(key) > 1:
        lost = all(c == "?" or marks.fullmatch(c) for c in key)  # of several marks none stands between two digits
        return (LOST if lost else ODD) << CLASS
    if key == "?":
        return LOST << CLASS
    if spaces.fullmatch(key):
        return SPACE << CLASS | ord(key)
    if marks.fullmatch(key):
        return MARK << CLASS | ord(key)
    code: int = HIRAGANA.get(ord(key), ord(key))
    return (DIGIT if key.isdecimal() else OTHER) << CLASS | code


def composing() -> set[str]:
    """Characters that may become one with what stands before them, beside those with a combining class."""
    jamo = {chr(code) for code in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}
    return jamo | {second for code in PLANES[0] for second in seconds(chr(code))}


def seconds(char: str) -> Iterator[str]:
    parts = unicodedata.decomposition(char).split()
    if len(parts) == 2 and not parts[0].startswith("<"):
        yield chr(int(parts[1], 16))
