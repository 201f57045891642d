"""What becomes of a reply and its answer: the row, the rules for missing and empty ones, then the bench."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from komainu.checks.empty import Empty
from komainu.models.base import WITHHELD, Reply
from komainu.rows import Chat, Score

if TYPE_CHECKING:
    from komainu.eval.base import Bench


def scored(bench: Bench, chat: Chat) -> list[Score]:
    """The bench's scores of one answer, after the rules for missing and empty answers."""
    (found,) = all_scored(bench, [chat])
    return found


def all_scored(bench: Bench, chats: Sequence[Chat]) -> Iterator[list[Score]]:
    """The bench's scores of each answer, in order, after the rules for missing and empty answers."""
    ruled = [by_rule(bench, chat) for chat in chats]
    judged = bench.scores([chat for chat, rule in zip(chats, ruled, strict=True) if rule is None])
    for chat, rule in zip(chats, ruled, strict=True):
        scores = next(judged) if rule is None else rule
        found = tuple(score.metric for score in scores)
        assert found == promised(bench, chat), f"{bench.name} promises {promised(bench, chat)} and scores {found}"
        yield scores


def by_rule(bench: Bench, chat: Chat) -> list[Score] | None:
    """The scores of a missing or an empty answer; None for an answer that the bench is asked about."""
    if why := missing(chat):
        return [Score(chat.id, metric, None, why=why) for metric in promised(bench, chat)]
    if not bench.sees_empty and (why := Empty()(chat)):
        return [Score(chat.id, metric, bench.worst, why=why) for metric in promised(bench, chat)]
    return None


def promised(bench: Bench, chat: Chat) -> tuple[str, ...]:
    """The metrics of an answer's scores, a pooled one as often as it has parts."""
    return tuple(m for m in bench.metrics for _ in range(bench.parts(chat) if m in bench.pooled else 1))


def missing(chat: Chat) -> str:
    """Why there is no answer; "" when there is one, be it empty."""
    if not chat.answered:
        return "missing: no answer"
    finish = chat.meta.get("finish", "stop")
    if chat.reply or finish == "stop" or chat.meta.get("thinking"):
        return ""
    return f"missing: {WITHHELD.get(finish, 'the model stopped before its first word')} ({finish})"


def with_reply(item: Chat, reply: Reply, sample: int | None) -> Chat:
    """The item answered; what the reply tells beside its text goes into meta."""
    meta: dict[str, Any] = {}
    if reply.finish != "stop":
        meta["finish"] = reply.finish
    if reply.thinking:
        meta["thinking"] = reply.thinking
    if sample is not None:
        meta["sample"] = sample
    if reply.hidden:
        meta["hidden"] = {**item.meta.get("hidden", {}), **reply.hidden}
    return item.with_reply(reply.text, **meta)
