"""`komainu data export`: rows of the store as files that other programs load."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from komainu import settings
from komainu.cli_verbs import Outcome
from komainu.data.export import Export
from komainu.errors import UsageError
from komainu.store import Store
from komainu.stored import Stored


def export(target: str, to: Path, layout: str, format: str, shard_rows: int) -> Outcome:
    """Write the rows of an artifact to a new folder; it takes its name when all is written."""
    artifact = Store(settings.load().root).resolve(target)
    stage = Export(rows=Stored(artifact=artifact), layout=layout, format=format, shard_rows=shard_rows)
    for problem in stage.check():
        raise UsageError(problem)
    if to.exists():
        raise UsageError(f"{to} is there already; give a folder that is not")
    partial = to.with_name(to.name + ".partial")
    if not to.parent.is_dir():
        raise UsageError(f"{to.parent}: there is no such folder to write {to.name} to; make it first")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        found = stage.shown(artifact, partial)
        os.replace(partial, to)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    told = {"target": artifact.ref, "out": str(to), "layout": layout, "format": format, **found}
    return Outcome(told, iter([f"{to}: {found['rows']} rows in {found['shards']} shards, layout {layout}"]))
