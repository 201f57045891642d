"""The three things that flow: a chat, a preference pair, a score. Nothing else crosses a stage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

Role = Literal["system", "user", "assistant", "tool"]


class Message(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One turn. `extra` keeps what a layout carries beside role and content (name, weight, ...).

    extra["shape"] is the layouts' own: how the turn was spelled in the file it came from.
    """

    role: Role
    content: str
    extra: dict[str, Any] = {}


class Chat(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", forbid_unknown_fields=True):
    """A conversation. Ends with a user (or tool) turn: a prompt. Ends with an assistant turn: an answer.

    meta holds `source`, `licence`, `lang`, what is expected of the answer, and the ids it came from.
    meta["extra"] and meta["shape"] are the layouts' own: foreign keys, and how the row was spelled.
    """

    id: str
    messages: tuple[Message, ...]
    meta: dict[str, Any] = {}

    @property
    def answered(self) -> bool:
        return bool(self.messages) and self.messages[-1].role == "assistant"

    @property
    def reply(self) -> str:
        """The last assistant turn's text; empty for a prompt."""
        return self.messages[-1].content if self.answered else ""

    @property
    def prompt(self) -> tuple[Message, ...]:
        """The messages a model is asked with: all but a closing assistant turn."""
        return self.messages[:-1] if self.answered else self.messages

    def with_reply(self, text: str, **meta: Any) -> Chat:
        """The same chat, same id, answered with `text`; `meta` is added to its meta."""
        messages = (*self.prompt, Message("assistant", text))
        return Chat(self.id, messages, {**self.meta, **meta})

    def with_meta(self, **meta: Any) -> Chat:
        return Chat(self.id, self.messages, {**self.meta, **meta})


class Pair(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", forbid_unknown_fields=True):
    """Two answers to one prompt, the chosen one better than the rejected one."""

    id: str
    prompt: tuple[Message, ...]
    chosen: str
    rejected: str
    meta: dict[str, Any] = {}

    def with_meta(self, **meta: Any) -> Pair:
        return Pair(self.id, self.prompt, self.chosen, self.rejected, {**self.meta, **meta})


class Score(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", forbid_unknown_fields=True):
    """One verdict on one answer. `value` None is a missing verdict: counted, never averaged.

    Raises ValueError for a value that is not finite: in JSON it would turn into a missing verdict.
    """

    id: str  # the chat it judges
    metric: str
    value: float | None
    by: str = "rule"  # "rule" or the judge's name
    why: str = ""  # the judge's words, the rule that failed, or why the verdict is missing

    def __post_init__(self) -> None:
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"score {self.metric!r} of row {self.id} is {self.value}; a missing verdict is None")


Row = Chat | Pair | Score
FOLLOWS: dict[Role | None, tuple[Role, ...]] = {  # which roles may come after which; None is the start
    None: ("system", "user"),
    "system": ("user",),
    "user": ("assistant",),
    "assistant": ("user", "tool"),
    "tool": ("tool", "assistant"),
}
_decoder: msgspec.json.Decoder[Row] = msgspec.json.Decoder(Row)
_encoder = msgspec.json.Encoder(order="deterministic")


def encode(row: Row) -> bytes:
    """One line of JSON, without the line end; equal rows give equal bytes."""
    return _encoder.encode(row)


def decode(line: bytes | str) -> Row:
    """The row of one JSON line; raises msgspec.DecodeError or ValidationError with the field's path."""
    row: Row = _decoder.decode(line)
    return row


def turns_problem(messages: Sequence[Message], ends: Sequence[Role]) -> str:
    """What is wrong with a conversation's turns, in a sentence; "" when nothing is.

    System only first; then user and assistant take turns, the user first; tool turns lie between two
    assistant turns. The last role must be one of `ends`. Content may be blank only where an assistant
    calls tools.
    """
    if not messages:
        return "there are no messages"
    before: Role | None = None
    for number, message in enumerate(messages, 1):
        if message.role not in FOLLOWS[before]:
            wanted = " or ".join(FOLLOWS[before])
            after = f"after {before}" if before else "at the start"
            return f"message {number} is of role {message.role}, but {after} comes {wanted}"
        if not message.content.strip() and not message.extra.keys() & {"tool_calls", "function_call"}:
            return f"message {number} ({message.role}) is empty"
        before = message.role
    return "" if before in ends else f"the last message is of role {before}; it must be {' or '.join(ends)}"


def pair_problem(pair: Pair) -> str:
    """What is wrong with a preference pair, in a sentence; "" when nothing is."""
    if wrong := turns_problem(pair.prompt, ("user", "tool")):
        return f"prompt: {wrong}"
    for name, answer in (("chosen", pair.chosen), ("rejected", pair.rejected)):
        if not answer.strip():
            return f"{name} is empty"
    return "chosen and rejected are the same answer" if pair.chosen.strip() == pair.rejected.strip() else ""
