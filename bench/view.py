"""How long a site of `komainu eval view` takes to write, and to load in Chromium without a window, opened as a file.

python -m bench.view [MODELSxITEMS]...
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, NamedTuple

from bench.chromium import Chromium, chromium
from komainu.context import Context
from komainu.eval.base import Answers, Scores
from komainu.eval.bench.habits import TruncatedRate
from komainu.eval.judge.base import Judged
from komainu.eval.judge.panel import panel
from komainu.eval.view.boards import gather
from komainu.eval.view.site import Counts, write_site
from komainu.files import write_rows
from komainu.models.base import Model, Question, Reply
from komainu.rows import Chat, Message
from komainu.stage import Stage
from komainu.store import Artifact, Store

LOADS = 5  # of each page; the median is told
MOST = 100_000  # answers that are judged; more are scored by rule, so that a store fits a disk
QUESTION = "次の会議で使う資料について、目的、対象の読者、必要な図表を説明してください。"
ANSWER = "資料の目的は半年の結果を全員に伝えることです。読者は営業と開発で、専門用語は避けます。"
REASON = "The answer follows the question in order and is polite; the third part stays short, without an example. "
JUDGES = tuple(Model(name=f"judge-{letter}") for letter in "abc")
SHOWN = "document.documentElement?.dataset.shown"


@dataclass(frozen=True, kw_only=True)
class Asked(Stage):
    """n Japanese questions."""

    makes: ClassVar[type] = Chat
    n: int

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        rows = (Chat(f"item-{i}", (Message("user", f"{i}: {QUESTION * 3}"),), {"lang": "ja"}) for i in range(self.n))
        return {"rows": write_rows(out / "rows.jsonl", rows)}


@dataclass(frozen=True, kw_only=True)
class Marks(Judged):
    """Marks from 1 to 10."""

    name: ClassVar[str] = "marks"
    template: ClassVar[str] = "judge/verdict.ja.jinja"
    top: ClassVar[float] = 10.0

    def applies(self, chat: Chat) -> bool:
        return True


class Speakers:
    """Candidates that say the same in many words, and judges that each have another opinion of it."""

    batch_sensitive = False

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        for n, question in enumerate(questions):
            if model in JUDGES:
                mark = question.messages[0].content.split("<verdict-")[1].partition(">")[0]
                number = 1 + int(hashlib.sha256(f"{model.name} {mark}".encode()).hexdigest(), 16) % 10
                yield Reply(f"{REASON * 2}\n<verdict-{mark}>{number}</verdict-{mark}>")
            else:
                yield Reply(f"{model.name}, {n}: {ANSWER * (3 + n % 8)}")


class Times(NamedTuple):
    """Seconds until each page is shown, from nothing."""

    board: float
    column: float
    item: float


def scores(ctx: Context, models: int, items: int) -> Iterator[Artifact]:
    """The scores of each model, built: of three judges, or by rule where there are very many."""
    for i in range(models):
        answers = Answers(model=Model(name=f"model-{i:04}"), items=Asked(n=items))
        judged = models * items <= MOST
        rule = Scores(answers=answers, bench=TruncatedRate(language="ja"))
        yield ctx.store.build(panel(answers, Marks(language="ja"), JUDGES) if judged else rule, ctx)


def loaded(browser: Chromium, page: str, items: int) -> Times:
    """Each page loaded several times in turn."""
    places = ("#/", "#/bench/0?show=judges", f"#/item/0/{items // 2}?with=0,1,2")
    took = [[browser.open(page + place, SHOWN) for place in places] for _ in range(LOADS)]
    assert not browser.said, browser.said
    return Times(*map(median, zip(*took, strict=True)))


def measure(models: int, items: int) -> str:
    """One line of the table."""
    with TemporaryDirectory() as folder:
        ctx = Context(Store(Path(folder) / "store"), Speakers())
        found = [*scores(ctx, models, items)]
        site, started = Path(folder) / "site", time.perf_counter()
        counts: Counts = write_site(gather(ctx.store, found), ctx.store, f"{models} models", site)
        took = time.perf_counter() - started
        files = [path.stat().st_size for path in site.rglob("*") if path.is_file()]
        first = (site / "data" / "board.js").stat().st_size + (site / "index.html").stat().st_size
        with chromium() as browser:
            times = loaded(browser, (site / "index.html").as_uri(), items)
    verdicts = counts.answers * (len(JUDGES) if models * items <= MOST else 1)
    parts = [f"{counts.entries:,}", f"{counts.items:,}", f"{counts.answers:,}", f"{verdicts:,}"]
    parts += [f"{len(files):,}", f"{sum(files) / 1e6:,.1f}", f"{first / 1e6:.2f}", f"{took:.1f}"]
    return f"| {' | '.join([*parts, *(f'{seconds:.2f}' for seconds in times)])} |"


def main(sizes: Sequence[str]) -> None:
    heads = ["models", "items", "answers", "verdicts", "files", "MB", "MB of the first page", "written, s"]
    heads += ["board, s", "column, s", "item, s"]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for size in sizes or ("50x100", "10x5000", "5000x320"):
        models, items = map(int, size.split("x"))
        print(measure(models, items), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
