"""Cutting an answer into what is prose and into sentences, in both languages."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import pairwise

from komainu.checks.scripts import JAPANESE
from komainu.thinking import split

_CODE = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1[ \t]*$|\Z)", re.S | re.M)
_NOT_PROSE = (  # what a text must hold for it to match, and the pattern
    (("`",), r"`[^`\n]*`"),  # inline code
    (("http", "www."), r"(?:https?://|www\.)[^\s、。「」（）()]+"),
    (("@",), r"[A-Za-z\d_.+-]{1,64}@[A-Za-z\d-]+\.[A-Za-z\d.-]+"),
    (("<",), r"</?[A-Za-z][^<>\n]{0,80}>"),  # tags
    (("$",), r"\$\$[^$]+\$\$|\$[^$\n]{1,80}\$"),  # formulas
    (("\\)",), r"\\\([^\n]*?\\\)"),  # the sign is the end: a loop of openers would be gone through from each of them
    (("\\]",), r"\\\[.*?\\\]"),
    (('"',), r'"[^"\n]{1,80}"(?=\s*:)'),  # JSON keys
)
_SIGNS = tuple(sign for signs, _ in _NOT_PROSE for sign in signs)
_LINK_OR_CODE = re.compile(r"`[^`\n]*`|(?:https?://|www\.)[^\s、。「」（）]+")
_PAIRS = {"「": "」", "『": "』", "（": "）", "(": ")", "“": "”", "【": "】", "［": "］", "[": "]"}
_CLOSERS = "」』）)”\"'’】］]*_"
_MARK = re.compile(f"[{re.escape(''.join({**_PAIRS, **dict.fromkeys(_PAIRS.values())}))}。．！？｡!?.]")
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|jr|sr|vs|etc|no|vol|fig|approx|inc|ltd|co|[a-z]|e\.g|i\.e|a\.m|"
    r"p\.m|u\.s)|^\s*\d+)\.$",
    re.I,
)
_ITEM = re.compile(r"^\s*(?:[-*+•・●◦▪–◆■○]\s*|[(（]?\d{1,3}[.)）．、:：]\s*|[①-⑳]\s*)(?=\S)")
_JAPANESE = re.compile(f"[{JAPANESE}]")
_WORDED = re.compile(r"\w")


def word_set(*lines: str) -> frozenset[str]:
    """The words of some lines: how the checks write their word lists."""
    return frozenset(" ".join(lines).split())


def visible(text: str) -> str:
    """The answer a user sees: without the thinking before it, see `komainu.thinking`."""
    return split(text).answer


def blank(pattern: re.Pattern[str], text: str) -> str:
    """`text` with every match replaced by as many spaces, so that positions stay."""
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def without_code(text: str) -> str:
    """`text` with fenced code replaced by spaces; positions stay."""
    return blank(_CODE, text) if "```" in text or "~~~" in text else text


def without_links(text: str) -> str:
    """`text` with code, fenced or inline, and links replaced by spaces; positions stay."""
    return blank(_LINK_OR_CODE, without_code(text))


@lru_cache(4)  # the checks of one answer ask one after another
def prose(text: str) -> str:
    """`text` with code, links, formulas, tags and JSON keys replaced by spaces; positions stay."""
    text = without_code(text)
    signs = tuple([sign for sign in _SIGNS if sign in text])
    return blank(_not_prose(signs), text) if signs else text


@cache
def _not_prose(signs: tuple[str, ...]) -> re.Pattern[str]:
    """Those patterns of _NOT_PROSE of whose signs a text holds one, in their order: the others could match nothing."""
    return re.compile("|".join(p for held, p in _NOT_PROSE if not {*held}.isdisjoint(signs)), re.S)


def is_item(line: str) -> bool:
    """Whether a line is an item of a bulleted or numbered list."""
    return _ITEM.match(line) is not None


def strip_item(line: str) -> str:
    """A line without its bullet or number."""
    return _ITEM.sub("", line, count=1)


def sentences(text: str) -> list[str]:
    """The sentences of `text`, in order, with their final punctuation, without blank ones.

    A sentence ends at a line end, at 。！？ or at . ! ? before a space (not after an abbreviation or inside a
    number). Punctuation inside quotation marks or brackets ends a sentence only when nothing but the closing
    marks follows on the line. Not covered: an abbreviation that also ends its sentence ("at 5 p.m. He left").
    """
    return [s for line in text.splitlines() for s in _of_line(line) if _WORDED.search(s)]


def _of_line(line: str) -> list[str]:
    ends: list[int] = []
    inside: list[str] = []
    for mark in _MARK.finditer(line):
        i, c = mark.start(), mark[0]
        if inside and c == inside[-1]:
            inside.pop()
        elif c in _PAIRS and len(inside) < 8:
            inside.append(_PAIRS[c])
        elif not inside and (not ends or i >= ends[-1]) and _ends_here(line, i):  # a run of marks is one end
            end = i + 1
            while end < len(line) and line[end] in _CLOSERS + "。！？!?…":
                end += 1
            ends.append(end)
    bounds = sorted({0, *ends, len(line)})
    return [line[a:b].strip() for a, b in pairwise(bounds)]


def _ends_here(line: str, i: int) -> bool:
    c, after = line[i], line[i + 1 : i + 2]
    if c in "。．！？｡":
        return not (c == "．" and after.isdigit())
    if c in "!?":
        return not after or after.isspace() or after in _CLOSERS or _JAPANESE.match(after) is not None
    if c != ".":
        return False
    if after and not after.isspace() and after not in _CLOSERS:
        return False
    return _ABBREVIATION.search(line[max(0, i - 12) : i + 1]) is None or not line[i + 1 :].strip()
