"""Your chats without what a suite of benchmarks asks.

komainu run recipes/tested.py:untested chats=chats.jsonl items=FOLDER suite=ja
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from komainu.data.base import Dataset
from komainu.data.decontaminate import Decontaminate
from komainu.data.files import ChatFile
from komainu.eval.items import Items
from komainu.eval.shelf import Shelf
from komainu.eval.suites import SUITES, at_hand, benchmarks

Suite = Literal["en", "ja", "all"]


def suite_items(folder: str, suite: Suite = "all") -> tuple[Items, ...]:
    """The items of every benchmark of a suite that lie in a folder, come with komainu, or are on the hub; each once.

    For `Decontaminate(against=suite_items(...))`. Raises UsageError for a folder that does not exist.
    """
    shelf = Shelf(folders=(Path(folder),) if folder else ())
    tasks = at_hand(benchmarks(SUITES[suite]), shelf, judged=True).tasks
    return tuple({task.items.id: task.items for task in tasks}.values())


def untested(chats: str, items: str, suite: Suite = "all", licence: str = "unknown") -> Dataset:
    """The chats of a file that repeat no item of the suite."""
    return Dataset(
        sources=(ChatFile(path=chats, licence=licence),), steps=(Decontaminate(against=suite_items(items, suite)),)
    )
