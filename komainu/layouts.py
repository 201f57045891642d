"""Rows as the field's files spell them: ShareGPT, OpenAI messages, alpaca, TRL, KTO, UltraFeedback, LLaMA-Factory.

`from_row(to_row(obj, id), layout)` equals `obj`. Keys that a layout does not know go to meta["extra"];
how the object departs from the layout's usual form goes to meta["shape"]; a `meta` object is the row's
own meta. A chat's `label` or `kto_tag` that is true or false is meta["label"]: whether the answer is wanted (KTO).
Not covered: images and audio, HH-RLHF transcripts, answers of several messages.
Sources: FastChat's and LLaMA-Factory's data readmes, TRL's "Dataset formats", ultrafeedback_binarized.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from komainu.carried import CARRIED, restore
from komainu.completions import Completion, PlainCompletion, lift_label, lower_label, usual
from komainu.errors import UsageError, nearest
from komainu.pairs import AlpacaPair, Explicit, Plain, TurnsPair, Whole
from komainu.rows import Chat, Message, Pair
from komainu.turns import FROM, ROLE, Layout, Object, Parts, exactly, kind, read_messages, write_message
from komainu.votes import is_vote, refuse_no_pair


class Turns(Layout):
    """A list of messages under one key; a top-level `system` beside `conversations` is the first message."""

    def read(self, obj: Object) -> Parts:
        messages = read_messages(obj, self.key, self.keys)
        system = obj.get("system")
        if self.key == "conversations" and isinstance(system, str) and system:
            return Parts((Message("system", system), *messages), (self.key, "system"), shape={"system": True})
        return Parts(messages, (self.key,))

    def write(self, row: Any, shape: Object) -> Object:
        chat = exactly(row, Chat)
        messages = chat.messages
        top: Object = {}
        if shape.get("system") and messages and messages[0].role == "system" and not messages[0].extra:
            top, messages = {"system": messages[0].content}, messages[1:]
        return {self.key: [write_message(m, self.keys) for m in messages], **top}


class Alpaca(AlpacaPair):
    """`instruction`, `input`, `output`, and `system` and `history` where there are any."""

    holds = Chat
    answers = ("output",)

    def read(self, obj: Object) -> Parts:
        parts = super().read(obj)
        return replace(parts, messages=(*parts.messages, *parts.answers), answers=())

    def write(self, row: Any, shape: Object) -> Object:
        chat = exactly(row, Chat)
        if not chat.answered:
            raise UsageError(f"row {chat.id} has no answer; layout {self.name} needs one")
        return self.spell(chat.id, chat.prompt, shape) | {"output": self.plain(chat.id, chat.messages[-1])}


class Native(Layout):
    """Our own rows, as `komainu.rows.encode` writes them. A row keeps its form only under its own id."""

    def read(self, obj: Object) -> Parts:
        raise AssertionError("to_row reads our own rows without parts")

    def write(self, row: Any, shape: Object) -> Object:
        value: Object = msgspec.to_builtins(row)
        return value


LAYOUTS: dict[str, Layout] = {
    layout.name: layout
    for layout in (
        Native("rows", "messages", ROLE),
        Turns("sharegpt", "conversations", FROM),
        Turns("sharegpt-role", "conversations", ROLE),
        Turns("messages", "messages", ROLE),
        Alpaca("alpaca", "instruction", ROLE),
        Completion("kto", "prompt", ROLE),
        PlainCompletion("kto-plain", "prompt", ROLE),
        TurnsPair("sharegpt-pair", "conversations", FROM),
        TurnsPair("sharegpt-role-pair", "conversations", ROLE),
        AlpacaPair("alpaca-pair", "instruction", ROLE),
        Explicit("trl", "prompt", ROLE),
        Plain("trl-plain", "prompt", ROLE),
        Whole("trl-implicit", "", ROLE),
        Whole("sharegpt-lists", "", FROM),
        Whole("ultrafeedback", "prompt", ROLE),
        Whole("messages-pair", "", ROLE, suffix="_messages"),
    )
}
EMPTY = ("system", "history")  # what an export writes of an alpaca row that has none


def to_row(obj: Any, id: str, layout: str = "") -> Chat | Pair:
    """The row of a JSON object, under the id given; the layout is detected unless given.

    Raises UsageError with the key that is wrong and what was expected, NoPair for a vote that prefers neither answer.
    """
    if not isinstance(obj, dict):
        raise UsageError(f"expected an object, found {kind(obj)}")
    refuse_no_pair(obj)
    how = layout_named(layout or detect(obj))
    if how.name == "rows":
        return native(obj, id)
    if isinstance(text := obj.get(CARRIED), str):
        return restore(
            to_row({k: v for k, v in obj.items() if k != CARRIED and (v or k not in EMPTY)}, id, how.name), text
        )
    parts = how.read(obj)
    shape = parts.shape
    rest = {k: v for k, v in obj.items() if k not in parts.used}
    meta: Object = {}
    own = {"extra", "shape"} | ({"label"} if usual(how.name, "label") else set())
    if isinstance(rest.get("meta"), dict) and rest["meta"] and not rest["meta"].keys() & own:
        meta = dict(rest.pop("meta"))
    if "id" not in rest:
        shape = {**shape, "id": "absent"}
    elif rest["id"] == id:
        del rest["id"]
    if not parts.answers:
        shape = lift_label(how.name, rest, meta, shape)
    if rest:
        meta["extra"] = rest
    if shape:
        meta["shape"] = {"layout": how.name, **shape}
    if not parts.answers:
        return Chat(id, parts.messages, meta)
    chosen, rejected = parts.answers
    told = {name: m.extra for name, m in (("chosen", chosen), ("rejected", rejected)) if m.extra}
    if told:
        meta["shape"] = {**meta.get("shape", {}), **told}
    return Pair(id, parts.messages, chosen.content, rejected.content, meta)


def from_row(row: Chat | Pair, layout: str) -> Object:
    """The JSON object of a row in a layout; raises UsageError for a row that the layout cannot hold."""
    how = layout_named(layout)
    if how.name == "rows":
        return how.write(row, {})
    told = row.meta.get("shape", {})
    shape = told if told.get("layout") == how.name else {}
    extra = dict(row.meta.get("extra", {}))
    meta = {k: v for k, v in row.meta.items() if k not in ("extra", "shape")}
    label = lower_label(how.name, shape, meta) if isinstance(row, Chat) else {}
    if meta and not extra.get("meta", {}):
        extra["meta"] = meta
    elif meta:
        raise UsageError(f"row {row.id} has meta of its own and a foreign key 'meta'; drop one of them")
    if shape.get("id") != "absent":
        extra.setdefault("id", row.id)
    core = how.write(row, shape) | label
    if clash := extra.keys() & core.keys():
        raise UsageError(f"row {row.id}: extra holds {sorted(clash)[0]!r}, which layout {layout} needs for itself")
    return {**({"id": extra.pop("id")} if "id" in extra else {}), **core, **extra}


def detect(obj: Object) -> str:
    """The name of the layout an object is in, told by its keys; raises UsageError when it is in none."""
    if obj.get("type") in ("Chat", "Pair") and obj.keys() & {"messages", "prompt"}:
        return "rows"
    if is_vote(obj):
        return "trl"
    if obj.keys() >= {"chosen", "rejected"}:
        if "conversations" in obj:
            return (
                "sharegpt-role-pair" if has_role(obj["conversations"]) or has_role([obj["chosen"]]) else "sharegpt-pair"
            )
        if "instruction" in obj:
            return "alpaca-pair"
        if "prompt" not in obj:
            return "sharegpt-lists" if has_role(obj["chosen"], "from") else "trl-implicit"
        if isinstance(obj["prompt"], list):
            return "trl"
        return "ultrafeedback" if isinstance(obj["chosen"], list) else "trl-plain"
    if obj.keys() >= {"chosen_messages", "rejected_messages"}:
        return "messages-pair"
    if "conversations" in obj:
        return "sharegpt-role" if has_role(obj["conversations"]) else "sharegpt"
    if "messages" in obj:
        return "messages"
    if obj.keys() >= {"instruction", "output"}:
        return "alpaca"
    if obj.keys() >= {"prompt", "completion"}:
        return "kto" if isinstance(obj["prompt"], list) else "kto-plain"
    raise UsageError(
        f"no known layout has the keys {', '.join(map(repr, obj)) or '(none)'}; expected 'conversations', 'messages', "
        "'instruction' and 'output', 'prompt' and 'completion', or 'chosen' and 'rejected' with or without 'prompt'"
    )


def has_role(messages: Any, key: str = "role") -> bool:
    """Whether the first of some messages names its role under `key`."""
    first = messages[:1] if isinstance(messages, list) else []
    return any(isinstance(m, dict) and key in m for m in first)


def layout_named(name: str) -> Layout:
    """The layout of a name; raises UsageError with the nearest one."""
    if name not in LAYOUTS:
        raise UsageError(f"there is no layout {name!r}{nearest(name, LAYOUTS)}")
    return LAYOUTS[name]


def native(obj: Object, id: str) -> Chat | Pair:
    """A row of our own, under the id given."""
    try:
        row = msgspec.convert(obj, Chat | Pair)
    except msgspec.ValidationError as error:
        raise UsageError(f"not a row: {error}; expected a chat or a pair as komainu writes them") from None
    return row if row.id == id else msgspec.structs.replace(row, id=id)
