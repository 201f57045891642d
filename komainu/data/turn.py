"""Prompts that are made of answers: what is kept of the answer's own meta, and what goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from komainu.data.ask import CALL, OF_REPLY
from komainu.rows import Chat, Message

OF_ANSWER = (*OF_REPLY, "tries", "replaced", "best_of", "agree", "rating")


def prompt_of(chat: Chat, messages: Sequence[Message], **meta: Any) -> Chat:
    """A prompt made of a chat. The calls that wrote it go from meta["from"] to meta["prompt_from"], in order."""
    kept = {key: value for key, value in chat.meta.items() if key not in OF_ANSWER}
    rows = [name for name in kept.pop("from", []) if not name.startswith(CALL)]
    calls = [name for name in chat.meta.get("from", []) if name.startswith(CALL)]
    if rows:
        kept["from"] = rows
    if calls:
        kept["prompt_from"] = [*kept.get("prompt_from", []), *calls]
    return Chat(chat.id, tuple(messages), {**kept, **meta})


def request_alone(chat: Chat) -> Chat:
    """The row up to its last user turn."""
    end = max((i for i, m in enumerate(chat.messages, 1) if m.role == "user"), default=len(chat.messages))
    return Chat(chat.id, chat.messages[:end], chat.meta)
