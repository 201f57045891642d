"""Aspects: how good an answer is in several respects, each marked by a judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, ClassVar

from komainu.context import Context
from komainu.data.rater import number
from komainu.data.template import fingerprint
from komainu.data.verdicts import Verdict, verdicts
from komainu.errors import UsageError
from komainu.marks import Number, object_in
from komainu.models.base import Model
from komainu.rows import Chat
from komainu.spec import Spec


@dataclass(frozen=True, kw_only=True)
class Aspects(Spec):
    """Marks the last answer of chats from `low` to `top` in each of `names`; the mark is their mean.

    After UltraFeedback (Cui et al. 2023, arXiv 2310.01377), which asks for each aspect apart and shows several answers
    at once: here one question has all aspects of one answer, so that an answer's marks do not depend on its rivals.
    `template` says what each name means. A reply that is not a JSON object with just these names, each a number on the
    scale, is asked for once more, then there is no mark. The marks by name are `Verdict.parts`.
    """

    asks: ClassVar[int] = 2
    model: Model
    template: str
    names: tuple[str, ...]
    low: float = 1.0
    top: float = 5.0

    def __post_init__(self) -> None:
        if not self.names or len(set(self.names)) != len(self.names):
            raise UsageError(f"Aspects.names are {self.names}; give one or more, each once")

    def config(self, *, full: bool = True) -> dict[str, Any]:
        prompts = {"prompt": fingerprint(self.template), "again": fingerprint("again")}
        return super().config(full=full) | prompts

    def rate(self, chats: Sequence[Chat], ctx: Context) -> Iterator[Verdict[float]]:
        """One mean a chat, in order, with the marks it is the mean of."""
        scale = {"low": f"{self.low:g}", "top": f"{self.top:g}"}
        for each in verdicts(ctx, self.model, self.template, chats, self.marks, names=self.names, **scale):
            if each.found is None:
                yield Verdict(None, each.wrong)
            else:
                mean = fmean(each.found.values())
                yield Verdict(round(mean, 6), parts=each.found)

    def marks(self, text: str) -> dict[str, float] | str:
        """The marks in a JSON object, in the order of the names; a text that says why there are none."""
        found = object_in(text)
        if found is None:
            return f"not a JSON object: {text[:40]!r}"
        if found.keys() != set(self.names):
            return f"the names are {', '.join(map(str, found))[:80]}"
        marks: dict[str, float] = {}
        for name in self.names:
            said = found[name]
            mark = number(said, self.low, self.top) if isinstance(said, Number) else f"no number: {said!r:.40}"
            if isinstance(mark, str):
                return f"{name} is {mark}"
            marks[name] = mark
        return marks
