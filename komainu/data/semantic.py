"""Step: drop rows that mean the same as an earlier one, as an embedding model sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from komainu.context import Context
from komainu.data.base import Dropped, Note, Sieve, windows
from komainu.data.keys import On, known, messages_of
from komainu.data.ruling import Ruling
from komainu.errors import UsageError
from komainu.models.base import Embedder
from komainu.rows import Chat, Message, Pair
from komainu.stage import Questions

Placed = tuple[int | None, float]  # the place of the row that stays, or None, and the similarity


@dataclass(frozen=True, kw_only=True)
class Semantic(Sieve):
    """Drop a row whose embedding has a cosine of `threshold` or more with an earlier row that stays.

    on="prompt" embeds the prompt alone, "both" prompt and answer; turns are joined by a line end. Vectors are asked
    for once and cached as every call is. All pairs are compared (`vectors.Kept` tells the cost), so this is for
    what exact and near deduplication have left. The dropped row's meta has `duplicate_of` and `cosine`. A row that
    the embedder will not take (too long) stays, and is counted as `unembedded` in the notes.
    What a good threshold is depends on the embedder: look at the clusters.
    """

    embedder: Embedder
    threshold: float = 0.95
    on: On = "prompt"

    def __post_init__(self) -> None:
        known(self.on, "Semantic")
        if not 0 < self.threshold <= 1:
            raise UsageError(f"Semantic.threshold is {self.threshold}; use a cosine over 0 up to 1")

    def questions(self, fewest: int, most: int) -> tuple[Questions, ...]:
        return (Questions(self.embedder, fewest, most, about=True),)

    def __call__(self, rows: Iterator[Chat | Pair], ctx: Context) -> Iterator[Chat | Pair | Dropped | Note]:
        from komainu.data.vectors import Kept, read

        kept, ruling = Kept(self.threshold), Ruling("cosine", "semantic_duplicate")
        dimensions: int | None = None
        unembedded = 0
        for window in windows(rows):
            texts = ["\n".join(message.content for message in messages_of(row, self.on)) for row in window]
            replies = [*ctx.ask(self.embedder, [(Message("user", text),) for text in texts])]
            vectors = [reply.text for reply in replies if not reply.withheld]
            placed: Iterator[Placed] = iter(())
            if vectors:
                matrix = read(vectors, dimensions)
                dimensions = matrix.shape[1]
                placed = iter(kept.place(matrix))
            for row, reply in zip(window, replies, strict=True):
                if reply.withheld:
                    unembedded += 1
                    yield row
                    continue
                verdict = ruling.of(row.id, *next(placed))
                yield row if verdict is None else Dropped(row.with_meta(**verdict.meta), verdict.reason)
        yield Note(ruling.facts() | ({"unembedded": unembedded} if unembedded else {}))
