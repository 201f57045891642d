"""Politeness: the textbook's teacher, a process of its own, answers in a register and rewrites in another one."""

from __future__ import annotations

import pytest

from komainu.checks.in_register import InRegister, manner_of
from komainu.checks.same_content import SameContent
from komainu.data.textbook.prompts import Prompts
from komainu.data.textbook.teacher import CANNOT
from komainu.rows import Chat, Message, Pair
from tests.sets.pages import documented
from tests.sets.world import Made, accounted, asked_file, made_pairs, started


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Made[Pair]:
    """Sentences to be translated, of a file."""
    root = tmp_path_factory.mktemp("politeness")
    path = asked_file(root / "asked.jsonl", Prompts(side="train", n=160, tasks=("translate_ja", "translate_en")))
    return made_pairs(
        root, "politeness_pairs", started("textbook"), teacher="textbook", prompts=path, licence="apache-2.0"
    )


def test_its_account_is_whole_and_its_page_tells_it(found: Made[Pair]) -> None:
    accounted(found)
    documented(found, "politeness-pairs")


def test_a_pair_says_the_same_in_the_register_asked_for_and_in_another(found: Made[Pair]) -> None:
    assert {pair.meta["lang"] for pair in found.rows} == {"ja", "en"} and len(found.rows) >= 20
    for pair in found.rows:
        asked, other, lang = pair.meta["register"], pair.meta["rejected_register"], pair.meta["lang"]
        assert {asked, other} in ({"plain", "polite"}, {"casual", "formal"})
        assert (manner_of(pair.chosen, lang), manner_of(pair.rejected, lang)) == (asked, other)
        rejected = Chat(pair.id, (*pair.prompt, Message("assistant", pair.rejected)), dict(pair.meta))
        assert SameContent()(rejected.with_meta(original=pair.chosen)) == ""
        assert pair.meta["reasons"] == [InRegister()(rejected)]


def test_what_the_teacher_cannot_say_is_dropped_where_it_was_asked_for(found: Made[Pair]) -> None:
    """It has no honorific forms, and nothing that is casual in an English sentence without a denial."""
    lost = [drop.row for drop in found.dropped if isinstance(drop.row, Chat)]
    apologies = {row.meta["register"] for row in lost if row.reply == CANNOT}
    assert apologies == {"honorific", "casual"}
    assert "honorific" not in {pair.meta["rejected_register"] for pair in found.rows}
