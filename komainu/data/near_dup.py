"""Step: drop rows that are nearly the same as an earlier one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from komainu.context import Context
from komainu.data.base import Dropped, Sieve, windows
from komainu.data.keys import On, key_of, known
from komainu.errors import UsageError
from komainu.rows import Chat, Pair


@dataclass(frozen=True, kw_only=True)
class Near(Sieve):
    """Drop a row whose folded text has a Jaccard similarity of `threshold` or more with an earlier kept row.

    Similarity is that of the sets of character `ngram`-grams. MinHash with banding (Broder 1997; Leskovec,
    Rajaraman, Ullman, ch. 3) finds candidates; each is verified on the true sets. A row is only compared
    with rows that stay, so a chain of small changes does not take everything with it. Rows that share
    a long template may be similar and still be right: raise the threshold for them. Texts with other
    numbers in them are different, unless `numbers` is False. The dropped row's meta has `duplicate_of`
    and `jaccard`. Memory: the folded text and 4 * `permutations` bytes a row kept.
    """

    threshold: float = 0.85
    on: On = "both"
    numbers: bool = True
    ngram: int = 5
    permutations: int = 128
    seed: int = 0

    def __post_init__(self) -> None:
        known(self.on, "Near")
        if not 0.2 <= self.threshold <= 1:
            raise UsageError(f"Near.threshold is {self.threshold}; use a similarity from 0.2 to 1")
        if self.ngram < 1 or self.permutations < 16:
            raise UsageError("Near needs ngram of at least 1 and permutations of at least 16")

    def __call__(self, rows: Iterator[Chat | Pair], ctx: Context) -> Iterator[Chat | Pair | Dropped]:
        from komainu.data.minhash import Index

        index = Index(self.threshold, self.ngram, self.permutations, self.seed, numbers=self.numbers)
        ids: list[str] = []
        for window in windows(rows):
            texts = [key_of(row, self.on) for row in window]
            for row, (place, similarity) in zip(window, index.place(texts), strict=True):
                if place is None:
                    ids.append(row.id)
                    yield row
                else:
                    first, jaccard = ids[place], round(similarity, 4)
                    meta = {"duplicate_of": first, "jaccard": jaccard}
                    yield Dropped(row.with_meta(**meta), f"near_duplicate: of {first}, Jaccard {jaccard:.2f}")
