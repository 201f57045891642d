"""UltraFeedback: an existing set of pairs, its chosen answers written anew and marked by a grader behind a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from komainu.data.textbook.grading import STRICT, grade
from komainu.data.textbook.prompts import Prompts
from komainu.data.textbook.teacher import Faults, answer
from komainu.rows import Pair
from komainu.settings import Endpoint
from tests.sets.pages import documented
from tests.sets.world import Made, accounted, chats_file, made_pairs, started, textbook

MARKS = "stand-in grader (rules, strict)"
NAMES = ("textbook", "textbook-clean", MARKS)


def pairs_file(path: Path, n: int) -> Path:
    """Answers of the textbook's faulty teacher, two to a prompt, in UltraFeedback's layout, in no order."""
    rows: list[dict[str, Any]] = []
    for chat in Prompts(side="train", n=n, duplicates=0.05).rows():
        first, second = (answer(chat.messages, seed, Faults())[0] for seed in (1, 2))
        asked = [{"role": m.role, "content": m.content} for m in chat.messages]
        sides = {
            name: [*asked, {"role": "assistant", "content": text}]
            for name, text in (("chosen", first), ("rejected", second))
        }
        if first != second:
            rows.append({"prompt": chat.messages[-1].content, "prompt_id": chat.id, **sides, "score_chosen": 1.0})
    return chats_file(path, rows)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ultrafeedback")
    pairs_file(root / "uf.jsonl", 120)
    return root


def built(root: Path, endpoints: dict[str, Endpoint], **values: Any) -> Made[Pair]:
    return made_pairs(root, "ultrafeedback_armorm", endpoints, pairs=root / "uf.jsonl", licence="mit", **values)


@pytest.fixture(scope="module")
def found(root: Path) -> Made[Pair]:
    return built(root, started(*NAMES), teacher="textbook-clean", reward=MARKS)


@pytest.fixture
def endpoints() -> Iterator[dict[str, Endpoint]]:
    with textbook(*NAMES) as endpoints:
        yield endpoints


def rows_of(root: Path) -> dict[str, dict[str, Any]]:
    """The rows of the file by their last question."""
    lines = (root / "uf.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["prompt"]: row for row in map(json.loads, lines)}


def test_the_teachers_answer_is_chosen_where_the_reward_model_puts_it_ahead(root: Path, found: Made[Pair]) -> None:
    accounted(found)
    documented(found, "ultrafeedback-armorm")
    file = rows_of(root)
    for pair in found.rows:
        row = file[pair.prompt[-1].content]
        assert pair.rejected == row["rejected"][-1]["content"] and pair.meta["rejected_by"] == "uf"
        assert pair.meta["chosen_by"].startswith("call:textbook-clean/")
        assert "extra" not in pair.meta, "a score of the old answer says nothing of the new one"
        marks = {name: grade(pair.prompt, text, STRICT).mark for name, text in sides(pair)}
        assert pair.meta["marks"] == marks and marks["chosen"] >= marks["rejected"] + 1
    assert {"equal", "language"} <= found.reasons["Rechoose"].keys() and found.reasons["Exact"]["duplicate"] > 0


def sides(pair: Pair) -> list[tuple[str, str]]:
    return [("chosen", pair.chosen), ("rejected", pair.rejected)]


def test_a_judge_stands_in_where_there_is_no_reward_model(
    root: Path, found: Made[Pair], endpoints: dict[str, Endpoint]
) -> None:
    judged = built(root, endpoints, teacher="textbook-clean", judge=MARKS)
    accounted(judged)
    assert [(p.id, p.chosen, p.rejected) for p in judged.rows] == [(p.id, p.chosen, p.rejected) for p in found.rows]


def test_a_teacher_that_is_outscored_loses_the_pair_or_takes_the_other_side(
    root: Path, endpoints: dict[str, Endpoint]
) -> None:
    strict, turned = (built(root, endpoints, teacher="textbook", reward=MARKS, swap=swap) for swap in (False, True))
    accounted(strict)
    accounted(turned)
    swapped = [pair for pair in turned.rows if "swapped" in pair.meta]
    counts = turned.summary["notes"]["Rechoose"]["swapped"]
    gone = [made.reasons["Rechoose"].get("outscored", 0) for made in (strict, turned)]
    assert len(swapped) == counts == gone[0] - gone[1] > 0
    for pair in swapped:
        assert pair.meta["marks"]["chosen"] > pair.meta["marks"]["rejected"] and pair.meta["chosen_by"] == "uf"
        assert pair.chosen == rows_of(root)[pair.prompt[-1].content]["rejected"][-1]["content"]
    assert [pair for pair in turned.rows if pair not in swapped] == strict.rows
