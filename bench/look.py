"""How long a site of `komainu data look` takes to write, and to load and search in Chromium without a window.

python -m bench.look [ROWS]...
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from bench.chromium import Chromium, chromium
from komainu.context import Context
from komainu.data.base import DropLog, Dropped
from komainu.data.look.site import write_site
from komainu.data.look.sources import stored
from komainu.files import write_rows
from komainu.models.base import Model, Question, Reply
from komainu.rows import Chat, Message
from komainu.stage import Stage
from komainu.store import Store

LOADS = 5  # of each page; the median is told
WORDS = 20_000  # of the made language; the nth is drawn with a weight of 1/n
SHOWN = "document.documentElement?.dataset.shown"
FIRST = "漠然"  # a word that stands in one row
SOUNDS = (
    "あいうえおかきくけこさしすせそたちつてとなにのはひふへほまみむめもやゆよらりるれろわをんアイカコスタトナマラルン"
)


@dataclass(frozen=True, kw_only=True)
class Made(Stage):
    """n chats of two turns in words drawn as words are, and of ten rows one more that is dropped as a duplicate."""

    makes: ClassVar[type] = Chat
    n: int

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        with DropLog(out / "dropped.jsonl") as log:
            for row in self.rows():
                if int(row.id) % 10 == 0:
                    twin = Chat(f"{row.id}-again", row.messages, {**row.meta, "duplicate_of": row.id, "jaccard": 0.9})
                    log.add("Near", Dropped(twin, f"near_duplicate: of {row.id}"))
        rows = write_rows(out / "rows.jsonl", self.rows())
        flow = [{"step": "Near", "in": rows + rows // 10, "out": rows}]
        return {"rows": rows, "in": rows + rows // 10, "steps": flow, "dropped": {}}

    def rows(self) -> Iterator[Chat]:
        draw = random.Random(0)
        kanji = [bytes((row, cell)).decode("shift_jis") for row in range(0x89, 0x97) for cell in range(0x9F, 0xFC)]
        words = [
            "".join(draw.choice(kanji if draw.random() < 0.4 else SOUNDS) for _ in range(draw.randint(1, 4)))
            for _ in range(WORDS)
        ]
        weights = [*accumulate(1 / n for n in range(1, WORDS + 1))]
        for i in range(self.n):
            said = draw.choices(words, cum_weights=weights, k=draw.randint(60, 440))
            answer = "".join(w + ("。" if n % 12 == 11 else "") for n, w in enumerate(said)) + "です。"
            asked = "".join(said[:20]) + (FIRST if i == self.n // 2 else "") + "？"
            meta = {"lang": "ja", "source": f"set-{i % 7}", "licence": "CC-BY-4.0"}
            yield Chat(str(i), (Message("user", asked), Message("assistant", answer)), meta)


class Silent:
    """A client that nobody asks."""

    batch_sensitive = False

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        raise NotImplementedError


def loaded(browser: Chromium, page: str, rows: int) -> list[float]:
    """The seconds until each page is there: the first, the list, a row, and three searches by how often the text is."""
    places = ("", "rows", f"row/{rows // 2}", f"rows?q={FIRST}", "rows?q=漠然です", "rows?q=です。")
    took: list[list[float]] = []
    for _ in range(LOADS):
        took.append([browser.open(f"{page}#/{place}", SHOWN) for place in places])
        assert not browser.said, browser.said
    return [median(each) for each in zip(*took, strict=True)]


def measure(rows: int) -> str:
    """One line of the table."""
    with TemporaryDirectory() as folder:
        ctx = Context(Store(Path(folder) / "store"), Silent())
        made = ctx.store.build(Made(n=rows), ctx)
        site, started = Path(folder) / "site", time.process_time()
        write_site(stored(ctx.store, made, f"{rows} rows"), site)
        took = time.process_time() - started
        files = [path.stat().st_size for path in site.rglob("*") if path.is_file()]
        index = sum(path.stat().st_size for path in (site / "data").glob("g*.js"))
        first = sum((site / name).stat().st_size for name in ("index.html", "data/set.js", "data/columns.js"))
        with chromium() as browser:
            times = loaded(browser, (site / "index.html").as_uri(), rows)
    memory = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    parts = [f"{rows + rows // 10:,}", f"{len(files):,}", f"{sum(files) / 1e6:,.0f}", f"{index / 1e6:,.0f}"]
    parts += [f"{first / 1e6:.1f}", f"{took:.0f}", f"{memory:,.0f}", *(f"{seconds:.2f}" for seconds in times)]
    return f"| {' | '.join(parts)} |"


def main(sizes: Sequence[str]) -> None:
    heads = ["rows", "files", "MB", "MB of the index", "MB of the first page", "written, CPU s", "memory, MB"]
    heads += ["first page, s", "list, s", "row, s", "search of 1 row, s", "of none, s", "of all, s"]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for size in sizes or ("1000", "10000", "100000"):
        print(measure(int(size)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
