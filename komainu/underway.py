"""What is under way in a store: which stages are built where, how far they are, how long still, what they cost so far.

Everything is read from files that other processes write; nothing here waits for them or holds them up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from komainu.cluster.base import last_object, last_objects
from komainu.cluster.queue import Seen
from komainu.cluster.slurm import job_in
from komainu.elsewhere import METRICS, total
from komainu.models.calls import Spent
from komainu.store import PROGRESS, WORK, Store
from komainu.sweeps.record import Shelf

RECENT = 20  # steps whose mean pace tells how long the rest will take
SIGNS = (METRICS, PROGRESS)  # the newest of them is the last sign of life


def builds(store: Store, ledger: Sequence[Spent]) -> Iterator[dict[str, Any]]:
    """Every artifact that is being built or was left unfinished."""
    yield from (begun(store, path, ledger) for path in store.unfinished())


def begun(
    store: Store, path: Path, ledger: Sequence[Spent] = (), job_of: Callable[[Path], Seen | None] = job_in
) -> dict[str, Any]:
    """What is known of a build that has not ended.

    `ref`; `building`; `pid` (0: not said yet) and `seconds` since it began, of a build by a process of this machine;
    `job` and `state` of a Slurm job; `progress`, see `far`; `quiet`, seconds since the last sign of life, where there
    was one; `calls` and `money` of what it has asked so far, `unpriced` calls being in no money.
    """
    pid, job = store.holder(path.name), job_of(path / WORK)
    held = {"seconds": since(store.root / ".locks" / path.name)} if pid is not None else {}
    signs = [since(path / WORK / name) for name in SIGNS if (path / WORK / name).exists()]
    ref = f"{path.parent.name}/{path.name}"
    rows = [row for row in ledger if row.stage == ref]
    return {
        "ref": ref,
        "building": pid is not None or (job is not None and not job.ended),
        "pid": pid,
        **held,
        **({"job": job.job, "state": job.text()} if job else {}),
        "progress": far(path / WORK),
        **({"quiet": min(signs)} if signs else {}),
        **{key: sum(getattr(row, key) for row in rows) for key in ("calls", "money", "unpriced") if rows},
    }


def far(folder: Path) -> dict[str, Any] | None:
    """How far the build in a scratch folder is: the last step of a training, or what is done of how many."""
    steps = last_objects(folder / METRICS, RECENT)
    if not steps:
        return last_object(folder / PROGRESS)
    last, whole = steps[-1], total(folder)
    if not whole or "step" not in last:
        return last
    timed = [step["tokens"] / step["tokens_per_s"] for step in steps if step.get("tokens_per_s")]
    if not timed:
        return {"step": last.pop("step"), "steps": whole, **last}
    left = (whole - last["step"] - 1) * sum(timed) / len(timed)
    return {"step": last.pop("step"), "steps": whole, "seconds_left": round(left), **last}


def since(path: Path) -> int:
    """Seconds since a file was written; 0 for one that has gone meanwhile."""
    try:
        return max(0, round(time.time() - path.stat().st_mtime))
    except OSError:
        return 0


def sweeps(store: Store) -> Iterator[dict[str, Any]]:
    """Every named sweep that is running or has points to run: `name`, `id`, `pid` (None: not running), and counts."""
    shelf = Shelf(store.root)
    for name, id in shelf.names().items():
        states = [state for _, state, _ in shelf.states(shelf.find(id))]
        pid = store.holder(f"sweep-{id}")
        if pid is not None or "to run" in states:
            counts = {word.replace(" ", "_"): states.count(word) for word in ("built", "failed", "pruned", "to run")}
            yield {"name": name, "id": id, "pid": pid, **counts}
