"""Rewild and magpie-ultra: English requests become Japanese ones, and are answered in Japanese."""

from __future__ import annotations

from pathlib import Path

import pytest

from komainu.data.adopt import Adopt
from komainu.data.first_request import FirstRequest
from komainu.rows import Chat, Message
from tests.data.fakes import chat, context, through
from tests.sets.asker import judge
from tests.sets.pages import documented
from tests.sets.wild import REQUESTS, TO_JAPANESE, teacher
from tests.sets.world import Made, accounted, chats_file, made, served


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Conversations as a service logs them: several turns, duplicates, other languages, a loop."""
    asked = [english for english, _ in REQUESTS]
    asked += [asked[0].upper(), "ごみの分別を教えてください。", "Расскажи мне о Москве, пожалуйста.", "again " * 60]
    talk = [[("user", text), ("assistant", "Sure."), ("user", "More."), ("assistant", "No.")] for text in asked]
    rows = [{"messages": [{"role": role, "content": text} for role, text in turns]} for turns in talk]
    return chats_file(tmp_path / "logs.jsonl", rows)


def built(tmp_path: Path, recipe: str, logs: Path) -> Made[Chat]:
    with served(teacher=teacher, judge=judge) as server:
        return made(tmp_path, recipe, server.endpoints, chats=logs, licence="odc-by")


@pytest.mark.parametrize("recipe", ["rewild", "magpie_ultra"])
def test_every_request_is_the_japanese_of_an_english_one(recipe: str, tmp_path: Path, logs: Path) -> None:
    found = built(tmp_path, recipe, logs)
    accounted(found)
    documented(found, recipe.replace("_", "-"))
    assert found.rows
    for row in found.rows:
        request, reply = row.messages
        assert request.content == TO_JAPANESE[row.meta["original"]] and row.meta["lang"] == "ja"
        assert reply.role == "assistant" and row.meta["licence"] == "odc-by"
        assert [name.partition("/")[0] for name in row.meta["prompt_from"]] == ["call:teacher"]
    assert found.reasons["TellLanguage"] == {"language": 2}


def test_what_is_no_translation_is_asked_for_again(tmp_path: Path, logs: Path) -> None:
    found = built(tmp_path, "rewild", logs)
    translated, _ = (found.summary["notes"][name] for name in ("Regenerate", "Regenerate#2"))
    assert translated["failed"] > 0
    assert found.reasons["FilterRequest"] == {"repetition": 1} and found.reasons["Exact"] == {"duplicate": 1}


def test_the_first_request_alone_is_kept_and_a_long_one_dropped(tmp_path: Path) -> None:
    turns = (Message("system", "s"), Message("user", "one"), Message("assistant", "two"), Message("user", "three"))
    rows = [Chat("a", turns, {"finish": "length"}), chat("b", "x" * 11), Chat("c", turns[:1])]
    kept, dropped, _ = through(context(tmp_path), rows, FirstRequest(longest=10))
    assert [row.messages for row in kept] == [(turns[1],)] and "finish" not in kept[0].meta
    assert [d.reason for d in dropped] == ["too_long: 11", "no_request"]


def test_an_answer_becomes_the_prompt_and_names_its_call(tmp_path: Path) -> None:
    rows = [chat("a", "write", " asked ", **{"from": ["a", "call:t/1#0"], "tries": 2}), chat("b", "write", " ")]
    kept, dropped, _ = through(context(tmp_path), rows, Adopt())
    assert kept[0].messages == (Message("user", "asked"),)
    assert kept[0].meta == {"from": ["a"], "prompt_from": ["call:t/1#0"]}
    assert [d.reason for d in dropped] == ["empty_turn"]
