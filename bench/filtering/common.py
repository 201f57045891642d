"""What each filter under test is told and what it tells back; the standard library only."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from bench.dedup.common import memory

PLANTED, FINE = "planted", "fine"


class Record(NamedTuple):
    """An answer, its request, the language that it should be in, the part of the corpus, and what is wrong with it.

    `kind` is FINE where nothing is, "" where nobody has said.
    """

    prompt: str
    text: str
    lang: str
    part: str
    kind: str


Filter = Callable[[list[Record]], list[int]]  # the places of the records that it drops


def write(path: Path, records: Iterable[Record]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


def read(path: Path) -> list[Record]:
    return [Record(*json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def by_language(records: list[Record], filters: dict[str, Callable[[list[str]], set[int]]]) -> list[int]:
    """The places that the filter of each record's language drops."""
    dropped = []
    for lang, find in filters.items():
        places = [i for i, record in enumerate(records) if record.lang == lang]
        dropped += [places[i] for i in find([records[i].text for i in places])]
    return sorted(dropped)


def measured(filters: dict[str, Callable[[], Filter]]) -> None:
    """Print CPU seconds on the planted part, the memory it took beside the texts, and the places that are dropped.

    The planted part comes first. Models and dictionaries are loaded by some records before the clock starts; their
    memory is counted.
    """
    records = read(Path(sys.argv[1]))
    held = memory()
    find = filters[sys.argv[2]]()
    planted = [record for record in records if record.part == PLANTED]
    find(planted[:20])
    before = resource.getrusage(resource.RUSAGE_SELF)
    dropped = find(planted)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    dropped += [len(planted) + place for place in find(records[len(planted) :])]
    mb = max(after.ru_maxrss / 1024 - held, 0)
    print("\n" + json.dumps({"cpu": cpu, "mb": mb, "dropped": dropped}), flush=True)
