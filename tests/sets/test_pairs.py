"""The sets of pairs: each built for real against scripted models behind a server, its rows, its account, its page."""

from __future__ import annotations

from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from komainu.checks.compose import run
from komainu.checks.extra_text import ExtraText
from komainu.checks.in_register import REGISTERS, InRegister, manner_of
from komainu.checks.instructions.followed import Followed
from komainu.checks.same_content import SameContent
from komainu.checks.translated import Translated
from komainu.data.textbook.prompts import Prompts
from komainu.errors import EndpointError
from komainu.models.lookup import Lookup
from komainu.rows import Chat, Message, Pair, encode, pair_problem
from komainu.train.directory import Directory
from komainu.train.reference import Reference
from recipes.pairs import PLAYED, WHOLE
from recipes.sets import SOUND
from tests.sets import asker, rivals, test_roleplay
from tests.sets.pages import documented
from tests.sets.world import Made, Says, accounted, made_pairs, served, started

SETS: dict[str, tuple[dict[str, Says], dict[str, Any]]] = {
    "bare_translation_pairs": ({"teacher": rivals.bare}, {"n": 40}),
    "instruction_pairs": ({"teacher": rivals.forgetful}, {"n": 60}),
    "politeness_pairs": ({"teacher": rivals.mannered}, {"n": 60}),
    "roleplay_pairs": (
        {"teacher": test_roleplay.teacher, "player": test_roleplay.player, "judge": rivals.aspects},
        {"n": 30, "turns": 2, "player": "player"},
    ),
    "student_pairs": (
        {"teacher": asker.teacher, "student": rivals.student, "reward": rivals.reward},
        {"n": 30, "reward": "reward"},
    ),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pairs")


@cache
def found(root: Path, name: str) -> Made[Pair]:
    """A set, built once."""
    models, values = SETS[name]
    with served(**models) as server:
        return made_pairs(root / name, name, server.endpoints, **values)


def files(root: Path, made: Made[Pair]) -> list[bytes]:
    return [(root / "store" / made.stage.place / name).read_bytes() for name in ("rows.jsonl", "dropped.jsonl")]


def side(pair: Pair, text: str, **meta: Any) -> Chat:
    """One answer of a pair as a chat."""
    return Chat(pair.id, (*pair.prompt, Message("assistant", text)), {**pair.meta, **meta})


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_good_pairs_and_a_whole_account_and_its_page_tells_it(name: str, root: Path) -> None:
    made = found(root, name)
    accounted(made)
    documented(made, "ultrafeedback-armorm" if name == "student_pairs" else name.replace("_", "-"))
    assert len(made.rows) >= 10 and {pair.meta["lang"] for pair in made.rows} == {"ja", "en"}
    for pair in made.rows:
        assert pair_problem(pair) == "" and pair.meta["licence"] and pair.meta["margin"] > 0
        assert pair.meta["chosen_by"] != pair.meta["rejected_by"]
        assert {pair.meta["chosen_by"], pair.meta["rejected_by"]} <= set(pair.meta["from"]), "both calls are named"
        assert run(SOUND, side(pair, pair.chosen)) == []


@pytest.mark.parametrize("name", SETS)
def test_a_run_that_broke_off_is_gone_on_with_to_the_same_bytes_and_asks_nothing_twice(
    name: str, root: Path, tmp_path: Path
) -> None:
    models, values = SETS[name]
    whole, left = found(root, name), 40
    with served(**models) as server:

        def tires(request: web.Request, body: dict[str, Any]) -> Any:
            nonlocal left
            left -= 1
            return server.answer(request, body) if left > 0 else web.Response(status=401)

        server.server.handler = tires
        with pytest.raises(EndpointError, match="401"):
            made_pairs(tmp_path, name, server.endpoints, **values)
        server.server.handler = server.answer
        again = made_pairs(tmp_path, name, server.endpoints, **values)
    assert files(tmp_path, again) == files(root / name, whole)
    assert again.calls == whole.calls


def test_every_chosen_translation_is_bare_and_every_rejected_one_is_not(root: Path) -> None:
    made = found(root, "bare_translation_pairs")
    for pair in made.rows:
        assert run((ExtraText(), Translated()), side(pair, pair.chosen)) == []
        (reason,) = pair.meta["reasons"]
        assert ExtraText()(side(pair, pair.rejected)) == reason
        assert run(WHOLE, side(pair, pair.rejected)) == []
    counts = made.summary["notes"]["Against"]["pairs"]
    asked_for = [pair for pair in made.rows if "asked_for" in pair.meta]
    assert counts == {"sampled": len(made.rows) - len(asked_for), "asked_for": len(asked_for)}
    assert 0 < len(asked_for) < len(made.rows), "samples come first, and orders where they have none"


def test_the_textbooks_teacher_makes_pairs_of_whole_requests_of_a_file(tmp_path: Path) -> None:
    asked = [*Prompts(side="train", n=40, tasks=("translate_ja", "translate_en")).rows()]
    path = tmp_path / "asked.jsonl"
    path.write_bytes(b"".join(encode(row) + b"\n" for row in asked))
    values = {"teacher": "textbook", "requests": path, "licence": "x"}
    made = made_pairs(tmp_path, "bare_translation_pairs", started("textbook"), **values)
    accounted(made)
    assert all(pair.prompt in [row.prompt for row in asked] for pair in made.rows)
    assert len(made.rows) >= 20 and {pair.meta["hidden"]["rejected"] for pair in made.rows} == {"extra_text"}
    assert "extra_text" not in {pair.meta["hidden"]["chosen"] for pair in made.rows}


@pytest.mark.parametrize("name", SETS)
def test_both_answers_lead_to_their_calls_and_the_pairs_into_training(name: str, root: Path) -> None:
    made = found(root, name)
    with Lookup(root / name / "store" / "calls.sqlite") as calls:
        for pair in made.rows:
            for by, text in ((pair.meta["chosen_by"], pair.chosen), (pair.meta["rejected_by"], pair.rejected)):
                model, _, sample = by.rpartition("/")[2].partition("#")
                call = calls.call(model, int(sample), pair.prompt, text)
                assert call is not None and call["text"].strip() == text.strip()
    model = Directory(path="m", licence="mit", sha256="0")
    assert [*Reference(model=model, data=made.stage).check()] == [] and made.stage.row_type is Pair


def test_every_rejected_answer_breaks_a_constraint_that_the_chosen_one_keeps_and_nothing_else(root: Path) -> None:
    made = found(root, "instruction_pairs")
    for pair in made.rows:
        assert Followed()(side(pair, pair.chosen)) == ""
        (reason,) = pair.meta["reasons"]
        assert Followed()(side(pair, pair.rejected)) == reason
        broken = reason.removeprefix("followed: ").split(", ")
        assert broken and set(broken) <= {one["id"] for one in pair.meta["instructions"]}
        assert run(SOUND, side(pair, pair.rejected)) == []
    assert made.reasons["Against"].keys() == {"none_fails"}


def test_both_answers_say_the_same_in_the_register_asked_for_and_in_another(root: Path) -> None:
    made = found(root, "politeness_pairs")
    for pair in made.rows:
        asked, other, lang = pair.meta["register"], pair.meta["rejected_register"], pair.meta["lang"]
        assert asked != other
        assert (manner_of(pair.chosen, lang), manner_of(pair.rejected, lang)) == (asked, other)
        assert SameContent()(side(pair, pair.rejected, original=pair.chosen)) == ""
        assert pair.meta["reasons"] == [InRegister()(side(pair, pair.rejected))]
    registers = {(pair.meta["register"], pair.meta["rejected_register"]) for pair in made.rows}
    assert registers == {pair for among in REGISTERS.values() for pair in permutations(among, 2)}
    assert sum(made.summary["notes"]["Recast"]["pairs"].values()) == len(made.rows)
    assert made.reasons["Recast"]["same_content"] > 0


def test_the_best_played_turn_stands_over_a_clearly_lower_one(root: Path) -> None:
    made = found(root, "roleplay_pairs")
    ranks = set()
    for pair in made.rows:
        assert [m.role for m in pair.prompt] == ["system", "user", "assistant", "user"]
        chosen, rejected = pair.meta["marks"]["chosen"], pair.meta["marks"]["rejected"]
        marks = [mark for mark in pair.meta["all_marks"] if mark is not None]
        assert chosen == max(marks) and rejected in marks and chosen - rejected >= 1
        for name, mean in pair.meta["marks"].items():
            aspects = pair.meta["aspects"][name]
            assert tuple(sorted(aspects)) == tuple(sorted(PLAYED))
            assert mean == pytest.approx(sum(aspects.values()) / 5)
        ranks.add(sorted(marks).index(rejected))
    assert len(ranks) > 1, "not always the lowest"
    notes = made.summary["notes"]["Contest"]
    assert notes["unsound"] > 0 and notes["missing"] > 0


def test_a_reward_model_marks_what_the_student_and_the_teacher_say(root: Path) -> None:
    made = found(root, "student_pairs")
    for pair in made.rows:
        marks = pair.meta["marks"]
        assert pair.meta["marked_by"] == "reward" and marks["chosen"] - marks["rejected"] >= 1
        for name, text in (("chosen", pair.chosen), ("rejected", pair.rejected)):
            asked = [{"role": m.role, "content": m.content} for m in side(pair, text).messages]
            assert marks[name] == float(rivals.reward(asked, 0))
        assert [pair.meta[f"{name}_by"].split("/")[0] for name in ("chosen", "rejected")] == [
            "call:teacher",
            "call:student",
        ]
