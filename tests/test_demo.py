"""The whole way in miniature: it runs, a second run does nothing, and kill -9 changes no byte."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bench.soak import DEMO, ROOT, differences, fingerprint, finish, kill_at
from komainu.data.textbook.grader import GRADERS
from tests.first.page import Reader, verb_of

TEACHERS = ("textbook-clean", "textbook", "textbook@wrong=0.4")
KILLS = (0, 4, 11, 20, 35, 56)  # artifacts there before each kill: a count, so that no machine is too fast or too slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of an undisturbed run."""
    store = tmp_path_factory.mktemp("whole")
    finish(store)
    return store


def komainu(store: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "KOMAINU_STORE": str(store)}
    return subprocess.run(
        [sys.executable, "-m", "komainu.cli", *words], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )


def test_a_second_run_builds_nothing_and_asks_nobody(whole: Path) -> None:
    calls = (whole / "calls.sqlite").stat().st_mtime_ns
    again = komainu(whole, *DEMO, "--json")
    assert again.returncode == 0, again.stderr
    assert "build " not in again.stderr
    assert (whole / "calls.sqlite").stat().st_mtime_ns == calls
    assert json.loads(again.stdout)


def test_a_run_killed_again_and_again_ends_with_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    rng = random.Random(0)
    assert all(kill_at(tmp_path / "store", artifacts, rng.uniform(0.0, 0.5)) for artifacts in KILLS)
    finish(tmp_path / "store")
    assert differences(fingerprint(whole), fingerprint(tmp_path / "store")) == []


def test_the_page_for_a_laptop_says_what_the_demo_gives(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ours = {"family size=s": "family size=xs effort=smoke", "family,size=s": "family,size=xs,effort=smoke"}
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("KOMAINU_STORE", str(whole))
    reader = Reader("laptop", ours | {"--out site": f"--out {tmp_path / 'site'}"}, monkeypatch, capfd)
    said = reader.follow(without=("doctor", "chat", "eval run", "eval board"))
    ran, traced = (next(each.out for each in said if verb_of(each.words) == verb) for verb in ("run", "why"))
    assert Path(ran.splitlines()[-1].removeprefix("page ")).is_file() and "0 stages built" in ran
    assert "weights  dpo/" in traced and (tmp_path / "site" / "index.html").is_file()


def test_a_cell_of_the_card_is_traced_down_to_rows(whole: Path) -> None:
    asked = komainu(whole, "why", *DEMO[1:], "--cell", "dpo/exact/ja/exact", "--json")
    assert asked.returncode == 0, asked.stderr
    text = asked.stdout
    assert "textbook-train-" in text and "textbook-tune-" in text and "textbook-test-" in text


def test_the_judges_are_stand_ins_and_called_so_wherever_their_marks_are(whole: Path) -> None:
    graders = {*GRADERS}
    rows = [row for path in whole.glob("panel/*/rows.jsonl") for row in rows_of(path)]
    assert {row["by"] for row in rows if "by" in row} == graders and len(rows) > 200
    asked = komainu(whole, "why", *DEMO[1:], "--cell", "dpo/graded/ja/score").stdout
    (card,), (page,) = whole.glob("card/*/README.md"), whole.glob("report/*/report.html")
    for text in (asked, card.read_text(encoding="utf-8"), page.read_text(encoding="utf-8")):
        assert all(grader in text for grader in graders)


def test_a_careless_judge_is_asked_again_and_stands_in_no_average(whole: Path) -> None:
    summaries = [json.loads(path.read_bytes())["summary"] for path in whole.glob("panel/*/record.json")]
    strict, lenient = (sum(s["asked_again"][name] for s in summaries) for name in GRADERS)
    assert (strict, lenient > 0) == (0, True) and len(summaries) == 6
    cells = json.loads(next(whole.glob("card/*/cells.json")).read_bytes())
    assert "dpo/graded/ja/score" in cells and "dpo/graded/ja/score" not in cells["dpo/headline/ja"]["cells"]


def test_translations_are_compared_with_the_teachers_in_both_orders(whole: Path) -> None:
    for path in whole.glob("tlduels/*/rows.jsonl"):
        met = Counter((row["id"], row["meta"]["anchor"]) for row in rows_of(path))
        places = Counter((row["id"], row["meta"]["anchor"], row["meta"]["place"]) for row in rows_of(path))
        assert {*met.values()} == {2} and {*places.values()} == {1}
    summaries = [json.loads(path.read_bytes())["summary"] for path in whole.glob("strength/*/record.json")]
    assert len(summaries) == 3 and all(s["anchors"].keys() == {*TEACHERS} for s in summaries)
    (card,), cells = whole.glob("card/*/README.md"), json.loads(next(whole.glob("card/*/cells.json")).read_bytes())
    assert "went to what was shown first" in card.read_text(encoding="utf-8")
    assert "dpo/tl_bench/ja/lt" in cells and "dpo/tl_bench/ja/lt" not in cells["dpo/headline/ja"]["cells"]


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_artifact_is_whole(whole: Path) -> None:
    assert komainu(whole, "verify").returncode == 0


def test_the_card_is_proved_from_its_store_and_from_its_evidence_alone(whole: Path, tmp_path: Path) -> None:
    (card,) = [p.parent for p in whole.glob("card/*/record.json")]
    proved = komainu(whole, "verify", f"card/{card.name}", "--json")
    assert (proved.returncode, json.loads(proved.stdout)["doubts"]) == (0, [])
    assert (
        komainu(whole, "release", "evidence", f"card/{card.name}", "--out", str(tmp_path / "e.tar.zst")).returncode == 0
    )
    alone = komainu(tmp_path / "empty", "verify", str(card), "--evidence", str(tmp_path / "e.tar.zst"), "--json")
    assert alone.returncode == 0 and json.loads(alone.stdout)["cells"] == json.loads(proved.stdout)["cells"]


def test_the_released_model_answers_with_plain_transformers(whole: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    (card,) = [p.parent for p in whole.glob("card/*/record.json")]
    model, tokenizer = AutoModelForCausalLM.from_pretrained(card), AutoTokenizer.from_pretrained(card)
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "日本語にしてください。\nTaro is kind."}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )
    answer = model.generate(**prompt, max_new_tokens=4, do_sample=False)
    assert answer.shape[1] > prompt["input_ids"].shape[1]
    assert "base_model" in (card / "README.md").read_text() or "base" in (card / "README.md").read_text()


def test_two_recipes_differ_by_what_was_changed(whole: Path) -> None:
    asked = komainu(whole, "diff", *DEMO[1:], "recipes/demo.py:family", "size=s", "effort=smoke")
    assert asked.returncode == 0, asked.stderr
    assert "shape.hidden" in asked.stdout and "temperature" not in asked.stdout
