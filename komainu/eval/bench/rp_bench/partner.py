"""The simulated user of a role-play: who plays it, what it is asked, which of its lines cannot be used."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from komainu.checks.empty import Empty
from komainu.checks.error_text import ErrorText
from komainu.checks.refusal import Refusal
from komainu.errors import UsageError
from komainu.eval.bench.rp_bench.items import Scenario
from komainu.eval.judge.template import fingerprint, render
from komainu.models.base import Model
from komainu.rows import Chat, Message
from komainu.spec import Spec

USER, AGAIN = "bench/rp_bench/user.jinja", "bench/rp_bench/user_again.jinja"
START = "（会話の始まりです。最初の台詞をどうぞ。）"
SILENT = "（黙って、続きを待っている。）"
SHORT = 8  # letters; a shorter line may come back later in a talk
_MODEL = re.compile(
    r"(?:^|[。\n])\s*(?:(?:私|わたし)は、?)?AI(?:アシスタント|言語モデル)として(?!の)|言語モデル(?:です|なので)"
    r"|\bas an AI (?:language )?model\b",
    re.I,
)
_LABEL = re.compile(r"^\s*(?:ユーザー|アシスタント|User|Assistant|System)\s*[:：]", re.I | re.M)


@dataclass(frozen=True, kw_only=True)
class Partner(Spec):
    """Who plays the user's part, `model` or with None the candidate itself, in a talk of `turns` turns: the user's line
    and the candidate's reply. The first line is the scenario's own. Its prompts are part of the identity."""

    model: Model | None = None
    turns: int = 10

    def __post_init__(self) -> None:
        if self.turns < 1:
            raise UsageError(f"Partner.turns is {self.turns}; a talk has 1 turn or more")

    def config(self, *, full: bool = True) -> dict[str, Any]:
        prompts = {"prompt": fingerprint(USER), "again": fingerprint(AGAIN), "start": START, "silent": SILENT}
        return super().config(full=full) | prompts

    def asked(self, scenario: Scenario, lines: Sequence[Message], why: str = "") -> tuple[Message, ...]:
        """The question for the next line of a talk, with the parts swapped; `why` the line before was of no use."""
        system = render(USER, turns=self.turns, **scenario.values)
        if why:
            system = f"{system}\n\n{render(AGAIN, why=why, **scenario.values)}"
        return (Message("system", system), Message("user", START), *swapped(lines))


ITSELF = Partner()


def swapped(lines: Sequence[Message]) -> Iterator[Message]:
    """The lines of a talk as the other side has them; thinking stays behind."""
    for line in lines:
        yield Message("user" if line.role == "assistant" else "assistant", line.content)


def fault(text: str, scenario: Scenario, lines: Sequence[Message]) -> str:
    """Why a line of the simulated user cannot be used: empty, error_text, out_of_role or repeats; "" when it can.

    Out of role: it declines, speaks as a model, labels the speakers or writes the character's lines under its name.
    Not covered: the character's lines without its name.
    """
    said = Chat(scenario.id, (Message("user", ""), Message("assistant", text)))
    if why := Empty()(said) or ErrorText()(said):
        return why.partition(":")[0]
    named = re.compile(rf"^\s*{re.escape(scenario.character.name)}\s*[:：「]", re.M)
    if Refusal()(said) or _MODEL.search(text) or _LABEL.search(text) or named.search(text):
        return "out_of_role"
    before = [letters(line.content) for line in lines]
    mine = letters(text)
    return "repeats" if before[-2:-1] == [mine] or (len(mine) >= SHORT and mine in before) else ""


def letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
