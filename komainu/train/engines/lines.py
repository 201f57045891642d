"""Rows in the layouts that training engines of others read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from komainu.rows import Chat, Message, Pair
from komainu.train.base import Fit
from komainu.train.batches import order
from komainu.train.render import pair_to_chats, texts


def drawn(rows: Sequence[Chat], fit: Fit, steps: int) -> Iterator[Chat]:
    """The rows as our own loop would draw them, once for each time they are trained."""
    ids = [row.id for row in rows]
    at, whole = 0, steps * fit.global_batch
    while at < whole:
        epoch = order(ids, fit.seed, at // len(rows))[: whole - at]
        yield from (rows[i] for i in epoch)
        at += len(epoch)


def plain(turns: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": m.role, "content": m.content} for m in turns]


def messages(chat: Chat) -> dict[str, Any]:
    return {"messages": plain(chat.messages)}


def turns_of(pair: Pair) -> dict[str, Any]:
    """A pair as messages: the prompt, and each answer as a list of one turn."""
    answers = {"chosen": pair.chosen, "rejected": pair.rejected}
    return {"prompt": plain(pair.prompt)} | {k: plain([Message("assistant", v)]) for k, v in answers.items()}


def texts_of(tokenizer: Any, pairs: Sequence[Pair]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each pair rendered with the tokenizer's template: the prompt's text, and what each answer adds to it.

    What the template writes behind the end of the turn is left out, as no model is trained on it.
    """
    prompts = texts(tokenizer, [pair.prompt for pair in pairs], prompt=True)
    sides = [pair_to_chats(pair) for pair in pairs]
    chosen, rejected = (texts(tokenizer, [side[i].messages for side in sides], prompt=False) for i in (0, 1))
    for pair, prompt, *whole in zip(pairs, prompts, chosen, rejected, strict=True):
        answers = [ended(text[len(prompt) :], tokenizer.eos_token) for text in whole]
        yield pair.id, {"prompt": prompt, "chosen": answers[0], "rejected": answers[1]}


def ended(answer: str, eos: str) -> str:
    """An answer's text up to the token that ends it; preflight has seen that there is one."""
    return answer[: answer.rindex(eos) + len(eos)]
