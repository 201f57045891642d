"""`komainu eval board`: the family's table from the command line."""

from __future__ import annotations

import csv
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from komainu.cli import main
from komainu.eval.family import ELYZA, IFEVAL
from komainu.store import Store
from tests.eval.league.world import HOW, Given, board_of, full, row, stored
from tests.eval.reference import FIXTURES, needs_fixtures
from tests.test_cli import Said
from tests.test_cli_eval import MODEL, eval_, items, parrot  # noqa: F401  (fixtures)

Run = Callable[..., Said]


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `komainu eval board` in a folder whose store has two boards of two models."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOMAINU_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("KOMAINU_SETTINGS", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(logging.getLogger("komainu"), "handlers", [])  # those of a command that has ended
    stored(tmp_path / "store", "first", board_of([*full("a-7b", {"elyza": 8.45}), *full("b-70b", {"elyza": 7.0})]))
    stored(tmp_path / "store", "second", board_of(full("c-7b", {"elyza": 9.0})))

    def run(*words: str) -> Said:
        return Said(main(["eval", "board", *words]), *capfd.readouterr())

    return run


def models(said: Said) -> list[str]:
    return [each["model"] for each in said.json["rows"]]


def test_without_a_target_all_named_results_are_shown(board: Run) -> None:
    said = board("--json")
    assert said.code == 0 and models(said) == ["c-7b", "a-7b", "b-70b"]
    assert said.json["rows"][1]["elyza"] == pytest.approx(8.45) and said.json["sorted_by"] == "ja_avg"
    assert models(board("first", "--json")) == ["a-7b", "b-70b"]
    assert models(board("--json", "--sort=-elyza", "--filter", "7b", "--filter", "size<10")) == ["a-7b", "c-7b"]


def test_the_same_table_as_text_csv_and_markdown(board: Run) -> None:
    text, sheet, marked = board(), board("--csv"), board("--markdown")
    assert text.out.split("\n")[1].startswith("c-7b") and "9.00 [8.90, 9.10]" in text.out
    assert [r["model"] for r in csv.DictReader(sheet.out.splitlines())] == ["c-7b", "a-7b", "b-70b"]
    assert marked.out.startswith("| Model | Group | JA AVG |") and "| c-7b | a |" in marked.out
    for pair in (("--csv", "--json"), ("--csv", "--markdown"), ("--json", "--markdown")):
        assert board(*pair).code == 2


def test_a_name_is_no_markup_in_a_markdown_table(board: Run) -> None:
    name = "a|b <img src=x> `c` [d](e)"
    stored(Path("store"), "evil", board_of(full(name, {})))
    (line,) = [line for line in board("evil", "--markdown").out.splitlines() if "img" in line]
    assert r"| a\|b &lt;img src=x&gt; \`c\` \[d](e) |" in line


def test_a_terminal_sets_the_width(board: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    assert board().out.count("Model") > 2


def test_withheld_numbers_end_with_4_unless_they_are_accepted(board: Run) -> None:
    stored(Path("store"), "third", board_of([row("d", IFEVAL, 0.5, n=90, missing=10)]))
    said = board("third", "--json")
    assert said.code == 4 and said.json["rows"][0]["ifeval"] is None and "10.0 %" in said.json["withheld"][0]
    shown = board("third", "--accept-missing", "0.1", "--json")
    assert shown.code == 0 and shown.json["rows"][0]["ifeval"] == 0.5
    assert "accepted without 10.0 %" in shown.json["rows"][0]["cells"]["ifeval"]["why"]


def test_other_judges_have_another_column(board: Run) -> None:
    stored(Path("store"), "third", board_of([row("a-7b", ELYZA, 5, scores="x")], {**HOW, "judges": "gpt-4"}))
    rows = {each["model"]: each for each in board("--json").json["rows"]}
    assert (rows["a-7b"]["elyza@1"], rows["a-7b"]["elyza@2"]) == (pytest.approx(8.45), 5)
    assert "elyza" not in rows["a-7b"] and rows["b-70b"]["elyza@2"] is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nobody"], "has no artifact 'nobody'"),
        (["plain"], "which has no scores; name a board"),
        (["--sort", "elyzza"], "did you mean 'elyza'?"),
        (["--filter", "nobody"], "none of the models is as --filter wants: nobody"),
        (["--accept-missing", "2"], "--accept-missing"),
    ],
)
def test_a_usage_error_says_what_to_do(board: Run, words: list[str], message: str) -> None:
    ctx = stored(Path("store"), "first", board_of(full("a-7b", {})))
    plain = Given(text="")
    ctx.store.build(plain, ctx)
    ctx.store.name("plain", plain)
    said = board(*words)
    assert (said.code, said.out) == (2, "") and message in said.err and "Traceback" not in said.err
    assert board(*words, "--json").json["code"] == 2


def test_a_store_without_results_says_how_to_get_some(tmp_path: Path, board: Run, monkeypatch: Any) -> None:
    monkeypatch.setenv("KOMAINU_STORE", str(tmp_path / "empty"))
    said = board()
    assert said.code == 2 and "`komainu eval run`" in said.err


def test_results_of_older_versions_are_left_out_by_name_and_refused_when_they_are_asked_for(board: Run) -> None:
    stored(Path("store"), "old", {"rows": full("z", {})})
    said = board("--json")
    assert said.code == 0 and len(models(said)) == 3 and said.json["older"] == ["old"]
    assert "left out: old (made by an older version of komainu; run them again" in board().out
    assert board("old").code == 2 and "an older version" in board("old").err


def test_a_report_stands_for_its_board(board: Run) -> None:
    ctx = stored(Path("store"), "first", board_of(full("a-7b", {})))
    report = Given(text="", board=Given(text=json.dumps(board_of(full("z", {})))))
    ctx.store.build(report, ctx)
    ctx.store.name("report", report)
    assert models(board("report", "--json")) == ["z"]


@needs_fixtures
def test_published_judgements_give_the_published_rows(board: Run, capfd: pytest.CaptureFixture[str]) -> None:
    """Pooled means over the panel, as they are published; what lacks verdicts is shown because it is accepted."""
    assert main(["eval", "import", "shaberi", f"{FIXTURES}/shaberi/tree"]) == 0
    capfd.readouterr()
    assert board("shaberi").code == 4
    found = board("shaberi", "--accept-missing", "0.22", "--json").json
    (panel,) = [c["key"] for c in found["columns"] if c["name"].startswith("Shaberi") and "athenev2" in c["measured"]]
    number = panel.removeprefix("shaberi")
    keys = [*(f"{key}{number}" for key in ("elyza", "ja_mt", "rakuda", "tengu")), panel]
    assert {row["model"]: [round(row[key], 2) for key in keys] for row in found["rows"]} == {
        "microsoft/phi-4": [8.49, 8.65, 9.11, 7.68, 8.48],
        "google/gemma-3-12b-it": [8.34, 8.67, 9.02, 7.88, 8.48],
        "mistralai/Mistral-Nemo-Instruct-2407": [7.29, 8.03, 8.68, 6.73, 7.68],
    }
    assert all(row["ja_avg"] is None for row in found["rows"])


def test_an_import_stands_for_its_scores(eval_: Run) -> None:  # noqa: F811
    made = eval_("run", MODEL, "--bench", "ifeval", "--json").json
    record = Store(Path("store")).resolve(made["ref"]).record
    folder = Path("store/imported/0123456789ab")
    folder.mkdir(parents=True)
    inputs = {"items": "items/0", "panel[0]": made["rows"][0]["scores"]}
    (folder / "record.json").write_text(json.dumps({**record, "id": folder.name, "inputs": inputs}))
    assert [row["ifeval"] for row in eval_("board", "imported/0123456789ab", "--json").json["rows"]] == [0.7]


def test_what_eval_run_made_is_on_the_board(eval_: Run, tmp_path: Path) -> None:  # noqa: F811
    assert eval_("run", MODEL, "--bench", "ifeval").code == 0
    assert eval_("run", MODEL, "--bench", "ifeval", "name=warm", "temperature=0.5").code == 0
    assert eval_("run", MODEL, "--bench", "ifeval", "name=again", "--limit", "4").code == 0
    said = eval_("board", "--json")
    assert said.code == 0, said.err
    measured = {column["key"]: column["measured"] for column in said.json["columns"]}
    assert len([key for key in measured if key.startswith("ifeval@")]) == 3
    assert all("items IFEvalItems" in way and "sampling" in way for key, way in measured.items() if "ifeval@" in key)
    assert sum(", limit 4" in way for way in measured.values()) == 1
    same = eval_("run", MODEL, "--bench", "ifeval", "name=other", "--json").json
    rows = eval_("board", "eval parrot,bench=ifeval", same["name"], "--json").json["rows"]
    assert [(each["model"], each["ifeval"]) for each in rows] == [("other", 0.7), ("parrot", 0.7)]


def test_scores_that_stand_on_no_board_are_shown_too(eval_: Run) -> None:  # noqa: F811
    said = eval_("run", MODEL, "--bench", "ifeval", "--json").json
    (scores,) = {each["scores"] for each in said["rows"]}
    rows = eval_("board", scores, "--json").json["rows"]
    assert [(each["model"], each["ifeval"], each["results"]) for each in rows] == [("parrot", 0.7, [scores])]
    both = eval_("board", scores, said["name"], "--json").json["rows"]
    assert len(both) == 1 and both[0]["results"] == [scores, said["name"]]
