"""`pytest -m engines`: axolotl and OpenRLHF themselves, in their own environments, train a tiny model on the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from komainu.context import Context
from komainu.errors import UsageError
from komainu.rows import Row
from komainu.settings import Settings, Trainer, load
from komainu.train.base import Fit
from komainu.train.dpo import DPO
from komainu.train.engines.axolotl import Axolotl
from komainu.train.engines.base import Engine, Session, Site
from komainu.train.engines.openrlhf import OpenRLHF
from komainu.train.reference import Reference
from komainu.train.sft import SFT
from tests.train.world import Chats, Pairs, base, context

FIT = Fit(lr=2e-3, global_batch=8, epochs=2, schedule="linear", warmup=0.1, seed=3)
MODEL, PAIRS = base(steps=30), Pairs(n=32)
CHATS_SFT = SFT(model=MODEL, data=Chats(n=32), fit=FIT)
REFERENCE = Reference(model=MODEL, data=PAIRS)
PAIRS_DPO = DPO(model=MODEL, data=PAIRS, reference=REFERENCE, fit=replace(FIT, lr=5e-4))
HERE = {"openrlhf": Trainer(micro_batch=4)}

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def ctx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    made = Settings(threads=1, environments=str(Path(load().environments).absolute()), trainers=HERE)  # type: ignore[arg-type]
    with replace(context(tmp_path_factory.mktemp("store")), settings=made) as opened:
        yield opened


@pytest.mark.parametrize("of", [CHATS_SFT, PAIRS_DPO])
@pytest.mark.parametrize("name", ["axolotl", "openrlhf"])
def test_it_learns_what_our_own_training_learns(ctx: Context, name: str, of: SFT | DPO) -> None:
    stage: Engine = Axolotl(of=of, precision="float32", micro_batch=8) if name == "axolotl" else OpenRLHF(of=of)
    ours, theirs = ctx.store.build(of, ctx).summary, ctx.store.build(stage, ctx).summary
    print(name, type(of).__name__, {k: ours[k] for k in ("steps", "first_loss", "last_loss")}, theirs)
    assert theirs["steps"] == ours["steps"] == 8 and theirs["changed"] == theirs["tensors"]
    if name == "axolotl" or isinstance(of, DPO):  # OpenRLHF's first SFT batch holds other rows
        far = 0.002 if name == "axolotl" else 0.03
        assert theirs["first_loss"] == pytest.approx(ours["first_loss"], abs=far)
    assert theirs["last_loss"] < theirs["first_loss"]
    again: list[Row] = [*ctx.store.build(Reference(model=stage, data=PAIRS), ctx).rows()]
    assert len(again) == 64


SITE = Site("m", "d", "o", 32, 8, 1, 128)


def session(ctx: Context, folder: Path, stage: Engine) -> Session:
    return Session(folder, stage.environment.python(Path(ctx.settings.environments)), Trainer(), 1)


def test_a_key_that_axolotl_would_ignore_is_refused(ctx: Context, tmp_path: Path) -> None:
    stage = Axolotl(of=CHATS_SFT, precision="float32")
    keys = stage.keys(SITE, Trainer()) | {"neftune_alpha": 5.0}
    keys["datasets"][0]["roles_to_trian"] = ["assistant"]
    with pytest.raises(UsageError, match=r"neftune_alpha is no key of it; datasets\.0\.roles_to_trian is no key"):
        stage.validate(session(ctx, tmp_path, stage), keys)


def test_a_flag_that_openrlhf_does_not_have_is_refused(ctx: Context, tmp_path: Path) -> None:
    stage = OpenRLHF(of=CHATS_SFT)
    keys = stage.keys(SITE, Trainer()) | {"ds.zero_st": 3}  # a parser would complete it on its own
    with pytest.raises(UsageError, match=r"unrecognized arguments: --ds\.zero_st 3"):
        stage.validate(session(ctx, tmp_path, stage), keys)
