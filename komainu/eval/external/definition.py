"""What programs of others that take tasks of ours share: the items as lines of a file, and which metrics are kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from komainu.errors import UsageError
from komainu.eval.external.base import Harness, Result
from komainu.files import write_objects
from komainu.rows import Chat, Row
from komainu.stage import Stage, needs

DATA = "{data}"  # in a definition: where our items are


class Turn(msgspec.Struct):
    """A message as it was sent."""

    role: Literal["system", "user", "assistant"]
    content: str


def problems(harness: Harness, definition: str, data: Stage | None) -> Iterator[str]:
    """What is wrong with a definition and its data."""
    if data is not None:
        yield from needs(harness, "data", data, Chat)
    if (data is None) == (DATA in definition):
        yield f"{type(harness).__name__}.definition holds {DATA} when there is `data`, and only then"


def write_data(file: Path, rows: Iterable[Row], program: str) -> None:
    """The chats as lines of data; raises what `plain` raises."""
    write_objects(file, (plain(row, program) for row in rows if isinstance(row, Chat)))


def plain(item: Chat, program: str) -> dict[str, Any]:
    """An item as a line of data; raises UsageError for one that is more than one user's turn."""
    if [message.role for message in item.prompt] != ["user"]:
        raise UsageError(
            f"{item.id}: {program}'s tasks ask one text, and this item has other turns; leave such items out"
        )
    known: dict[str, Any] = {key: item.meta[key] for key in ("references", "lang", "task") if key in item.meta}
    return {"id": item.id, "prompt": item.prompt[-1].content, **known}


def is_mean(total: object, values: Sequence[float]) -> bool:
    """Whether a program's own total is the mean over items, so that items can be taken one by one."""
    return isinstance(total, (int, float)) and abs(total - sum(values) / len(values)) <= 1e-6


def left(results: Collection[Result], out: Collection[str]) -> tuple[list[Result], list[str]]:
    """The results without the metrics that are left out, and these."""
    for result in results:
        for metric in {*out} & result.scores.keys():
            del result.scores[metric]
    return [*results], sorted(out)
