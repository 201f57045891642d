"""tl-bench from the command line: judged with --judge, traced to the judges' words, asked nobody a second time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from komainu.cli import main
from komainu.eval.bench.tl_bench.anchors import MET, ROWS
from komainu.eval.shelf import Shelf
from komainu.eval.suites import tl_bench
from tests.core_fakes import ROOT
from tests.eval.commands import alone
from tests.eval.tl_bench.test_items import anchor_files
from tests.eval.tl_bench.tl_world import say
from tests.eval.world import Parrot
from tests.test_cli import Run, Said

URL = "http://127.0.0.1:9/v1"
WORDS = ("eval", "run", f"{URL}#some", "--bench", "tl-bench", "--limit", "1")


@pytest.fixture
def parrot() -> Parrot:
    return Parrot(say)


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], parrot: Parrot
) -> Iterator[Run]:
    alone(parrot, tmp_path, monkeypatch)

    def run(*words: str) -> Said:
        code = main(words)
        return Said(code, *capfd.readouterr())

    yield run


def test_a_model_is_placed_among_the_anchors_of_the_package(command: Run, parrot: Parrot) -> None:
    said = command(*WORDS, "--judge", f"{URL}#fair", "--json")
    assert said.code == 0, said.err
    found, asked = said.json, parrot.asked
    (row,) = found["rows"]
    assert (row["bench"], row["language"], row["metric"], row["items"]) == ("tl_bench", "ja", "lt", 4)
    assert row["low"] <= row["mean"] <= row["high"] and row["top"] == 10
    assert found["headline"]["ja"]["mean"] == pytest.approx(10 * row["mean"], abs=1e-3)
    assert {task["task"] for task in found["tasks"] if task["bench"] == "tl_bench"} >= {"ja-en hard", "en-ja", "easy"}
    (told,) = found["judges"]
    assert told["judges"]["lt"]["by"]["fair"]["n"] == row["n"] == 56
    again = command(*WORDS, "--judge", f"{URL}#fair")
    assert again.code == 0 and parrot.asked == asked
    assert any(line.split()[:4] == ["tl_bench", "ja", "lt", f"{row['mean']:.4f}"] for line in again.out.splitlines())
    assert any("position/fair/first_place" in line for line in again.out.splitlines())
    traced = command("why", found["name"], "--cell", f"{row['entry']}/tl_bench/ja/lt", "--json").json
    assert len(traced["scores"]["rows"]) == 4 and [ref.split("/")[0] for ref in traced["verdicts"]] == ["tlduels"]


def test_the_recipe_makes_anchors_that_the_command_takes(command: Run, parrot: Parrot, tmp_path: Path) -> None:
    recipe = f"{ROOT}/recipes/anchors.py:anchors"
    served = (f'[endpoints.{name}]\nurl = "{URL}"\n' for name in ("slight", "most", "wreck", "fair"))
    Path("komainu.toml").write_text("".join(served), encoding="utf-8")
    made = command("run", recipe, "models=slight,most,wreck", "judge=fair", "limit=1", "--json")
    assert made.code == 0, made.err
    kept = tmp_path / "sets" / "tl_bench_anchors"
    kept.mkdir(parents=True)
    for name in (ROWS, MET):
        (kept / name).write_bytes((Path(made.json["path"]) / name).read_bytes())
    said = command(*WORDS, "--items", "sets", "--judge", f"{URL}#fair", "--json")
    assert said.code == 0 and said.json["rows"][0]["n"] == 4 * 3 * 2


def test_without_a_judge_it_is_not_asked(command: Run, parrot: Parrot) -> None:
    said = command(*WORDS)
    assert said.code == 2 and "tl-bench: its answers are marked by other models; name them with --judge" in said.err
    assert parrot.asked == 0


def test_a_folder_of_the_items_has_other_anchors(tmp_path: Path) -> None:
    anchor_files(tmp_path / "tl_bench_anchors")
    (task,), (plain,) = tl_bench(Shelf((tmp_path,))), tl_bench(Shelf())
    assert task.bench.id != plain.bench.id and task.items == plain.items
    (tmp_path / "tl_bench_anchors" / MET).unlink()
    assert tl_bench(Shelf((tmp_path,)))[0].bench.id == plain.bench.id
