"""What a dataset's steps have dropped: how many rows for which reason, and some of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from aiohttp import web

from komainu.data.look.site import flow
from komainu.studio.explored import Dataset
from komainu.studio.rows import Line, label, line

SAMPLES = 3  # rows of a reason, from all over the set


class Reason(NamedTuple):
    """Rows that one step dropped for one reason; `key` is what the list is narrowed by."""

    key: str
    step: str
    word: str
    n: int
    samples: list[Line]


def show(data: Dataset) -> web.Response:
    return data.ask.page("drops.html.jinja", data=data, flow=[*flow(data.artifact.summary)], reasons=[*reasons(data)])


def reasons(data: Dataset) -> Iterator[Reason]:
    """The most frequent first."""
    column = data.rows.column("drop")
    for key, n in column.counts():
        if key:
            step, _, word = key.partition("\n")
            numbers = np.flatnonzero(column.of == column.names.index(key))
            some = numbers[:: max(1, len(numbers) // SAMPLES)][:SAMPLES].tolist()
            yield Reason(label(key), step, word, n, [line(number, data.rows.held(number), "") for number in some])
