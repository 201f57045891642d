"""`komainu data card`, `komainu data push`, `komainu release push`: what is for a hub, and its way there."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from komainu import launch, settings
from komainu.cli_verbs import Outcome, human
from komainu.errors import UsageError
from komainu.release import leaks
from komainu.release.datacard import DataCard
from komainu.release.lookup import card_of
from komainu.settings import Settings
from komainu.store import Artifact, Store
from komainu.stored import Stored

if TYPE_CHECKING:
    from komainu.cli_data import Publication
    from komainu.cli_job import Push


def card(wish: Publication) -> Outcome:
    """Write the directory into the store, and a copy of it to --out."""
    here = settings.load()
    if wish.out and wish.out.exists():
        raise UsageError(f"{wish.out} is there already; name a folder that is not")
    target = DataCard(
        name=wish.name,
        data=Stored(artifact=Store(here.root).resolve(wish.target)),
        licence=wish.licence,
        about=wish.about,
        terms=terms(wish.terms or []),
        allowed=tuple(wish.allow or ()),
    )
    for problem in target.check():
        raise UsageError(problem)
    with launch.open_context(here) as ctx:
        made = ctx.store.build(target, ctx)
        ctx.store.name(f"data card {wish.name}", target)
    files = made.summary["files"]
    if wish.out:
        for file in files:
            (wish.out / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made.path / file, wish.out / file)
    found = {"name": wish.name, "ref": made.ref, "path": str(wish.out or made.path), **made.summary}
    lines = [f"{made.ref}: {made.summary['rows']} rows in {len(files)} files", f"path {found['path']}"]
    return Outcome(found, lines)


def terms(said: list[str]) -> dict[str, str]:
    """MODEL=TEXT words."""
    found = dict(text.partition("=")[::2] for text in said)
    if wrong := [model for model, text in found.items() if not model or not text.strip()]:
        raise UsageError(f"--terms {wrong[0]}: expected MODEL=TEXT, what its terms say of its output")
    return found


def push(wish: Push) -> Outcome:
    """A set's directory: list its files, and unless it is a dry run put them on the hub."""
    here = settings.load()
    made = Store(here.root).resolve(wish.target)
    if made.record["stage"] != "DataCard":
        raise UsageError(f"{wish.target!r} is {made.ref}, not a card; make one: komainu data card {made.ref}")
    name = str(made.summary["name"])
    if wish.to != name:
        raise UsageError(f"{made.ref} says that it is {name}, not {wish.to}: make its card with --name {wish.to}")
    return pushed(made, "dataset", wish, here)


def push_model(wish: Push) -> Outcome:
    """The same of a released model."""
    here = settings.load()
    made = card_of(Store(here.root), wish.target)
    name = str(made.summary["name"])
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", wish.to):
        raise UsageError(f"--to is {wish.to!r}; give owner/name")
    if wish.to != name and wish.to.partition("/")[2] != name:
        raise UsageError(f"{made.ref} says that it is {name}, not {wish.to}: make the card with Card.name={wish.to!r}")
    return pushed(made, "model", wish, here)


def pushed(made: Artifact, kind: Literal["dataset", "model"], wish: Push, here: Settings) -> Outcome:
    """Each file with its size and hash, and whether the hub has it. A dry run asks where it has a token, and does
    without an answer."""
    from komainu.release import push as hub

    to = hub.Place(wish.to, kind, wish.token)
    files, folder = hub.ready(made, leaks.known(here)), Path(made.path)
    seen, silent = hub.Seen(), f"{wish.token} is not set"
    if os.environ.get(wish.token) or not wish.dry_run:
        try:
            seen, silent = hub.look(folder, files, to), ""
        except UsageError as error:
            if not wish.dry_run:
                raise
            silent = str(error)
    url = "" if wish.dry_run else hub.push(folder, files, to, seen, private=wish.private)
    there = {file.path: None if silent else file.path in seen.there for file in files}
    marks = {True: "there already", False: "new", None: ""}
    listed = [f"{f.sha256}  {human(f.bytes):>10}  {f.path}  {marks[there[f.path]]}".rstrip() for f in files]
    listed += [f"{name}  goes: an earlier push left it" for name in seen.old]
    if wish.dry_run:
        known = f"the hub was not asked: {silent}" if silent else f"{len(seen.there)} are there already"
        last = f"{wish.to}: {len(files)} files would be pushed, {known}; nothing was sent"
    else:
        last = f"{wish.to}: {url or 'all files are there already; nothing was sent'}"
    rows = [{**file._asdict(), "there": there[file.path]} for file in files]
    return Outcome(
        {"to": wish.to, "ref": made.ref, "files": rows, "old": [*seen.old], "commit": url or None}, [*listed, last]
    )
