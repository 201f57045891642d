"""Marks and duels from files: rows of JSON lines or CSV, and the published dialogues of Japanese-RP-Bench."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from komainu.errors import UsageError
from komainu.eval.panel.marks import GOLDS, Mark
from komainu.eval.panel.position import Duel
from komainu.files import scan

Row = Mapping[str, Any]
SIDES = ("first", "second", "tie", "bad")
NAMES = ("model", "item", "judge")
DIALOGUE = ("human_scores", "individual_evaluations", "conversation_history", "target_model_name", "id")


class Torn(UsageError):
    """The file ends in the middle of a line."""


class Read(NamedTuple):
    """What a file holds."""

    marks: list[Mark]
    duels: list[Duel]
    torn: int = 0  # votes in the middle of which the file ends


def read(path: Path) -> Read:
    """The marks and duels of a file; raises UsageError with file:line for a row that is neither.

    A mark: `model`, `item`, `judge`, `score` (a number; null or empty is a missing verdict), and optional `bench`,
    `metric`, `sample`, `category`, `length`, `top`, and `gold`, the score of the answer itself by people or whoever the
    judges are measured against. A duel: `item`, `judge`, `first` and `second` (models, as they were shown), `winner`
    ("first", "second", "tie", "bad" for a tie of two bad ones, or null), and optional `bench`; a file of votes
    (docs/votes.md) holds such rows, and may end in the middle of one. A dialogue: a row of the annotated sample of
    Aratako/Japanese-RP-Bench.
    """
    found, torn = Read([], []), 0
    golds: dict[tuple[str, ...], Mark] = {}
    try:
        for at, row in objects(path):
            take(at, row, found, golds)
    except Torn:
        if not found.duels:
            raise
        torn = 1
    return Read([*found.marks, *golds.values()], found.duels, torn)


def take(at: str, row: Row, found: Read, golds: dict[tuple[str, ...], Mark]) -> None:
    """Put what a row holds to what was found."""
    if {*DIALOGUE} <= row.keys():
        found.marks.extend(dialogue(at, row))
    elif "winner" in row:
        found.duels.append(duel(at, row))
    else:
        found.marks.append(mark := mark_of(at, row))
        if row.get("gold") not in (None, ""):
            gold = mark._replace(judge=GOLDS[0], score=score(at, row, "gold"))
            key = (mark.bench, mark.model, mark.item, mark.sample, mark.metric)
            if (before := golds.setdefault(key, gold)).score != gold.score:
                raise UsageError(
                    f"{at}: the gold of this answer is {gold.score:g}, but on {before.at} another"
                    "; an answer has one: mend one of the two lines"
                )


def objects(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of a file with `file:line`; a .csv has their names in its first line."""
    if path.suffix.lower() != ".csv":
        found = None
        for found in scan(path):
            if found.value is None:
                raise (Torn if found.torn else UsageError)(f"{path}:{found.line}: {found.problem}")
            yield f"{path}:{found.line}", found.value
        if found is None:
            raise UsageError(f"{path}: the file holds no objects; give one with a JSON object a line")
        return
    line = 1
    try:
        with open(path, encoding="utf-8-sig", newline="") as source:
            reader = csv.DictReader(source, strict=True)
            for row in reader:
                line = reader.line_num
                if None in row or None in row.values():
                    raise UsageError(
                        f"{path}:{line}: the row has another number of columns than the first line"
                        "; give each row as many cells"
                    )
                yield f"{path}:{line}", row
    except (csv.Error, UnicodeDecodeError) as error:
        raise UsageError(f"{path}:{line}: not CSV in UTF-8: {error}; save it as UTF-8, with commas") from None
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    if line == 1:
        raise UsageError(f"{path}: the file holds no rows; give one with a row for each mark")


def mark_of(at: str, row: Row) -> Mark:
    names = {name: text(at, row, name) for name in NAMES}
    beside = {name: str(row.get(name) or "") for name in ("bench", "sample", "category")}
    length, top = score(at, row, "length"), score(at, row, "top")
    if "score" not in row:
        raise UsageError(f"{at}: the row has no `score`; null or an empty field is a missing verdict")
    return Mark(
        **names,
        **beside,
        score=score(at, row, "score"),
        metric=str(row.get("metric") or "score"),
        length=None if length is None else int(length),
        top=top,
        at=at,
    )


def duel(at: str, row: Row) -> Duel:
    item, judge, first, second = (text(at, row, name) for name in ("item", "judge", "first", "second"))
    winner = row["winner"] or None
    if winner is not None and winner not in SIDES:
        raise UsageError(f"{at}: winner is {winner!r}; it must be {', '.join(SIDES)}, or null for a missing verdict")
    if first == second:
        raise UsageError(f"{at}: {first!r} is compared with itself; `first` and `second` must be two models")
    bad = winner == "bad"
    return Duel(item, judge, first, second, "tie" if bad else winner, str(row.get("bench") or ""), bad)


def dialogue(at: str, row: Row) -> Iterator[Mark]:
    """The marks of four LLM judges and of people on one dialogue, by criterion; the model's turns are its length."""
    turns = row["conversation_history"]
    if not isinstance(turns, list) or not all(isinstance(turn, str) for turn in turns):
        raise UsageError(f"{at}: conversation_history must be a list of texts")
    length = sum(map(len, turns[1::2]))
    by = [(each.get("judge_model_name"), each) for each in row["individual_evaluations"]]
    for judge, scores in [*by, (GOLDS[1], row["human_scores"])]:
        if not isinstance(judge, str) or not isinstance(scores, dict):
            raise UsageError(f"{at}: an evaluation without judge_model_name, or without scores; give each both")
        for metric in row["human_scores"]:
            yield Mark(
                model=str(row["target_model_name"]),
                item=f"{row['id']}",
                judge=judge,
                score=score(at, scores, metric),
                metric=metric,
                length=length,
                top=5.0,
                at=at,
            )


def text(at: str, row: Row, name: str) -> str:
    found = row.get(name)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    if not isinstance(found, str) or not found.strip():
        raise UsageError(f"{at}: the row has no `{name}`; give it a text there")
    return found


def score(at: str, row: Row, name: str) -> float | None:
    """A number; None where the field is not there, null or empty."""
    found = row.get(name)
    if found is None or found == "":
        return None
    try:
        value = math.nan if isinstance(found, bool) else float(found)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{at}: {name} is {found!r}; it must be a number, or null where there is none")
    return value
