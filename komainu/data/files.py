"""Sources: a user's own file of chats or of preference pairs, identified by its content."""

from __future__ import annotations

import difflib
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from komainu.errors import UsageError, nearest
from komainu.files import FORMATS, Found, form, scan, write_rows
from komainu.layouts import LAYOUTS, detect, to_row
from komainu.rows import Chat, Pair, Role, Row, pair_problem, turns_problem
from komainu.spec import where
from komainu.stage import Stage

if TYPE_CHECKING:
    from komainu.context import Context

SHOWN = 20  # problems of one file that are spelled out
ENDS: dict[str, tuple[Role, ...]] = {"assistant": ("assistant",), "user": ("user", "tool")}
META: dict[str, type] = {  # what steps and benches rely on, where a file's own meta has it
    **{"source": str, "licence": str, "task": str, "lang": str, "register": str},
    **{"references": list, "from": list, "format": dict, "hidden": dict},
}


class Survey(NamedTuple):
    """One pass over a file: good rows, the first problems, how many there are."""

    rows: int
    shown: tuple[str, ...]
    problems: int


@dataclass(frozen=True, kw_only=True)
class RowFile(Stage, ABC):
    """Rows of a file: JSON lines (.zst too), a JSON array or Parquet, in any of `komainu.layouts.LAYOUTS`.

    Identity is the content: `sha256` is taken from the file unless given, and a file that has changed
    since is refused. Row ids are the file's own where they are unique, else <first 8 of sha256>-<line>.
    meta.source is `source` or the file's stem, meta.licence is `licence`, unless a row's own meta says.
    One wrong row and nothing is written.
    """

    path: str = where()
    sha256: str = ""
    licence: str
    source: str = ""
    layout: str = ""  # as the first object tells, unless given

    def __post_init__(self) -> None:
        if not self.sha256 and Path(self.path).is_file():
            object.__setattr__(self, "sha256", digest(*stamp(self.path)))

    @abstractmethod
    def wrong(self, row: Row) -> str:
        """What is wrong with a row, in a sentence; "" when nothing is."""

    def check(self) -> Iterator[str]:
        """What is wrong with the fields; else with the rows, the first 20 spelled out."""
        if wrong := [*self.field_problems()]:
            yield from wrong
            return
        found = survey(self, *stamp(self.path))
        yield from found.shown
        if found.problems > len(found.shown):
            yield f"{self.path}: {found.problems} problems in all; the first {len(found.shown)} are shown"

    def field_problems(self) -> Iterator[str]:
        """What is wrong with the fields, the file not yet read."""
        name, file = type(self).__name__, Path(self.path)
        if not self.licence.strip():
            yield f"{name}.licence is empty; name the licence of the file, it goes into every row"
        if self.layout and self.layout not in LAYOUTS:
            yield f"{name}.layout is {self.layout!r}, which is no layout{nearest(self.layout, LAYOUTS)}"
        if not self.path:
            yield f"{name}.path is empty; give the file to read"
        elif not file.is_file():
            yield f"{self.path}: {missing(file)}"
        elif not file.name.lower().endswith(FORMATS):
            yield f"{self.path}: the name tells no known format; known are {' '.join(FORMATS)}"
        elif (actual := digest(*stamp(self.path))) != self.sha256:
            yield f"{self.path} has changed: its sha256 is {actual}, the recipe says {self.sha256 or 'nothing'}"

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        return None if [*self.field_problems()] else survey(self, *stamp(self.path)).rows

    def peek(self) -> Iterator[Row] | None:
        """The rows of a file without a problem."""
        return None if any(self.check()) else (row for row, _ in self.read() if row is not None)

    def problems(self) -> Iterator[str]:
        """Every problem of the rows: file:line, the row's id, and what is wrong."""
        return (problem for _, problem in self.read() if problem)

    def read(self) -> Iterator[tuple[Row | None, str]]:
        """The rows with what is wrong with each, "" for a good one; None where there is no row at all."""
        layout, taken = self.layout, set[str]()
        nothing = True
        try:
            for found in scan(Path(self.path)):
                nothing = False
                at = f"{self.path}:{found.line}"
                if found.value is None:
                    yield None, f"{at}: {found.problem}"
                    continue
                id = self.row_id(found, taken)
                try:
                    layout = layout or detect(found.value)
                    row = to_row(found.value, id, layout)
                except UsageError as error:
                    yield None, f"{at}: row {id}: {error}"
                    continue
                wrong = self.wrong(row) if isinstance(row, self.makes) else self.misplaced(row)
                wrong = wrong or meta_problem(row.meta)
                yield self.labelled(row), f"{at}: row {id}: {wrong}" if wrong else ""
        except UsageError as error:  # the file cannot be read any further
            yield None, str(error)
        else:
            if nothing:
                yield None, f"{self.path}: the file is empty"

    def row_id(self, found: Found, taken: set[str]) -> str:
        assert found.value is not None, "a broken line has no id"
        own = found.value.get("id")
        id = str(own) if isinstance(own, (str, int)) and not isinstance(own, bool) else ""
        if not id or id in taken:
            id = f"{self.sha256[:8]}-{found.line}"
        taken.add(id)
        return id

    def misplaced(self, row: Row) -> str:
        other = "PairFile" if isinstance(row, Pair) else "ChatFile"
        return f"this is a {type(row).__name__}, not a {self.makes.__name__}; read the file with {other}"

    def labelled(self, row: Chat | Pair) -> Row:
        name = Path(self.path).name
        source = self.source or name[: -len(form(Path(name)))]
        return row.with_meta(**{"source": source, "licence": self.licence, **row.meta})

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        """Write rows.jsonl; the summary is {"rows", "layout"}. Raises UsageError with the first 20 problems."""
        for problem in self.field_problems():
            raise UsageError(problem)
        with ctx.progress(None, f"read {Path(self.path).name}") as bar:

            def good() -> Iterator[Row]:
                problems: list[str] = []
                total = 0
                for row, problem in self.read():
                    bar.update()
                    if problem:
                        total += 1
                        problems += [problem] if total <= SHOWN else []
                    elif row is not None and not total:
                        yield row
                if total:
                    more = [f"{total} problems in all; the first {SHOWN} are shown"] if total > SHOWN else []
                    raise UsageError("\n".join([*problems, *more]))

            return {"rows": write_rows(out / "rows.jsonl", good())}


@dataclass(frozen=True, kw_only=True)
class ChatFile(RowFile):
    """Chats of a file; each must end with the assistant (to train on) or, with ends="user", ask something."""

    makes: ClassVar[type] = Chat
    ends: str = "assistant"

    def field_problems(self) -> Iterator[str]:
        if self.ends not in ENDS:
            yield f"ChatFile.ends is {self.ends!r}{nearest(self.ends, ENDS)}"
        yield from super().field_problems()

    def wrong(self, row: Row) -> str:
        assert isinstance(row, Chat), "read passes rows of the type made"
        return turns_problem(row.messages, ENDS[self.ends])


@dataclass(frozen=True, kw_only=True)
class PairFile(RowFile):
    """Preference pairs of a file; the two answers must differ."""

    makes: ClassVar[type] = Pair

    def wrong(self, row: Row) -> str:
        assert isinstance(row, Pair), "read passes rows of the type made"
        return pair_problem(row)


def meta_problem(meta: dict[str, Any]) -> str:
    """What is wrong with a meta object that a file brought, in a sentence; "" when nothing is."""
    for key, wanted in META.items():
        if key in meta and not isinstance(meta[key], wanted):
            return f"meta.{key} is of type {type(meta[key]).__name__}; expected {wanted.__name__}"
    if meta.get("lang", "ja") not in ("ja", "en"):
        return f"meta.lang is {meta['lang']!r}; expected 'ja' or 'en', or none"
    return ""


def missing(file: Path) -> str:
    """`no such file`, with the file of the nearest name, or the folder that is not there."""
    if file.is_dir():
        return "this is a folder; give a file"
    if not file.parent.is_dir():
        return f"no such file: there is no folder {file.parent}"
    names = sorted(p.name for p in file.parent.iterdir() if p.name.lower().endswith(FORMATS))
    return f"no such file{nearest(file.name, difflib.get_close_matches(file.name, names, n=1) or names[:8])}"


def stamp(path: str) -> tuple[str, int, int]:
    """A file's path, size and time of change: what this process knows of it holds while these do."""
    found = Path(path).stat()
    return path, found.st_size, found.st_mtime_ns


@lru_cache(maxsize=256)
def digest(path: str, size: int, changed: int) -> str:
    """The SHA-256 of a file, read once a process."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@lru_cache(maxsize=256)
def survey(stage: RowFile, path: str, size: int, changed: int) -> Survey:
    """One pass over a stage's file, made once a process."""
    counts = {"rows": 0, "problems": 0}

    def problems() -> Iterator[str]:
        for _, problem in stage.read():
            counts["problems" if problem else "rows"] += 1
            if problem:
                yield problem

    every = problems()
    shown = tuple(islice(every, SHOWN))
    for _ in every:
        pass
    return Survey(counts["rows"], shown, counts["problems"])
