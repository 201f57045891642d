"""How verdicts were written before they had marks: the formats of Shaberi's published trees, read as it read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from komainu.eval.judge.verdict import Rounding, Rule, Verdict

if TYPE_CHECKING:
    from komainu.eval.judge.base import Judged

Format = Literal["final", "tag", "points", "brackets", "bare"]
NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
FORMATS: dict[Format, tuple[re.Pattern[str], int]] = {  # and which occurrence counts where there are several
    "final": (re.compile(rf"FINAL SCORE:\s*{NUMBER}"), -1),
    "tag": (re.compile(rf"<score>{NUMBER}</score>"), -1),
    "points": (re.compile(rf"\[点数\]\n{NUMBER}点"), 0),
    "brackets": (re.compile(rf"評価：(?:\[\[|\[|【){NUMBER}(?:\]\]|\]|】)"), 0),
    "bare": (re.compile(rf"\A\s*{NUMBER}\s*\Z"), 0),
}


@dataclass(frozen=True, kw_only=True)
class Historical(Rule):
    """The number of the first of `formats` that a reply has, rounded half to even as in the published trees.

    `final` (FINAL SCORE: 7) and `tag` (<score>7</score>) are of the judges' prompts from 2025 on, and their last
    occurrence counts; `points` ([点数], 7点), `brackets` (評価：[[7]]) and `bare` (7 and nothing else) are of those
    before. The order is upstream's (shisa-ai/shaberi, evaluation_datasets_config.py).

    An answer that a judge repeats can forge any of them: they are for replies that were given already. Not covered:
    the mean of all `7/10` in a reply, upstream's last resort for Rakuda.
    """

    formats: tuple[Format, ...] = ("final", "tag", "points", "brackets", "bare")
    rounding: Rounding = "half_even"

    def read(self, reply: str, mark: str, bench: Judged) -> Verdict:
        for name in self.formats:
            pattern, which = FORMATS[name]
            if said := pattern.findall(reply):
                found = self.number(said[which], bench)
                reason = reply.strip() if name != "bare" else ""
                return (
                    Verdict({}, reason, found) if isinstance(found, str) else Verdict({bench.metrics[0]: found}, reason)
                )
        return Verdict({}, reply.strip(), "no verdict: none of the formats is there")
