"""Judged: a bench whose answers LLM judges mark. A new one is a file with the class attributes, and its prompt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from komainu.checks.text import visible
from komainu.eval.base import Bench
from komainu.eval.judge.template import ROOT, fingerprint, render
from komainu.eval.judge.verdict import Marked, Rule, Verdict
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
    """

    template: ClassVar[str]
    folder: ClassVar[Path] = ROOT
    again: ClassVar[str] = "judge/again.ja.jinja"  # asks for the verdict alone, when there was none
    metrics: ClassVar[tuple[str, ...]] = ("score",)
    pooled: ClassVar[tuple[str, ...]] = ("score",)
    low: ClassVar[float] = 1.0

    def config(self, *, full: bool = True) -> dict[str, Any]:
        prompts = {"prompt": fingerprint(self.template, self.folder), "again": fingerprint(self.again, self.folder)}
        return super().config(full=full) | prompts

    @property
    def rule(self) -> Rule:
        """How the verdict that the prompt asks for is read."""
        return Marked()

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
        return {"low": f"{self.low:g}", "top": f"{self.top:g}", "mark": mark}

    def read(self, transcript: Chat, rule: Rule | None = None) -> Verdict:
        """The verdict in a transcript of `Verdicts`: of the first reply, or where that is not whole, of the second."""
        verdict = Verdict({}, "", "no verdict: no reply")
        for reply in transcript.meta["replies"]:
            verdict = (rule or self.rule).read(reply, transcript.meta["mark"], self)
            if not verdict.wrong:
                return verdict
        finish = transcript.meta.get("finish")  # length: cut off; content_filter: the judge's provider refused
        return verdict._replace(wrong=f"{verdict.wrong} ({finish})") if finish else verdict

    def score(self, chat: Chat) -> list[Score]:
        raise AssertionError(f"{self.name} is marked by judges: score it with a Panel")

    def problems(self) -> Iterator[str]:
        """What is wrong with the bench's settings, before a judge is asked."""
        yield from ()
