"""Step: answer a whole conversation anew, turn by turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from komainu.context import Context
from komainu.data.ask import answer
from komainu.data.base import Dropped, Step, windows
from komainu.data.turn import prompt_of
from komainu.errors import UsageError
from komainu.models.base import WITHHELD, Model
from komainu.rows import Chat
from komainu.stage import Questions


@dataclass(frozen=True, kw_only=True)
class Replay(Step):
    """Ask `model` each user turn of a conversation in order, after its own earlier answers; the old answers go.

    System turns go too, unless `keep_system`. A conversation is cut after `most` user turns. One with tool turns, or
    without a user turn, is dropped (`no_talk`), and so is one that the model will not answer (`withheld`) or whose
    answer before the last was cut off (`cut_off`).
    """

    model: Model
    most: int = 4
    keep_system: bool = False

    def __post_init__(self) -> None:
        if self.most < 1:
            raise UsageError(f"Replay.most is {self.most}; keep at least 1 turn of a conversation")

    @property
    def least(self) -> int:
        return 1

    def questions(self, fewest: int, most: int) -> tuple[Questions, ...]:
        return (Questions(self.model, fewest, most * self.most),)

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped]:
        for window in windows(rows):
            said = [[m for m in chat.messages if m.role == "user"][: self.most] for chat in window]
            made = [self.begun(chat) for chat in window]
            for turn in range(max(map(len, said))):
                here = [i for i, chat in enumerate(made) if isinstance(chat, Chat) and turn < len(said[i])]
                asked = []
                for i in here:
                    chat = made[i]
                    assert isinstance(chat, Chat)
                    asked.append(prompt_of(chat, [*chat.messages, said[i][turn]]))
                for i, chat, reply in zip(here, asked, ctx.ask(self.model, [c.messages for c in asked]), strict=True):
                    answered = answer(chat, reply, self.model, 0)
                    last = turn + 1 == len(said[i])
                    made[i] = answered
                    if reply.withheld:
                        made[i] = Dropped(answered, f"withheld: {WITHHELD[reply.finish]}")
                    elif reply.finish != "stop" and not last:
                        made[i] = Dropped(answered, f"cut_off: answer {turn + 1}, finish_reason {reply.finish!r}")
            yield from made

    def begun(self, chat: Chat) -> Chat | Dropped:
        """The row before its first user turn."""
        roles = {m.role for m in chat.messages}
        if "user" not in roles or "tool" in roles:
            return Dropped(chat, f"no_talk: {'a tool turn' if 'tool' in roles else 'no user turn'}")
        return prompt_of(chat, [m for m in chat.messages if m.role == "system" and self.keep_system])
