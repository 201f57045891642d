"""What an exported row carries beside its layout: one column of text, from which the row comes back equal."""

from __future__ import annotations

from typing import Any

import msgspec

from komainu.errors import UsageError
from komainu.rows import Chat, Message, Pair
from komainu.turns import Object

CARRIED = "komainu"  # the column
CALLS = ("tool_calls", "function_call")
_json = msgspec.json.Encoder(order="deterministic")


def bare(row: Chat | Pair, layout: str) -> Chat | Pair:
    """The row with nothing but id, turns and label, as every program reads them.

    Raises UsageError for a row that calls tools: others would see its turns without the calls.
    """
    messages = row.messages if isinstance(row, Chat) else row.prompt
    if any(calls(m) for m in messages):
        raise UsageError(f"row {row.id} calls tools, which is not exported; drop it, or copy the rows as they are")
    plain = tuple(Message(m.role, m.content) for m in messages)
    if isinstance(row, Pair):
        return Pair(row.id, plain, row.chosen, row.rejected)
    labelled = isinstance(row.meta.get("label"), bool)
    shape = {"label": row.meta["label"], "shape": {"layout": layout, "label": "label"}} if labelled else {}
    return Chat(row.id, plain, shape)


def calls(message: Message) -> bool:
    named = message.extra.get("shape", {})
    spelled = isinstance(named, dict) and bool({"function_call"} & {named.get("from"), named.get("role")})
    return message.role == "tool" or spelled or any(message.extra.get(key) for key in CALLS)


def carry(row: Chat | Pair) -> str:
    """All that `bare` leaves out."""
    messages = row.messages if isinstance(row, Chat) else row.prompt
    extra = {str(i): m.extra for i, m in enumerate(messages) if m.extra}
    return _json.encode({"meta": row.meta, **({"turns": extra} if extra else {})}).decode()


def restore(row: Chat | Pair, text: str) -> Chat | Pair:
    """The row that was exported, from the one read without the column; a key that was added since is kept."""
    try:
        told = msgspec.json.decode(text, type=dict[str, dict[str, Any]])
        turns = {int(i): msgspec.convert(extra, Object) for i, extra in told.get("turns", {}).items()}
    except (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError):
        raise UsageError(f"the column {CARRIED!r} is not what an export writes; take it out") from None
    meta = told.get("meta", {})
    if added := row.meta.get("extra"):
        meta["extra"] = {**added, **meta.get("extra", {})}
    meta |= {key: value for key, value in row.meta.items() if key not in ("extra", "shape")}
    if isinstance(row, Pair):
        return Pair(row.id, with_extra(row.prompt, turns), row.chosen, row.rejected, meta)
    return Chat(row.id, with_extra(row.messages, turns), meta)


def with_extra(messages: tuple[Message, ...], turns: dict[int, Object]) -> tuple[Message, ...]:
    return tuple(Message(m.role, m.content, {**m.extra, **turns.get(i, {})}) for i, m in enumerate(messages))
