"""A ranking from a file of comparisons: strengths, intervals, and who can be told from whom."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from scipy.special import expit

from komainu.convert import convert
from komainu.errors import UsageError, nearest
from komainu.eval.stats.bradley_terry import TOP, Duels, Fit, fit, parts, tally
from komainu.eval.stats.family import holm, word
from komainu.eval.stats.groups import groups
from komainu.eval.stats.intervals import LEVEL
from komainu.eval.totals import significant
from komainu.files import read_objects

NEEDED, OPTIONAL = ("a", "b", "wins_a", "wins_b"), ("ties",)
SMALLEST, LARGEST = 1e-6, 1e6  # a count that is not 0 lies between them
MOST = 50  # models of which every two are tested
SIDES = {
    "above": "never lost to the core of the others: no upper bound",
    "below": "never won against the core of the others: no lower bound",
    "apart": "cannot be placed among the others: no bounds",
}


class Read(NamedTuple):
    """The comparisons of a file, and the columns of it that were not looked at."""

    duels: list[Duels]
    ignored: list[str]


def read(path: Path) -> Read:
    """The comparisons of a CSV file (.csv, .tsv) or of JSON objects (.jsonl, .json and the others of `files`).

    Raises UsageError with file:line for what is no comparison.
    """
    rows = cells(path) if path.suffix.lower() in (".csv", ".tsv") else read_objects(path)
    duels: list[Duels] = []
    ignored: dict[str, None] = {}
    for line, row in rows:
        duels.append(duel(row, f"{path}:{line}"))
        ignored |= dict.fromkeys(key for key in row if key not in NEEDED + OPTIONAL)
    if not sum(d.wins_a + d.wins_b + d.ties for d in duels):
        raise UsageError(f"{path}: there is no comparison in it; give rows with {', '.join(NEEDED)} and, if any, ties")
    return Read(duels, [*ignored])


def cells(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a CSV file by its heading, each with the line it ends on."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as source:
            reader = csv.reader(source, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
            heading: list[str] | None = None
            try:
                for row in reader:
                    if not any(cell.strip() for cell in row):
                        continue
                    if heading is None:
                        heading = headed(row, f"{path}:{reader.line_num}")
                    elif len(row) != len(heading):
                        raise UsageError(
                            f"{path}:{reader.line_num}: {len(row)} cells, but the heading has {len(heading)}"
                            "; give each row as many"
                        )
                    else:
                        yield reader.line_num, dict(zip(heading, row, strict=True))
            except csv.Error as error:
                raise UsageError(f"{path}:{reader.line_num}: not CSV: {error}; save it as CSV") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8: {error.reason}; save it as UTF-8") from None
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}") from None


def headed(row: Sequence[str], at: str) -> list[str]:
    names = [cell.strip() for cell in row]
    for name in NEEDED:
        if names.count(name) != 1:
            raise UsageError(f"{at}: the heading has {names.count(name)} columns {name!r}{nearest(name, names)}")
    if len({*names}) < len(names):
        raise UsageError(f"{at}: the heading has a column twice: {', '.join(names)}; keep one of each")
    return names


def duel(row: Mapping[str, Any], at: str) -> Duels:
    for name in NEEDED:
        if name not in row:
            raise UsageError(f"{at}: the row has no {name!r}{nearest(name, row)}")
    a, b = (named(row[key], f"{at}: {key}") for key in ("a", "b"))
    if a == b:
        raise UsageError(f"{at}: {a!r} is compared with itself; a and b must be two models")
    return Duels(a, b, *(number(row.get(key, 0), f"{at}: {key}") for key in ("wins_a", "wins_b", "ties")))


def named(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{where} must be the name of a model, not {value!r}")
    return value.strip()


def number(value: Any, where: str) -> float:
    """A count; an empty cell and null are 0."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return 0.0
    found = convert(value, float, where) if isinstance(value, str) else value
    if not isinstance(found, (int, float)) or isinstance(found, bool):
        raise UsageError(f"{where} must be a number, not {value!r}")
    if found and not SMALLEST <= found <= LARGEST:
        raise UsageError(f"{where} is {value}; a count is 0, or from {SMALLEST:g} to {LARGEST:g}")
    return float(found)


def ranking(found: Read) -> dict[str, Any]:
    """Strengths, the strongest first, of each connected part for itself, and the tests of every two."""
    fits = [fit(part) for part in parts(tally(found.duels))]
    tests = [[*tested(each)] for each in fits]
    adjusted = iter(holm([test["p"] for some in tests for test in some]))
    for test in (test for some in tests for test in some):
        test["p_holm"] = next(adjusted)
        test["word"] = word(test.pop("difference"), test["p_holm"])
    return {
        "rows": [row for i, each in enumerate(fits) for row in lines(each, i + 1)],
        "groups": [group for each, some in zip(fits, tests, strict=True) for group in together(each, some)],
        "pairs": [{**test, **{p: significant(test[p]) for p in ("p", "p_holm")}} for some in tests for test in some],
        "level": LEVEL,
        "parts": len(fits),
        "comparisons": written(sum(float(each.results.wins.sum()) for each in fits)),
        "ignored": found.ignored,
        "notes": [*notes(fits, found.ignored)],
    }


def lines(found: Fit, part: int) -> Iterator[dict[str, Any]]:
    for i in ranked(found):
        low, high = found.interval(i)
        yield {
            "model": found.results.names[i],
            "strength": written(found.strengths[i]),
            "low": None if low is None else written(low),
            "high": None if high is None else written(high),
            "lt": written(found.lt[i]),
            "lt_low": 0.0 if low is None else written(scaled(low)),
            "lt_high": TOP if high is None else written(scaled(high)),
            "wins": written(found.results.wins[i]),
            "games": written(found.results.games[i].sum()),
            "part": part,
            "side": found.sides[i],
        }


def ranked(found: Fit) -> list[int]:
    return sorted(range(len(found.strengths)), key=lambda i: (-found.strengths[i], found.results.names[i]))


def scaled(strength: float) -> float:
    return float(TOP * expit(strength))


def written(value: float) -> float:
    return round(float(value), 9) + 0.0


def tested(found: Fit) -> Iterator[dict[str, Any]]:
    """The likelihood ratio test of every two, the second against the first; none for very many models."""
    names = found.results.names
    for i, j in combinations(ranked(found), 2) if len(names) <= MOST else ():
        change = float(found.strengths[j] - found.strengths[i])
        yield {"a": names[i], "b": names[j], "p": found.p(i, j), "difference": change}


def together(found: Fit, tests: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The groups in which no two can be told apart; none where no two were tested."""
    apart = {frozenset((test["a"], test["b"])) for test in tests if test["word"] != "not distinguishable"}
    names = [found.results.names[i] for i in ranked(found)]
    return groups(names, lambda a, b: frozenset((a, b)) in apart) if tests else []


def notes(fits: Sequence[Fit], ignored: Sequence[str]) -> Iterator[str]:
    if len(fits) > 1:
        yield (
            f"the models fall into {len(fits)} parts that never met, be it through others; each part is centred on "
            "itself, and strengths of different parts cannot be compared"
        )
    for found in fits:
        for i in (i for i in ranked(found) if found.sides[i]):
            yield f"{found.results.names[i]} {SIDES[found.sides[i]]}; its strength is that with Jeffreys' prior"
        if found.separated and not all(found.sides):
            yield "strengths and intervals beside such a model are those with Jeffreys' prior too"
        if len(found.results.names) > MOST:
            yield f"more than {MOST} models: no two were tested against each other"
    if ignored:
        yield f"columns not looked at: {', '.join(ignored)}"
