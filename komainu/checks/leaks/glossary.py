"""Where an answer lists Latin words or says what each of them is, as a glossary does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from komainu.checks.scripts import JAPANESE, LATIN

_WORD = rf"[{LATIN}][{LATIN}\d_'’.@/+#&-]*"
_TERM = rf"(?<![{LATIN}] )(?<![{LATIN}\d_.@/#$%-]){_WORD}(?: {_WORD}){{0,3}}"
_END = r"[!?]? {0,40}"  # room for a gloss in brackets, which is blank here
_LIST = re.compile(rf"{_TERM}{_END}(?:[、,・/やと] ?(?:{_WORD})(?: {_WORD}){{0,3}}{_END}){{2,}}")
_TOPIC = re.compile(rf"(?:(?<=[\n。、 　:：*-])|^){_TERM}(?= {{0,40}}(?:とは|は|が|も|：|:(?!/)|\*\*))")
_ITEM = re.compile(rf"{_WORD}(?: {_WORD})*")


class Places(NamedTuple):
    """Stretches of an answer: where Latin words are terms by where they stand, and where none of them is a leak."""

    terms: list[tuple[int, int]]
    mentions: list[tuple[int, int]]


def places(clean: str, known: Callable[[str], bool]) -> Places:
    """The lists and topics of an answer without quotes, brackets and code.

    Terms are at home in rows of three, and as the topics of several sentences, lines or clauses. Where most of the
    words of such a row, or of the topics, are not `known` as everyday ones, the others belong to them: then they are
    mentions, and an answer with three and more such topics has terms everywhere.
    """
    lists = [m.span() for m in _LIST.finditer(clean)]
    topics = {m[0]: m.span() for m in _TOPIC.finditer(clean)}
    rows = [span for span in lists if _special(_ITEM.findall(clean[slice(*span)]), known)]
    if not _special(list(topics), known):
        return Places(lists + (list(topics.values()) if len(topics) >= 2 else []), rows)
    return Places([(0, len(clean))] if len(topics) >= 3 else lists, rows + list(topics.values()))


def _special(items: list[str], known: Callable[[str], bool]) -> bool:
    """Whether at least two of some terms, and half of them, have a word that is no everyday one."""
    special = sum(not all(known(word) for word in item.split(" ")) for item in items)
    return special >= 2 and 2 * special >= len(items)
