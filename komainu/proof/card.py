"""A card proved: every number of it computed again from the evidence, and compared with what it shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar

from komainu.errors import UsageError
from komainu.eval.board import Board
from komainu.leaves import ABSENT, leaves
from komainu.proof import recount
from komainu.proof.recount import Nobody, Recount
from komainu.proof.restored import NoEvidence, Restorer
from komainu.release import hub
from komainu.release.audit import Cell, State, audit, counted
from komainu.release.card import Card
from komainu.release.datasets import Origin, origins
from komainu.release.family import Member, others
from komainu.release.files import measured
from komainu.release.inherited import GENERATION
from komainu.release.readme import Facts, beside, item_sources, readme
from komainu.release.results import Results, read_results
from komainu.release.tokens import counter
from komainu.seal import change, changes
from komainu.store import Artifact, Store

T = TypeVar("T")
WRITTEN = ("README.md", "cells.json")  # by the card itself; the other files are the model's


@dataclass(frozen=True)
class Proof:
    """`cells` of README.md and cells.json; `problems` are files and artifacts that are not what they should be."""

    card: str
    cells: list[Cell]
    problems: list[str]

    @property
    def counts(self) -> dict[str, int]:
        return counted(self.cells)

    @property
    def doubts(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.state != "OK"]

    @property
    def holds(self) -> bool:
        return not self.problems and not self.doubts


def prove(folder: Path, ref: str, store: Store) -> Proof:
    """Compute every number of the card in `folder` again, from the evidence in `store`, where it is `ref`.

    Scores, intervals, counts, tasks, averages, decisions and the sweep come from score rows; training tables from
    records; data tables from the rows of the sets; parameters and context from the model's files in `folder`, which
    must be those of the record. Raises NoEvidence when the card's own record is not there.
    """
    record = Restorer(store, (Card,)).artifact(ref)
    stage = Restorer(store, (Card,)).stage(ref)
    if not isinstance(stage, Card):
        raise NoEvidence(f"{ref} is no card")
    ctx = Recount(store, Nobody())
    lacking: dict[str, str] = {}
    facts = gathered(stage, record, ctx, folder, lacking)
    cells = [*audit(text_of(folder / "README.md"), readme(stage, facts, ctx), lacking)]
    cells += audited_cells(folder / "cells.json", facts.results, lacking)
    problems = [*sealed(store, ref), *ctx.differing, *model_files(folder, record)]
    try:
        cells += audited_files(folder, beside(stage, facts, folder), lacking)
    except UsageError as error:  # a file that a number was to be put into is none
        problems.append(str(error))
    return Proof(ref, cells, list(dict.fromkeys(problems)))


def gathered(card: Card, record: Artifact, ctx: Recount, folder: Path, lacking: dict[str, str]) -> Facts:
    """What the card is written from, computed again; parts for which that cannot be are noted in `lacking`."""
    refs = record.inputs

    def tried(part: str, make: Callable[[], T], otherwise: Callable[[], T]) -> T:
        try:
            return make()
        except (UsageError, OSError, LookupError, ValueError) as error:  # whatever is in a bundle, it is no bug of ours
            lacking.setdefault(part, str(error))
            return otherwise()

    def recorded() -> Results:
        board = Restorer(ctx.store, ()).artifact(refs["board"])
        if (v := board.record["config"]["v"]) != Board.version:
            raise NoEvidence(f"{board.ref} was written by version {v} of Board, and this komainu reads {Board.version}")
        return read_results(board)

    def again(board: str) -> Results:
        return Results(recount.board(ctx, board))

    results = tried("board", lambda: again(refs["board"]), recorded)
    sweep = standings = None
    if card.sweep:
        sweep = tried("sweep", lambda: recount.sweep(ctx, refs["sweep"]), lambda: {"points": [], "advice": None})
    if card.standings:
        nobody: dict[str, Any] = {"header": ["Model"], "rows": [], "notes": []}
        standings = tried("standings", lambda: recount.standings(ctx, refs["standings"]), lambda: nobody)
    cards = [ctx.open(stage) for stage in card.family]
    family = tried("board", lambda: [*others(cards, results, ctx, again)], lambda: list[Member]())
    sets = [ctx.open(stage) for stage in card.data]
    tried("data", lambda: complete(ctx.store, [a.ref for a in sets]), lambda: None)
    tried("training", lambda: complete(ctx.store, [refs["model"], refs["base"]]), lambda: None)
    nothing: dict[str, list[Origin]] = {a.ref: [] for a in sets}
    found = tried("data", lambda: {a.ref: origins(a, counter(folder)) for a in sets}, lambda: nothing)
    items = tried("data", lambda: item_sources(results.answers(card.entry), ctx), lambda: set[str]())
    published = tried("board", lambda: hub.published(results, ctx.store), lambda: dict[str, hub.Published]())
    return Facts(results, sweep, standings, family, found, measured(folder), items, published)


def complete(store: Store, refs: list[str]) -> None:
    """Raises NoEvidence when a record under `refs` is not there."""
    for _ in records(store, refs):
        pass


def records(store: Store, refs: list[str]) -> Iterator[Artifact]:
    """The artifacts at `refs` and all they came from, each once; raises NoEvidence for one that is not there."""
    seen: set[str] = set()
    todo = [*refs]
    while todo:
        if (ref := todo.pop()) not in seen:
            seen.add(ref)
            found = Restorer(store, ()).artifact(ref)
            todo += found.inputs.values()
            yield found


def sealed(store: Store, ref: str) -> Iterator[str]:
    """What has changed of the evidence that is there."""
    seen: set[str] = set()
    todo = [ref]
    while todo:
        if (each := todo.pop()) in seen or (found := store.at(each)) is None:
            continue
        seen.add(each)
        yield from changes(found.path, whole=False)
        todo += found.inputs.values()


def model_files(folder: Path, record: Artifact) -> Iterator[str]:
    """Files of the card that are not those of its record: changed, missing, added. Hidden ones are not looked at."""
    wanted = {name: digest for name, digest in record.record["files"].items() if name not in WRITTEN}
    for name, digest in wanted.items():
        yield from change(folder / name, digest)
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = file.relative_to(folder).as_posix()
        if name not in {*wanted, *WRITTEN, "record.json"} and not any(p.startswith(".") for p in Path(name).parts):
            yield f"{file} is not of this card: it was added later"


def text_of(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}; verify the folder of a card") from None


def audited_cells(file: Path, results: Results, lacking: dict[str, str]) -> Iterator[Cell]:
    """Every score of cells.json."""
    given = recount.as_json(results.cells())
    try:
        shown = json.loads(text_of(file))
        if not isinstance(shown, dict):
            raise ValueError("it is no object")
    except ValueError as error:
        yield Cell("cells.json", "differs", str(error), "an object")
        return
    for key in dict.fromkeys([*given, *shown]):
        where, why = f"cells.json > {key}", lacking.get("board", "")
        if told := next(leaves(given.get(key, ABSENT), shown.get(key, ABSENT)), None):
            yield Cell(where, "differs", f"{told.path} {told.new}".strip(), f"{told.path} {told.old}".strip())
        else:
            yield Cell(where, "no evidence" if why else "OK", key, key, why)


def audited_files(folder: Path, files: dict[str, str], lacking: dict[str, str]) -> Iterator[Cell]:
    """Every file that tells machines scores or how to sample, line by line."""
    for name, text in files.items():
        why = lacking.get("sweep" if name == GENERATION else "board", "")
        shown = (folder / name).read_bytes().decode(errors="replace") if (folder / name).is_file() else ""
        for given, found in zip_longest(text.splitlines(), shown.splitlines(), fillvalue=""):
            state: State = "differs" if found != given else "no evidence" if why else "OK"
            yield Cell(f"{name} > {given}", state, found, given, why if state == "no evidence" else "")


def find(store: Store, folder: Path) -> str:
    """The card of a store that a folder is a copy of, as far as any of its two written files tells."""
    for artifact in store.ls():
        if artifact.record["stage"] == Card.__name__:
            files = artifact.record["files"]
            if any(name in files and not [*change(folder / name, files[name])] for name in WRITTEN):
                return artifact.ref
    raise NoEvidence(f"{store.root} has no card that {folder} is a copy of; give its bundle with --evidence")
