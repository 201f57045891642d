"""Step: drop rows that say the same as an earlier one but for width, case, spaces and punctuation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from komainu.data.base import Note
from komainu.data.keys import On, keys_of, known
from komainu.data.prepared import Prepared, Verdict
from komainu.rows import Chat, Pair

Keyed = list[tuple[str, bytes]]  # of each row its id and the hash of its folded text


@dataclass(frozen=True, kw_only=True)
class Exact(Prepared):
    """Drop a row whose folded text is that of an earlier row; the first one stays as it is.

    on="prompt" compares the prompt alone (also before anything is asked), "both" prompt and answer.
    The dropped row's meta["duplicate_of"] is the id of the row that stays. Memory: about 200 bytes a row kept.
    """

    on: On = "both"

    def __post_init__(self) -> None:
        known(self.on, "Exact")

    def prepare(self, rows: Sequence[Chat | Pair], loaded: None) -> Keyed:
        return [(row.id, hashed(key)) for row, key in zip(rows, keys_of(rows, self.on), strict=True)]

    def settle(self, prepared: Iterator[Keyed], loaded: None) -> Iterator[list[Verdict | None] | Note]:
        kept: dict[bytes, str] = {}
        for keyed in prepared:
            verdicts: list[Verdict | None] = []
            for name, key in keyed:
                first = kept.get(key)
                if first is None:
                    kept[key] = name
                    verdicts.append(None)
                else:
                    verdicts.append(Verdict(f"duplicate: of {first}", {"duplicate_of": first}))
            yield verdicts


def hashed(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
