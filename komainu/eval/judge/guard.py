"""What no judge is asked about: answers with nothing to judge in them, scored by rule and flagged."""

from __future__ import annotations

from komainu.checks.empty import Empty
from komainu.checks.error_text import ErrorText
from komainu.checks.steering import Steering
from komainu.eval.base import Bench
from komainu.eval.ruling import missing
from komainu.rows import Chat

REFUSED = ("content_filter", "refusal")


def ruled(chat: Chat) -> str:
    """Why an answer gets the lowest mark without a judge; "" when it does not.

    Empty answers, only thinking, error messages in an answer's place, and what the provider would not answer.
    """
    finish = chat.meta.get("finish", "stop")
    if chat.answered and not chat.reply and finish in REFUSED:
        return f"refused: the provider refuses ({finish})"
    return Empty()(chat) or ErrorText()(chat)


def fate(bench: Bench, chat: Chat) -> tuple[float | None, str] | None:
    """The value and reason of an answer that no judge is asked about; None for one that is to be judged.

    The value is the lowest mark, or None for an answer that is missing through no fault of its model.
    """
    finish = chat.meta.get("finish", "stop")
    if finish not in REFUSED and (why := missing(chat)):
        return None, why
    return (bench.worst, why) if (why := ruled(chat)) else None


def steers(chat: Chat) -> str:
    """What in an answer, or in any turn of it, is for its judges and not for its reader; "" for nothing seen.

    A flag for people to look at: the mark stays.
    """
    turns = (Chat(chat.id, (message,)) for message in chat.messages if message.role == "assistant")
    return next(filter(None, map(Steering(), turns)), "")
