"""English sentences and words, counted as IFEval counts them, without a trained model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from komainu.checks.text import word_set

_RUN = re.compile(r"\S+")
_CLOSE = "\"')]}*:;”’"
_END = re.compile(  # a word that could begin sooner does: the part before it is not tried again from each letter
    r"(?<![^\s.?!])(?P<word>[^\s.?!]*(?:[.?!]+[^\s.?!\"')\]}*:;]+)*)(?P<mark>[.?!]+)(?P<close>[\"')\]}*:;”’]*)(?=\s|$)"
)
_TITLES = word_set("mr mrs ms dr prof st gen sen rep gov capt lt col sgt rev hon mt messrs")
_SHORT = word_set(
    "jr sr vs inc ltd co corp etc e.g i.e u.s u.k u.n a.m p.m ph.d b.c a.d d.c jan feb aug sept oct nov dec",
    "vol fig ave approx dept est viz cf al",
)
_STARTERS = word_set(
    "the this that these those it he she we they you there here in on at for if when while after before as but and",
    "however also an our your their my his her its what who how why so then now one with by from",
)
_SEPARATOR = re.compile(r"[\s;@#$%&?!\[\](){}<>\"“”«»‘’„…`]+|--+|\.{2,}|[:,](?!\d)")
_CONTRACTION = re.compile(r"(?<=[^' ])('(?:ll|re|ve|s|m|d))$|(n't)$", re.I)
_JOINED = {"cannot": 2, "gonna": 2, "gotta": 2, "gimme": 2, "lemme": 2, "wanna": 2}


def count_sentences(text: str) -> int:
    """Sentences end at . ? ! before a space, not after an abbreviation or an initial; line ends do not end one.

    So a heading belongs to the sentence after it, and the number of a list item ("1.") is a sentence of its own
    part: this is how the trained splitter of the published evaluation counts.
    """
    text = text.strip()
    ends = [m.end() for m in _marked(text) if _ends(m, text[m.end() : m.end() + 40].split())]
    return len(ends) + bool(text[ends[-1] if ends else 0 :].strip())


def _marked(text: str) -> Iterator[re.Match[str]]:
    """The words that close with a mark. A run of letters is searched only when it does, so that time grows with the
    text's length also where it has no spaces."""
    for run in _RUN.finditer(text):
        if run[0].rstrip(_CLOSE).endswith((".", "?", "!")) and (found := _END.search(text, *run.span())):
            yield found


def _ends(found: re.Match[str], following: list[str]) -> bool:
    mark, word = found["mark"], found["word"].lower().lstrip("\"'([{*_“‘-")
    after = re.sub(r"^[\W_]+", "", following[0]) if following else ""
    if mark == ".":
        if word in _TITLES:
            return False
        if word in _SHORT or re.fullmatch(r"[a-z]|(?:[a-z]\.)+[a-z]", word):
            return after[:1].isupper() and re.split(r"\W", after.lower())[0] in _STARTERS
        return not (word.isdigit() and after[:1].islower())
    if set(mark) == {"."}:  # an ellipsis
        return after[:1].isupper() or not after
    return True


def count_words(text: str) -> int:
    """Runs of letters, digits and underscores."""
    return len(re.findall(r"\w+", text))


def count_capital_words(text: str) -> int:
    """Words in capital letters alone, by the Penn Treebank's rules: hyphenated words are one, "I'M" is two."""
    return sum(map(_capitals, filter(None, _SEPARATOR.split(text))))


def _capitals(word: str) -> int:
    bare = word.strip("'.,:")
    if bare.lower() in _JOINED:
        return _JOINED[bare.lower()] if bare.isupper() else 0
    cut = _CONTRACTION.search(bare)
    pieces = (bare[: cut.start()], cut[0]) if cut else (bare,)
    return sum(piece.isupper() for piece in pieces)
