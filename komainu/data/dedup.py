"""Step: drop rows that say the same as an earlier one but for width, case, spaces and punctuation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from komainu.context import Context
from komainu.data.base import Dropped, Sieve
from komainu.data.keys import On, key_of, known
from komainu.rows import Chat, Pair


@dataclass(frozen=True, kw_only=True)
class Exact(Sieve):
    """Drop a row whose folded text is that of an earlier row; the first one stays as it is.

    on="prompt" compares the prompt alone (also before anything is asked), "both" prompt and answer.
    The dropped row's meta["duplicate_of"] is the id of the row that stays. Memory: about 200 bytes a row kept.
    """

    on: On = "both"

    def __post_init__(self) -> None:
        known(self.on, "Exact")

    def __call__(self, rows: Iterator[Chat | Pair], ctx: Context) -> Iterator[Chat | Pair | Dropped]:
        kept: dict[bytes, str] = {}
        for row in rows:
            key = hashlib.sha256(key_of(row, self.on).encode("utf-8", "surrogatepass")).digest()[:16]
            first = kept.get(key)
            if first is None:
                kept[key] = row.id
                yield row
            else:
                yield Dropped(row.with_meta(duplicate_of=first), f"duplicate: of {first}")
