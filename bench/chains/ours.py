"""komainu: a dataset of the files of a folder, with the steps of `bench.data`; prints the ids of the rows that stay.

python -m bench.chains.ours FOLDER PROCESSES
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from bench.data import STEPS
from komainu.context import Context
from komainu.data.base import Dataset
from komainu.data.files import ChatFile
from komainu.data.hand import Silent
from komainu.settings import Settings
from komainu.store import Store


def main(folder: Path, processes: int) -> None:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as store:
        ctx = Context(Store(Path(store)), Silent(), Settings(processes=processes))
        steps = tuple(step for name, step in STEPS.items() if name != "engine")
        made = ctx.store.build(
            Dataset(sources=(ChatFile(path=str(folder / "rows"), licence="CC0-1.0"),), steps=steps), ctx
        )
        wall = time.perf_counter() - began
        print("\n" + json.dumps({"wall": wall, "kept": [row.id for row in made.rows()]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
