"""Verdicts of several numbers: a JSON object with one whole number for each of a bench's criteria."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from komainu.eval.judge.verdict import Rule, Verdict
from komainu.marks import Number, marked, object_in

if TYPE_CHECKING:
    from komainu.eval.judge.base import Judged


@dataclass(frozen=True, kw_only=True)
class Criteria(Rule):
    """A JSON object and nothing else, as published files have it: `{"Creativity": 4, ...}`, in a code fence or not.

    Each criterion is read by itself: one that is not there, is there twice, is no JSON number, is not whole or not on
    the scale is missing, and the others count. Other keys are passed over.
    """

    def read(self, reply: str, mark: str, bench: Judged) -> Verdict:
        if (found := object_in(reply)) is None:
            return Verdict({}, "", "no object: the verdict is not a JSON object")
        return self.of_object(found, "", bench)

    def of_object(self, found: Mapping[str, Any], reason: str, bench: Judged) -> Verdict:
        """The verdict of an object whose numbers are still text."""
        read = {name: self.criterion(found, name, bench) for name in bench.criteria}
        values = {name: value for name, value in read.items() if isinstance(value, float)}
        return Verdict(values, reason, "; ".join(why for why in read.values() if isinstance(why, str)))

    def criterion(self, found: Mapping[str, Any], name: str, bench: Judged) -> float | str:
        """The number of one criterion, or why there is none."""
        if name not in found:
            return f"lacking: {name}"
        if not isinstance(text := found[name], Number):
            return f"not a number: {name}"
        value = self.number(text, bench)
        return f"not whole: {name} {text}" if isinstance(value, float) and value % 1 else value


@dataclass(frozen=True, kw_only=True)
class MarkedCriteria(Criteria):
    """The object between marks with the question's nonce, once."""

    def read(self, reply: str, mark: str, bench: Judged) -> Verdict:
        said, wrong = marked(reply, mark)
        if wrong:
            return Verdict({}, reply.strip(), wrong)
        reason = reply[: reply.index(f"<verdict-{mark}>")].strip()
        if (found := object_in(said)) is None:
            return Verdict({}, reason, "no object: what stands between the marks is not a JSON object")
        return self.of_object(found, reason, bench)
