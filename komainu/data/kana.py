"""Many texts at once as the keys that benchmarks' prompts are compared by: what `keys.unkana` gives for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from komainu.data.folding import CODE, END, SLOW, Codes, kinds_of, looked, looked_up, staying

Places = NDArray[np.int64]
TO_HIRAGANA = np.uint32(0x60)


class Folded(NamedTuple):
    """Keys of texts in one array, with a line end before, between and after them; `ends` are these line ends."""

    codes: Codes
    ends: Places

    def text(self, start: int, end: int) -> str:
        return text_of(self.codes[start:end])


def fold(texts: Sequence[str]) -> Folded:
    """The keys of some texts."""
    if not texts:
        return Folded(codes_of("\n"), np.zeros(1, np.int64))
    packed = looked(texts).packed
    packed = packed.compress(stays(packed))
    ends = np.flatnonzero(kinds_of(packed) == END)
    return Folded(np.concatenate([codes_of("\n"), hiragana(packed)]), np.concatenate([[0], ends + 1]))


def places(text: str) -> Places | None:
    """Of each character of a text's key, where in the text it stands; None where that is not one to one."""
    packed = looked_up([text], np.zeros(1, np.uint8))
    if (kinds_of(packed) == SLOW).any():
        return None
    return np.flatnonzero(stays(packed))[:-1]


def stays(packed: Codes) -> NDArray[np.bool_]:
    """All that stays of folded texts but question marks; changes its argument."""
    found = staying(packed)
    found &= (packed & np.uint32(CODE)) != ord("?")
    return found


def hiragana(packed: Codes) -> Codes:
    """The characters, katakana as hiragana (`keys.HIRAGANA`)."""
    codes = packed & np.uint32(CODE)
    kana = ((codes >= 0x30A1) & (codes < 0x30F7)) | (codes == 0x30FD) | (codes == 0x30FE)
    codes -= kana * TO_HIRAGANA
    return codes


def codes_of(text: str) -> Codes:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def text_of(codes: Codes) -> str:
    return codes.tobytes().decode("utf-32-le", "surrogatepass")
