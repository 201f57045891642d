"""The methods' recipes in miniature: each runs to its board, and a second run builds nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from komainu.cli import main

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


@pytest.mark.parametrize("recipe", ENTRIES)
def test_a_recipe_runs_to_its_board(
    store: Path, recipe: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("KOMAINU_STORE", str(store))
    monkeypatch.setenv("KOMAINU_THREADS", "1")
    command = ["run", f"recipes/{recipe}", "size=xs", "effort=smoke", "--json"]
    assert main(command) == 0
    board = json.loads((Path(json.loads(capsys.readouterr().out)["path"]) / "board.json").read_bytes())
    assert [line["entry"] for line in board["headline"]] == ENTRIES[recipe]
    assert main(command) == 0
    assert "build " not in capsys.readouterr().err
