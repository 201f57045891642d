"""The textbook's grader: marks an answer to a textbook prompt from 1 to 5 by rules, with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

from komainu.checks.extra_text import ExtraText
from komainu.checks.format import Format
from komainu.checks.leakage import Leakage
from komainu.checks.register import Register
from komainu.checks.text import visible
from komainu.data.textbook.prompts import prompt
from komainu.data.textbook.tasks import understand
from komainu.rows import Message
from komainu.spec import Spec

LOW, TOP = 1, 5
CLOSE = 0.7  # of the characters in common with a right answer: one word or number away
FAULTS = (ExtraText(), Leakage(), Format(), Register(preferred=True))


class Grade(NamedTuple):
    """A mark and why, in one line."""

    mark: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Manner(Spec):
    """How hard a grader is: the mark of a nearly right answer, and what a fault of manners takes off."""

    close: int = 3
    fault: int = 1


STRICT, LENIENT = Manner(close=2), Manner(fault=0)


def grade(messages: tuple[Message, ...], answer: str, manner: Manner) -> Grade:
    """5 for one of the right answers, also on lines of its own in a longer text; `manner.close` for a nearly right one;
    else 1. Each fault of manners takes `manner.fault` off: extra text, a foreign word, a broken format, another
    register than was asked for or preferred.

    It is a function of its arguments. A prompt that no task reads cannot be marked by rules: 1, and it says so.
    """
    reading = understand(messages)
    if reading is None:
        return Grade(LOW, "no task of the textbook poses this question")
    chat = prompt("", reading.task.name, reading.item).with_reply(answer)
    mark, why = content(visible(answer).strip(), reading.item.references, manner)
    faults = [reason for check in FAULTS if (reason := check(chat))]
    return Grade(max(LOW, mark - manner.fault * len(faults)), "; ".join((why, *faults)))


def content(said: str, references: tuple[str, ...], manner: Manner) -> tuple[int, str]:
    """The mark for what was said, manners left aside."""
    if said in references:
        return TOP, "right"
    if any(f"\n{reference}\n" in f"\n{said}\n" for reference in references):
        return TOP, "right, among other lines"
    if any(SequenceMatcher(None, said, reference, autojunk=False).ratio() >= CLOSE for reference in references):
        return manner.close, "nearly right"
    return LOW, "not the answer"
