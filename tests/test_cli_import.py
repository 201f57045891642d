"""`komainu eval import` and `komainu eval panel`: from the command line into the store and out of it."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

import komainu.launch
from komainu.cli import main
from komainu.eval.imported.shaberi import scanned
from komainu.eval.imported.stages import items
from komainu.store import Store
from tests.core_fakes import context
from tests.eval.imported.trees import PANEL, RAKUDA, row, small, write
from tests.eval.reference import FIXTURES, needs_fixtures
from tests.test_cli import Run, Said


def forget() -> None:
    """As a new process would."""
    scanned.cache_clear()
    items.cache_clear()


@pytest.fixture
def eval_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run `komainu eval` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(komainu.launch, "open_context", lambda settings: context(settings.root))

    def run(*words: str) -> Said:
        code = main(["eval", *words])
        return Said(code, *capfd.readouterr())

    yield run
    forget()


@needs_fixtures
def test_the_published_tree_is_imported_and_shown(eval_: Run) -> None:
    tree = str(Path(FIXTURES, "shaberi", "tree"))
    said = eval_("import", "shaberi", tree)
    assert said.code == 0
    assert "microsoft/phi-4                       8.49   8.65*   9.11*  7.68     8.48*     8.47" in said.out
    assert "google/gemma-3-12b-it                 8.34   8.67    9.02*  7.88     8.48*     8.47" in said.out
    assert "mistralai/Mistral-Nemo-Instruct-2407  7.29   8.03    8.68*  6.73     7.68*     7.66" in said.out
    assert "* microsoft/phi-4 on Rakuda: 13.3 % of the verdicts are missing: 7.89 to 9.22" in said.out
    assert "missing of llmjudge-athenev2: Rakuda 36 of 120" in said.out and "build" not in said.err
    found = eval_("import", "shaberi", tree, "--json").json
    assert (
        found["files"] == 44 and found["name"] == "shaberi" and found["missing"]["llmjudge-llama33"]["rakuda"][0] == 0
    )
    (phi,) = (line for line in found["panel"] if line["model"] == "microsoft/phi-4")
    assert (
        phi["rakuda"]["mean"] == pytest.approx(9.11, abs=0.005) and phi["rakuda"]["worst"] < 8 < phi["rakuda"]["best"]
    )


@needs_fixtures
def test_published_role_play_is_imported_and_compared(eval_: Run) -> None:
    files = sorted(map(str, Path(FIXTURES, "rp_bench").glob("*.evaluations.jsonl.gz")))
    said = eval_("import", "rp-bench", *files)
    assert said.code == 0 and "missing of o1-mini-2024-09-12: none" in said.out and "60 answers" in said.out
    assert "cyberagent/Mistral-Nemo-Japanese-Instruct-2408  4.2656   [4.14, 4.37]    4.2656       120" in said.out
    assert "mistralai/Mistral-Nemo-Instruct-2407            3.5354   [3.32, 3.74]    3.5354       120" in said.out
    found = eval_("import", "rp-bench", *files, "--json").json
    assert [line["mean"] for line in found["panel"]] == [4.265625, 3.535417] and found["name"] == "rp-bench"
    for line, file in zip(found["panel"], files, strict=True):
        rows = [json.loads(each) for each in gzip.decompress(Path(file).read_bytes()).splitlines()]
        assert rows[0]["target_model_name"] == line["model"]
        means = {name: sum(each[name] for each in rows) / 30 for name in line["criteria"]}
        assert len(means) == 8 and line["criteria"] == pytest.approx(means, abs=1e-6)
    board = eval_("board", "--json").json["rows"]
    assert {row["model"]: round(row["rp_bench"], 4) for row in board} == {
        "cyberagent/Mistral-Nemo-Japanese-Instruct-2408": 4.2656,
        "mistralai/Mistral-Nemo-Instruct-2407": 3.5354,
    }
    (pair,) = (p for p in eval_("compare", "rp-bench", "--json").json["pairs"] if p["bench"] == "rp_bench")
    assert pair["word"] == "worse" and pair["cells"] == 120 and pair["difference"] == pytest.approx(-0.730208)
    against = eval_("panel", "rp-bench", "--gold", "gpt-4o-2024-08-06", "--metric", "Creativity", "--json").json
    assert against["answers"] == 60 and len(against["judges"]) == 3
    assert eval_("view", "rp-bench", "--out", "site").code == 0 and main(["verify", "rp-bench"]) == 0


@needs_fixtures
def test_a_published_panel_is_held_against_people(eval_: Run) -> None:
    found = eval_("panel", str(Path(FIXTURES, "rp_bench", "annotated_sample_50_human.jsonl")), "--json").json
    rows = {line["judge"]: line["spearman"] for line in found["item_level"]}
    assert found["gold"] == "people" and round(rows["panel"]["value"], 3) == 0.6
    low, high = rows["panel"]["answers"]
    assert 0.3 < low < 0.4 and 0.74 < high < 0.82
    assert sorted(round(line["value"], 3) for judge, line in rows.items() if judge != "panel")[::3] == [0.426, 0.554]


def test_results_are_named_and_found_by_other_verbs(eval_: Run, tmp_path: Path) -> None:
    root = small(tmp_path / "tree")
    other = {0: "別の答え", 1: "また別の答え"}  # what the fourth judge had before it for two of the questions
    write(root, "gpt-4-turbo-preview", RAKUDA, "a/one", (row(i, 7, other.get(i, "")) for i in range(6)))
    assert eval_("import", "shaberi", str(root)).code == 0
    names = [*Store(Path("store")).names()]
    assert "shaberi" in names and "shaberi/a/two/tengu_bench" in names
    assert "shaberi/a/one/rakuda/gpt-4-turbo-preview" in names
    board = eval_("board", "--json")
    assert {line["model"] for line in board.json["rows"]} == {"a/one", "a/two"}
    found = eval_("panel", "shaberi", "--gold", "gpt-4-turbo-preview", "--json").json
    assert found["judges"] == [*PANEL] and found["answers"] == 48 + 2
    rows = {(line["judge"], line["bench"]): line for line in found["item_level"]}
    assert rows["panel", "rakuda"]["n"] == 4 and rows["panel", "rakuda"]["bias"]["value"] == -3.0
    assert rows["panel", "tengu_bench"]["n"] == 0
    assert eval_("view", "shaberi", "--out", "site").code == 0 and Path("site", "index.html").is_file()
    assert main(["why", "shaberi/a/one/rakuda"]) == 0 and main(["verify", "shaberi"]) == 0


def test_what_is_no_tree_or_no_source_is_told(eval_: Run, tmp_path: Path) -> None:
    said = eval_("import", "shaberi", str(tmp_path), str(tmp_path), "--json")
    assert said.code == 2 and "a tree is one folder, and 2 were given" in said.json["error"]
    said = eval_("import", "shaberi", str(tmp_path), "--json")
    assert said.code == 2 and "there are no judgements" in said.json["error"]
    assert "is no file" in eval_("panel", "nothing", "--json").json["error"]
    (tmp_path / "a.csv").write_text("model,item,judge,score\nm,1,j,3\n")
    assert eval_("panel", "a.csv").code == 0
    assert "there is no judge 'k'" in eval_("panel", "a.csv", "--gold", "k", "--json").json["error"]
    assert "nothing is left to measure" in eval_("panel", "a.csv", "--gold", "j", "--json").json["error"]


def test_a_drifting_judge_ends_with_3(eval_: Run) -> None:
    rng = random.Random("drift")
    asked = [(item, judge, rng.randint(1, 5)) for item in range(30) for judge in "ab"]
    rows = [{"model": "m", "item": i, "judge": judge, "score": score, "top": 5} for i, judge, score in asked]
    moved = [row | {"score": score - (judge == "b")} for row, (_, judge, score) in zip(rows, asked, strict=True)]
    for name, some in (("then", rows), ("now", moved)):
        Path(f"{name}.jsonl").write_text("".join(json.dumps(each) + "\n" for each in some))
    assert eval_("panel", "then.jsonl", "--canary", "then.jsonl").code == 0
    said = eval_("panel", "now.jsonl", "--canary", "then.jsonl")
    assert said.code == 3 and "ALARM    b: its mean has moved by -1.000, 20.0 % of the scale" in said.out
    assert "drift    a: n 30, shift +0.000" in said.out and "as it was" in said.out
    assert eval_("panel", "now.jsonl", "--canary", "then.jsonl", "--shift", "0.3", "--kappa", "0").code == 0
    assert eval_("panel", "now.jsonl", "--canary", "then.jsonl", "--json").json["alarms"] != []


def test_the_table_of_a_panel_has_every_section(eval_: Run) -> None:
    rng = random.Random("sections")
    rows: list[dict[str, object]] = []
    for m in range(8):
        for i in range(10):
            worth = rng.gauss(5, 2)
            length = rng.randint(50, 500)
            for judge in ("qwen", "llama"):
                score = None if judge == "llama" and rng.random() < 0.2 else round(worth + rng.gauss(0, 1), 2)
                rows.append({"model": f"q{m}" if m < 4 else f"l{m}", "item": i, "judge": judge, "score": score,
                             "length": length, "gold": round(worth, 2)})  # fmt: skip
    rows += [
        {"item": i, "judge": "qwen", "first": a, "second": b, "winner": "first"} for i in "12" for a, b in ("xy", "yx")
    ]
    Path("a.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    Path("kin.csv").write_text("model,family,teacher\nq*,qwen,qwen\nl*,llama,llama\n")
    said = eval_("panel", "a.jsonl", "--kin", "kin.csv")
    assert said.code == 0
    starts = {line.split()[0] for line in said.out.splitlines()}
    assert {"models", "answers", "length", "family", "teacher", "position", "missing"} <= starts
    found = eval_("panel", "a.jsonl", "--kin", "kin.csv", "--judge", "qwen", "--json").json
    assert found["judges"] == ["qwen"] and "family" not in found  # of one judge alone nothing can be told
    assert (
        "kin      no family and no teacher has" in eval_("panel", "a.jsonl", "--kin", "kin.csv", "--judge", "qwen").out
    )
    assert [row["both"] for row in found["position"]] == [2]
