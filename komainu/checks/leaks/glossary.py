"""Where an answer lists Latin words or says what each of them is, as a glossary does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from komainu.checks.scripts import LATIN

TOKEN = rf"[{LATIN}][{LATIN}\d_'’.@/+#&-]*"
_WORDS = rf"{TOKEN}(?: {TOKEN}){{0,3}}"
_TERM = rf"(?<![{LATIN}] )(?<![{LATIN}\d_.@/#$%-]){_WORDS}"
_END = r"[!?]? {0,40}"  # room for a gloss in brackets, which is blank here
_LIST = re.compile(rf"{_TERM}{_END}(?:[、,・/やと] ?{_WORDS}{_END}){{2,}}")
_TOPIC = re.compile(rf"(?:(?<=[\n。、 　:：*-])|^){_TERM}(?= {{0,40}}(?:とは|は|：|:(?!/)|\*\*))")
_ITEM = re.compile(rf"{TOKEN}(?: {TOKEN})*")


class Glossary(NamedTuple):
    """Stretches of an answer where Latin words are terms by where they stand, and terms that it only mentions."""

    terms: list[tuple[int, int]]
    mentions: list[str]


def glossary(clean: str, known: Callable[[str], bool]) -> Glossary:
    """The lists and topics of an answer without quotes, brackets and code.

    Terms are at home in rows of three, and as the topics of several sentences, lines or clauses. Where most of the
    words of such a row, or of the topics, are not `known` as everyday ones, the others belong to them: all are
    mentions then, and an answer with three and more such topics has terms everywhere.
    """
    rows = {m.span(): _ITEM.findall(m[0]) for m in _LIST.finditer(clean)}
    topics = {m[0]: m.span() for m in _TOPIC.finditer(clean)}
    mentions = [item for items in rows.values() if _special(items, known) for item in items]
    if not _special([*topics], known):
        return Glossary([*rows, *(topics.values() if len(topics) >= 2 else ())], mentions)
    return Glossary([(0, len(clean))] if len(topics) >= 3 else [*rows], [*mentions, *topics])


def _special(items: list[str], known: Callable[[str], bool]) -> bool:
    """Whether at least two of some terms, and half of them, have a word that is no everyday one."""
    special = sum(not all(known(word) for word in item.split(" ")) for item in items)
    return special >= 2 and 2 * special >= len(items)
