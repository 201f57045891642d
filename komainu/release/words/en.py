"""A card in English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from komainu.release import numbers
from komainu.release.numbers import one, p_value, signed
from komainu.release.words.base import Covered

if TYPE_CHECKING:
    from komainu.release.results import Decision

TEMPLATE = "card.en.md.jinja"
SECTIONS: Mapping[str, str] = {
    "Use": "sweep",
    "Among other models": "standings",
    "Training": "training",
    "Data": "data",
    "What the numbers do not cover": "data",
}
COLON = ": "
LANGUAGES = {"ja": "Japanese", "en": "English"}

bounded = numbers.bounded


def term(text: str) -> str:
    return text


def said(text: str) -> str:
    return text


def level(text: str) -> str:
    return text


def because(why: str) -> str:
    return f"withheld: {why}"


def verdict(d: Decision, level: str) -> str:
    if d.word is None or d.difference is None or d.low is None or d.high is None:
        return f"{d.second} against {d.first} is not decided: {d.withheld or 'nothing was compared'}."
    p = f"p {p_value(d.p)} after Holm's correction"
    rest = f"{level} interval {signed(d.low)} to {signed(d.high)}, {p}"
    if d.word == "not distinguishable":
        return f"{d.second} is not distinguishable from {d.first} (difference {d.change}; {rest})."
    return f"{d.second} is {d.word} than {d.first} by {one(abs(d.difference))} points ({rest})."


def place(bench: str, judge: str, won: str, flipped: str) -> str:
    return (
        f"{bench}: of {judge}'s wins {won} % went to what was shown first (50 is no bias); with the order the winner "
        f"changed in {flipped} % of the pairs. Both orders count alike."
    )


def limits(c: Covered) -> Iterator[str]:
    fewest, most = c.items
    items = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    yield (
        f"Each benchmark has {items} items. The intervals say how far the scores would move with other items of the "
        "same kind; they do not say how far another training run, with another seed, would move them."
    )
    if c.shared:
        yield (
            f"Items and training rows come from the same source ({', '.join(c.shared)}). The scores show what was "
            "learnt of it, not how the model does on other text."
        )
    names = " and ".join(LANGUAGES[language] for language in c.languages)
    yield f"Only the benchmarks above were measured, in {names}: nothing is known of other tasks and languages."
    if c.judged:
        yield "Where no judge is named, answers were scored by rules. What a rule does not know counts as wrong."
        yield "The judges' marks are theirs: another panel would give others."
    else:
        yield "Every answer was scored by a rule. A right answer that the rule does not know counts as wrong."
    yield from (f"Licences: {told}." for told in c.told)
    yield from (f"Released with {each} data, cleared by those who release it." for each in c.cleared)
    yield from c.notes
    yield '"Not distinguishable" does not mean equal: a difference below the smallest detectable one would not be seen.'
    yield "Safety was neither trained for nor measured."
