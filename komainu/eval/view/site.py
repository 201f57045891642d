"""The site: one page, and its data as scripts that are loaded when they are looked at."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from komainu.eval.view.boards import Boards, side_by_side
from komainu.eval.view.index import index
from komainu.eval.view.sets import write_set
from komainu.pages.scripts import write
from komainu.pages.sites import replacing, write_page
from komainu.store import Store

PAGE = Path(__file__).parent / "page"
SCRIPTS = ("numbers", "items", "board", "bench", "item", "main")  # of the page, in this order


class Counts(NamedTuple):
    """What a site holds; the same items in two sets count twice."""

    entries: int
    columns: int
    items: int
    answers: int


def write_site(boards: Boards, store: Store, title: str, out: Path) -> Counts:
    """Write a whole site; it takes its place when it is finished. Equal artifacts give equal bytes.

    An older site in its place is replaced. Raises UsageError for a folder that holds something else.
    """
    with replacing(out) as partial:
        sets = side_by_side(boards)
        sizes = [write_set(boards, store, answers, partial / "data", f"s{n}") for n, answers in enumerate(sets)]
        write(partial / "data", "board", {"title": title, **index(boards, sets)})
        write_page(partial, "Evaluation", PAGE, SCRIPTS, "view.css")
    items, answers = (sum(each) for each in zip(*sizes, strict=True))
    return Counts(len(boards.entries), len(boards.columns), items, answers)
