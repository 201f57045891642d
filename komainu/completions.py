"""The layouts of a prompt with one completion, and the label that KTO learns from (TRL, LLaMA-Factory)."""

from __future__ import annotations

from typing import Any

from komainu.errors import UsageError
from komainu.pairs import answer
from komainu.rows import Chat, Message
from komainu.turns import Layout, Object, Parts, exactly, kind, read_messages, text_at, write_message

LABELS = ("label", "kto_tag")  # TRL's key, and that of LLaMA-Factory's readme


class Completion(Layout):
    """`prompt` and `completion` are lists of messages, the completion one message; `label` where it is of KTO."""

    def read(self, obj: Object) -> Parts:
        prompt, said = (read_messages(obj, k, self.keys) for k in ("prompt", "completion"))
        if len(said) != 1:
            raise UsageError(f"completion holds {len(said)} messages; expected one, the answer")
        return Parts((*prompt, answer(said[0], "completion[0]")), labelled(obj, "prompt", "completion"))

    def write(self, row: Any, shape: Object) -> Object:
        chat = answered(row, self)
        prompt = [write_message(m, self.keys) for m in chat.prompt]
        return {"prompt": prompt, "completion": [write_message(chat.messages[-1], self.keys)]}


class PlainCompletion(Layout):
    """`prompt` and `completion` are strings: one question, one answer; `label` where it is of KTO."""

    def read(self, obj: Object) -> Parts:
        prompt, said = (text_at(obj, k) for k in ("prompt", "completion"))
        return Parts((Message("user", prompt), Message("assistant", said)), labelled(obj, "prompt", "completion"))

    def write(self, row: Any, shape: Object) -> Object:
        chat = answered(row, self)
        if [m.role for m in chat.messages] != ["user", "assistant"]:
            raise UsageError(f"row {chat.id}: layout {self.name} holds one user turn; layout kto holds any")
        return {k: self.plain(chat.id, m) for k, m in zip(("prompt", "completion"), chat.messages, strict=True)}


def labelled(obj: Object, *used: str) -> tuple[str, ...]:
    """The keys used; raises UsageError for a label that is neither true nor false."""
    if "label" in obj and not isinstance(obj["label"], bool):
        raise UsageError(f"label is {kind(obj['label'])}; expected true (wanted) or false")
    return used


def answered(row: Any, layout: Layout) -> Chat:
    chat = exactly(row, Chat)
    if not chat.answered:
        raise UsageError(f"row {chat.id} has no answer; layout {layout.name} needs one")
    return chat


def lift_label(layout: str, rest: Object, meta: Object, shape: Object) -> Object:
    """Move a chat's label from the keys of its object to meta["label"]; returns the shape, which tells its key."""
    key = next((k for k in LABELS if isinstance(rest.get(k), bool)), "")
    if not key or "label" in meta:
        return shape
    meta["label"] = rest.pop(key)
    return shape if usual(layout, key) else {**shape, "label": key}


def lower_label(layout: str, shape: Object, meta: Object) -> Object:
    """The inverse: the key and value that a layout writes for meta["label"], taken out of `meta`; may be empty."""
    key = shape.get("label", "label" if usual(layout, "label") else "")
    return {key: meta.pop("label")} if key and isinstance(meta.get("label"), bool) else {}


def usual(layout: str, key: str) -> bool:
    """Whether this is the key under which a layout has its label by itself."""
    return layout.startswith("kto") and key == "label"
