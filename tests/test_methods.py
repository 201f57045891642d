"""The methods' recipes in miniature: each is planned, runs to its board, and a second run builds nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
ENTRIES = {
    "methods.py:grpo": ["sft", "grpo"],
    "methods.py:self_play": ["sft", "spin 1", "spin 2"],
    "methods.py:iterated": ["sft", "round 1", "round 2"],
    "methods.py:repaired": ["sft", "repaired"],
    "orders.py:languages": ["by_turns", "ja first", "en first"],
    "orders.py:curriculum": ["shuffled", "short", "easy"],
    "orders.py:stages": ["at_once", "first", "second"],
    "orders.py:shares": ["rest 0.25", "rest 0.5", "rest 0.75"],
    "orders.py:noise": ["plain", "noisy"],
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


def komainu(store: Path, verb: str, recipe: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "KOMAINU_STORE": str(store), "KOMAINU_THREADS": "1"}
    words = [verb, f"recipes/{recipe}", "size=xs", "effort=smoke", "--json"]
    return subprocess.run(
        [sys.executable, "-m", "komainu.cli", *words], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("recipe", ENTRIES)
def test_a_recipe_runs_to_its_board(store: Path, recipe: str) -> None:
    ran = komainu(store, "run", recipe)
    assert ran.returncode == 0, ran.stderr
    board: dict[str, Any] = json.loads((Path(json.loads(ran.stdout)["path"]) / "board.json").read_bytes())
    assert [line["entry"] for line in board["headline"]] == ENTRIES[recipe]
    again = komainu(store, "run", recipe)
    assert "build " not in again.stderr
