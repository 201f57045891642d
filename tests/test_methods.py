"""The methods' recipes in miniature: each runs to its board, and a second run builds nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from komainu.cli import main
from komainu.eval.board import Board
from komainu.train.sft import SFT
from recipes.orders import curriculum, languages

ROOT = Path(__file__).parents[1]
ENTRIES = {
    "methods.py:grpo": ["sft", "grpo"],
    "methods.py:self_play": ["sft", "spin 1", "spin 2"],
    "methods.py:iterated": ["sft", "round 1", "round 2"],
    "methods.py:repaired": ["sft", "repaired", "dpo"],
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


@pytest.mark.parametrize("recipe", [languages, curriculum])
def test_an_order_decides_when_a_row_is_seen_and_not_whether(
    store: Path, recipe: Callable[..., Board], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("KOMAINU_STORE", str(store))
    monkeypatch.setenv("KOMAINU_THREADS", "1")
    assert main(["run", f"recipes/orders.py:{recipe.__name__}", "size=xs", "effort=smoke"]) == 0
    for entry in recipe(effort="smoke").entries:
        sft = entry.scores[0].answers.model.weights
        assert isinstance(sft, SFT)
        record = json.loads((store / "sft" / sft.id / "record.json").read_bytes())
        data = json.loads((store / record["inputs"]["data"] / "record.json").read_bytes())
        assert (
            abs(record["summary"]["steps"] * sft.fit.global_batch - data["summary"]["rows"]) <= sft.fit.global_batch / 2
        )
