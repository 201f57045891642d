"""Step: the next user turn of a conversation, written by a model that plays the user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from komainu.context import Context
from komainu.data.ask import call
from komainu.data.base import Dropped, Step, windows
from komainu.data.template import fingerprint, render
from komainu.data.turn import prompt_of
from komainu.data.verdicts import lang_of
from komainu.models.base import WITHHELD, Model
from komainu.rows import Chat, Message
from komainu.stage import Questions


@dataclass(frozen=True, kw_only=True)
class NextTurn(Step):
    """Add what the user says next. `template` is filled with the conversation so far (`turns`) and meta["seeds"].

    A turn that is blank (`empty_turn`), cut off or withheld drops the row.
    """

    model: Model
    template: str

    def config(self, *, full: bool = True) -> dict[str, Any]:
        return super().config(full=full) | {"prompt": fingerprint(self.template)}

    @property
    def least(self) -> int:
        return 1

    def questions(self, fewest: int, most: int) -> tuple[Questions, ...]:
        return (Questions(self.model, fewest, most, about=True),)

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped]:
        for window in windows(rows):
            replies = ctx.ask(self.model, [(Message("user", self.asked(chat)),) for chat in window])
            for chat, reply in zip(window, replies, strict=True):
                made = prompt_of(chat, [*chat.messages, Message("user", reply.text.strip())])
                made = made.with_meta(prompt_from=[*made.meta.get("prompt_from", []), call(self.model, 0)])
                if reply.withheld:
                    yield Dropped(made, f"withheld: {WITHHELD[reply.finish]}")
                elif reply.finish != "stop":
                    yield Dropped(made, f"cut_off: finish_reason {reply.finish!r}")
                else:
                    yield made if reply.text.strip() else Dropped(made, "empty_turn")

    def asked(self, chat: Chat) -> str:
        turns = [m for m in chat.messages if m.role != "system"]
        return render(self.template, lang_of(chat), turns=turns, **chat.meta.get("seeds", {}))
