"""NEFTune: the noise has the paper's size, is a row's own, and is drawn again by a run that is resumed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from komainu.models.folder import load_tokenizer
from komainu.rows import Chat
from komainu.train.base import Fit, Unit
from komainu.train.gradients import Gradients
from komainu.train.neftune import noise
from komainu.train.optim import rate_at
from komainu.train.render import Tokens
from komainu.train.sft import SFT
from komainu.train.weights import load_model
from tests.train.world import Chats, base, context

FIT = Fit(lr=1e-3, global_batch=8, steps=4, neftune=5.0)


def unit(name: str, tokens: int) -> Unit:
    return Unit(name, (Tokens(name, [0] * tokens, [True] * tokens),))


def test_noise_is_uniform_up_to_alpha_over_the_root_of_length_times_width() -> None:
    found = noise([unit("a", 100), unit("b", 400)], 64, FIT, 0)
    assert found.shape == (1, 500, 64)
    for part, length in ((found[0, :100], 100), (found[0, 100:], 400)):
        most = 5.0 / (length * 64) ** 0.5
        assert 0.99 * most < float(part.abs().max()) <= most
        assert float(part.std()) == pytest.approx(most / 3**0.5, rel=0.02) and abs(float(part.mean())) < 0.03 * most


def test_noise_is_a_rows_own_whatever_it_is_packed_with() -> None:
    alone = noise([unit("b", 7)], 16, FIT, 3)
    assert torch.equal(noise([unit("a", 5), unit("b", 7)], 16, FIT, 3)[:, 5:], alone)
    others = (noise([unit("b", 7)], 16, FIT, 4), noise([unit("c", 7)], 16, FIT, 3))
    assert not any(torch.equal(other, alone) for other in (*others, noise([unit("b", 7)], 16, replace(FIT, seed=1), 3)))


def gradients(stage: SFT, ctx: Any, cores: int = 1) -> tuple[float, list[torch.Tensor]]:
    model = load_model(ctx.locate(base()))
    units = stage.units(load_tokenizer(ctx.locate(base())), [r for r in Chats(n=8).rows() if isinstance(r, Chat)])
    made = Gradients(stage, model, cores)
    loss = made.of(units, 2).loss
    made.close()
    return loss, [p.grad for p in model.parameters()]


def test_the_gradient_with_noise_is_that_of_embeddings_with_it_however_the_batch_is_cut(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    ctx.store.build(base(), ctx)
    stage = SFT(model=base(), data=Chats(), fit=FIT)
    clean, _ = gradients(replace(stage, fit=replace(FIT, neftune=0.0)), ctx)
    loss, found = gradients(stage, ctx)
    assert abs(loss - clean) > 1e-4
    for other in (gradients(replace(stage, fit=replace(FIT, micro_tokens=24)), ctx), gradients(stage, ctx, 2)):
        assert other[0] == pytest.approx(loss, rel=1e-6)
        assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(found, other[1], strict=True))
    model = load_model(ctx.locate(base()))
    table = model.get_input_embeddings()
    units = stage.units(load_tokenizer(ctx.locate(base())), [r for r in Chats(n=8).rows() if isinstance(r, Chat)])
    model.set_attn_implementation("eager")
    total = torch.zeros((), dtype=torch.float64)
    for one in units:
        (d,) = one.documents
        ids = torch.tensor([d.ids])
        logps = model(inputs_embeds=table(ids) + noise([one], table.embedding_dim, FIT, 2)).logits[0].log_softmax(-1)
        total = total - sum(logps[i - 1, d.ids[i]].double() for i in range(1, len(d.ids)) if d.trained[i])
    torch.autograd.backward(total / stage.weight(units))
    assert float(total.detach()) / stage.weight(units) == pytest.approx(loss, rel=1e-5)
    assert all(torch.allclose(a, p.grad, atol=1e-5) for a, p in zip(found, model.parameters(), strict=True))


def test_rates_warm_up_in_a_line_then_fall_in_a_line_or_stay() -> None:
    linear = [rate_at(Fit(lr=1.0, schedule="linear", warmup=0.2), step, 10) for step in range(10)]
    assert linear == pytest.approx([0.5, 1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125])
    constant = [rate_at(Fit(lr=1.0, schedule="constant", warmup=0.3), step, 10) for step in range(10)]
    assert constant == pytest.approx([1 / 3, 2 / 3, *[1.0] * 8])
