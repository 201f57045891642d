"""Stage: how many tokens each row of a set has for the model that is to be trained on it."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.data.base import windows
from komainu.data.open_turn import FILES, digest
from komainu.errors import UsageError
from komainu.rows import Chat, Message, Pair, Row
from komainu.spec import Spec, where
from komainu.stage import Stage, Table, Weights

if TYPE_CHECKING:
    from komainu.context import Context

COUNTS = "counts.bin"  # one unsigned number of 4 bytes a row, little end first, in the rows' order


@dataclass(frozen=True, kw_only=True)
class Target(Spec):
    """The tokenizer and chat template of the model that is to be trained: of a directory, known by the hash of its
    tokenizer's files, or of a stage that makes a model."""

    path: str = where()
    sha256: str = ""
    model: Stage | None = None

    def __post_init__(self) -> None:
        if self.path and not self.sha256:
            object.__setattr__(self, "sha256", digest(self.path))

    def problems(self) -> Iterator[str]:
        """What is wrong with the wiring, a sentence each."""
        if self.model is not None and self.model.row_type is not Weights:
            yield f"Target.model must make a model, but {self.model.label} makes {self.model.row_type.__name__}"
        elif self.model is None and not self.path:
            yield "Target needs `path`, a directory with the model's tokenizer, or `model`, a stage that makes one"
        elif self.path and (not self.sha256 or digest(self.path) != self.sha256):
            yield f"Target.path {self.path} has changed, or has none of {', '.join(FILES)}"

    def load(self, ctx: Context) -> Any:
        """The tokenizer; raises UsageError where it has no chat template."""
        from komainu.models.template import tokenizer_of

        for problem in self.problems():
            raise UsageError(problem)
        return tokenizer_of(Path(self.path) if self.model is None else ctx.locate(self.model))


@dataclass(frozen=True, kw_only=True)
class TokenCounts(Stage):
    """The tokens of every row of `data` as training renders it: a chat once, of a pair both whole conversations.

    counts.bin has one number a row. Memory does not grow with the data; a stopped count begins anew with its set.
    """

    makes: ClassVar[type] = Table
    data: Stage
    target: Target

    def check(self) -> Iterator[str]:
        if self.data.row_type not in (Chat, Pair):
            yield f"TokenCounts.data needs chats or pairs, but {self.data.label} makes {self.data.row_type.__name__}"
        yield from self.target.problems()

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        data, tokenizer = ctx.open(self.data), self.target.load(ctx)
        rows = total = 0
        with ctx.progress(int(data.summary["rows"]), "count tokens") as bar, open(out / COUNTS, "wb") as file:
            for window in windows(data.rows()):
                found = array("I", counted(tokenizer, window))
                rows, total = rows + len(found), total + sum(found)
                file.write(little(found).tobytes())
                bar.update(len(window))
        return {"rows": rows, "tokens": total}


def counted(tokenizer: Any, rows: list[Row]) -> Iterator[int]:
    """The tokens of each row."""
    from komainu.models.base import Question
    from komainu.models.template import rendered

    texts = [conversations(row) for row in rows]
    asked = [Question(messages) for some in texts for messages in some]
    ids = iter(tokenizer(rendered(tokenizer, asked, "the target", answer=False), add_special_tokens=False)["input_ids"])
    for some in texts:
        yield sum(len(next(ids)) for _ in some)


def conversations(row: Row) -> tuple[tuple[Message, ...], ...]:
    if isinstance(row, Pair):
        return tuple((*row.prompt, Message("assistant", answer)) for answer in (row.chosen, row.rejected))
    assert isinstance(row, Chat), "check() lets only stages of chats or pairs through"
    return (row.messages,)


def counts(folder: Path, rows: int) -> array[int]:
    """The numbers of a TokenCounts artifact."""
    found = array("I")
    with open(folder / COUNTS, "rb") as file:
        found.fromfile(file, rows)
    return little(found)


def little(numbers: array[int]) -> array[int]:
    """The same numbers, their bytes turned where the machine's order is not that of the file."""
    import sys

    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
