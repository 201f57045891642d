"""Pictures of the studio in Chromium over 5,000 artifacts and a huge dataset that is read, indexed and searched.

python -m bench.pictures FOLDER [ROWS [ARTIFACTS]]

The store is made in FOLDER, or taken from there; what was noted of its rows is made anew. Each page is opened in a wide
and in a narrow window, light and dark, and lies in FOLDER as `NN-name-wide-dark.png`. Searches are typed. The table has
the seconds until a page was drawn, and by how many pixels it is wider than the narrow window.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import quote

from bench.chromium import Chromium, chromium
from bench.explorer import Planted
from bench.look import Silent
from bench.studio import fill, records, studio
from komainu.context import Context
from komainu.data.explore.rows import CACHE
from komainu.store import Artifact, Store

WINDOWS = {"wide": (1280, 900), "narrow": (400, 900)}
THEMES = ("light", "dark")
SEARCHED = ("zebrafish", "暗中模索", "です", "important", "the of the", "“A rare—very rare—quote” 🐉", "鬱鬱")
LOADED = "document.readyState === 'complete'"
TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"


class Album:
    """Pictures in the order in which they are taken."""

    def __init__(self, page: Chromium, folder: Path) -> None:
        self.page, self.folder, self.number = page, folder, count(1)
        self.window("wide")

    def window(self, name: str) -> None:
        self.page.size(*WINDOWS[name])

    def take(self, name: str, took: float) -> None:
        """The page as it is, in every window and theme."""
        file = self.folder / f"{next(self.number):02}-{name}"
        wider = 0
        for window in WINDOWS:
            self.window(window)
            for theme in THEMES:
                self.page.theme(theme)
                self.page.picture(file.with_name(f"{file.name}-{window}-{theme}.png"))
            wider = max(wider, self.page.value(TOO_WIDE))
        self.window("wide")
        said = "; ".join(self.page.said) or "nothing"
        self.page.said.clear()
        print(f"| {file.name} | {took:.2f} | {wider} | {said} |", flush=True)

    def open(self, name: str, address: str) -> None:
        self.take(name, self.page.open(address))

    def search(self, name: str, address: str, text: str) -> None:
        """A search as a reader makes it: typed on the page of rows."""
        self.page.open(address)
        self.page.value("document.querySelector('[name=q]').focus()")
        self.page.type(text)
        before = self.page.value("performance.timeOrigin")
        self.page.press("Enter")
        self.page.wait(f"performance.timeOrigin > {before} && {LOADED}")
        self.take(name, self.page.value("performance.now()") / 1000)


def built(root: Path, rows: int, artifacts: int) -> Artifact:
    """The dataset, in a store with many other artifacts."""
    store = Store(root) if root.exists() else fill(root, artifacts)
    made = store.build(Planted(n=rows), Context(store, Silent()))
    shutil.rmtree(root / CACHE, ignore_errors=True)
    return made


def pages(made: Artifact, rows: int) -> Iterator[tuple[str, str]]:
    """What a page is called, and its address."""
    first = next(records(1))
    yield "runs", ""
    yield "runs-found", "?q=seed%3D104"
    yield "artifact", f"artifact/{first['stage'].lower()}/{first['id']}"
    yield "dataset", f"artifact/{made.ref}"
    yield "rows-on", f"rows/{made.ref}?start={9 * rows // 10}"
    yield "row", f"rows/{made.ref}/{9 * rows // 10}"
    yield "drops", f"drops/{made.ref}"
    yield "clusters", f"clusters/{made.ref}"
    yield "no-such-row", f"rows/{made.ref}/{rows}?lang=ja"
    yield "runs-ja", "?lang=ja"
    yield "rows-ja", f"rows/{made.ref}?q={quote(SEARCHED[0])}"


def main(folder: str, rows: int = 100_000, artifacts: int = 5000) -> None:
    where = Path(folder)
    made = built(where / "store", rows, artifacts)
    print("| picture | drawn after, s | wider than 400 px by | the browser said |\n|---|---|---|---|")
    with studio(where / "store") as (url, _), chromium() as page:
        album, address = Album(page, where), f"{url}rows/{made.ref}"
        album.open("reading", address)
        page.wait("document.querySelector('.found') !== null")
        album.open("rows", address)
        album.search("indexing", address, SEARCHED[0])
        while not page.value(f"{LOADED} && document.querySelector('#indexing') === null"):  # longer than `wait` waits
            time.sleep(1)
        for text in SEARCHED:
            album.search("searched", address, text)
        for name, path in pages(made, rows):
            album.open(name, url + path)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
