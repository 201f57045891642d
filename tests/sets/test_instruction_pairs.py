"""Instruction following pairs: the textbook's teacher, a process of its own, keeps constraints or leaves them out."""

from __future__ import annotations

import pytest

from komainu.checks.instructions.followed import Followed
from komainu.data.textbook.prompts import Prompts
from komainu.rows import Chat, Message, Pair
from tests.sets.pages import documented
from tests.sets.world import Made, accounted, asked_file, made_pairs, started

STUDENT = "textbook@constraint=0.4"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Made[Pair]:
    """Sentences to be translated, each with one constraint."""
    root = tmp_path_factory.mktemp("instructions")
    path = asked_file(root / "asked.jsonl", Prompts(side="train", n=80, tasks=("translate_ja", "translate_en")))
    values = {"prompts": path, "licence": "apache-2.0", "most": 1}
    names = {"teacher": "textbook-clean", "student": STUDENT}
    return made_pairs(root, "instruction_pairs", started(*names.values()), **names, **values)


def test_its_account_is_whole_and_its_page_tells_it(found: Made[Pair]) -> None:
    accounted(found)
    documented(found, "instruction-pairs")


def test_the_students_slip_stands_under_the_same_answer_with_the_constraint_kept(found: Made[Pair]) -> None:
    assert {pair.meta["lang"] for pair in found.rows} == {"ja", "en"} and len(found.rows) >= 10
    for pair in found.rows:
        assert pair.meta["chosen_by"].startswith("call:textbook-clean/")
        assert pair.meta["rejected_by"].startswith(f"call:{STUDENT}/")
        kept, broken = (
            Chat(pair.id, (*pair.prompt, Message("assistant", text)), dict(pair.meta))
            for text in (pair.chosen, pair.rejected)
        )
        assert Followed()(kept) == "" and pair.meta["reasons"] == [Followed()(broken)]
    faults = {pair.meta["hidden"].get("rejected") for pair in found.rows}
    assert "constraint" in faults and {pair.meta["hidden"].get("chosen", "") for pair in found.rows} == {""}
