"""A set: the same items, answered by several entries, with everything that is said of the answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from komainu.checks.scripts import has_kana
from komainu.eval.view.answers import Judged, Object, answer, item, leaks_in
from komainu.eval.view.boards import AnswerSet, Boards, Column, opened
from komainu.eval.view.table import Table
from komainu.pages.scripts import Series, write
from komainu.rows import Chat, Score
from komainu.store import Artifact, Store

EXCERPT = 300  # characters of a question in the list of items
ByItem = dict[str, list[Score]]
Scored = dict[int, tuple[ByItem, ByItem]]  # number of a column to its scores, and those beside them


class Size(NamedTuple):
    """How many items a set has, and answers to them."""

    items: int
    answers: int


def write_set(boards: Boards, store: Store, shown: AnswerSet, folder: Path, name: str) -> Size:
    """Write the list of items as `NAME/items`, the questions as `NAME/q-0` and on, the answers of each entry as
    `NAME/eENTRY-0` and on, and a table of values for each column as `NAME/cCOLUMN`. One entry is in memory at a time.
    """
    runs = {entry: [opened(store, ref) for ref in refs] for entry, refs in shown.answers.items()}
    items = items_of(store, [run for some in runs.values() for run in some])
    place = {id: number for number, id in enumerate(items)}
    columns = {c: boards.columns[c] for c in shown.columns}
    tables = {c: Table(len(items)) for c in columns}
    questions = Series(folder, f"{name}/q")
    rivals = rivals_of(boards, store, columns.values())
    questions.extend({**item(chat), "rivals": rivals.get(id, [])} for id, chat in items.items())
    told, leaks, count = [], list[tuple[int, int, int]](), 0
    for number, entry in enumerate(boards.entries.values()):
        if entry.name not in runs:
            continue
        scores = scored(store, {c: line for c in columns if (line := entry.lines.get(columns[c]))})
        for c, (some, _) in scores.items():
            tables[c].add(number, [(place[id], score) for id, each in some.items() for score in each])
        series = Series(folder, f"{name}/e{number}")
        for at, cell in enumerate(cells(items, runs[entry.name], scores)):
            series.add(cell)
            count += len(cell)
            if found := sum(map(leaks_in, cell)):
                leaks.append((number, at, found))
        told.append([number, series.done()])
    for c, table in tables.items():
        write(folder, f"{name}/c{c}", {**table.json(), **beside(boards, columns[c])})
    listed = [listing(chat) for chat in items.values()]
    write(folder, f"{name}/items", {"items": listed, "questions": questions.done(), "entries": told, "leaks": leaks})
    return Size(len(items), count)


def items_of(store: Store, answers: Sequence[Artifact]) -> dict[str, Chat]:
    """The items by id, in their own order; where they are gone from the store, as the answers have them."""
    source = store.at(answers[0].inputs.get("items", "gone"))
    rows = (row for artifact in ([source] if source else answers) for row in artifact.rows())
    found: dict[str, Chat] = {}
    for row in rows:
        if isinstance(row, Chat):
            found.setdefault(row.id, row)
    return found


def rivals_of(boards: Boards, store: Store, columns: Iterable[Column]) -> dict[str, list[list[str]]]:
    """What the answers were compared with, where a bench has anchors: an item's id to their names and answers."""
    lines = (next(e.lines[column] for e in boards.entries.values() if column in e.lines) for column in columns)
    made = (opened(store, line["scores"]).inputs.get("bench.anchors") for line in lines)
    found: dict[str, list[list[str]]] = {}
    for ref in filter(None, dict.fromkeys(made)):
        for row in opened(store, ref).rows():
            if isinstance(row, Chat):
                found.setdefault(row.id, []).append([str(row.meta.get("anchor", "")), row.reply])
    return found


def scored(store: Store, lines: Mapping[int, Object]) -> Scored:
    """The scores of one entry's columns, by item: those of the column's metric, and what its stage told beside all of
    its metrics (criteria, duels), which goes with the first of them."""
    found: Scored = {column: ({}, {}) for column in lines}
    for ref in dict.fromkeys(ref for line in lines.values() for ref, _ in line["made_of"]):  # runs in their order
        columns = {line["metric"]: c for c, line in lines.items() if ref in dict(line["made_of"])}
        _, beside = found[min(columns.values())]
        for row in opened(store, ref).rows():
            if isinstance(row, Score):
                some = found[columns[row.metric]][0] if row.metric in columns else beside
                some.setdefault(row.id, []).append(row)
    return found


def cells(items: Mapping[str, Chat], runs: Sequence[Artifact], scores: Scored) -> Iterator[list[Object]]:
    """For each item the answers of one entry, one a run and sample, each with its verdicts."""
    answers: dict[str, list[Chat]] = {}
    for number, run in enumerate(runs, 1):
        for row in run.rows():
            if isinstance(row, Chat):
                answers.setdefault(row.id, []).append(row.with_meta(run=number) if len(runs) > 1 else row)
    for id, asked in items.items():
        chats = answers.get(id, [])
        yield [
            answer(chat, asked.prompt, [judged(c, both, id, n, len(chats)) for c, both in scores.items()])
            for n, chat in enumerate(chats)
        ]


def judged(column: int, both: tuple[ByItem, ByItem], id: str, n: int, of: int) -> Judged:
    """A column's part in the verdicts on the n-th of some answers to an item."""
    own, beside = (share(some.get(id, []), n, of) for some in both)
    return column, own, beside


def share(scores: Sequence[Score], n: int, of: int) -> Sequence[Score]:
    """The scores of the n-th of some answers to an item: each answer has as many, in order; else the first has all."""
    each, rest = divmod(len(scores), of)
    return scores[n * each : (n + 1) * each] if not rest else scores if n == 0 else ()


def listing(chat: Chat) -> list[str]:
    """An item in the list: id, the beginning of its question and its language, its group."""
    question = next((m.content for m in reversed(chat.prompt) if m.role == "user"), "")[:EXCERPT]
    group = chat.meta.get("task") or chat.meta.get("category") or ""
    return [chat.id, question, "ja" if has_kana(question) else "en", str(group)]


def beside(boards: Boards, column: Column) -> Object:
    """What is told of a column beside its values: how it was measured, each entry's scores, judges (n, missing, mean)
    and reasons, and the numbers by task."""
    numbers = {name: number for number, name in enumerate(boards.entries)}
    lines = {n: line for n, entry in enumerate(boards.entries.values()) if (line := entry.lines.get(column))}
    tasks = (t for c, t in boards.tasks if c == column)
    return {
        "way": column.way,
        "refs": [[n, ", ".join(ref for ref, _ in line["made_of"])] for n, line in lines.items()],
        "judges": [
            [n, [[name, j["n"], j["missing"], j["mean"]] for name, j in line["judges"].items()]]
            for n, line in lines.items()
            if line.get("judges")
        ],
        "reasons": [[n, [*line["reasons"].items()]] for n, line in lines.items() if line.get("reasons")],
        "tasks": [[t["task"], numbers[t["entry"]], *(t[key] for key in ("mean", "low", "high", "n"))] for t in tasks],
    }
