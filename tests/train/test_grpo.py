"""GRPO: the loss is the papers', answers are the model's own, and rules that reward something get more of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from komainu.checks.base import Check
from komainu.checks.is_reference import IsReference
from komainu.checks.reward import RuleReward
from komainu.errors import UsageError
from komainu.files import write_rows
from komainu.models.folder import load_tokenizer
from komainu.rows import Chat, Message, Row
from komainu.train.base import Fit, Train, Unit
from komainu.train.flat import flatten, target_logps
from komainu.train.grpo import GRPO
from komainu.train.ranks import Ranks
from komainu.train.render import Tokens
from komainu.train.rollout import Answering, advantages, clipped_loss
from komainu.train.sft import SFT
from komainu.train.weights import load_model
from tests.train.world import ANIMALS, Chats, Texts, base, context


@dataclass(frozen=True, kw_only=True)
class Dogs(Check):
    """Fails an answer without a dog."""

    def fault(self, text: str, chat: Chat) -> str:
        return "" if "犬" in text else "no dog"


@dataclass(frozen=True, kw_only=True)
class Asked(Texts):
    """Prompts."""

    def rows(self) -> Iterator[Row]:
        for i in range(self.n):
            yield Chat(f"ask-{i}", (Message("user", f"{ANIMALS[i % 5]}を{i % 5 + 1}回"),), {"references": ["犬犬"]})


def started() -> Train:
    return SFT(model=base(20), data=Chats(), fit=Fit(lr=3e-3, global_batch=8, steps=30))


def grpo(steps: int = 4, model: Train | None = None, lr: float = 1e-3, **how: Any) -> GRPO:
    fit = Fit(lr=lr, global_batch=4, steps=steps, schedule="constant", micro_tokens=how.pop("micro_tokens", 16384))
    values: dict[str, Any] = {"reward": RuleReward(checks=(Dogs(),)), "group": 4, "max_tokens": 8, **how}
    return GRPO(model=model or base(), data=Asked(), fit=fit, **values)


def metrics(path: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("store")
    ctx = context(root)
    ctx.store.build(base(), ctx)
    ctx.store.build(started(), ctx)
    return root


def answering(built: Path, stage: GRPO) -> tuple[Answering, list[Unit]]:
    source = built / "base" / base().id
    model, tokenizer, rows = load_model(source), load_tokenizer(source), [*Asked().rows()]
    made = stage.rollout(model, tokenizer, rows, Ranks())
    assert isinstance(made, Answering)
    return made, stage.units(tokenizer, rows)[:3]


def test_what_is_rewarded_is_answered_more_often(built: Path) -> None:
    ctx = context(built)
    found = metrics(ctx.store.build(grpo(24, started(), lr=2e-3), ctx).path)
    first, last = (sum(m["reward"] for m in some) / 5 for some in (found[:5], found[-5:]))
    assert first < 0.75 and last > first + 0.2


def test_the_loss_is_the_clipped_one_of_the_papers_answer_by_answer() -> None:
    logps = [[-1.0, -2.0], [-0.5], [-3.0, -0.1, -0.2]]
    old = [[-1.5, -2.0], [-0.4], [-1.0, -0.3, -0.2]]
    start = [[-1.1, -1.0], [-0.5], [-2.0, -0.1, -0.6]]
    gains = [1.2, -0.7, -0.5]
    documents = tuple(Tokens("p", [5, *range(1, len(x) + 1)], [False] + [True] * len(x)) for x in logps)
    marks = tuple((g, *o, *s) for g, o, s in zip(gains, old, start, strict=True))
    units = [Unit("p", documents, marks=marks)]
    flat = flatten([documents], torch.device("cpu"))
    given = torch.tensor([v for row in logps for v in row], dtype=torch.float64)
    for average, scales, divided in (
        ("answer", (1 / 2, 1, 1 / 3), 3),
        ("token", (1, 1, 1), 6),
        ("constant", (1 / 8, 1 / 8, 1 / 8), 3),
    ):
        stage = grpo(iterations=2, kl=0.04, clip=(0.2, 0.3), average=average)
        total = 0.0
        for row, before, first, gain, scale in zip(logps, old, start, gains, scales, strict=True):
            for p, o, s in zip(row, before, first, strict=True):
                ratio = math.exp(p - o)
                surrogate = min(ratio * gain, max(0.8, min(1.3, ratio)) * gain)
                total -= scale * (surrogate - 0.04 * (math.exp(s - p) - (s - p) - 1))
        loss, notes = clipped_loss(stage, given, flat, units)
        assert abs(float(loss) - total) < 1e-9 and stage.weight(units) == divided
        assert notes["clipped"] > 0 and notes["kl"] > 0


def test_an_advantage_is_a_reward_seen_from_its_group() -> None:
    assert advantages([1.0, 0.0, 0.0, 1.0], grpo()) == [1.0, -1.0, -1.0, 1.0]
    assert advantages([1.0, 0.5], grpo(scaled=False)) == [0.25, -0.25]
    assert advantages([0.5, 0.5], grpo()) == [0.0, 0.0]


def test_answers_are_the_models_own_and_the_same_when_it_is_asked_again(built: Path) -> None:
    play, units = answering(built, grpo(iterations=2, kl=0.1))
    some, notes = play(units, 0)
    assert play(units, 0) == (some, notes) and play(units, 2)[0] != some
    flat = flatten([u.documents for u in some], torch.device("cpu"))
    with torch.no_grad():
        now = target_logps(play.model, flat).tolist()
    marked = [m for u in some for m in u.marks]
    told = [m[1 : 1 + (len(m) - 1) // 2] for m in marked]
    assert [v for m in told for v in m] == pytest.approx(now, abs=1e-5)
    assert all(m[1 : 1 + len(t)] == m[1 + len(t) :] for m, t in zip(marked, told, strict=True))  # nothing learnt yet
    assert len({tuple(d.ids) for d in some[0].documents}) > 1  # of one prompt, but not one answer


def test_an_answer_without_an_end_and_an_empty_one_are_worth_nothing(built: Path) -> None:
    play, units = answering(built, grpo(max_tokens=1, reward=RuleReward(checks=(IsReference(),))))
    _, notes = play(units, 0)
    assert notes["reward"] == 0.0 and notes["flat"] == 1.0


def test_several_iterations_learn_from_the_same_answers_and_cutting_changes_nothing(built: Path) -> None:
    ctx = context(built)
    stage = grpo(4, started(), iterations=2, kl=0.1)
    whole = ctx.store.build(stage, ctx)
    cut = ctx.store.build(replace(stage, fit=replace(stage.fit, micro_tokens=40)), ctx)
    lines = metrics(whole.path)
    assert [m["reward"] for m in lines[::2]] == [m["reward"] for m in lines[1::2]]
    assert lines[0]["length"] == lines[1]["length"] and lines[0]["loss"] != lines[1]["loss"]
    assert lines[0]["kl"] == pytest.approx(0, abs=1e-9) and lines[3]["kl"] > 0
    assert lines[0]["loss"] == pytest.approx(metrics(cut.path)[0]["loss"], abs=1e-6)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"group": 1}, "compared"),
        ({"clip": (1.0, 0.2)}, "clip"),
        ({"kl": -1.0}, "kl"),
        ({"average": "mean"}, "average"),
        ({"iterations": 3}, "multiple"),
        ({"reward": RuleReward(checks=())}, "checks is empty"),
        ({"reward": RuleReward(checks=(Dogs(),), weights={"dog": 1.0})}, "dogs"),
    ],
)
def test_settings_that_mean_nothing_are_told(how: dict[str, Any], told: str) -> None:
    assert any(told in problem for problem in grpo(**how).check())


def test_prompts_that_leave_no_room_for_an_answer_are_named(built: Path) -> None:
    ctx = context(built)
    with pytest.raises(UsageError, match=r"ask-0.*prompt of more than"):
        ctx.store.build(grpo(max_tokens=127), ctx)


@dataclass(frozen=True, kw_only=True)
class Said(Texts):
    """Rows that a file of this test writes as they are."""

    def run(self, out: Path, ctx: Any) -> dict[str, Any]:
        return {"rows": write_rows(out / "rows.jsonl", [Chat("a", (Message("assistant", "犬"),))])}


def test_a_row_without_a_question_is_named(built: Path) -> None:
    ctx = context(built)
    with pytest.raises(UsageError, match="row a"):
        ctx.store.build(replace(grpo(), data=Said()), ctx)
