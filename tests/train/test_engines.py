"""Training engines of others: what is handed to them, what is refused, and what is taken back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from komainu.context import Context
from komainu.environment import Environment
from komainu.errors import UsageError
from komainu.plan import plan
from komainu.rows import Chat
from komainu.settings import Settings, Trainer
from komainu.stage import wiring
from komainu.train.base import Fit
from komainu.train.dpo import DPO
from komainu.train.engines.axolotl import Axolotl, yaml
from komainu.train.engines.base import Engine, Keys, Session, Site, cut, placed
from komainu.train.engines.lines import drawn, ended
from komainu.train.engines.openrlhf import OpenRLHF, flags
from komainu.train.engines.taken import take_back
from komainu.train.losses.hinge import Hinge
from komainu.train.losses.ipo import IPO
from komainu.train.losses.orpo import ORPO
from komainu.train.losses.robust import Robust
from komainu.train.losses.sigmoid import Sigmoid
from komainu.train.reference import Reference
from komainu.train.sft import SFT
from tests.train.world import Chats, Pairs, base, context

GOLDEN = Path(__file__).parent / "engines"
FIT = Fit(lr=1e-5, global_batch=128, epochs=3, schedule="linear", weight_decay=1e-4, seed=7)
MODEL = base()
CHATS, PAIRS = Chats(n=40), Pairs(n=16)
CHATS_SFT = SFT(model=MODEL, data=CHATS, fit=FIT)
PAIRS_DPO = DPO(
    model=MODEL,
    data=PAIRS,
    reference=Reference(model=MODEL, data=PAIRS),
    objective=Sigmoid(beta=0.1, smoothing=0.1),
    fit=Fit(lr=1.25e-7, global_batch=64, schedule="cosine", floor=0.1),
)
EIGHT = Trainer(gpus=8, micro_batch=2)
KNOWN = Site(rows=4096, steps=96, warm=3, context=8192)
ZERO = {"deepspeed": "zero3.json"}


def made(name: str, of: SFT | DPO) -> Engine:
    return Axolotl(of=of, micro_batch=2) if name == "axolotl" else OpenRLHF(of=of)


@pytest.mark.parametrize("name", ["axolotl", "openrlhf"])
@pytest.mark.parametrize("of", [CHATS_SFT, PAIRS_DPO])
def test_what_is_handed_over_is_as_recorded(name: str, of: SFT | DPO) -> None:
    stage = made(name, of)
    assert [*stage.check()] == []
    text = stage.rendered(stage.keys(KNOWN, EIGHT))
    assert text == (GOLDEN / f"{name}_{type(of).__name__.lower()}.txt").read_text(encoding="utf-8")


OTHER: dict[str, Any] = {
    "lr": 3e-4,
    "global_batch": 64,
    "epochs": 2.0,
    "steps": 11,
    "schedule": "cosine",
    "warmup": 0.2,
    "floor": 0.25,
    "weight_decay": 0.1,
    "optimizer": "muon",
    "betas": (0.8, 0.9),
    "max_norm": 0.5,
    "neftune": 5.0,
    "micro_tokens": 1024,
    "seed": 8,
    "order": "given",
    "pack": 1024,
}


@pytest.mark.parametrize("name", ["axolotl", "openrlhf"])
@pytest.mark.parametrize("field", [f.name for f in fields(Fit)])
def test_every_field_of_a_fit_reaches_the_program_or_is_refused_by_its_name(name: str, field: str) -> None:
    def text(fit: Fit) -> str:
        stage = made(name, replace(CHATS_SFT, fit=fit))
        known = KNOWN._replace(steps=fit.total_steps(4096), warm=fit.warm_steps(fit.total_steps(4096)))
        return stage.rendered(stage.keys(known, EIGHT))

    changed = replace(FIT, **{field: OTHER[field]})
    refused = [why for why in made(name, replace(CHATS_SFT, fit=changed)).refused() if f"fit.{field}" in why]
    assert refused or text(changed) != text(FIT)


def test_state_in_eight_bits_is_named_to_axolotl_and_refused_by_openrlhf() -> None:
    of = replace(CHATS_SFT, fit=replace(FIT, optimizer="adamw8bit"))
    assert [*made("axolotl", of).check()] == []
    assert made("axolotl", of).keys(KNOWN, EIGHT)["optimizer"] == "adamw_bnb_8bit"
    assert any("OpenRLHF has no AdamW with 8-bit state" in why for why in made("openrlhf", of).check())


@pytest.mark.parametrize(
    ("loss", "axolotl", "openrlhf"),
    [
        (Sigmoid(beta=0.2), {"rl": "dpo"}, {}),
        (Robust(flipped=0.2), {"dpo_loss_type": ["robust"], "dpo_label_smoothing": 0.2}, None),
        (Hinge(), {"dpo_loss_type": ["hinge"]}, None),
        (IPO(), {"rl": "ipo"}, None),
        (IPO(per_token=False), None, {"model.ipo_enable": True}),
        (ORPO(), None, None),
    ],
)
def test_a_loss_is_the_same_there_or_refused(loss: Any, axolotl: Keys | None, openrlhf: Keys | None) -> None:
    reference = PAIRS_DPO.reference if loss.referenced else None
    of = replace(PAIRS_DPO, objective=loss, reference=reference)
    for name, wanted in (("axolotl", axolotl), ("openrlhf", openrlhf)):
        stage = made(name, of)
        told = [why for why in stage.refused() if "objective" in why]
        assert bool(told) == (wanted is None)
        if wanted is not None:
            keys = stage.keys(KNOWN, EIGHT)
            assert wanted.items() <= keys.items() and loss.beta in (keys.get("rl_beta"), keys.get("model.beta"))


def test_an_added_sft_term_and_another_method_are_refused() -> None:
    for name in ("axolotl", "openrlhf"):
        assert any("of.sft" in why for why in made(name, replace(PAIRS_DPO, sft=0.2)).check())
        assert any("only SFT and DPO" in why for why in replace(made(name, CHATS_SFT), of=MODEL).check())  # type: ignore[arg-type]


def test_a_reference_of_ours_is_not_computed_and_not_asked_for() -> None:
    stage = Axolotl(of=PAIRS_DPO)
    assert set(stage.inputs) == {"of.model", "of.data"}
    bare = Axolotl(of=replace(PAIRS_DPO, reference=None))
    assert bare.id == stage.id and [*wiring(bare)] == []


def test_the_batch_follows_from_gpus_and_what_does_not_divide_is_refused() -> None:
    assert cut(128, EIGHT, 2) == 8
    with pytest.raises(UsageError, match="global_batch 100 cannot be cut: 8 GPUs x 2 rows"):
        cut(100, EIGHT, 2)


def test_gpus_that_share_rows_take_no_rows_of_their_own() -> None:
    assert cut(128, EIGHT, 2, along=4) == 32
    with pytest.raises(UsageError, match="global_batch 6 cannot be cut: 2 groups of 4 GPUs x 2 rows"):
        cut(6, EIGHT, 2, along=4)
    with pytest.raises(UsageError, match="8 GPUs cannot share rows by 3"):
        cut(96, EIGHT, 1, along=3)
    keys = Axolotl(of=CHATS_SFT, sequence_parallel=4).keys(KNOWN, EIGHT)
    assert (keys["context_parallel_size"], keys["attn_implementation"]) == (4, "flash_attention_2")
    assert keys["gradient_accumulation_steps"] * 2 == CHATS_SFT.fit.global_batch
    assert Axolotl(of=CHATS_SFT, sequence_parallel=4).id != Axolotl(of=CHATS_SFT).id


def test_openrlhf_shares_rows_by_a_setting_that_needs_another() -> None:
    def told(keys: dict[str, Any]) -> list[str]:
        return [
            *OpenRLHF(of=CHATS_SFT).misplaced(
                Settings(trainers={"openrlhf": Trainer(gpus=8, micro_batch=2, keys=keys)})
            )
        ]

    assert told({"ds.ring_attn_size": 4, "ds.packing_samples": True}) == []
    assert len(told({"ds.ring_attn_size": 4})) == 1 and "packing_samples" in told({"ds.ring_attn_size": 4})[0]
    assert "cannot share rows by 3" in told({"ds.ring_attn_size": 3, "ds.packing_samples": True})[0]


def test_rows_at_a_time_are_a_setting_only_where_they_change_nothing() -> None:
    one, two = (Axolotl(of=CHATS_SFT, precision="float32", micro_batch=n) for n in (1, 2))
    assert one.id != two.id
    told = [*one.misplaced(Settings(trainers={"axolotl": EIGHT}))]
    assert len(told) == 1 and "give Axolotl(micro_batch=...)" in told[0]
    assert [*OpenRLHF(of=CHATS_SFT).misplaced(Settings(trainers={"openrlhf": EIGHT}))] == []


def test_how_it_runs_is_no_part_of_the_id_and_what_it_learns_no_setting() -> None:
    stage = Axolotl(of=CHATS_SFT)
    here = Trainer(gpus=8, keys=ZERO | {"gradient_checkpointing": True})
    keys = stage.keys(KNOWN, here)
    assert keys["gradient_checkpointing"] is True and Path(keys["deepspeed"]).is_absolute()
    with pytest.raises(UsageError, match="'learning_rate' is not among the keys"):
        placed("axolotl", Trainer(keys={"learning_rate": 1.0}), stage.placing)
    with pytest.raises(UsageError, match="did you mean 'deepspeed'"):
        placed("axolotl", Trainer(keys={"deepsped": "x"}), stage.placing)


def test_bfloat16_weights_alone_are_refused() -> None:
    settings = Settings(trainers={"axolotl": Trainer(gpus=8)})
    assert any("no float32 weights" in why for why in Axolotl(of=CHATS_SFT).misplaced(settings))
    assert [*Axolotl(of=CHATS_SFT, precision="float32").misplaced(settings)] == []
    sharded = Settings(trainers={"axolotl": Trainer(gpus=8, keys=ZERO)})
    assert [*Axolotl(of=CHATS_SFT).misplaced(sharded)] == []


def test_a_plan_shows_what_will_be_handed_over_and_refuses_what_cannot_run_here(tmp_path: Path) -> None:
    stage = OpenRLHF(of=replace(CHATS_SFT, fit=replace(FIT, global_batch=8)))
    store = context(tmp_path).store
    line = plan(stage, store).on(Settings()).lines[-1]
    assert "--train.batch_size 8 \\" in line.sketch and "{model}" in line.sketch and line.problems == ()
    refused = plan(stage, store).on(Settings(trainers={"openrlhf": Trainer(gpus=3)})).lines[-1]
    assert refused.sketch == "" and "3 GPUs x 1 rows" in refused.problems[0]


def test_the_order_of_the_file_is_that_of_our_own_loop() -> None:
    from komainu.train.batches import order

    rows = [row for row in CHATS.rows() if isinstance(row, Chat)]
    fit = replace(FIT, global_batch=16)
    found = [row.id for row in drawn(rows, fit, 4)]
    ids = [row.id for row in rows]
    wanted = [ids[i] for epoch in (0, 1) for i in order(ids, 7, epoch)]
    assert found == wanted[:64]


def test_floats_keep_a_point_in_yaml() -> None:
    assert [yaml(x) for x in (1e-05, 1.25e-07, 3.0, 0.1)] == ["1.0e-05", "1.25e-07", "3.0", "0.1"]
    assert yaml({"a": [1, True, None, 'x"']}) == '{"a": [1, true, null, "x\\""]}'


def test_flags_leave_out_what_is_not_true() -> None:
    assert [*flags({"a": True, "b": False, "c": [0.9, 0.98], "d": 1})] == [
        ["--a"],
        ["--c", "0.9", "0.98"],
        ["--d", "1"],
    ]


def test_an_answer_ends_with_its_end_token() -> None:
    assert ended("a</s> b</s>\n", "</s>") == "a</s> b</s>"


def pretend(session: Session, keys: Keys) -> None:
    """Training, done here: every weight times two."""
    source, target = Path(keys["base_model"]), Path(keys["output_dir"])
    target.mkdir()
    weights = {name: 2 * w for name, w in load_file(source / "model.safetensors").items()}
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    (target / "config.json").write_text("{}")
    (session.folder / "log.txt").write_text("x\n{'loss': 2.5, 'a': 1}\n{'loss': '1.5'}\n")


def pretended(of: SFT | DPO) -> Axolotl:
    return Axolotl(of=replace(of, fit=replace(of.fit, global_batch=8)), precision="float32")


@pytest.fixture(scope="module")
def ctx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """A context in which axolotl is installed nowhere, and its training is pretended."""
    with pytest.MonkeyPatch.context() as patch, context(tmp_path_factory.mktemp("store")) as opened:
        patch.setattr(Environment, "python", lambda self, root: root / "python")
        patch.setattr(Axolotl, "validate", lambda self, session, keys: None)
        patch.setattr(Axolotl, "launch", lambda self, session, keys: pretend(session, keys))
        yield opened


def test_the_weights_come_back_with_the_bases_own_config_tokenizer_and_template(ctx: Context) -> None:
    stage = pretended(CHATS_SFT)
    found, before = ctx.store.build(stage, ctx), ctx.open(MODEL).path
    same = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "generation_config.json")
    for name in same:
        assert (found.path / name).read_bytes() == (before / name).read_bytes()
    config = json.loads((found.path / "config.json").read_bytes())
    assert config == json.loads((before / "config.json").read_bytes())
    assert (found.summary["first_loss"], found.summary["last_loss"]) == (2.5, 1.5)
    assert found.summary["lines"] == 15 * 8 and found.summary["trained"] == 40
    from komainu.train.weights import load_model

    name = "model.layers.0.mlp.up_proj.weight"
    was = load_file(before / "model.safetensors")[name]
    assert torch.equal(load_model(found.path).state_dict()[name], 2 * was)


def test_no_path_of_this_machine_gets_into_the_artifact(ctx: Context) -> None:
    found = ctx.store.build(pretended(PAIRS_DPO), ctx).path
    for file in found.iterdir():
        assert str(ctx.store.root).encode() not in file.read_bytes(), file.name
    assert (found / "order.txt").read_text().split() == [row.id for row in PAIRS.rows()]


def test_a_row_that_cannot_be_trained_on_stops_the_run_before_the_program(ctx: Context) -> None:
    few = replace(CHATS_SFT, data=Chats(n=4))
    with pytest.raises(UsageError, match="4 rows are fewer than global_batch=8"):
        ctx.store.build(pretended(few), ctx)


Change = Callable[[dict[str, torch.Tensor]], object]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda w: w.popitem(), "is lost"),
        (lambda w: w.update(more=torch.ones(2)), "more is new"),
        (lambda w: w.update({next(iter(w)): torch.empty(0)}), "is \\(0,\\), it was"),
        (lambda w: next(iter(w.values())).fill_(float("nan")), "not finite"),
        (lambda w: w["model.embed_tokens.weight"].zero_(), "is all zeros"),
        (lambda w: None, "nothing was trained"),
    ],
)
def test_weights_that_are_not_the_bases_trained_are_refused(
    ctx: Context, tmp_path: Path, change: Change, why: str
) -> None:
    before = ctx.store.build(MODEL, ctx).path
    weights = load_file(before / "model.safetensors")
    change(weights)
    made, out = tmp_path / "made", tmp_path / "out"
    made.mkdir()
    out.mkdir()
    save_file(weights, made / "model.safetensors")
    with pytest.raises(UsageError, match=why):
        take_back(made, before, out)


def test_every_package_of_the_environments_is_pinned() -> None:
    for stage, named in ((Axolotl(of=CHATS_SFT), "axolotl==0.19.0"), (OpenRLHF(of=CHATS_SFT), "openrlhf==0.11.2")):
        pins = [text for text in stage.environment.pins.splitlines() if not text.startswith("#")]
        assert named in pins and "torch==2.13.0" in pins and all("==" in text for text in pins)
