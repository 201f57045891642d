"""A dataset as the explorer's pages have it: its rows are there once they have been read, its index when it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from aiohttp import web

from komainu.data.explore.helper import made_of
from komainu.data.explore.helpers import Helpers
from komainu.data.explore.index import parts_of
from komainu.data.explore.made import explorable, make
from komainu.data.explore.rows import CACHE, FILES, Rows, Several, rows_of
from komainu.data.look.earlier import Found, inputs
from komainu.data.look.entry import Held
from komainu.errors import UsageError
from komainu.store import Artifact, Store
from komainu.studio.base import Ask
from komainu.studio.said import number

SMALL = 8 << 20  # bytes of rows that are read at once, while the page is waited for
BARE = 2000  # rows up to which a search needs no index


@dataclass(frozen=True)
class Dataset:
    """The rows of a dataset, open as long as a page is made."""

    ask: Ask
    artifact: Artifact
    rows: Rows
    helpers: Helpers

    @property
    def title(self) -> str:
        return next(iter(self.ask.names(self.artifact.ref)), self.artifact.ref)

    def indexed(self) -> tuple[int, int] | None:
        """How many parts of how many have been indexed; None where all have, or none needs to be. The others are
        begun."""
        parts = parts_of(self.rows)
        done = sum(part.indexed for part in parts)
        if done == len(parts) or self.rows.total <= BARE or not self.helpers.want(self.artifact, "index"):
            return None
        return done, len(parts)

    def before(self, open_for: ExitStack, *, of_steps: bool) -> tuple[Several, list[str]]:
        """The sets that the rows were made of, or those that its steps compare with; and those not yet read."""
        found: list[Rows] = []
        waiting: list[str] = []
        for each in inputs(self.ask.store, self.artifact, of_steps=of_steps):
            if (some := rows_of(self.ask.store, each)) is not None:
                found.append(open_for.enter_context(some))
            elif explorable(each):
                waiting.append(each.ref)
        if waiting:
            self.helpers.want(self.artifact, "rows")
        return Several(found), waiting

    def stays(self, held: Held) -> Found | None:
        """The row for which one was dropped, wherever it is."""
        meta = held.row.meta
        if not held.step or "duplicate_of" not in meta:
            return None
        id, inside = str(meta["duplicate_of"]), bool(meta.get("duplicate_in"))
        if not inside and (numbers := self.rows.numbers(id)):
            return Found(self.artifact.ref, self.rows.held(numbers[0]).row)
        with ExitStack() as open_for:
            sets, _ = self.before(open_for, of_steps=inside)
            return next(sets.find(id), None)


def explored(helpers: Helpers, show: Callable[[Dataset], web.Response]) -> Callable[[Ask], web.Response]:
    """A page of a dataset. Where its rows have not been read they are, and the page says so until they have been."""

    def page(ask: Ask) -> web.Response:
        artifact = ask.store.at(ask.ref) if ask.ref else None
        if artifact is None:
            return ask.missing("/".join(ask.where.values()))
        if (rows := rows_of(ask.store, artifact)) is None:
            some = [artifact, *made_of(ask.store, artifact)]
            if sum(map(size, some)) > SMALL and explorable(artifact):
                going = helpers.want(artifact, "rows")
                return ask.page("reading.html.jinja", ref=artifact.ref, going=going)
            rows = read(ask.store, some)
        with rows:
            try:
                return show(Dataset(ask, artifact, rows, helpers))
            except IndexError:
                places = {"rows": number(rows.total), "clusters": number(rows.about["clusters"])}
                return ask.missing(ask.words("error.beyond", ref=artifact.ref, **places))

    return page


def read(store: Store, some: Sequence[Artifact]) -> Rows:
    """The rows of the first dataset, with all of them read. Raises UsageError where nothing can be written."""
    try:
        for each in some:
            make(store, each)
    except OSError as error:
        raise UsageError(
            f"{store.root / CACHE}: {error.strerror}; make it a folder that may be written to: what is noted of rows "
            "before they are shown lies there"
        ) from None
    rows = rows_of(store, some[0])
    assert rows is not None, "it has just been read"
    return rows


def size(artifact: Artifact) -> int:
    return sum(path.stat().st_size for path in map(artifact.path.joinpath, FILES) if path.exists())
