"""Rows of two answers as units of two documents: pairs, and labelled answers beside a mismatched one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from komainu.rows import Chat, Pair
from komainu.train.base import Unit
from komainu.train.mismatch import mismatched
from komainu.train.preflight import check_rows
from komainu.train.render import Tokens, chats_to_tokens, check_tokenizer, pair_to_chats, refuse


def pair_documents(tokenizer: Any, where: str, pairs: Sequence[Pair]) -> list[Unit]:
    """Each pair as two documents, chosen first; only the closing answer is a target."""
    system = any(m.role == "system" for p in pairs for m in p.prompt)
    check_tokenizer(tokenizer, where, system=system)
    check_rows(tokenizer, pairs)
    chats = [chat for pair in pairs for chat in pair_to_chats(pair)]
    tokens = chats_to_tokens(tokenizer, chats, last_only=True)
    return [Unit(p.id, (c, r)) for p, c, r in zip(pairs, tokens[::2], tokens[1::2], strict=True)]


def labelled_documents(tokenizer: Any, where: str, chats: Sequence[Chat], seed: int) -> list[Unit]:
    """Each chat as two documents, its own answer and another row's under its prompt; `numbers` is its label, 1 or 0.

    Raises UsageError for a row whose meta["label"] is not true or false.
    """
    check_tokenizer(tokenizer, where, system=any(m.role == "system" for c in chats for m in c.messages))
    check_rows(tokenizer, chats)
    lacking = 'meta["label"] is neither true (wanted) nor false'
    refuse([(c.id, lacking) for c in chats if not isinstance(c.meta.get("label"), bool)], len(chats))
    own = chats_to_tokens(tokenizer, chats, last_only=True)
    others = mismatched(chats, [lengths(tokens) for tokens in own], seed)
    swapped = [c.with_reply(chats[j].reply) for c, j in zip(chats, others, strict=True)]
    found = chats_to_tokens(tokenizer, swapped, last_only=True)
    rows = zip(chats, own, found, strict=True)
    return [Unit(c.id, (a, b), (float(c.meta["label"]),)) for c, a, b in rows]


def lengths(tokens: Tokens) -> tuple[int, int]:
    """Tokens before the answer, and from there on."""
    start = tokens.trained.index(True) if True in tokens.trained else len(tokens.ids)
    return start, len(tokens.ids) - start
