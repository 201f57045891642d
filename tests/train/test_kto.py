"""KTO: the loss of TRL's formula, the same however the batch is cut; the mismatched answer is each row's own luck."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM

from komainu.errors import UsageError
from komainu.models.folder import load_tokenizer
from komainu.rows import Chat, Message, Row
from komainu.train.base import Fit, Unit
from komainu.train.gradients import Gradients
from komainu.train.kto import KTO
from komainu.train.mismatch import mismatched
from komainu.train.unpaired import UnpairedReference
from komainu.train.weights import load_model
from tests.train.world import ANIMALS, Texts, base, context


@dataclass(frozen=True, kw_only=True)
class Labelled(Texts):
    """Short answers are wanted, answers with a "yes" before them are not."""

    def rows(self) -> Iterator[Row]:
        for i in range(self.n):
            word, good = ANIMALS[i % len(ANIMALS)], i % 3 != 0
            answer = f"{word}です。" if good else f"はい。{word}です。"
            turns = (Message("user", f"{word}は{i}？"), Message("assistant", answer))
            yield Chat(f"row-{i}", turns, {"label": good})


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("store")
    ctx = context(root)
    ctx.store.build(base(), ctx)
    ctx.store.build(kto().reference, ctx)
    return root


def kto(weights: tuple[float, float] = (1.0, 1.0), **fit: Any) -> KTO:
    data = Labelled()
    values: dict[str, Any] = {"lr": 1e-3, "global_batch": 8, "steps": 5, "schedule": "constant", **fit}
    reference = UnpairedReference(model=base(), data=data)
    desirable, undesirable = weights
    return KTO(
        model=base(),
        data=data,
        reference=reference,
        beta=0.3,
        desirable=desirable,
        undesirable=undesirable,
        fit=Fit(**values),
    )


def units_of(stage: KTO, root: Path) -> list[Unit]:
    ctx = context(root)
    return [*stage.ready(stage.units(load_tokenizer(ctx.locate(base())), [*stage.data.rows()]), ctx)]  # type: ignore[attr-defined]


def moved(root: Path) -> Any:
    """The base model with other weights, so that it is not its own reference."""
    model = load_model(context(root).locate(base()))
    dice = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn(p.shape, generator=dice) * 0.02)
    return model


def trl(policy: list[tuple[torch.Tensor, torch.Tensor]], units: list[Unit], stage: KTO) -> torch.Tensor:
    """TRL's formula: KL clamped at 0 without a gradient, then the two kinds of rows by themselves, and their mean."""
    kl = torch.stack([k - u.numbers[2] for (_, k), u in zip(policy, units, strict=True)]).mean().detach().clamp(min=0)
    wanted = [p - u.numbers[1] for (p, _), u in zip(policy, units, strict=True) if u.numbers[0]]
    others = [p - u.numbers[1] for (p, _), u in zip(policy, units, strict=True) if not u.numbers[0]]
    chosen = 1 - F.sigmoid(stage.beta * (torch.stack(wanted) - kl))
    rejected = 1 - F.sigmoid(stage.beta * (kl - torch.stack(others)))
    return torch.cat((stage.desirable * chosen, stage.undesirable * rejected)).nanmean()


@pytest.mark.parametrize("beside", [0.0, 40.0], ids=["z0-as-it-is", "z0-above-0"])
def test_loss_and_gradient_are_those_of_trls_formula_with_each_answer_alone(built: Path, beside: float) -> None:
    stage = kto((1.3, 0.7), micro_tokens=60)
    found = units_of(stage, built)[:8]
    units = [u._replace(numbers=(*u.numbers[:2], u.numbers[2] - beside)) for u in found]
    model = moved(built)
    mine = Gradients(stage, model, 1).of(units)
    plain = AutoModelForCausalLM.from_pretrained(context(built).locate(base()))
    plain.load_state_dict(model.state_dict())

    def logp(ids: list[int], trained: list[bool]) -> torch.Tensor:
        logits = plain(input_ids=torch.tensor([ids])).logits[0].double().log_softmax(-1)
        return torch.stack([logits[i - 1, t] for i, t in enumerate(ids) if i and trained[i]]).sum()

    policy = [(logp(*u.documents[0][1:]), logp(*u.documents[1][1:])) for u in units]
    wanted = trl(policy, units, stage)
    torch.autograd.backward(wanted)
    assert mine.loss == pytest.approx(float(wanted.detach()), abs=2e-6)
    assert (mine.notes["z0"] > 0) == (beside > 0)
    for a, b in zip(model.parameters(), plain.parameters(), strict=True):
        assert a.grad is not None and torch.allclose(a.grad, b.grad, atol=2e-6)


def test_neither_micro_batches_nor_processes_change_the_loss_or_its_z0(built: Path) -> None:
    units = [u._replace(numbers=(*u.numbers[:2], u.numbers[2] - 40.0)) for u in units_of(kto(), built)[:8]]
    found = []
    for stage, cores in ((kto(), 1), (kto(micro_tokens=24), 1), (kto(), 2), (kto(), 3)):
        model = moved(built)
        gradients = Gradients(stage, model, cores)
        seen = gradients.of(units)
        gradients.close()
        found.append((seen, [p.grad for p in model.parameters()]))
    first, grads = found[0]
    for other, theirs in found[1:]:
        assert other.loss == pytest.approx(first.loss, abs=1e-6)
        assert other.notes["z0"] == pytest.approx(first.notes["z0"], abs=1e-5)
        assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(grads, theirs, strict=True))


def test_the_first_loss_is_a_half_and_training_raises_what_is_wanted(built: Path) -> None:
    ctx = context(built)
    made = ctx.store.build(kto(steps=30, lr=3e-3), ctx)
    lines = [json.loads(line) for line in (made.path / "metrics.jsonl").read_text().splitlines()]
    assert abs(lines[0]["loss"] - 0.5) < 1e-6 and abs(lines[0]["z0"]) < 1e-4
    assert lines[-1]["loss"] < 0.35 and lines[-1]["right"] == 1.0


def chats(n: int) -> list[Chat]:
    return [Chat(f"c{i}", (Message("user", f"q{i}"), Message("assistant", f"a{i}"))) for i in range(n)]


def test_a_row_more_changes_the_mismatch_of_about_one_other() -> None:
    many, sizes = chats(60), [(5, 5)] * 60
    whole = {c.id: many[j].id for c, j in zip(many, mismatched(many, sizes, 0), strict=True)}
    fewer = {c.id: many[j].id for c, j in zip(many[:59], mismatched(many[:59], sizes[:59], 0), strict=True)}
    assert all(k != v for k, v in whole.items())
    assert 0 <= sum(fewer[k] != whole[k] for k in fewer) <= 5
    assert fewer != {k: many[j].id for k, j in zip(fewer, mismatched(many[:59], sizes[:59], 1), strict=True)}


def test_a_mismatched_answer_is_of_another_prompt_and_other_words_and_fits_in() -> None:
    same = [c.with_reply(f"b{i}") for i, c in enumerate(chats(4))] + chats(4)
    for i, j in enumerate(mismatched(same, [(5, 5)] * 8, 0)):
        assert same[i].prompt != same[j].prompt and same[i].reply != same[j].reply
    sizes = [(90, 10), *[(10, 20)] * 5, (10, 4), (10, 8)]
    assert mismatched(chats(8), sizes, 0)[0] in (6, 7)
    with pytest.raises(UsageError, match="row c0: no other row has another prompt"):
        mismatched(chats(1), [(5, 5)], 0)


def test_a_row_without_a_label_and_a_reference_of_something_else_are_refused(built: Path) -> None:
    tokenizer = load_tokenizer(context(built).locate(base()))
    with pytest.raises(UsageError, match=r'rows c0, c1, c2: meta\["label"\] is neither true'):
        kto().units(tokenizer, chats(3))
    stage = kto()
    assert [*stage.check()] == []
    other = replace(stage, data=Labelled(n=39), beta=0.0, fit=replace(stage.fit, neftune=5.0))
    told = " ".join(other.check())
    assert all(word in told for word in ("computed on other data", "KTO.beta is 0.0", "noise is for SFT"))
