"""Sources: a user's own chats or preference pairs, in files or on the hub, identified by their content."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.data.base import DropLog, Dropped
from komainu.data.part import part_of, split_part
from komainu.data.places import Stamp, content, files_at, hub_ref, missing, stamps
from komainu.data.reading import Reader, Seen, Survey
from komainu.errors import UsageError, nearest
from komainu.files import FORMATS, write_rows
from komainu.layouts import LAYOUTS
from komainu.rows import Chat, Pair, Role, Row, pair_problem, turns_problem
from komainu.spec import where
from komainu.stage import Stage

if TYPE_CHECKING:
    from komainu.context import Context

ENDS: dict[str, tuple[Role, ...]] = {"assistant": ("assistant",), "user": ("user", "tool")}


@dataclass(frozen=True, kw_only=True)
class RowFile(Stage, ABC):
    """Rows of a file, a folder, a glob, or a dataset of the hub, in any format and layout that we read.

    `path` may end with a part, such as x.jsonl[:25%], and may be owner/name@commit of the hub, with :split or
    :config/split. Identity is the content: `sha256` is taken from the files, in order, unless given, and files that
    have changed since are refused; of the hub it is the commit. Row ids are the file's own where they are unique, else
    <first 8 of the file's sha256>-<line>. meta.source is `source` or the name of file, folder or set, meta.licence is
    `licence`, unless a row's own meta says. One broken row and nothing is written, unless `broken` allows that share
    of them: then they are dropped, each with its reason.
    """

    path: str = where()
    sha256: str = ""
    licence: str
    source: str = ""
    layout: str = ""  # as the first object tells, unless given
    part: str = ""  # [:25%], [10:200], [-5%:]: what of the rows is taken, see `part.py`
    hub: str = ""  # owner/name@commit:split
    broken: float = 0.0  # the largest share of rows that may be broken

    def __post_init__(self) -> None:
        if self.path and not Path(self.path).exists():
            path, part = split_part(self.path)
            if part and not self.part:
                self.set(path=path, part=part)
            if hub_ref(path) is not None and not self.hub:
                self.set(path="", hub=path)
        if self.path and not self.sha256 and not self.hub:
            try:
                files = files_at(self.path)
            except UsageError:  # told by `check`
                files = []
            self.set(sha256=content(files) if files else "")

    def set(self, **fields: str) -> None:
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @abstractmethod
    def wrong(self, row: Row) -> str:
        """What is wrong with a row, in a sentence; "" when nothing is."""

    def files(self) -> list[Path]:
        """The files in the order they are read; those of the hub are fetched. Raises UsageError."""
        if (ref := hub_ref(self.hub)) is None:
            return files_at(self.path)
        from komainu.data.hub import fetched

        return fetched(ref)

    def check(self) -> Iterator[str]:
        """What is wrong with the fields; else with the rows, the first 20 spelled out. The hub is not asked."""
        if wrong := [*self.field_problems()]:
            yield from wrong
        elif not self.hub and (found := survey(self, stamps(self.files()))).fails:
            yield from found.said()

    def field_problems(self) -> Iterator[str]:
        """What is wrong with the fields, the rows not yet read."""
        name = type(self).__name__
        if not self.licence.strip():
            yield f"{name}.licence is empty; name the licence of the file, it goes into every row"
        if self.layout and self.layout not in LAYOUTS:
            yield f"{name}.layout is {self.layout!r}, which is no layout{nearest(self.layout, LAYOUTS)}"
        if not 0 <= self.broken < 1:
            yield f"{name}.broken is {self.broken}; it is a share of the rows, at least 0 and below 1"
        try:
            part_of(self.part)
            yield from self.place_problems()
        except UsageError as error:
            yield str(error)

    def place_problems(self) -> Iterator[str]:
        """What is wrong with where the rows lie."""
        if self.hub:
            ref = hub_ref(self.hub)
            if wrong := "write owner/name@commit" if ref is None else ref.problem():
                yield f"{self.hub}: {wrong}"
            if self.path:
                yield f"{type(self).__name__} has a path and a set of the hub; give one of them"
        elif not self.path:
            yield f"{type(self).__name__}.path is empty; give the file to read"
        elif not (files := self.files()):
            yield f"{self.path}: {missing(self.path)}"
        elif wrong := next((str(f) for f in files if not f.name.lower().endswith(FORMATS)), ""):
            yield f"{wrong}: the name tells no known format; known are {' '.join(FORMATS)}"
        elif (actual := content(files)) != self.sha256:
            yield f"{self.path} has changed: its sha256 is {actual}, the recipe says {self.sha256 or 'nothing'}"

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        return None if self.hub or [*self.field_problems()] else survey(self, stamps(self.files())).rows

    def peek(self) -> Iterator[Row] | None:
        """The good rows of files that are fit to be read."""
        if self.hub or any(self.check()):
            return None
        return (seen.row for seen in self.read() if seen.row is not None and not seen.reason)

    def problems(self) -> Iterator[str]:
        """Every problem of the rows: file:line, the row's id, and what is wrong."""
        return (seen.problem for seen in self.read() if seen.reason and not seen.aside)

    def read(self) -> Iterator[Seen]:
        """Every object of the part, with what is wrong with each."""
        return Reader(self).part()

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        """Write rows.jsonl, and dropped.jsonl where broken rows are allowed.

        The summary is {"rows"}; with `broken`, and of votes that are no pairs, also "in", and "dropped" by reason:
        in = rows + dropped.
        Raises UsageError with the first 20 problems.
        """
        for problem in self.field_problems():
            raise UsageError(problem)
        found, name = Survey(self.hub or self.path, self.broken), type(self).__name__
        with ExitStack() as open_for, ctx.progress(None, f"read {Path(self.path).name or self.hub}") as bar:
            log = open_for.enter_context(DropLog(out / "dropped.jsonl")) if self.broken else None

            def good() -> Iterator[Row]:
                nonlocal log
                for seen in self.read():
                    bar.update()
                    if seen.aside and log is None:
                        log = open_for.enter_context(DropLog(out / "dropped.jsonl"))
                    if found.add(seen):
                        assert seen.row is not None, "a good row is one"
                        if self.broken or not found.problems:
                            yield seen.row
                    elif log:
                        log.add(name, Dropped(seen.row or blank(seen), f"{seen.reason}: {seen.why}"))
                if found.fails:
                    raise UsageError("\n".join(found.said()))

            summary: dict[str, Any] = {"rows": write_rows(out / "rows.jsonl", good())}
        if log is None:
            return summary
        dropped = {name: dict(sorted(log.counts[name].items()))} if log.counts else {}
        return {**summary, "in": found.rows + found.problems + found.aside.total(), "dropped": dropped}


def blank(seen: Seen) -> Chat:
    """What stands for an object that is no row, among the dropped: its line is its id."""
    return Chat(seen.id or f"line {seen.at.rpartition(':')[2]}", ())


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
    """Preference pairs of a file; the two answers must differ. Of a file of votes (docs/votes.md) those that prefer an
    answer: the others, and an end that a killed process left, are dropped, each with its reason."""

    makes: ClassVar[type] = Pair

    def wrong(self, row: Row) -> str:
        assert isinstance(row, Pair), "read passes rows of the type made"
        return pair_problem(row)


@lru_cache(maxsize=256)
def survey(stage: RowFile, seen: tuple[Stamp, ...]) -> Survey:
    """One pass over a stage's files, made once a process."""
    found = Survey(stage.path, stage.broken)
    for each in stage.read():
        found.add(each)
    return found
