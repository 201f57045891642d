"""What is in the store: every artifact, finished or not, and what was made from what."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from komainu.cluster.queue import Seen
from komainu.cluster.slurm import job_in
from komainu.seal import RECORD
from komainu.store import Artifact, Store
from komainu.underway import begun

Object = dict[str, Any]
PAUSE = 15.0  # seconds between two questions to Slurm about one job
STATES = ("built", "building", "unfinished")


class Listed(NamedTuple):
    """One artifact. `when`: seconds since 1970, when its record was written, or its folder changed."""

    ref: str
    state: str
    when: float
    names: tuple[str, ...]

    @property
    def stage(self) -> str:
        return self.ref.partition("/")[0]


class Listing(NamedTuple):
    """Everything in a store, newest first; `going` tells of each that is not finished what `komainu status` tells."""

    every: list[Listed]
    going: list[Object]

    def chosen(self, words: str, stage: str, state: str) -> list[Listed]:
        """Those whose `stage/id` or name has all the words, of a stage and a state; "named" is a state too."""
        wanted = words.lower().split()
        return [
            each
            for each in self.every
            if (not stage or each.stage == stage)
            and (not state or (bool(each.names) if state == "named" else each.state == state))
            and all(any(word in text.lower() for text in (each.ref, *each.names)) for word in wanted)
        ]


def listed(store: Store) -> Listing:
    """The store as it is now. No record is read: a page reads those that it shows."""
    names: dict[str, list[str]] = {}
    for name, ref in store.names().items():
        names.setdefault(ref, []).append(name)
    every, open_, root = [], [], str(store.root)
    for ref in store.refs():
        path = f"{root}/{ref}"
        try:
            when, state = os.stat(f"{path}/{RECORD}").st_mtime, "built"
        except OSError:
            try:
                when = os.stat(path).st_mtime
            except FileNotFoundError:  # it was removed meanwhile
                continue
            open_.append(going(store, ref))
            state = "building" if open_[-1]["building"] else "unfinished"
        every.append(Listed(ref, state, when, tuple(names.get(ref, ()))))
    every.sort(key=lambda each: (-each.when, each.ref))
    return Listing(every, open_)


class Jobs:
    """What Slurm tells of the job of a folder, asked again after a while: a page that is open is loaded often."""

    def __init__(self) -> None:
        self.seen: dict[Path, tuple[float, Seen | None]] = {}

    def __call__(self, folder: Path) -> Seen | None:
        now = time.monotonic()
        when, job = self.seen.get(folder, (-PAUSE, None))
        if now - when >= PAUSE:
            job = job_in(folder)
            if job is not None:
                self.seen[folder] = now, job
        return job


JOBS = Jobs()


def going(store: Store, ref: str) -> Object:
    """What is told of a build that has not ended."""
    return begun(store, store.root / ref, job_of=JOBS)


class Made(msgspec.Struct):
    """Of a record only what it was made from."""

    inputs: dict[str, str]


class Uses:
    """Which artifacts were made from which. A record never changes, so each is read once in the life of a studio."""

    def __init__(self) -> None:
        self.inputs: dict[str, tuple[str, ...]] = {}  # of each artifact that has been read
        self.lock = threading.Lock()
        self.decoder = msgspec.json.Decoder(Made)

    def of(self, store: Store, wanted: str) -> list[str]:
        """The artifacts that one was made into, by `stage/id`."""
        with self.lock:
            there = store.refs()
            for ref in there:
                if ref not in self.inputs and (found := self.read(store, ref)) is not None:
                    self.inputs[ref] = found
            return [ref for ref in there if wanted in self.inputs.get(ref, ())]

    def read(self, store: Store, ref: str) -> tuple[str, ...] | None:
        """What an artifact was made from; None where it is not finished or its record is damaged."""
        try:
            return tuple(self.decoder.decode(Path(f"{store.root}/{ref}/{RECORD}").read_bytes()).inputs.values())
        except (OSError, msgspec.DecodeError):
            return None


def rows_of(artifact: Artifact) -> int | None:
    found = artifact.summary.get("rows")
    return found if isinstance(found, int) else None


def stages(every: Iterable[Listed]) -> list[tuple[str, int]]:
    """Each stage and how many artifacts there are of it."""
    counts: dict[str, int] = {}
    for each in every:
        counts[each.stage] = counts.get(each.stage, 0) + 1
    return sorted(counts.items())
