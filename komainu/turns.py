"""What layouts are made of: messages with their keys, role names and content in parts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, TypeVar

from komainu.errors import UsageError, nearest
from komainu.rows import Chat, Message, Pair, Role

T = TypeVar("T", Chat, Pair)
Object = dict[str, Any]

ROLES: dict[str, Role] = {  # every role name read, in any layout
    **{"system": "system", "developer": "system"},
    **{"user": "user", "human": "user"},
    **{"assistant": "assistant", "gpt": "assistant", "chatgpt": "assistant", "bing": "assistant", "bard": "assistant"},
    **{"model": "assistant", "function_call": "assistant"},
    **{"tool": "tool", "function": "tool", "observation": "tool"},
}
KINDS = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", int: "a number", float: "a number"}


class Keys(NamedTuple):
    """The two keys of a message and the names the roles are written with."""

    role: str
    text: str
    names: dict[Role, str]


FROM = Keys("from", "value", {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"})
ROLE = Keys("role", "content", {"system": "system", "user": "user", "assistant": "assistant", "tool": "tool"})


@dataclass(frozen=True)
class Parts:
    """What a layout found in an object: `answers` are chosen and rejected, `used` the keys it took."""

    messages: tuple[Message, ...]
    used: tuple[str, ...]
    answers: tuple[Message, ...] = ()
    shape: Object = field(default_factory=dict)


@dataclass(frozen=True)
class Layout(ABC):
    """How a file spells rows: the key of the messages (or the prompt), and the keys of a message."""

    name: str
    key: str
    keys: Keys
    suffix: str = ""  # of the keys `chosen` and `rejected`
    holds: ClassVar[type] = Chat

    @abstractmethod
    def read(self, obj: Object) -> Parts:
        """The parts of an object; raises UsageError with the key that is wrong."""

    @abstractmethod
    def write(self, row: Any, shape: Object) -> Object:
        """The keys of the layout for a row; `shape` is what `read` told, or empty."""

    def plain(self, id: str, message: Message) -> str:
        """A message's text, for a layout that holds nothing beside it."""
        if lost := sorted(message.extra.keys() - {"shape"}):
            raise UsageError(
                f"row {id}: layout {self.name} has no place for a message's {', '.join(lost)}"
                "; choose another layout, or take them out"
            )
        return message.content


def exactly(row: Any, wanted: type[T]) -> T:
    """The row, which must be of the type that the layout holds."""
    if not isinstance(row, wanted):
        raise UsageError(f"row {row.id} is a {type(row).__name__}; this layout holds a {wanted.__name__}")
    return row


def text_at(obj: Object, key: str) -> str:
    """The string at a key; raises UsageError when it is missing or something else."""
    if key not in obj:
        raise UsageError(f"{key!r} is missing; the object has: {', '.join(obj)}")
    value = obj[key]
    if not isinstance(value, str):
        raise UsageError(f"{key} is {kind(value)}; expected a string")
    return value


def read_messages(obj: Object, key: str, keys: Keys) -> tuple[Message, ...]:
    """The list of messages at a key."""
    if key not in obj:
        raise UsageError(f"{key!r} is missing; the object has: {', '.join(obj)}")
    if not isinstance(obj[key], list):
        raise UsageError(f"{key} is {kind(obj[key])}; expected an array of messages")
    return tuple(read_message(m, keys, f"{key}[{i}]") for i, m in enumerate(obj[key]))


def read_message(value: Any, keys: Keys, at: str) -> Message:
    """The message of a JSON object; `at` names its place in errors.

    Keys that are not role or content go to extra. What the message would otherwise lose (a role name
    of another kind, content that is null, left out, or given in text parts) goes to extra["shape"].
    """
    wanted = f"an object with {keys.role!r} and {keys.text!r}"
    if not isinstance(value, dict):
        raise UsageError(f"{at} is {kind(value)}; expected {wanted}")
    if keys.role not in value:
        raise UsageError(f"{at} has no {keys.role!r}; expected {wanted}, it has: {', '.join(value) or 'nothing'}")
    name = value[keys.role]
    if not isinstance(name, str):
        raise UsageError(f"{at}.{keys.role} is {kind(name)}; expected a role name")
    if name not in ROLES:
        raise UsageError(f"{at}.{keys.role} is {name!r}, which is no role{nearest(name, ROLES)}")
    role = ROLES[name]
    text, form = read_text(value, keys, f"{at}.{keys.text}")
    shape: dict[str, Any] = {} if form is None else {keys.text: form}
    if keys.names[role] != name:
        shape[keys.role] = name
    extra = {k: v for k, v in value.items() if k not in (keys.role, keys.text)}
    if "shape" in extra:
        shape["shape"] = extra.pop("shape")
    return Message(role, text, {**extra, "shape": shape} if shape else extra)


def write_message(message: Message, keys: Keys) -> dict[str, Any]:
    """The JSON object of a message; the inverse of `read_message` with the same keys."""
    extra = {k: v for k, v in message.extra.items() if k != "shape"}
    shape = message.extra.get("shape", {})
    if clash := extra.keys() & {keys.role, keys.text}:
        raise UsageError(f"a message's extra holds {sorted(clash)[0]!r}, which this layout needs for itself")
    name = shape.get(keys.role, "")
    if ROLES.get(name) != message.role:
        name = keys.names[message.role]
    value = {keys.role: name, keys.text: message.content, **extra}
    if "shape" in shape:
        value["shape"] = shape["shape"]
    return with_form(value, keys.text, shape.get(keys.text))


def read_text(value: dict[str, Any], keys: Keys, at: str) -> tuple[str, Any]:
    """The text of a message's content, and its form: None for a plain string, else what `with_form` needs."""
    if keys.text not in value:
        if not value.keys() & {"tool_calls", "function_call"}:
            raise UsageError(f"{at} is missing; the message has: {', '.join(value)}")
        return "", "absent"
    content = value[keys.text]
    if isinstance(content, str):
        return content, None
    if content is None:
        return "", "null"
    if not isinstance(content, list):
        raise UsageError(f"{at} is {kind(content)}; expected a string or an array of text parts")
    texts, form = [], []
    for i, part in enumerate(content):
        key = "text" if isinstance(part, dict) and "text" in part else "value"
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get(key), str):
            raise UsageError(f'{at}[{i}] is no text part; expected {{"type": "text", "text": "..."}}')
        texts.append(part[key])
        form.append({**part, key: len(part[key])})
    return "".join(texts), form


def with_form(value: dict[str, Any], key: str, form: Any) -> dict[str, Any]:
    """The object with its text at `key` in the form that was read; a text changed since stays a plain string."""
    text: str = value[key]
    if form == "absent" and not text:
        return {k: v for k, v in value.items() if k != key}
    if form == "null" and not text:
        return {**value, key: None}
    if isinstance(form, list):
        parts, start = [], 0
        for part in form:
            name = "text" if "text" in part else "value"
            parts.append({**part, name: text[start : start + part[name]]})
            start += part[name]
        if start == len(text):
            return {**value, key: parts}
    return value


def kind(value: Any) -> str:
    """What JSON calls a value: `an array`, `null`."""
    return KINDS.get(type(value), "null")
