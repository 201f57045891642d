"""How long the rows of a training are in tokens, from some of them; without torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from komainu.cost import DENSE, SPARSE, Range
from komainu.models.folder import counter_of
from komainu.rows import Chat, Message, Pair, Row

MARKS = 5  # tokens that a chat template puts around a message


class Lengths(NamedTuple):
    """Rows of a training in tokens: the mean of a row, and of what each of its tokens looks back at; the share that is
    predicted. Ranges are wide where tokens were guessed from bytes."""

    row: Range
    behind: float
    targets: float


class Sizes(NamedTuple):
    """The texts of a row, which of them are predicted, and the tokens of each."""

    texts: tuple[str, ...]
    predicted: tuple[bool, ...]
    counts: tuple[int, ...] = ()

    @staticmethod
    def of(row: Row) -> Sizes:
        if isinstance(row, Pair):
            said = (*row.prompt, Message("assistant", row.chosen), Message("assistant", row.rejected))
            return Sizes(tuple(m.content for m in said), (*(False for _ in row.prompt), True, True))
        assert isinstance(row, Chat), "trainings eat chats or pairs"
        return Sizes(tuple(m.content for m in row.messages), tuple(m.role == "assistant" for m in row.messages))

    @property
    def tokens(self) -> int:
        return sum(self.counts)

    @property
    def targets(self) -> int:
        return sum(n for n, yes in zip(self.counts, self.predicted, strict=True) if yes)


def kept(folder: Path, documents: str) -> Lengths | None:
    """As the tokens in a store's folder of some rows tell, where one tokenizer alone has read them."""
    found = []
    for file in folder.glob("*.safetensors"):
        with open(file, "rb") as handle:
            told = json.loads(handle.read(int.from_bytes(handle.read(8), "little")))["__metadata__"]
        if told["documents"] == documents and told["rows"] != "0":
            found.append({name: int(told[name]) for name in ("rows", "tokens", "squares", "targets")})
    if len(found) != 1:
        return None
    (sums,) = found
    mean = sums["tokens"] / sums["rows"]
    return Lengths(Range(mean, mean), sums["squares"] / sums["tokens"] / 2, sums["targets"] / sums["tokens"])


def lengths(rows: Sequence[Row], tokenizer: Path | None) -> Lengths:
    """Of some rows, by a tokenizer.json; without one from their bytes."""
    sizes = [Sizes.of(row) for row in rows]
    said = [text for each in sizes for text in each.texts]
    if tokenizer is not None:
        known = counter_of(tokenizer)
        counts = iter([len(found.ids) for found in known.encode_batch(said, add_special_tokens=False)])
        factors = Range(1.0, 1.0)
    else:
        counts = iter([len(text.encode()) for text in said])
        factors = Range(1 / SPARSE, 1 / DENSE)
    sizes = [each._replace(counts=tuple(next(counts) + MARKS for _ in each.texts)) for each in sizes]
    total = sum(each.tokens for each in sizes)
    behind = sum(each.tokens**2 for each in sizes) / total / 2 * (factors.low + factors.high) / 2
    mean = total / len(sizes)
    return Lengths(factors.times(Range(mean, mean)), behind, sum(each.targets for each in sizes) / total)
