"""Whether a recipe would train on its own test: what it trains on against the items its evaluations ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

from komainu.data.base import Dataset, windows
from komainu.data.decontaminate import Decontaminate, item, unique
from komainu.eval.base import Answers
from komainu.eval.items import Items
from komainu.models.base import Model
from komainu.rows import Chat, Pair, Row
from komainu.spec import Spec
from komainu.stage import Stage, upstream_first
from komainu.store import Artifact
from komainu.train.base import Train

STRICT = Decontaminate(against=(), coverage=1.0, edited=0.0)  # a plan refuses whole prompts, and nothing by likeness
NAMED = 3  # rows and items that are named; the others are counted


class Said(NamedTuple):
    """What is to be said of a training stage: an error, or (`refused` False) what nobody has looked at."""

    stage: Stage
    text: str
    refused: bool


def holdout(target: Stage, built: Mapping[str, Artifact]) -> Iterator[Said]:
    """What there is to say of each training stage to be run and the items that models made of it are asked.

    Refused: items that are among the sources of the data, and rows with the whole prompt of an item, where both can be
    read without building anything. Told: items that no `Decontaminate` on the way keeps out of the data. Stages that
    are known to be `apart` need neither. Not covered: what a teacher was trained on.
    """
    for train, tests in tested(target, built):
        unguarded: dict[str, Stage] = {}
        for items in tests:
            reached = exposed(train.data, items)
            if items.id in reached:
                yield Said(train, f"it would train on {items.label}, the items that its evaluation asks", True)
            elif any(not a.apart(b) for a in leaves(reached) for b in leaves(exposed(items, None))):
                unguarded[items.id] = items
        if unguarded:
            yield compared(train, [*unguarded.values()], built)


def tested(target: Stage, built: Mapping[str, Artifact]) -> Iterator[tuple[Train, list[Stage]]]:
    """The training stages that are not done, each with the items that what is made of it is asked."""
    trains: dict[str, Train] = {}
    items: dict[str, dict[str, Stage]] = {}
    for stage in upstream_first(target):
        if isinstance(stage, Answers) and isinstance(stage.model.weights, Stage):
            for train in upstream_first(stage.model.weights):
                if isinstance(train, Train) and train.id not in built:
                    trains[train.id] = train
                    items.setdefault(train.id, {})[stage.items.id] = stage.items
    return ((train, [*items[id].values()]) for id, train in trains.items())


def exposed(data: Stage, items: Stage | None) -> dict[str, Stage]:
    """The stages whose rows may come into `data` without being compared with `items`; None: all whose rows come."""
    found: dict[str, Stage] = {}
    waiting = [data]
    while waiting:
        stage = waiting.pop()
        if stage.id not in found and not (items and guarded(stage, items)):
            found[stage.id] = stage
            waiting += sources(stage)
    return found


def guarded(stage: Stage, items: Stage) -> bool:
    """Whether a stage lets no row of the items through."""
    steps = stage.steps if isinstance(stage, Dataset) else ()
    whole = {items.id, *([replace(items, limit=0).id] if isinstance(items, Items) else [])}
    return any(whole & {each.id for each in step.against} for step in steps if isinstance(step, Decontaminate))


def sources(stage: Stage) -> list[Stage]:
    """The inputs whose rows a stage takes: not the models it asks, nor the items it only compares with."""
    return [s for f in fields(stage) for s in rows_in(getattr(stage, f.name)) if s.row_type in (Chat, Pair)]


def rows_in(value: Any) -> Iterator[Stage]:
    if isinstance(value, Stage):
        yield value
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from rows_in(each)
    elif isinstance(value, Spec) and not isinstance(value, (Model, Decontaminate)):
        for f in fields(value):
            yield from rows_in(getattr(value, f.name))


def leaves(found: Mapping[str, Stage]) -> list[Stage]:
    return [stage for stage in found.values() if not sources(stage)]


def compared(train: Train, tests: Sequence[Stage], built: Mapping[str, Artifact]) -> Said:
    """What a look at the rows says, as far as they are at hand."""
    known = [(items, rows) for items in tests if (rows := at_hand(items, built)) is not None]
    found, unread = repeats(train, known, built)
    advice = "put Decontaminate(against=(...,)) with these items into its data"
    if found:
        first, rest = "; ".join(found[:NAMED]), len(found) - NAMED
        more = f"; and {rest} rows more" if rest > 0 else ""
        return Said(train, f"it would train on its own test: {first}{more}; {advice}", True)
    names = ", ".join(items.label for items in tests[:NAMED])
    more = f" and {len(tests) - NAMED} more" if len(tests) > NAMED else ""
    looked = "no row has a whole prompt of them, edited ones were not looked for"
    why = "not all rows can be read yet" if unread or len(known) < len(tests) else looked
    return Said(
        train, f"nothing keeps {names}{more}, which its evaluation asks, out of what it learns ({why}); {advice}", False
    )


def repeats(
    train: Train, known: Sequence[tuple[Stage, Iterator[Row]]], built: Mapping[str, Artifact]
) -> tuple[list[str], bool]:
    """Each row that repeats a whole prompt, and whether there are rows that cannot be read yet."""
    from komainu.data.repeated import Judge

    found: list[str] = []
    unread = False
    groups: dict[str, tuple[Stage, list[Stage]]] = {}
    for items, _ in known:
        for stage in frontier(train.data, items, built):
            groups.setdefault(stage.id, (stage, []))[1].append(items)
    texts = {
        items.id: [item(row.id, items.label, [m.content for m in row.prompt]) for row in rows if isinstance(row, Chat)]
        for items, rows in known
    }
    for stage, tests in groups.values():
        rows = at_hand(stage, built)
        if rows is None:
            unread = True
            continue
        judge = Judge(STRICT, unique(each for items in tests for each in texts[items.id]))
        for window in windows(rows):
            chats = [row for row in window if isinstance(row, (Chat, Pair))]
            for place, same in judge.look(chats).found.items():
                met = judge.items[same.overlap.place]
                found.append(f"row {chats[place].id!r} of {stage.label} has the prompt of {met.id!r} of {met.stage}")
    return found, unread


def frontier(data: Stage, items: Stage, built: Mapping[str, Artifact]) -> Iterator[Stage]:
    """The stages to compare with items: on each way into the data the last one whose rows are at hand, or the first."""
    seen: set[str] = set()
    waiting = [data]
    while waiting:
        stage = waiting.pop()
        if stage.id in seen or guarded(stage, items):
            continue
        seen.add(stage.id)
        further = sources(stage)
        if not further or at_hand(stage, built) is not None:
            yield stage
        else:
            waiting += further


def at_hand(stage: Stage, built: Mapping[str, Artifact]) -> Iterator[Row] | None:
    """The rows of a stage where they can be read without building anything."""
    return built[stage.id].rows() if stage.id in built else stage.peek()
