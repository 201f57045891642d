"""Judged: a bench whose answers LLM judges mark. A new one is a file with the class attributes, and its prompt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, ClassVar, NamedTuple

from komainu.checks.text import visible
from komainu.eval.base import Answers, Bench, Scores
from komainu.eval.judge.criteria import MarkedCriteria
from komainu.eval.judge.template import ROOT, fingerprint, render
from komainu.eval.judge.verdict import Marked, Rule, Verdict
from komainu.models.base import Model
from komainu.rows import Chat, Message, Score


class Ask(NamedTuple):
    """What the judges are asked of one answer, and the nonce in its marks."""

    messages: tuple[Message, ...]
    mark: str


@dataclass(frozen=True, kw_only=True)
class Judged(Bench):
    """A bench for the items whose meta.bench is its name, marked from `low` to `top` by every judge of a panel.

    `template` is the judges' prompt, a Jinja file in `folder` or else in komainu/eval; it is filled with
    `values(chat)`, the answer's `mark` and the scale, and its hash is part of the bench's identity. Each metric has
    one Score a judge, and they are pooled: the mean is over all verdicts, as in the published tables.
    A bench with `criteria` has one metric, the mean of a verdict's criteria: None where one of them is missing. They
    are told beside it, a Score each, and stand in no average and no decision.
    """

    template: ClassVar[str]
    folder: ClassVar[Path] = ROOT
    again: ClassVar[str] = "judge/again.ja.jinja"  # asks for the verdict alone, when there was none
    metrics: ClassVar[tuple[str, ...]] = ("score",)
    pooled: ClassVar[tuple[str, ...]] = ("score",)
    low: ClassVar[float] = 1.0
    criteria: ClassVar[tuple[str, ...]] = ()  # the named numbers of a verdict, where it is not one number
    needs_judges: ClassVar[bool] = True

    def scoring(self, answers: Answers, judges: Sequence[Model] = (), seed: int = 0) -> Scores:
        from komainu.eval.judge.panel import panel

        return panel(answers, self, judges, seed)

    def config(self, *, full: bool = True) -> dict[str, Any]:
        prompts = {"prompt": fingerprint(self.template, self.folder), "again": fingerprint(self.again, self.folder)}
        return super().config(full=full) | prompts

    @property
    def rule(self) -> Rule:
        """How the verdict that the prompt asks for is read."""
        return MarkedCriteria() if self.criteria else Marked()

    @property
    def told_of(self) -> tuple[str, ...]:
        """What a Panel has Scores of: the metrics, and the criteria beside them."""
        return (*self.metrics, *self.criteria)

    def applies(self, chat: Chat) -> bool:
        return chat.meta.get("bench") == self.name and super().applies(chat)

    def values(self, chat: Chat) -> Mapping[str, Any]:
        """What the prompt is filled with; `low`, `top` and `mark` are there already."""
        return {
            "question": chat.prompt[-1].content,
            "answer": visible(chat.reply),
            "reference": chat.meta.get("reference", ""),
            "rubric": chat.meta.get("rubric", ""),
        }

    def asked(self, chat: Chat, mark: str) -> Ask:
        """The question to the judges about one answer."""
        text = render(self.template, self.folder, **self.scale(mark), **self.values(chat))
        return Ask((Message("user", text),), mark)

    def asked_again(self, ask: Ask, said: str) -> Ask:
        """The question that asks for the verdict alone, after a reply without one; a reply that is blank is left out,
        and the request goes with the first question."""
        text = render(self.again, self.folder, **self.scale(ask.mark))
        if said.strip():
            return Ask((*ask.messages, Message("assistant", said), Message("user", text)), ask.mark)
        *before, last = ask.messages
        return Ask((*before, Message("user", f"{last.content}\n\n{text}")), ask.mark)

    def scale(self, mark: str) -> dict[str, Any]:
        return {"low": f"{self.low:g}", "top": f"{self.top:g}", "mark": mark, "criteria": self.criteria}

    def read(self, transcript: Chat, rule: Rule | None = None) -> Verdict:
        """The verdict in a transcript of `Verdicts`: each number from the first reply that has it, and the reason of
        the first reply that gives one."""
        found = Verdict({}, "", "no verdict: no reply")
        for reply in transcript.meta["replies"]:
            new = (rule or self.rule).read(reply, transcript.meta["mark"], self)
            values = {**new.values, **found.values}
            if self.criteria and {*self.criteria} <= {*values}:
                mean = fmean(values[name] for name in self.criteria)
                return Verdict({self.metrics[0]: mean, **values}, found.reason or new.reason)
            found = Verdict(values, found.reason or new.reason, new.wrong)
            if not found.wrong:
                return found
        finish = transcript.meta.get("finish")  # length: cut off; content_filter: the judge's provider refused
        return found._replace(wrong=f"{found.wrong} ({finish})") if finish else found

    def score(self, chat: Chat) -> list[Score]:
        raise AssertionError(f"{self.name} is marked by judges: score it with a Panel")

    def problems(self) -> Iterator[str]:
        """What is wrong with the bench's settings, before a judge is asked."""
        yield from ()
