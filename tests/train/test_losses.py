"""Each preference loss equals its paper's formula, written out here a pair at a time, and TRL's where TRL has it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from komainu.train.base import Fit
from komainu.train.dpo import DPO
from komainu.train.losses.base import Loss, Side
from komainu.train.losses.hinge import Hinge
from komainu.train.losses.ipo import IPO
from komainu.train.losses.orpo import ORPO, log_odds
from komainu.train.losses.robust import Robust
from komainu.train.losses.sigmoid import Sigmoid
from komainu.train.losses.simpo import SimPO
from komainu.train.losses.slic import SLiC
from komainu.train.reference import Reference
from tests.train.world import Pairs, base, context


class One(NamedTuple):
    """A pair in plain numbers: sums of log-probabilities, the reference's, tokens."""

    c: float
    r: float
    rc: float
    rr: float
    nc: int
    nr: int

    @property
    def h(self) -> float:
        """log of (policy / reference) of chosen over rejected."""
        return math.log(math.exp(self.c - self.rc) / math.exp(self.r - self.rr))


def sigma(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def odds(total: float, tokens: int) -> float:
    p = math.exp(total / tokens)
    return p / (1 - p)


def per_token(x: One) -> float:
    return (x.c - x.rc) / x.nc - (x.r - x.rr) / x.nr


FORMULAS: dict[str, tuple[Loss, Callable[[One], float]]] = {
    "sigmoid, 2305.18290 (7)": (Sigmoid(beta=0.3), lambda x: -math.log(sigma(0.3 * x.h))),
    "cDPO": (
        Sigmoid(beta=0.3, smoothing=0.2),
        lambda x: -0.8 * math.log(sigma(0.3 * x.h)) - 0.2 * math.log(1 - sigma(0.3 * x.h)),
    ),
    "robust, 2403.00409 (12)": (
        Robust(beta=0.3, flipped=0.2),
        lambda x: (-0.8 * math.log(sigma(0.3 * x.h)) + 0.2 * math.log(sigma(-0.3 * x.h))) / (1 - 2 * 0.2),
    ),
    "IPO, 2310.12036 (17)": (IPO(beta=0.3, per_token=False), lambda x: (x.h - 1 / (2 * 0.3)) ** 2),
    "IPO of TRL": (IPO(beta=0.3), lambda x: (per_token(x) - 1 / (2 * 0.3)) ** 2),
    "hinge, 2309.06657": (Hinge(beta=0.3), lambda x: max(0.0, 1 - 0.3 * x.h)),
    "SLiC, 2305.10425 (3)": (SLiC(delta=2.5), lambda x: max(0.0, 2.5 - x.c + x.r)),
    "SimPO, 2405.14734 (6)": (
        SimPO(beta=2.0, gamma=0.7),
        lambda x: -math.log(sigma(2.0 / x.nc * x.c - 2.0 / x.nr * x.r - 0.7)),
    ),
    "ORPO, 2403.07691 (6, 7)": (
        ORPO(beta=0.3),
        lambda x: -x.c / x.nc - 0.3 * math.log(sigma(math.log(odds(x.c, x.nc) / odds(x.r, x.nr)))),
    ),
}


def pairs(n: int) -> list[One]:
    """Answers of 1 to 30 tokens; the model a few nats from its reference."""
    dice = torch.Generator().manual_seed(7)
    found = []
    for _ in range(n):
        nc, nr = (int(torch.randint(1, 31, (), generator=dice)) for _ in range(2))
        c, r = (-n * float(torch.rand((), generator=dice, dtype=torch.float64) * 3 + 0.01) for n in (nc, nr))
        shifts = torch.randn(2, generator=dice, dtype=torch.float64) * 3
        found.append(One(c, r, c + float(shifts[0]), r + float(shifts[1]), nc, nr))
    return found


def sides(some: list[One]) -> tuple[Side, Side]:
    c, r, rc, rr, nc, nr = torch.tensor(some, dtype=torch.float64).T
    return Side(c, nc, rc), Side(r, nr, rr)


@pytest.mark.parametrize("name", FORMULAS)
def test_the_loss_is_that_of_the_paper(name: str) -> None:
    loss, formula = FORMULAS[name]
    some = pairs(200)
    wanted = torch.tensor([formula(x) for x in some], dtype=torch.float64)
    assert torch.allclose(loss.of(*sides(some)), wanted, rtol=1e-9, atol=1e-12)


TRL = {  # beta 0.1, label_smoothing 0.1, of the pair below, by hand from TRL's source (1.x; CPO and ORPO trainers)
    "sigmoid": (Sigmoid(), 0.5130152524),
    "cDPO": (Sigmoid(smoothing=0.1), 0.5530152524),
    "robust": (Robust(), 0.4630152524),
    "hinge": (Hinge(), 0.6),
    "ipo": (IPO(), 21.16),
    "simpo": (SimPO(beta=2.0, gamma=0.5), 0.1677860294),
    "orpo": (ORPO(), 0.5151954482),
}


@pytest.mark.parametrize("name", TRL)
def test_the_loss_is_trls(name: str) -> None:
    loss, wanted = TRL[name]
    assert float(loss.of(*sides([One(-5.0, -16.0, -8.0, -15.0, 10, 10)]))) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("loss", [loss for loss, _ in FORMULAS.values()])
def test_the_gradient_raises_the_chosen_and_lowers_the_rejected_answer(loss: Loss) -> None:
    sums = [torch.tensor([-9.0, -4.0], dtype=torch.float64, requires_grad=True) for _ in range(2)]
    tokens, reference = torch.tensor([4.0, 4.0], dtype=torch.float64), torch.tensor([-9.0, -4.0], dtype=torch.float64)
    loss.of(Side(sums[0], tokens, reference), Side(sums[1], tokens, reference)).sum().backward()  # type: ignore[no-untyped-call]
    assert sums[0].grad is not None and sums[1].grad is not None
    assert bool((sums[0].grad < 0).all()) and bool((sums[1].grad > 0).all())


def test_robust_is_the_clean_loss_on_average_and_without_flipped_pairs() -> None:
    some = sides(pairs(50))
    clean = Sigmoid().of(*some)
    robust = Robust(flipped=0.2)
    noisy = 0.8 * robust.of(*some) + 0.2 * robust.of(some[1], some[0])
    assert torch.allclose(noisy, clean) and torch.allclose(Robust(flipped=0.0).of(*some), clean)


def test_odds_stay_finite_where_the_model_is_certain() -> None:
    logp = torch.tensor([-1e-12, -0.0, -1e-3, -50.0], dtype=torch.float64, requires_grad=True)
    found = log_odds(logp)
    found.sum().backward()  # type: ignore[no-untyped-call]
    assert bool(found.isfinite().all()) and logp.grad is not None and bool(logp.grad.isfinite().all())
    assert float(found.detach()[3]) == pytest.approx(-50.0)


def dpo(objective: Loss, **more: Any) -> DPO:
    data = Pairs()
    reference = Reference(model=base(), data=data) if objective.referenced else None
    fit = Fit(lr=1e-3, global_batch=8, steps=6, schedule="constant")
    return DPO(model=base(), data=data, reference=reference, objective=objective, fit=fit, **more)


@pytest.mark.parametrize("loss", [IPO(), Hinge(), Robust(), SLiC(), SimPO(), ORPO()], ids=lambda x: type(x).__name__)
def test_each_loss_trains_however_the_batch_is_cut(tmp_path: Path, loss: Loss) -> None:
    ctx, stage = context(tmp_path), dpo(loss, sft=0.1)
    assert [*stage.check()] == []
    whole = ctx.store.build(stage, ctx).summary
    cut = ctx.store.build(replace(stage, fit=replace(stage.fit, micro_tokens=24)), ctx).summary
    assert whole["last_loss"] < whole["first_loss"]
    assert cut["last_loss"] == pytest.approx(whole["last_loss"], abs=1e-4)


def test_the_sft_term_is_the_mean_of_a_token_of_the_chosen_answer(tmp_path: Path) -> None:
    from komainu.models.folder import load_tokenizer
    from komainu.train.flat import flatten

    ctx, stage = context(tmp_path), dpo(SimPO())
    units = stage.units(load_tokenizer(ctx.store.build(base(), ctx).path), [*Pairs(n=3).rows()])
    flat = flatten([u.documents for u in units], torch.device("cpu"))
    logps = -torch.rand(len(flat.targets), generator=torch.Generator().manual_seed(1))
    (plain, _), (more, _) = (s.loss(logps, flat, units) for s in (stage, replace(stage, sft=0.5)))
    means = [float(logps[flat.owner == 2 * i].double().mean()) for i in range(3)]
    assert float(more - plain) == pytest.approx(-0.5 * sum(means), abs=1e-6)


def test_wrong_wiring_of_loss_and_reference_is_told() -> None:
    def told(stage: DPO) -> str:
        return " ".join(stage.check())

    assert "needs a reference for Hinge" in told(replace(dpo(Hinge()), reference=None))
    assert "not needed for SimPO" in told(replace(dpo(Hinge()), objective=SimPO()))
    assert "beta is 0.0" in told(dpo(Sigmoid(beta=0.0)))
    assert "smoothing is 0.5" in told(dpo(Sigmoid(smoothing=0.5)))
    assert "flipped is 0.5" in told(dpo(Robust(flipped=0.5)))
    assert "sft is -1.0" in told(dpo(SimPO(), sft=-1.0))
