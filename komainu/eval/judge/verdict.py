"""Verdicts: how a judge is told to write one, and how it is read, in one place."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from komainu.marks import marked
from komainu.spec import Spec

if TYPE_CHECKING:
    from komainu.eval.judge.base import Judged

Rounding = Literal["none", "half_even"]
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")


class Verdict(NamedTuple):
    """What was read from one reply: a number for each metric that could be read, the judge's reason, and why the
    others could not be read ("" when all were)."""

    values: Mapping[str, float]
    reason: str
    wrong: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule(Spec, ABC):
    """How the verdict is read from a judge's reply. `rounding` is what becomes of a number between two whole ones:
    nothing, or the nearest whole one, halves to the even (Python's `round`)."""

    rounding: Rounding = "none"

    @abstractmethod
    def read(self, reply: str, mark: str, bench: Judged) -> Verdict:
        """The verdict of one reply; never raises. What is not exactly as was asked for is no verdict."""

    def number(self, text: str, bench: Judged) -> float | str:
        """A plain decimal number on the bench's scale; a text that says why it is none."""
        if not _NUMBER.fullmatch(text):
            return f"not a number: {text[:40]!r}"
        value = float(text)
        if not bench.low <= value <= bench.top:
            return f"out of range: {text} is not from {bench.low:g} to {bench.top:g}"
        return float(round(value)) if self.rounding == "half_even" else value


@dataclass(frozen=True, kw_only=True)
class Marked(Rule):
    """One number, once, between marks with the nonce: `<verdict-3f9a2c71d04e6b58>4</verdict-3f9a2c71d04e6b58>`.

    What stands before it is the reason. Not covered: a judge that does what an answer tells it to do with the right
    marks; only the judge can withstand that.
    """

    def read(self, reply: str, mark: str, bench: Judged) -> Verdict:
        said, wrong = marked(reply, mark)
        if wrong:
            return Verdict({}, reply.strip(), wrong)
        found = self.number(said.strip(), bench)
        reason = reply[: reply.index(f"<verdict-{mark}>")].strip()
        return Verdict({}, reason, found) if isinstance(found, str) else Verdict({bench.metrics[0]: found}, reason)
