"""Steps: what a request is by a model's tags, and the rows whose tags are wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from komainu.context import Context
from komainu.data.base import Dropped, Note, Step, windows
from komainu.data.template import fingerprint
from komainu.data.turn import request_alone
from komainu.data.verdicts import verdicts
from komainu.errors import UsageError, nearest
from komainu.marks import object_in
from komainu.models.base import Model
from komainu.rows import Chat
from komainu.stage import Questions

TAGS: dict[str, tuple[str, ...]] = {
    "task": (
        *("information", "reasoning", "planning", "editing", "coding", "mathematics", "role_play", "data_analysis"),
        *("creative_writing", "advice", "brainstorming", "translation", "other"),
    ),
    "difficulty": ("very_easy", "easy", "medium", "hard", "very_hard"),
    "quality": ("very_poor", "poor", "average", "good", "excellent"),
    "language": ("ja", "en", "other"),
}
Tags = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Tag(Step):
    """Have the last user turn tagged by a model: a JSON object with one word of TAGS for each of its names.

    The tags stand in meta["tags"]. A verdict that lacks a tag, has it twice or has another word is none; after a second
    try the row goes on with meta["tags"] empty. The notes count tags by name and word, and rows without any.
    """

    model: Model
    template: str = "tag"

    def config(self, *, full: bool = True) -> dict[str, Any]:
        prompts = {"prompt": fingerprint(self.template), "again": fingerprint("again")}
        return super().config(full=full) | prompts

    @property
    def least(self) -> int:
        return 1

    def questions(self, fewest: int, most: int) -> tuple[Questions, ...]:
        return (Questions(self.model, fewest, 2 * most, about=True),)

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Note]:
        counts: dict[str, Counter[str]] = {name: Counter() for name in TAGS}
        untagged = 0
        for window in windows(rows):
            asked = [request_alone(chat) for chat in window]
            found = verdicts(ctx, self.model, self.template, asked, tags_of, tags=TAGS)
            for chat, verdict in zip(window, found, strict=True):
                tags = verdict.found or {}
                untagged += not tags
                for name, word in tags.items():
                    counts[name][word] += 1
                yield chat.with_meta(tags=tags)
        yield Note({"tags": {name: dict(sorted(c.items())) for name, c in counts.items()}, "untagged": untagged})


@dataclass(frozen=True, kw_only=True)
class KeepTagged(Step):
    """Drop rows whose tags are not among those wanted, named by the tag; and rows without tags, as `untagged`."""

    alone: ClassVar[bool] = True
    wanted: dict[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        for name, words in self.wanted.items():
            if name not in TAGS:
                raise UsageError(f"KeepTagged.wanted: there is no tag {name!r}{nearest(name, TAGS)}")
            for word in words:
                if word not in TAGS[name]:
                    raise UsageError(f"KeepTagged.wanted: {name} has no word {word!r}{nearest(word, TAGS[name])}")

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped]:
        for chat in rows:
            tags: Tags = chat.meta.get("tags") or {}
            off = next((name for name, words in self.wanted.items() if tags and tags[name] not in words), "")
            yield Dropped(chat, f"{off}: {tags[off]}" if off else "untagged") if off or not tags else chat


def tags_of(text: str) -> Tags | str:
    """The tags of a JSON object, one known word each and nothing else; a text that says what is wrong."""
    found = object_in(text)
    if found is None:
        return "not a JSON object"
    if found.keys() != TAGS.keys():
        return f"the names are {', '.join(sorted(found))}; wanted are {', '.join(TAGS)}"
    for name, words in TAGS.items():
        if type(found[name]) is not str or found[name] not in words:
            return f"{name} is {found[name]!r}"
    return found
