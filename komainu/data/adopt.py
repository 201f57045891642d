"""Step: the answer becomes the prompt, as when a model was asked to write or to translate one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from komainu.context import Context
from komainu.data.ask import need_answer
from komainu.data.base import Dropped, Step
from komainu.data.turn import prompt_of
from komainu.rows import Chat, Message


@dataclass(frozen=True, kw_only=True)
class Adopt(Step):
    """A prompt whose one turn is the row's answer; the call that wrote it stands in meta["prompt_from"]."""

    alone: ClassVar[bool] = True

    @property
    def least(self) -> int:
        return 1

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped]:
        for chat in rows:
            text = need_answer(chat, self).reply.strip()
            made = prompt_of(chat, [Message("user", text)])
            made.meta.pop("task", None)  # it was that of writing the prompt
            yield made if text else Dropped(made, "empty_turn")
