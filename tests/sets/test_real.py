"""Every set for real: its recipe asks a model that was trained, and the textbook's, behind real servers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from komainu.data.base import Dataset, Drop, drops
from komainu.data.files import ChatFile
from komainu.data.rate import Rate
from komainu.data.replay import Replay
from komainu.data.textbook.prompts import Prompts
from komainu.launch import open_context
from komainu.models.base import Model
from komainu.models.lookup import Lookup
from komainu.rows import Chat, Message, Pair
from komainu.settings import Endpoint, Settings
from recipes.sets import judged
from tests.sets import wild
from tests.sets.small import CONTEXT, speaking
from tests.sets.test_ultrafeedback import pairs_file
from tests.sets.world import ROOT, Made, accounted, asked_file, chats_file, made, made_pairs, started

OVERVIEW = (ROOT / "docs" / "data" / "sets.md").read_text(encoding="utf-8")
SETS = re.findall(r"`(\w+)`", "".join(re.findall(r"(?m)^\| [^|]+ \|([^|]+)\|", OVERVIEW)))
GRADER = "stand-in grader (rules, strict)"
TEXTBOOK = ("textbook-clean", GRADER)
SMALL = ("teacher", "student", "judge")  # what the small model is asked as


class World:
    """The servers, the files that sets begin with, and the sets, each built once."""

    def __init__(self, root: Path, tokenizer: Path, endpoints: dict[str, Endpoint]) -> None:
        self.root, self.tokenizer, self.endpoints = root, tokenizer, endpoints
        self.found: dict[str, Made[Any]] = {}

    def made(self, name: str) -> Made[Any]:
        if name not in self.found:
            build = made_pairs if name in self.pairs else made
            self.found[name] = build(self.root / name, name, self.endpoints, **(self.pairs | self.chats)[name])
        return self.found[name]

    @cached_property
    def chats(self) -> dict[str, dict[str, Any]]:
        """The recipes of recipes/sets.py and their parameters."""
        magpie = {"n": 4, "samples": 2, "tokenizer": self.tokenizer}
        logs = {"chats": self.logs(), "licence": "odc-by"}
        return {
            "instruction_following": {"n": 16, "most": 1},
            "translation": {"n": 12},
            "magpie_advanced": magpie,
            "japan_magpie": magpie,
            "magpie_ultra": logs,
            "sharegpt": {"chats": self.asked("questions", answered=True), "licence": "mit", "judge": GRADER, "top": 5},
            "rewild": logs,
            "roleplay": {"n": 6, "turns": 2},
        }

    @cached_property
    def pairs(self) -> dict[str, dict[str, Any]]:
        """Those of recipes/pairs.py."""
        marked = {"licence": "mit", "reward": GRADER}
        return {
            "ultrafeedback_armorm": {"pairs": pairs_file(self.root / "uf.jsonl", 16), "swap": True, **marked},
            "student_pairs": {"prompts": self.asked("questions"), "teacher": "textbook-clean", **marked},
            "roleplay_pairs": {"n": 4, "turns": 2, "samples": 2},
            "bare_translation_pairs": {"requests": self.asked("translate_ja", "translate_en"), "licence": "mit"},
            "instruction_pairs": {"n": 16, "most": 1},
            "politeness_pairs": {"n": 8},
        }

    def logs(self) -> Path:
        turns = [[("user", english), ("assistant", "Sure.")] for english, _ in wild.REQUESTS]
        rows = [{"messages": [{"role": role, "content": text} for role, text in talk]} for talk in turns]
        return chats_file(self.root / "logs.jsonl", rows)

    def asked(self, *tasks: str, answered: bool = False) -> Path:
        """Prompts of the textbook that the model was not trained on."""
        prompts = Prompts(side="test", n=14, tasks=tasks)
        return asked_file(self.root / f"{tasks[0]}{answered:d}.jsonl", prompts, answered)

    def dropped(self, step: Rate | Replay, *messages: Message) -> list[Drop]:
        """What becomes of a chat that a step asks the small model about."""
        row = {"messages": [{"role": m.role, "content": m.content} for m in messages], "meta": {"lang": "en"}}
        path = chats_file(self.root / "one.jsonl", [row])
        settings = Settings(store=str(self.root / "store"), threads=1, endpoints=self.endpoints)
        stage = Dataset(sources=(ChatFile(path=str(path), licence="mit"),), steps=(step,))
        with open_context(settings) as ctx:
            return [*drops(ctx.store.build(stage, ctx))]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    root, run = tmp_path_factory.mktemp("real"), tmp_path_factory.getbasetemp()
    store = (run.parent if "PYTEST_XDIST_WORKER" in os.environ else run) / "small"  # it is trained once in a run
    with speaking(store, *SMALL) as (directory, endpoints):
        yield World(root, directory, endpoints | started(*TEXTBOOK))


def test_every_set_of_the_overview_is_among_them(world: World) -> None:
    assert {*SETS} == {*world.chats, *world.pairs} and len(SETS) == 14, "13 sets, and one of them in two ways"


@pytest.mark.parametrize("name", SETS)
def test_a_set_accounts_for_every_row_and_keeps_what_a_server_said(name: str, world: World) -> None:
    found = world.made(name)
    accounted(found)
    assert sum(found.calls[model] for model in SMALL) > 0
    assert all(drop.reason.strip() for drop in found.dropped)
    with Lookup(world.root / name / "store" / "calls.sqlite") as calls:
        for row in found.rows:
            for by, text in answers(row):
                model, _, sample = by.rpartition("/")[2].partition("#")
                call = calls.call(model, int(sample), row.prompt, text)
                assert call is not None and call["text"].strip() == text.strip()


def answers(row: Chat | Pair) -> list[tuple[str, str]]:
    """The answers of a row that calls gave, by the call."""
    if isinstance(row, Chat):
        return [(row.meta["from"][-1], row.reply)]
    both = [(row.meta["chosen_by"], row.chosen), (row.meta["rejected_by"], row.rejected)]
    return [(by, text) for by, text in both if by.startswith("call:")]


def test_where_rules_decide_some_of_what_the_model_writes_is_kept(world: World) -> None:
    ruled = ("instruction_following", "translation", "rewild", "bare_translation_pairs")
    kept = {name: len(world.made(name).rows) for name in ruled}
    assert sum(kept.values()) >= 5 and kept["bare_translation_pairs"], kept
    assert all(pair.meta["reasons"][0].startswith("extra_text") for pair in world.made("bare_translation_pairs").rows)


def test_a_model_that_can_neither_judge_nor_tag_leaves_nothing_and_that_is_counted(world: World) -> None:
    for word, names in {
        "untagged": ("magpie_advanced", "japan_magpie", "magpie_ultra"),
        "unrated": ("roleplay", "roleplay_pairs"),
    }.items():
        sets = [world.made(name) for name in names]
        assert [row for found in sets for row in found.rows] == []
        assert sum(gone.get(word, 0) for found in sets for gone in found.reasons.values()) > 0
    unrated = world.made("roleplay").reasons.get("Rate", {}).get("unrated", 0)
    assert world.made("roleplay").calls["judge"] == 2 * unrated, "each is asked for once more"


def test_marks_of_another_server_are_read_and_decide(world: World) -> None:
    for name in ("sharegpt", "ultrafeedback_armorm", "student_pairs"):
        found = world.made(name)
        assert found.calls[GRADER] > 0
        assert not any("unrated" in gone for gone in found.reasons.values())
        assert all(row.meta["rating"] >= 3 for row in found.rows if isinstance(row, Chat))
        marks = [row.meta["marks"] for row in found.rows if isinstance(row, Pair)]
        assert all(each["chosen"] - each["rejected"] >= 1 for each in marks)


def test_what_does_not_fit_the_model_is_dropped_and_said_to_not_fit(world: World) -> None:
    long = Message("user", "cat " * CONTEXT)
    (asked,) = world.dropped(Replay(model=Model(name="teacher")), long, Message("assistant", "A cat."))
    assert asked.reason == "withheld: the prompt does not fit the model"
    (marked,) = world.dropped(Rate(rater=judged("judge")), long, Message("assistant", "A cat."))
    assert marked.reason == "unrated: no verdict: the prompt does not fit the model"
