"""The problems of HumanEval+ v0.1.10 and MBPP+ v0.2.0, from the JSON lines that EvalPlus releases."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from komainu.errors import UsageError

Set = Literal["humaneval", "mbpp"]
SETS: dict[str, Set] = {"HumanEval": "humaneval", "Mbpp": "mbpp"}
FILES = ("HumanEvalPlus.jsonl", "MbppPlus.jsonl")
TEXTS = ("task_id", "prompt", "entry_point", "canonical_solution")
ALL = range(1000)
# JSON has no tuples. For these tasks of MBPP+ the lists at some depths (0: an argument) of some arguments (None: of
# all) were tuples: (depths, arguments, tasks).
TUPLES: tuple[tuple[Sequence[int], Sequence[int] | None, str], ...] = (
    ((0,), None, "2 116 132 143 222 261 273 394 399 421 424 429 470 560 579 596 616 630 726 740 744 809"),
    ((1,), None, "63 64 70 94 120 237 272 299 400 409 417 438 473 614 780"),
    ((1,), (0,), "75 413 444 753"),
    ((0,), (1,), "106 750"),
    ((0,), (0,), "250 307 405 446 617 720 763 808"),
    ((0, 1), None, "259 278 401 445"),
    (ALL, None, "580 615 791"),
)
SHAPES = {f"Mbpp/{task}": (depths, which) for depths, which, tasks in TUPLES for task in tasks.split()}


@dataclass(frozen=True, eq=False)
class Problem:
    """One problem. An input is the list of a call's arguments; base are the original tests, plus are EvalPlus' own."""

    id: str
    set: Set
    prompt: str  # HumanEval: the beginning of the program; MBPP: a docstring with the task and a test
    entry: str  # the function asked for
    solution: str  # the canonical program
    base: list[list[Any]]
    plus: list[list[Any]]
    atol: float  # absolute tolerance for numbers; 0: only that of floats (see `compare`)


def read_problems(path: Path) -> Iterator[Problem]:
    """The problems of one released file, plain or gzip. Raises UsageError with file:line for what is none."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield problem(json.loads(line))
                except (ValueError, TypeError, KeyError, RecursionError) as error:
                    raise UsageError(
                        f"{path}:{number}: not a problem of EvalPlus: {type(error).__name__}: {error}"
                        "; give the file as EvalPlus releases it"
                    ) from None
    except (OSError, EOFError) as error:
        raise UsageError(f"{path}: {error}") from None


def problem(row: dict[str, Any]) -> Problem:
    """The problem of one line; raises ValueError, TypeError or KeyError for what is not as released."""
    for key in TEXTS:
        if not isinstance(row[key], str) or not row[key].strip():
            raise TypeError(f"{key} is {row[key]!r}; it must be a text")
    task = row["task_id"]
    kind = SETS.get(task.split("/")[0])
    if kind is None:
        raise ValueError(f"task_id {task!r} is of neither {' nor '.join(SETS)}")
    base, plus = row["base_input"], row["plus_input"] or []  # Mbpp/793 has an empty object in place of a list
    if not all(isinstance(each, list) for each in (base, plus, *base, *plus)) or not base:
        raise TypeError("base_input and plus_input must be lists of lists of arguments")
    return Problem(
        id=task,
        set=kind,
        prompt=row["prompt"],
        entry=row["entry_point"],
        solution=row["prompt"] + row["canonical_solution"],
        base=[arguments(task, each) for each in base],
        plus=[arguments(task, each) for each in plus],
        atol=float(row["atol"]),
    )


def arguments(task: str, given: list[Any]) -> list[Any]:
    """A call's arguments as they were before they were written as JSON."""
    if task == "Mbpp/124":
        return [float(given[0]), complex(given[1])]
    if task == "Mbpp/252":
        return [complex(given[0])]
    if task == "Mbpp/722":
        return [{name: tuple(pair) for name, pair in given[0].items()}, *given[1:]]
    if task == "Mbpp/115":
        return [[set(each) if isinstance(each, list) and each else {} for each in given[0]]]
    depths, which = SHAPES.get(task, ((), None))
    return [tuples(each, depths) if which is None or n in which else each for n, each in enumerate(given)]


def tuples(value: Any, depths: Sequence[int], depth: int = 0) -> Any:
    """A value whose lists at some depths are tuples."""
    if not isinstance(value, list):
        return value
    members = [tuples(each, depths, depth + 1) for each in value]
    return tuple(members) if depth in depths else members
