"""Where two configs differ, leaf by leaf."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any, NamedTuple


class Absent:
    """What stands on the side of a leaf that does not have it."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT = Absent()


class Leaf(NamedTuple):
    """One place in which two configs differ. `old` or `new` is ABSENT when only the other side has it."""

    path: str
    old: Any
    new: Any

    def __str__(self) -> str:
        return f"{self.path}: {self.old!r} -> {self.new!r}"


def leaves(old: Any, new: Any, path: str = "") -> Iterator[Leaf]:
    """Every leaf in which two JSON values differ. Elements of lists are aligned, so one added is one leaf."""
    if isinstance(old, dict) and isinstance(new, dict) and old.get("is") == new.get("is"):
        for key in sorted(old.keys() | new.keys()):
            yield from leaves(old.get(key, ABSENT), new.get(key, ABSENT), f"{path}.{key}".lstrip("."))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_lists(old, new, path)
    elif old != new or type(old) is not type(new):  # 1 and 1.0 are equal and give two ids
        yield Leaf(path, old, new)


def _of_lists(old: list[Any], new: list[Any], path: str) -> Iterator[Leaf]:
    if len(old) == len(new):
        for i, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from leaves(a, b, f"{path}[{i}]")
        return
    a_texts, b_texts = ([json.dumps(v, sort_keys=True) for v in side] for side in (old, new))
    for what, a, a_end, b, b_end in SequenceMatcher(a=a_texts, b=b_texts, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        both = min(a_end - a, b_end - b)
        for i in range(both):
            yield from leaves(old[a + i], new[b + i], f"{path}[{b + i}]")
        yield from (Leaf(f"{path}[{i}]", old[i], ABSENT) for i in range(a + both, a_end))
        yield from (Leaf(f"{path}[{i}]", ABSENT, new[i]) for i in range(b + both, b_end))


def as_recorded(new: Any, old: Any) -> Any:
    """A config without the fields that its classes got after the record `old` of the same id was written.

    Equal ids mean that such a field is at its default, which is what the older code did.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        spec = "is" in old and old["is"] == new.get("is")
        return {k: as_recorded(v, old.get(k, ABSENT)) for k, v in new.items() if k in old or not spec}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [as_recorded(b, a) for a, b in zip(old, new, strict=True)]
    return new


def difference(old: Any, new: Any) -> Iterator[str]:
    """Every leaf in which two configs differ: `path: old -> new`."""
    yield from map(str, leaves(old, new))
