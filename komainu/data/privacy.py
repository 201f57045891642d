"""Step: flag, mask or drop chats and pairs that hold personal data or secrets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import msgspec

from komainu.checks.private import KINDS, masked, private
from komainu.context import Context
from komainu.data.base import Dropped, Note, Sieve
from komainu.rows import Chat, Message, Pair

ACTIONS = ("flag", "mask", "drop")


@dataclass(frozen=True, kw_only=True)
class Privacy(Sieve):
    """What becomes of rows with personal data or secrets of `kinds` in any message or answer.

    "flag" keeps the row and puts the counts by kind into `meta["private"]`; "mask" also replaces each stretch by
    its kind, `[EMAIL]`; "drop" drops the row with the kinds as the reason, never the data. The note counts what was
    found, by kind. Not covered: meta and the fields a layout carries beside role and content.
    """

    alone: ClassVar[bool] = True
    action: Literal["flag", "mask", "drop"] = "mask"
    kinds: tuple[str, ...] = KINDS

    def check(self) -> Iterator[str]:
        if self.action not in ACTIONS:
            yield f"Privacy.action is {self.action!r}; it must be one of {', '.join(ACTIONS)}"
        if not self.kinds or set(self.kinds) - set(KINDS):
            yield f"Privacy.kinds is {self.kinds}; it must name some of {', '.join(KINDS)}"

    def __call__(self, rows: Iterator[Chat | Pair], ctx: Context) -> Iterator[Chat | Pair | Dropped | Note]:
        seen: Counter[str] = Counter()
        for row in rows:
            counts, clean = self._cleaned(row)
            seen.update(counts)
            if counts and self.action == "drop":
                yield Dropped(row, f"private: {', '.join(sorted(counts))}")
            elif counts:
                kept = clean if self.action == "mask" else row
                yield kept.with_meta(private=dict(sorted(counts.items())))
            else:
                yield row
        yield Note({"found": dict(sorted(seen.items()))})

    def _cleaned(self, row: Chat | Pair) -> tuple[Counter[str], Chat | Pair]:
        """What a row holds, by kind, and the row with it masked."""
        counts: Counter[str] = Counter()

        def clean(text: str) -> str:
            found = private(text, self.kinds)
            counts.update(f.kind for f in found)
            return masked(text, found)

        def cleaned(messages: tuple[Message, ...]) -> tuple[Message, ...]:
            return tuple(msgspec.structs.replace(m, content=clean(m.content)) for m in messages)

        if isinstance(row, Pair):
            chosen, rejected = clean(row.chosen), clean(row.rejected)
            return counts, msgspec.structs.replace(row, prompt=cleaned(row.prompt), chosen=chosen, rejected=rejected)
        return counts, msgspec.structs.replace(row, messages=cleaned(row.messages))
