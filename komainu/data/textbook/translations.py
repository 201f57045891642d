"""Step: the textbook's translation prompts as items of tl-bench, whose judges compare two translations of a text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from komainu.context import Context
from komainu.data.base import Dropped, Note, Step
from komainu.data.textbook.tasks import understand
from komainu.rows import Chat

DIRECTIONS = {"translate_ja": "en-ja", "translate_en": "ja-en"}


@dataclass(frozen=True, kw_only=True)
class ForTlBench(Step):
    """Adds what that bench reads: meta.bench, meta.direction and meta.text, the sentence to be translated.

    A prompt of another task is dropped.
    """

    alone: ClassVar[bool] = True

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped | Note]:
        for chat in rows:
            reading = understand(chat.prompt)
            if reading is None or reading.task.name not in DIRECTIONS:
                yield Dropped(chat, "no translation: " + str(chat.meta.get("task", "")))
            else:
                direction = DIRECTIONS[reading.task.name]
                yield chat.with_meta(bench="tl_bench", direction=direction, text=reading.fields["text"])
