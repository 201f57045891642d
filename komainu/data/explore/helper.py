"""The process that notes and indexes a dataset beside a server: `python -m komainu.data.explore.helper ROOT REF WHAT`.

WHAT is `rows` (of the dataset and of the sets it was made of) or `index`. Several at once divide the work. It gives way
to other work of the machine, and ends when its standard input closes: when whoever started it is gone.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from komainu.data.explore import index
from komainu.data.explore.made import explorable, make
from komainu.data.explore.rows import rows_of
from komainu.data.look.earlier import inputs
from komainu.errors import Error
from komainu.store import Artifact, Store

NICE = 10


def main(argv: Sequence[str]) -> int:
    root, ref, what = argv
    os.nice(NICE)
    threading.Thread(target=leave, daemon=True).start()
    store = Store(Path(root))
    try:
        artifact = store.resolve(ref)
        work(store, artifact, what == "index")
    except (Error, OSError) as error:
        print(f"komainu: the rows of {ref} cannot be explored: {error}", file=sys.stderr)
        return 1
    return 0


def leave() -> None:
    while os.read(0, 1 << 10):  # not `sys.stdin`: whose lock is held when the interpreter ends, that is aborted
        pass
    os._exit(1)


def work(store: Store, artifact: Artifact, indexed: bool) -> None:
    make(store, artifact)
    for each in made_of(store, artifact):
        make(store, each)
    rows = rows_of(store, artifact)
    if indexed and rows:
        with rows:
            index.build(rows)


def made_of(store: Store, artifact: Artifact) -> list[Artifact]:
    """The sets of rows that a dataset was made of, and those that its steps compare with."""
    found = [each for of_steps in (False, True) for each in inputs(store, artifact, of_steps=of_steps)]
    return [each for each in found if explorable(each)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
