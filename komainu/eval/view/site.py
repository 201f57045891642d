"""The site: one page, and its data as scripts that are loaded when they are looked at."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from komainu.errors import UsageError
from komainu.eval.view.boards import Boards, side_by_side
from komainu.eval.view.index import index
from komainu.eval.view.scripts import write
from komainu.eval.view.sets import write_set
from komainu.files import whole
from komainu.pages.page import BASE, environment, policy
from komainu.store import Store

INDEX = "index.html"
SCRIPTS = ("dom", "data", "numbers", "list", "items", "board", "bench", "item", "main")  # of the page, in this order


# The page's script may load scripts, by one function that takes no path but one of data/; nothing is parsed as HTML.
LOADED = {"script-src": "'strict-dynamic'", "require-trusted-types-for": "'script'", "trusted-types": "data"}


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
    if out.exists() and not (out / INDEX).exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is there and is no site of ours; name another folder with --out")
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    sets = side_by_side(boards)
    sizes = [write_set(boards, store, answers, partial / "data", f"s{n}") for n, answers in enumerate(sets)]
    write(partial / "data", "board", {"title": title, **index(boards, sets)})
    with whole(partial / INDEX) as handle:
        handle.write(page().encode())
    shutil.rmtree(out, ignore_errors=True)
    partial.rename(out)
    items, answers = (sum(each) for each in zip(*sizes, strict=True))
    return Counts(len(boards.entries), len(boards.columns), items, answers)


def page() -> str:
    """index.html, the same for every site."""
    templates = environment("komainu.eval.view", "page")
    style = BASE.read_text(encoding="utf-8") + source("view.css")
    script = "".join(source(f"{name}.js") for name in SCRIPTS)
    parts = {"style": Markup(style), "script": Markup(script), "policy": policy(style, script, LOADED)}
    return templates.get_template("index.html.jinja").render(**parts)


def source(name: str) -> str:
    return (Path(__file__).parent / "page" / name).read_text(encoding="utf-8")
