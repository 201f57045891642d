"""An answer in pieces: lines, listed items, short answers, and sentences without what others say."""

from __future__ import annotations

import re
from itertools import zip_longest

from komainu.checks.text import sentences, strip_item
from komainu.eval.bench.jp_ifeval.kana import composed

_SPEECH = re.compile(r"「[^「」]*」|『[^『』]*』|“[^“”]*”")
_AROUND = " \t　*_`「」『』【】\"'“”。．.！!"
_BETWEEN = re.compile(r"[\n、，,・/／→⇒➡]|->|[ 　]+|(?<=[」』])(?=[「『])")
_LABEL = re.compile(r"^.*(?:[→⇒➡＝=]|->|[：:])(?=.)")


def lines(text: str) -> list[str]:
    """The lines that are not blank, stripped."""
    return [line.strip() for line in composed(text).splitlines() if line.strip()]


def bare(text: str) -> str:
    """A listed item without its bullet or number, and without quotes, bold marks and full stops around it."""
    return strip_item(text.strip().strip(_AROUND)).strip(_AROUND).strip()


def items(text: str) -> list[str]:
    """The items of a list, on lines of their own or divided by 、・, / → or spaces."""
    parts = (part for line in lines(text) for part in _BETWEEN.split(strip_item(line.strip(_AROUND))))
    return [item for part in parts if (item := bare(part))]


def answers(text: str) -> list[str]:
    """Short answers in order: one a line, after what stands before → ： or ＝; one line may hold several."""
    found = lines(text)
    if len(found) == 1:
        found = re.split(r"[、，,・/／]|[ 　]+(?![→⇒➡＝=：:])", re.sub(r"\s*([→⇒➡＝=：:])\s*", r"\1", bare(found[0])))
    return [answer for line in found if (answer := bare(_LABEL.sub("", strip_item(line))))]


def in_order(found: list[str], accepted: list[str]) -> bool:
    """Whether short answers are the right ones, in order and none more; several right ones are divided by |."""
    return all(a in right.split("|") for a, right in zip_longest(found, accepted, fillvalue=""))


def prose_sentences(text: str) -> list[str]:
    """The sentences, without what is said inside 「」, 『』 and “”."""
    return sentences(_SPEECH.sub("", composed(text)))


def ending(sentence: str) -> str:
    """A sentence without the punctuation, emoji and marks after its last letter."""
    letters = next((n for n, c in enumerate(reversed(sentence)) if c.isalnum()), len(sentence))
    return sentence[: len(sentence) - letters]


def size(text: str) -> int:
    """How many characters a text has, line ends and spaces not counted."""
    return len(re.sub(r"\s", "", composed(text)))
