"""Role-play: one model plays a character of our lists, another one the user, turn after turn."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from komainu.data.grid import Grid, entries_of, known
from komainu.data.next_turn import NextTurn
from komainu.errors import UsageError
from komainu.rows import Chat, Message
from tests.data.fakes import TEACHER, Fake, context, through
from tests.sets.asker import judge
from tests.sets.pages import documented
from tests.sets.world import accounted, made, served

SEEDS = {"genre": "mystery", "character": "a fox", "scenario": "a storm"}


def scene(id: str = "a", *turns: Message, lang: str = "en") -> Chat:
    return Chat(id, (Message("system", "Play."), *turns), {"lang": lang, "seeds": SEEDS})


def test_the_player_sees_the_scene_and_what_was_said_and_its_turn_is_added(tmp_path: Path) -> None:
    fake = Fake(" I knock. ")
    said = (Message("user", "Hello?"), Message("assistant", "Who is there?"))
    kept, _, _ = through(
        context(tmp_path, fake), [scene(), scene("b", *said)], NextTurn(model=TEACHER, template="player")
    )
    first, later = (q.messages[0].content for q in fake.asked)
    assert all(text in first for text in SEEDS.values()) and "first thing" in first
    assert "You: Hello?\nThe other one: Who is there?" in later
    assert [m.content for m in kept[1].messages] == ["Play.", "Hello?", "Who is there?", "I knock."]
    assert kept[1].meta["prompt_from"] == [f"call:teacher/{TEACHER.id}#0"]


def test_a_turn_that_is_blank_or_cut_off_drops_the_talk(tmp_path: Path) -> None:
    step = NextTurn(model=TEACHER, template="player")
    for n, (fake, reason) in enumerate([(Fake(" "), "empty_turn"), (Fake("I", finish="length"), "cut_off")]):
        _, dropped, _ = through(context(tmp_path / str(n), fake), [scene()], step)
        assert [d.reason.partition(":")[0] for d in dropped] == [reason]


def player(messages: list[dict[str, str]], seed: int) -> str:
    japanese = re.search("日本語で", messages[-1]["content"]) is not None
    doing = ("戸を開けて中をのぞく。", "「ここで何をしているの」と聞く。", "黙って椅子に座り、耳を澄ます。")
    acting = ("I open the door and look in.", "I ask what is going on here.", "I sit down and listen.")
    return random.Random(seed).choice(doing if japanese else acting) if seed % 40 else ""


def teacher(messages: list[dict[str, str]], seed: int) -> str:
    """Plays the character; one turn in fifteen is in the other language."""
    rng = random.Random(seed)
    japanese = ("日本語で" in messages[0]["content"]) != (rng.random() < 1 / 15)
    parts = (
        "風が強いな。",
        "灯りを消さないでくれ。",
        "昔、ここに井戸があったのだ。",
        "静かに。",
        "さあ、お茶を一杯どうだ。",
    )
    lines = (
        "The wind is up.",
        "Leave the light on, please.",
        "There was a well here once.",
        "Quiet now.",
        "Have some tea.",
    )
    return " ".join(rng.sample(lines, 3)) if not japanese else "".join(rng.sample(parts, 3))


def test_the_set_is_talks_of_the_same_length_in_character_and_language(tmp_path: Path) -> None:
    with served(teacher=teacher, player=player, judge=judge) as server:
        found = made(tmp_path, "roleplay", server.endpoints, player="player", n=30, turns=3)
    accounted(found)
    documented(found, "roleplay")
    assert found.rows and {row.meta["lang"] for row in found.rows} == {"ja", "en"}
    for row in found.rows:
        assert [m.role for m in row.messages] == ["system", *["user", "assistant"] * 3]
        assert all(seed in row.messages[0].content for seed in row.meta["seeds"].values())
        assert len(row.meta["prompt_from"]) == 5, "three turns of the player and two answers before the last"
        assert row.meta["rating"] >= 6
    assert set(found.reasons) <= {
        "NextTurn",
        "NextTurn#2",
        "NextTurn#3",
        "Filter",
        "Filter#2",
        "Filter#3",
        "Near",
        "Rate",
    }


@pytest.mark.parametrize("name", known())
def test_every_list_has_both_languages_and_nothing_twice(name: str) -> None:
    entries = entries_of(name)
    for lang in ("ja", "en"):
        assert len({entry[lang] for entry in entries}) == len(entries) >= 7
        assert all(entry[lang].strip() for entry in entries)


def test_a_longer_grid_begins_with_the_shorter_one_and_an_unknown_list_is_named() -> None:
    short, long = (
        Grid(template="scene", lists=("characters", "scenarios", "genres"), n=n, role="system") for n in (9, 40)
    )
    assert [*long.rows()][:9] == [*short.rows()] and [*short.check()] == []
    assert [*short.rows()] != [*Grid(template="scene", lists=("characters", "scenarios", "genres"), n=9, seed=1).rows()]
    (wrong,) = Grid(template="scene", lists=("character",), n=1).check()
    assert "there is no list 'character'" in wrong and "characters" in wrong
    with pytest.raises(UsageError, match=r"no prompt scen\.ja\.jinja"):
        _ = Grid(template="scen", lists=("genres",), n=1).id
