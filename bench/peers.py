"""Running an engine under test in a process and an environment of its own, on one thread."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from komainu.environment import Environment, bare

ROOT = Path(__file__).parents[1]
SINGLE = {"PYTHONPATH": str(ROOT)} | dict.fromkeys(
    ("RAYON_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"
)


def listed(name: str, *files: Path) -> Environment:
    """The packages of these files and no others."""
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return Environment(name=name, steps=(("--no-deps", *(line for line in lines if not line.startswith("#"))),))


def told(name: str, command: tuple[str, ...], environment: Environment | None, envs: Path) -> dict[str, Any] | None:
    """What `python -m command` says in its last line, as JSON; `environment` None is this one.

    None: another's engine ended with an error, as one does that wants more memory than there is. Ours must not.
    """
    python = str(environment.python(envs)) if environment else sys.executable
    variables = bare(**SINGLE) if environment else {**os.environ, **SINGLE}
    done = subprocess.run([python, "-m", *command], cwd=ROOT, env=variables, capture_output=True, text=True)
    if done.returncode:
        if not environment:
            raise SystemExit(f"{name} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        print(f"{name} ended with {done.returncode} and is left out:\n{done.stderr[-2000:]}", file=sys.stderr)
        return None
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said
