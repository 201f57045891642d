"""Step: ask a model; a prompt becomes an answered chat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from komainu.context import Context
from komainu.data.base import Dropped, Step, windows
from komainu.errors import UsageError
from komainu.models.base import WITHHELD, Model, Question, Reply
from komainu.rows import Chat, Message
from komainu.stage import Questions

CALL = "call:"  # how a call's name begins in meta["from"]; the rest of the list are row ids
OF_REPLY = ("finish", "thinking", "hidden")  # meta that a new reply replaces


@dataclass(frozen=True, kw_only=True)
class Ask(Step):
    """Answer every chat's prompt; an answer that was there is replaced.

    With `samples` > 1 a row becomes that many, with ids `<id>#0`, `<id>#1`, ... and meta["samples"].
    meta["from"] names the row and the call. meta["finish"] is there when the model did not stop by itself,
    meta["thinking"] when it thought before. A row whose answer is withheld is dropped.
    """

    model: Model
    samples: int = 1

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise UsageError(f"Ask.samples is {self.samples}; ask for at least 1 answer a prompt")

    @property
    def per_row(self) -> int:
        return self.samples

    @property
    def least(self) -> int:
        return self.samples

    def questions(self, fewest: int, most: int) -> tuple[Questions, ...]:
        return (Questions(self.model, fewest * self.samples, most * self.samples),)

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped]:
        for window in windows(rows):
            questions = [Question(chat.prompt, sample) for sample in range(self.samples) for chat in window]
            replies = list(ctx.client.ask(self.model, questions))
            for i, chat in enumerate(window):
                for sample in range(self.samples):
                    reply = replies[sample * len(window) + i]
                    made = answer(chat, reply, self.model, sample)
                    made = made if self.samples == 1 else numbered(made, sample, self.samples)
                    yield Dropped(made, f"withheld: {WITHHELD[reply.finish]}") if reply.withheld else made


def numbered(chat: Chat, sample: int, samples: int) -> Chat:
    return Chat(f"{chat.id}#{sample}", chat.messages, {**chat.meta, "samples": samples})


def answer(chat: Chat, reply: Reply, model: Model, sample: int) -> Chat:
    """The chat with this reply. Labels of the prompt are kept in hidden["prompt"], those of an older reply go."""
    meta: dict[str, Any] = {k: v for k, v in chat.meta.items() if k not in OF_REPLY}
    rows = [name for name in meta.get("from", []) if not name.startswith(CALL)]
    meta["from"] = [*rows, *([] if chat.id in rows else [chat.id]), call(model, sample)]
    if reply.finish != "stop":
        meta["finish"] = reply.finish
    if reply.thinking:
        meta["thinking"] = reply.thinking
    before = chat.meta.get("hidden", {})
    asked = before.get("prompt", {}) if chat.answered else before
    hidden = {**reply.hidden, **({"prompt": asked} if asked else {})}
    if hidden:
        meta["hidden"] = hidden
    return Chat(chat.id, (*chat.prompt, Message("assistant", reply.text)), meta)


def call(model: Model, sample: int) -> str:
    """The name of a call in meta["from"]: the model, how it is sampled, which sample."""
    return f"{CALL}{model.name}/{model.id}#{sample}"


def call_of(chat: Chat) -> str:
    """The call that gave the chat its answer; empty when the answer came with the data."""
    names = chat.meta.get("from", [])
    return str(names[-1]) if names and names[-1].startswith(CALL) else ""


def later(chat: Chat, model: Model, time: int) -> int:
    """The sample to ask for the `time`th time (1 the first), never one that the chat or a sibling of it has."""
    here = call_of(chat)
    sample = int(here.rpartition("#")[2]) if here else 0
    siblings = int(chat.meta.get("samples", 1))
    return sample + siblings * time if here == call(model, sample) else sample % siblings + siblings * (time - 1)


def ask_again(ctx: Context, model: Model, chats: Sequence[Chat], time: int) -> Iterator[Chat]:
    """Each answered chat with another reply, in order."""
    samples = [later(chat, model, time) for chat in chats]
    questions = [Question(chat.prompt, sample) for chat, sample in zip(chats, samples, strict=True)]
    for chat, sample, reply in zip(chats, samples, ctx.client.ask(model, questions), strict=True):
        yield answer(chat, reply, model, sample)


def need_answer(chat: Chat, step: Step) -> Chat:
    """The chat, if it has an answer."""
    if not chat.answered:
        raise UsageError(f"{chat.id} has no answer to judge; put Ask before {type(step).__name__}")
    return chat
