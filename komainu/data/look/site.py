"""Writes the site of a set of rows: one page, and its data in scripts that are loaded when they are looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from komainu.data.look.clusters import Clusters
from komainu.data.look.earlier import Earlier
from komainu.data.look.entry import Held, Seen, look, searched
from komainu.data.look.grams import Grams
from komainu.data.look.sources import Source
from komainu.errors import UsageError
from komainu.pages.scripts import Series, write
from komainu.pages.sites import replacing, write_page
from komainu.progress import Progress
from komainu.rows import Pair

PAGE = Path(__file__).parent / "page"
SCRIPTS = ("diff", "search", "overview", "rows", "row", "clusters", "main")  # of the page, in this order
NAMED = ("drop", "source", "licence", "lang", "task", "register")  # columns of words
Object = dict[str, Any]


class Counts(NamedTuple):
    """What a site holds."""

    rows: int
    dropped: int
    clusters: int
    contaminated: int
    changed: int
    with_leaks: int


@dataclass
class Words:
    """A column of words: each word once, and its number for each row."""

    names: dict[str, int] = field(default_factory=dict)
    of: list[int] = field(default_factory=list)

    def add(self, word: str) -> None:
        self.of.append(self.names.setdefault(word, len(self.names)))

    def json(self) -> Object:
        return {"names": [*self.names], "of": self.of}


class Columns:
    """What lists are filtered by: a value a row in each, all loaded at once."""

    def __init__(self) -> None:
        self.words = {name: Words() for name in NAMED}
        self.numbers: dict[str, list[int]] = {name: [] for name in ("leaks", "changed", "item", "pair", "characters")}
        self.table: Counter[tuple[str, str, str, bool]] = Counter()

    def add(self, held: Held, seen: Seen) -> None:
        row = held.row
        said = {key: str(row.meta.get(key, "") or "") for key in ("source", "licence", "task")}
        said |= {"lang": seen.lang, "register": seen.register, "drop": f"{held.step}\n{held.word}" if held.step else ""}
        for name, words in self.words.items():
            words.add(said[name])
        size = sum(
            len(piece if isinstance(piece, str) else piece[0]) for t in seen.page.get("turns", ()) for piece in t[1]
        )
        told = (seen.leaks, int(seen.changed), int("item" in seen.page), int(isinstance(row, Pair)), size)
        for numbers, value in zip(self.numbers.values(), told, strict=True):
            numbers.append(value)
        self.table[said["source"], seen.lang, said["licence"], bool(held.step)] += 1

    def json(self) -> Object:
        """Columns in which nothing stands are left out."""
        words = {name: each.json() for name, each in self.words.items() if [*each.names] != [""]}
        return {"words": words, "numbers": {name: each for name, each in self.numbers.items() if any(each)}}

    def rows_of_table(self) -> list[list[Any]]:
        """Source, language, licence, how many stay, how many were dropped: the largest first."""
        kinds = dict.fromkeys(key[:3] for key, _ in self.table.most_common())
        return [[*kind, self.table[*kind, False], self.table[*kind, True]] for kind in kinds]


def write_site(source: Source, out: Path) -> Counts:
    """Write a whole site; it takes its place when it is finished. Equal sets give equal bytes.

    An older site in its place is replaced. Raises UsageError for a folder that holds something else, and for an empty
    set. Memory: about 1 KB a row, and the index of one segment.
    """
    with replacing(out) as partial, ExitStack() as open_for:
        made_of, items = (open_for.enter_context(Earlier(some)) for some in (source.made_of, source.items))
        data = partial / "data"
        heads, pages, grams = Series(data, "h"), Series(data, "r"), Grams(data, "g")
        columns, clusters = Columns(), Clusters()
        with Progress(None, "look") as bar:
            for number, held in enumerate(source.held()):
                bar.update()
                seen = look(held, made_of, items)
                heads.add([held.row.id, seen.excerpt])
                pages.add(seen.page)
                grams.add(searched(held.row))
                columns.add(held, seen)
                clusters.add(number, held)
        total = len(columns.numbers["leaks"])
        if not total:
            raise UsageError(f"{source.title}: there are no rows to look at; name an artifact or files that have some")
        told = {"rows": total, "heads": heads.done(), "pages": pages.done(), "index": grams.done()}
        write(data, "columns", {**columns.json(), **told})
        found = clusters.json(made_of, items)
        write(data, "clusters", found)
        counts = counted(columns, len(found))
        write(data, "set", {**overview(source, columns), "counts": counts._asdict()})
        write_page(partial, "Data", PAGE, SCRIPTS, "look.css")
    return counts


def counted(columns: Columns, clusters: int) -> Counts:
    total = len(columns.words["drop"].of)
    stay = columns.words["drop"].names.get("", -1)
    dropped = sum(each != stay for each in columns.words["drop"].of)
    of = columns.numbers
    more = (sum(of["item"]), sum(of["changed"]), sum(each > 0 for each in of["leaks"]))
    return Counts(total - dropped, dropped, clusters, *more)


def overview(source: Source, columns: Columns) -> Object:
    """The first page: the way through the steps, drops by reason, the table of what the rows are."""
    names = [*columns.words["drop"].names]
    count = Counter(names[each] for each in columns.words["drop"].of)
    return {
        "title": source.title,
        "steps": [*flow(source.summary)],
        "drops": [[*name.split("\n"), n] for name, n in count.most_common() if name],
        "table": columns.rows_of_table(),
        "upstream": source.upstream,
        "notes": [[name, facts] for name, facts in source.summary.get("notes", {}).items()],
        "summary": [[k, v] for k, v in source.summary.items() if k not in ("rows", "in", "steps", "dropped", "notes")],
    }


def flow(summary: Object) -> Iterator[list[Any]]:
    """Each step of a summary, with rows in and out."""
    steps = summary.get("steps")
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, dict) and {"step", "in", "out"} <= step.keys():
            yield [step["step"], step["in"], step["out"]]
