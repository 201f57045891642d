"""LeakageRate: the share of answers with a word of another language in them, and where it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

from komainu.checks.base import Check
from komainu.checks.leakage import Leakage, Span, leaks
from komainu.checks.text import visible
from komainu.eval.base import judged
from komainu.eval.bench.rate import Rate
from komainu.rows import Chat, Score


@dataclass(frozen=True, kw_only=True)
class LeakageRate(Rate):
    """1 when the answer leaks another language (an English or Chinese word in Japanese text, a Japanese one in
    English text), 0 when it does not; see checks/leakage.py. Counted in averages unless `headline` is off; an empty
    answer then counts as a leak.

    `why` marks every leak: `leakage: [{"start": 3, "end": 10, "kind": "latin", "text": "station"}]`, in characters
    of the reply; `marks` reads it.
    """

    version: ClassVar[int] = 3
    name: ClassVar[str] = "leakage"
    metrics: ClassVar[tuple[str, ...]] = ("leakage",)
    check: ClassVar[Check] = Leakage()
    headline: bool = True

    def score(self, chat: Chat) -> list[Score]:
        text = visible(chat.reply)
        hidden = len(chat.reply) - len(text)
        found = [
            {"start": s.start + hidden, "end": s.end + hidden, "kind": s.kind, "text": text[s.start : s.end]}
            for s in leaks(text, chat)
        ]
        return judged(self, chat, f"leakage: {json.dumps(found, ensure_ascii=False)}" if found else "")


def marks(why: str) -> list[Span]:
    """The leaks that the `why` of a LeakageRate score marks, none when it has another reason."""
    name, _, said = why.partition(": ")
    found = json.loads(said) if name == "leakage" else []
    return [Span(each["start"], each["end"], each["kind"]) for each in found]
