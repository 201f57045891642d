"""komainu: the step Near over rows, in windows, as a dataset runs it. `characters` as second word: no words."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace

from bench.dedup.common import PERMUTATIONS, THRESHOLD, measured
from komainu.data.base import Dropped
from komainu.data.near_dup import Near
from komainu.launch import open_context
from komainu.rows import Chat, Message
from komainu.settings import Settings


def find(texts: list[str]) -> list[int]:
    near = Near(threshold=THRESHOLD, permutations=PERMUTATIONS)
    if "characters" in sys.argv:
        near = replace(near, words=0)
    with tempfile.TemporaryDirectory() as folder, open_context(Settings(store=folder)) as ctx:
        rows = (Chat(str(i), (Message("user", text),)) for i, text in enumerate(texts))
        return [int(made.row.id) for made in near(rows, ctx) if isinstance(made, Dropped)]


if __name__ == "__main__":
    measured(find)
