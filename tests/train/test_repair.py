"""Leak repair: where a leak begins, and nothing else, is made unlikely; the right answer likelier."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from komainu.errors import UsageError
from komainu.models.folder import load_tokenizer
from komainu.rows import Message, Pair, Row
from komainu.train.base import Fit, Unit
from komainu.train.flat import flatten
from komainu.train.render import Tokens
from komainu.train.repair import LeakRepair
from tests.train.world import ANIMALS, Texts, base, context

LEAKY = "駅のstationです。"


@dataclass(frozen=True, kw_only=True)
class Leaky(Texts):
    """Japanese answers into which an English word has slipped."""

    makes = Pair
    clean: int = -1  # of this row the rejected answer has no leak

    def rows(self) -> Iterator[Row]:
        for i in range(self.n):
            said = "駅の犬です。" if i == self.clean else f"{ANIMALS[i % 5]}{LEAKY}"
            yield Pair(f"p{i}", (Message("user", f"{ANIMALS[i % 5]}は？"),), "駅です。", said, {"lang": "ja"})


def repair(steps: int = 3, data: Leaky | None = None, **how: Any) -> LeakRepair:
    fit = Fit(lr=2e-3, global_batch=8, steps=steps, schedule="constant")
    return LeakRepair(model=base(), data=data or Leaky(), fit=fit, **how)


@pytest.mark.parametrize(
    ("said", "leaking"),
    [
        (LEAKY, ["station"]),
        (f"<think>which station</think>{LEAKY}", ["station"]),
        (f"{LEAKY}駅のdogです。", ["station", "dog"]),
        ("駅の车站です。", ["车站"]),
    ],
)
def test_the_token_with_which_a_leak_begins_is_marked_and_no_other(built: Path, said: str, leaking: list[str]) -> None:
    tokenizer = load_tokenizer(built / "base" / base().id)
    pair = Pair("p", (Message("user", "犬"), Message("assistant", "駅です。"), Message("user", "猫")), "駅", said)
    (unit,) = repair().units(tokenizer, [pair.with_meta(lang="ja")])
    rejected = unit.documents[1]
    targets = [i for i, t in zip(rejected.ids, rejected.trained, strict=True) if t]
    assert unit.marks[0] == () and len(unit.marks[1]) == len(targets)
    places = [n for n, mark in enumerate(unit.marks[1]) if mark]
    rest = [tokenizer.decode(targets[n:]) for n in places]
    assert len(rest) == len(leaking) and all(map(str.startswith, rest, leaking))


def test_the_loss_is_unlikelihood_of_leaked_tokens_and_likelihood_of_the_right_answer() -> None:
    chosen = Tokens("p", [1, 2, 3], [False, True, True])
    rejected = Tokens("p", [1, 4, 5, 6], [False, True, True, True])
    units = [Unit("p", (chosen, rejected), marks=((), (0.0, 1.0, 1.0)))]
    logps = torch.tensor([-0.5, -1.0, -0.3, -0.2, 0.0], dtype=torch.float64)
    loss, notes = repair(unlikely=0.7, reinforce=0.2).loss(
        logps, flatten([u.documents for u in units], torch.device("cpu")), units
    )
    sure = math.log(1 - math.exp(-1e-7))  # p = 1 has a finite loss
    assert float(loss) == pytest.approx(
        -0.7 * (math.log(1 - math.exp(-0.2)) + sure) / 2 + 0.2 * (0.5 + 1.0) / 2, abs=1e-9
    )
    assert notes["leaked"] == pytest.approx((math.exp(-0.2) + 1) / 2)


def test_leaked_tokens_become_unlikely_and_the_right_answer_likelier(built: Path) -> None:
    ctx = context(built)
    made = ctx.store.build(repair(30, reinforce=0.5), ctx)
    lines = [json.loads(line) for line in (made.path / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["leaked"] < 0.5 * lines[0]["leaked"] and lines[-1]["loss"] < 0.7 * lines[0]["loss"]


def test_a_pair_without_a_leak_is_named_before_the_first_step(built: Path) -> None:
    ctx = context(built)
    with pytest.raises(UsageError, match="row p3: its rejected answer has no leak"):
        ctx.store.build(repair(data=Leaky(clean=3)), ctx)


def test_weights_that_mean_nothing_are_told() -> None:
    assert any("unlikely" in p for p in repair(unlikely=0.0).check())
    assert any("reinforce" in p for p in repair(reinforce=-0.1).check())
