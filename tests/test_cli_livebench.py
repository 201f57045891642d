"""LiveBench in `komainu eval`: asked with the suite when its files are at hand, named when they are not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from komainu.environment import Environment
from komainu.eval.external.livebench_means import CATEGORIES
from komainu.models.base import Model
from tests.eval import test_livebench as live
from tests.eval.livebench_played import CONFINED, played
from tests.eval.world import Parrot
from tests.test_cli import Run
from tests.test_cli_eval import MODEL, eval_, parrot, say  # noqa: F401  (fixtures)

BENCH = "livebench:2024-11-25"


@pytest.fixture(autouse=True)
def sets(eval_: Run, parrot: Parrot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:  # noqa: F811
    """Four questions of each category, the same four, beside the other sets; the model knows the even ones."""

    def both(model: Model, text: str, sample: int) -> str:
        answer = live.say(model, text, sample) if text.startswith("say") else say(model, text, sample)
        assert isinstance(answer, str)
        return answer

    parrot.say = both
    folder = Path(os.environ["KOMAINU_ITEMS"]) / "livebench"
    folder.mkdir()
    live.six(folder)
    python = played(tmp_path / "env").python(tmp_path)
    monkeypatch.setattr(Environment, "python", lambda self, root: python)
    return folder


@CONFINED
def test_the_suite_asks_its_questions_and_its_program_scores_them(eval_: Run, parrot: Parrot) -> None:  # noqa: F811
    found = eval_("run", MODEL, "--suite", "en", "--json").json
    assert "livebench" not in found["not_at_hand"] and parrot.asked == 10 + 4  # equal questions are one call
    rows = {row["bench"]: row for row in found["rows"]}
    assert (rows[BENCH]["mean"], rows[BENCH]["n"], rows[BENCH]["missing"]) == (0.75, 24, 0)
    assert rows[BENCH]["own"]["mean"] == pytest.approx(0.833333, abs=2e-6)
    assert [each["overall"]["average"] for each in found["overall"]] == [rows[BENCH]["own"]]
    assert found["headline"]["en"]["mean"] == pytest.approx((70 + 75) / 2)
    assert (f"{BENCH}_empty", 24) in [(row["bench"], row["n"]) for row in found["beside"]]
    eval_("run", MODEL, "--bench", "livebench")
    assert parrot.asked == 10 + 4


def test_a_plan_counts_its_questions_and_a_limit_is_of_each_task(eval_: Run, parrot: Parrot) -> None:  # noqa: F811
    (whole,) = eval_("run", MODEL, "--bench", "livebench", "--plan", "--json").json["asked"]
    assert (whole["bench"], whole["rows"], whole["requests"], whole["max_tokens"]) == (BENCH, 24, 4, 4096)
    (some,) = eval_("run", MODEL, "--bench", "livebench", "--limit", "1", "--plan", "--json").json["asked"]
    assert some["rows"] == 2 * len(CATEGORIES) and parrot.asked == 0


def test_with_a_category_that_is_nowhere_it_is_not_at_hand(eval_: Run, sets: Path) -> None:  # noqa: F811
    (sets / "math.jsonl").unlink()
    found = eval_("run", MODEL, "--suite", "en", "--json").json
    assert "there is no file livebench/math.parquet or livebench/math.jsonl" in found["not_at_hand"]["livebench"]
    assert BENCH not in [row["bench"] for row in found["rows"]]


def test_answers_made_elsewhere_are_not_scored_without_its_program(eval_: Run) -> None:  # noqa: F811
    Path("answers.jsonl").write_text(json.dumps({"id": "math-0", "response": "0"}) + "\n")
    said = eval_("score", "livebench", "answers.jsonl")
    assert said.code == 2 and "scored by its own program, which this verb does not run" in said.err
