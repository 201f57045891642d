"""Does one shard task: `python -m komainu.shards TASK STRETCH NUMBER`, as Slurm or Ray starts it.

TASK names a recipe and a dataset in it; the shard lies beside it in `in`, and what is made of it goes to `out`. A row
that cannot be done is told in `failed`, for the user. Exit codes: 0 done, otherwise as the command line's.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import msgspec

from komainu import settings
from komainu.context import Context
from komainu.data.base import Dataset
from komainu.data.hand import Silent
from komainu.data.remote import FAILED, INPUTS, OUTPUTS
from komainu.data.shard_files import read_chunks, write_done
from komainu.data.stretch import Stretch, cut
from komainu.elsewhere import Task
from komainu.errors import Error, JobFailed
from komainu.files import write_json
from komainu.store import Store
from komainu.worker import stage_of


def main(argv: Sequence[str]) -> int:
    file, first, number = Path(argv[0]), int(argv[1]), int(argv[2])
    key, chunks = read_chunks(file.parent / INPUTS / f"{number:05}")
    mark = f"{number:05}-{key}"
    if (file.parent / OUTPUTS / mark).exists():
        return 0
    try:
        stretch, ctx = found(file, first)
        loaded = stretch.load(ctx)
        write_done(file.parent / OUTPUTS / mark, (stretch.work(chunk, loaded) for chunk in chunks))
    except Exception as error:
        traceback.print_exc()
        what = (
            str(error) if isinstance(error, Error) else f"shard {number}: {''.join(traceback.format_exception(error))}"
        )
        kind = type(error) if isinstance(error, Error) else JobFailed
        write_json(file.parent / FAILED / mark, {"kind": kind.__name__, "message": what})
        return kind.code
    return 0


def found(file: Path, first: int) -> tuple[Stretch, Context]:
    """The stretch that a task means, and where it runs."""
    task = msgspec.json.decode(file.read_bytes(), type=Task)
    os.environ["KOMAINU_STORE"] = task.store
    ours = settings.load()
    store = Store(ours.root)
    stage = stage_of(task, store)
    assert isinstance(stage, Dataset), f"{stage.label} has no steps"
    stretch = next(piece for piece in cut(stage.steps) if isinstance(piece, Stretch) and piece.first == first)
    return stretch, Context(store, Silent(), ours)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
