"""One of the processes that run a stage together: `python -m komainu.worker TASK`, as torchrun or srun starts it.

Exit codes: 0 done, or stopped by a signal with all saved; otherwise as the command line's. SIGTERM asks to stop at the
next step's end. SIGUSR1, which Slurm sends before the time limit, also asks for the job to be requeued.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import msgspec

from komainu import launch, recipe, settings
from komainu.cluster.base import AGAIN, STOPPED, place
from komainu.context import Context, Group
from komainu.elsewhere import FAILURE, RESULT, Task
from komainu.errors import Error, Stopped, UsageError
from komainu.files import write_json
from komainu.fresh import afresh
from komainu.stage import Stage, upstream_first
from komainu.store import BUILDING, WORK, Store

PATIENCE = 10.0  # seconds that a rank waits for the first one to tell of an error that all have


class Asked:
    """Signals that ask to stop, and whether to start again."""

    def __init__(self, group: Group) -> None:
        self.group, self.again = group, False
        for number in (signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, self.hear)

    def hear(self, number: int, frame: FrameType | None) -> None:
        self.group.stop = True
        self.again = self.again or number == signal.SIGUSR1


def main(argv: Sequence[str]) -> int:
    """Run the stage of a task file. The first rank leaves its result, or the error for the user, beside the file."""
    (file,) = argv
    folder = Path(file).parent
    here = place(os.environ)
    group = Group(here.rank, here.size, here.local)
    asked = Asked(group)
    task = msgspec.json.decode(Path(file).read_bytes(), type=Task)
    try:
        work(task, group)
    except Stopped as stopped:
        print(f"komainu: {stopped}", file=sys.stderr)
        (folder / (AGAIN if asked.again else STOPPED)).touch()
        return 0
    except Error as error:
        print(f"komainu: {error}", file=sys.stderr)
        if group.rank == 0:
            write_json(folder / FAILURE, {"kind": type(error).__name__, "message": str(error)})
        until = time.monotonic() + PATIENCE  # the first to leave ends the others
        while not (folder / FAILURE).exists() and time.monotonic() < until:
            time.sleep(0.05)
        return error.code
    return 0


def work(task: Task, group: Group) -> None:
    os.environ["KOMAINU_STORE"] = task.store
    ours = settings.load()
    stage = stage_of(task, Store(ours.root))
    with launch.open_context(ours) as ctx:
        ctx.group = group
        run(stage, ctx)


def run(stage: Stage, ctx: Context) -> None:
    """Build a stage in its folder; one gang at a time, should one be left over from a process that was killed."""
    out = ctx.store.place(stage)
    if ctx.group.rank:
        ctx.make(stage, out)
        return
    with ctx.store.lock(BUILDING, shared=True), ctx.store.lock(f"{stage.id}.ranks"):
        made = ctx.make(stage, out)
        write_json(out / WORK / RESULT, made._asdict())


def stage_of(task: Task, store: Store) -> Stage:
    """The stage of a task. Raises UsageError when the recipe here does not have it."""
    made = recipe.load(task.target, task.values)
    if task.fresh:
        made = afresh(made, task.fresh, store)
    for stage in upstream_first(made.stage):
        if stage.id == task.stage:
            return stage
    raise UsageError(
        f"{task.target} has no stage {task.stage} here: another version of the recipe or of its files?"
        ". All machines must see the same files: run again"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
