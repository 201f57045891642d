"""`komainu data card` and `komainu data push`: a set of the store as a directory for a hub, and its way there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from komainu import launch, settings
from komainu.cli_verbs import Outcome, human
from komainu.errors import UsageError
from komainu.release import leaks
from komainu.release.datacard import DataCard
from komainu.store import Store
from komainu.stored import Stored

if TYPE_CHECKING:
    from komainu.cli_data import Publication, Push


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
    """List the files, and unless it is a dry run put them on the hub."""
    from komainu.release.push import push as upload
    from komainu.release.push import ready

    here = settings.load()
    made = Store(here.root).resolve(wish.target)
    if made.record["stage"] != "DataCard":
        raise UsageError(f"{wish.target!r} is {made.ref}, not a card; make one: komainu data card {made.ref}")
    name = str(made.summary["name"])
    if wish.to != name:
        raise UsageError(f"{made.ref} says that it is {name}, not {wish.to}: make its card with --name {wish.to}")
    files = ready(made, leaks.known(here))
    url = "" if wish.dry_run else upload(Path(made.path), name, files, wish.token, private=wish.private)
    listed = [f"{file.sha256}  {human(file.bytes):>10}  {file.path}" for file in files]
    last = f"{name}: {url}" if url else f"{name}: {len(files)} files would be pushed; nothing was sent"
    found = {"to": name, "ref": made.ref, "files": [file._asdict() for file in files], "commit": url or None}
    return Outcome(found, [*listed, last])
