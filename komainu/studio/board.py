"""The boards of the store, and one of them: every model's numbers with intervals, and what was decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from aiohttp import web
from markupsafe import Markup

from komainu.eval.view.boards import BOARD, AnswerSet, Boards, gather, side_by_side
from komainu.eval.view.index import DECIDED, index
from komainu.release.numbers import NOTHING, p_value
from komainu.release.plots import Dot, around_zero, axis, dots
from komainu.release.svg import Scale, ticks
from komainu.store import Store
from komainu.studio.base import REF, Ask, Studio
from komainu.studio.listing import Listed, listed
from komainu.studio.words import Words

Object = dict[str, Any]
MODELS = 100  # on one page
TITLED = 6  # models that a board without a name is called by
KEPT = 4  # boards that are held ready
FIRST = ("avg", "ja", "en")  # the average that is drawn unless another column is chosen


class Shown(NamedTuple):
    """A board as its pages show it; `told` is what `komainu eval view` writes of it."""

    ref: str
    boards: Boards
    sets: list[AnswerSet]
    told: Object

    @property
    def entries(self) -> list[str]:
        found: list[str] = self.told["entries"]
        return found

    @property
    def columns(self) -> list[Object]:
        found: list[Object] = self.told["columns"]
        return found

    @property
    def first(self) -> int:
        """The column that a reader looks for first."""
        parts = [column.get("part") for column in self.columns]
        return next((parts.index(part) for part in FIRST if part in parts), 0)


def routes(studio: Studio) -> list[web.RouteDef]:
    return [studio.get("/boards", overview), studio.get(f"/board/{REF}", show)]


def overview(ask: Ask) -> web.Response:
    """Every board, newest first."""
    found = [each for each in listed(ask.store).every if (ask.store.root / each.ref / BOARD).exists()]
    return ask.page("boards.html.jinja", rows=[(each, told(ask.store, each)) for each in found])


def told(store: Store, each: Listed) -> list[str]:
    """The models of a board, as its record's summary tells them."""
    artifact = store.at(each.ref)
    return [*(artifact.summary.get("headline") or {})] if artifact else []


@lru_cache(maxsize=KEPT)
def opened(store: Store, ref: str) -> Shown:
    """The board or the scores at a reference, which never change. Raises UsageError for anything else."""
    target = store.at(ref)
    assert target is not None, f"{ref} is not in the store"
    boards = gather(store, [target])
    sets = side_by_side(boards)
    return Shown(ref, boards, sets, index(boards, sets))


def show(ask: Ask) -> web.Response:
    """Every model in every column, one of them drawn with its intervals, and the decisions on it."""
    if not ask.ref or ask.store.at(ask.ref) is None:
        return ask.missing("/".join(ask.where.values()))
    found = opened(ask.store, ask.ref)
    by = min(ask.number("by", found.first), len(found.columns) - 1)
    column = found.columns[by]
    wanted = ask.query.get("q", "").lower()
    order = [e for e in ranked(column, len(found.entries)) if wanted in found.entries[e].lower()]
    last = max(0, -(-len(order) // MODELS) - 1)
    page = min(ask.number("page"), last)
    scale, marks = scale_of(column)
    return ask.page(
        "board.html.jinja",
        title=", ".join(ask.names(ask.ref)) or called(found.entries),
        found=found,
        by=by,
        names=[name_of(ask.words, each) for each in found.columns],
        rows=[row(found, by, e, scale, marks) for e in order[page * MODELS : (page + 1) * MODELS]],
        axis=axis(marks, scale) if marks else "",
        decisions=[*decisions(found, by)],
        models=len(order),
        page=page,
        last=last,
    )


def called(entries: Sequence[str]) -> str:
    """What a board without a name is called: its models."""
    more = len(entries) - TITLED
    return " · ".join(entries[:TITLED]) + (f" + {more}" if more > 0 else "")


def ranked(column: Object, entries: int) -> list[int]:
    """The numbers of the entries, best first; those without a number last."""
    means = [cell[0] if cell else None for cell in column["cells"]]
    sign = -1 if column["up"] else 1
    return sorted(range(entries), key=lambda e: (means[e] is None, sign * (means[e] or 0.0), e))


def scale_of(column: Object) -> tuple[Scale, list[float]]:
    """The scale of a column's intervals, in the numbers that are shown, and its marks."""
    ends = [factor(column) * x for cell in column["cells"] if cell for x in cell[:3] if x is not None]
    marks = ticks(min(ends), max(ends), 4) if ends else []
    return (Scale(marks[0], marks[-1], 2, 98), marks) if marks else (Scale(0, 1), marks)


def row(found: Shown, by: int, entry: int, scale: Scale, marks: Sequence[float]) -> Object:
    """A model: its interval drawn, its number, the groups of models that no test tells it apart from, the rest."""
    column = found.columns[by]
    cell = column["cells"][entry]
    joined = [group for group in column["groups"] if len(group) > 1]
    return {
        "entry": entry,
        "name": found.entries[entry],
        "plot": plot(cell, column, scale, marks),
        "mean": estimate(cell, column),
        "why": cell[5] if cell and len(cell) > 5 else "",
        "groups": [n + 1 for n, group in enumerate(joined) if entry in group],
        "others": [figure(each["cells"][entry], each) for each in found.columns],
    }


def plot(cell: list[Any] | None, column: Object, scale: Scale, marks: Sequence[float]) -> Markup:
    if not cell:
        return Markup()
    ends = [None if x is None else factor(column) * x for x in cell[:3]]
    return dots(estimate(cell, column), [Dot(1, *ends)], scale, marks)


def factor(column: Object) -> float:
    """What numbers are multiplied with: a column from 0 to 1 is a share, shown in per cent."""
    return 100.0 if column["top"] == 1 else 1.0


def digits(column: Object) -> int:
    return 1 if factor(column) * column["top"] > 20 else 2


def text(value: float | None, column: Object, sign: str = "") -> str:
    return NOTHING if value is None else f"{factor(column) * value:{sign}.{digits(column)}f}"


def figure(cell: list[Any] | None, column: Object) -> str:
    return text(cell[0] if cell else None, column)


def estimate(cell: list[Any] | None, column: Object) -> str:
    """`74.5 [70.1, 78.0]`."""
    ends = f" [{text(cell[1], column)}, {text(cell[2], column)}]" if cell and cell[1] is not None else ""
    return figure(cell, column) + ends


def decisions(found: Shown, by: int) -> Iterator[Object]:
    """What was decided on a column: the difference of two models around zero."""
    column = found.columns[by]
    some = [each for each in found.told["decisions"] if each[2] == by]
    ends = [factor(column) * x for each in some for x in each[4:6] if x is not None]
    scale, marks = around_zero(ends)
    for first, second, _, *rest in some:
        d = dict(zip(DECIDED, rest, strict=True))
        low, high = (None if d[end] is None else factor(column) * d[end] for end in ("low", "high"))
        value = None if d["difference"] is None else factor(column) * d["difference"]
        told = f"{text(d['difference'], column, '+')} [{text(d['low'], column, '+')}, {text(d['high'], column, '+')}]"
        yield {
            "ends": (found.entries[first], found.entries[second]),
            "numbers": (first, second),
            "word": (d["word"] or "withheld").replace(" ", "_"),
            "withheld": d["withheld"],
            "told": told if d["low"] is not None else "",
            "p": "" if d["withheld"] or d["p_holm"] is None else p_value(d["p_holm"]),
            "plot": dots(told, [Dot(1, value, low, high)], scale, marks),
        }


def name_of(t: Words, column: Object) -> str:
    """A column's name; of several of one name the later ones have a number."""
    twin = f" #{column['twin'] + 1}" if column["twin"] else ""
    if "part" in column:
        known = f"part.{column['part']}"
        return (t(known) if known in t.catalogue else str(column["part"])) + twin
    metric = "" if column["metric"] == column["bench"] else f" {column['metric']}"
    return f"{column['bench']} ({column['language']}){metric}{twin}"
