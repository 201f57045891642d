"""Several ranks: the same loss and gradient as one, and the same bits again after a stop."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from komainu.context import Group
from komainu.errors import Stopped, UsageError
from komainu.models.folder import load_tokenizer
from komainu.settings import Training
from komainu.train.base import Train, Unit
from komainu.train.gradients import Gradients
from komainu.train.grpo import GRPO
from komainu.train.loop import train
from komainu.train.ranks import joined, split
from komainu.train.render import Tokens
from komainu.train.shards import full
from komainu.train.weights import load_model
from tests.train.gang import gang, killed
from tests.train.test_grpo import grpo
from tests.train.test_kto import kto
from tests.train.test_train import dpo, sft
from tests.train.world import context


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with all that SFT, DPO, KTO and GRPO start from."""
    root = tmp_path_factory.mktemp("store")
    ctx = context(root)
    for stage in (*sft().inputs.values(), *dpo().inputs.values(), *kto().inputs.values(), *grpo().inputs.values()):
        ctx.store.build(stage, ctx)
    return root


def sized(sizes: Sequence[int]) -> list[Unit]:
    return [Unit(f"u{i}", (Tokens(f"u{i}", [*range(n)], [True] * n),)) for i, n in enumerate(sizes)]


@given(st.lists(st.integers(2, 60), min_size=1, max_size=40), st.integers(1, 8))
def test_a_batch_is_split_whole_in_order_and_evenly(sizes: list[int], ranks: int) -> None:
    units = sized(sizes)
    shares = split(units, ranks)
    assert sorted(u.id for share in shares for u in share) == sorted(u.id for u in units)
    assert all([u for u in units if u in share] == share for share in shares)
    loads = [sum(len(u.documents[0].ids) for u in share) for share in shares]
    assert max(loads) - min(loads) <= max(sizes)
    assert len(units) < ranks or all(shares)


def gradient(stage: Train, root: Path, group: Group, shard: bool, file: Path) -> dict[str, Any]:
    """Loss, tokens and notes of one global batch; the first rank leaves the gradient in a file."""
    ctx = context(root)
    source = ctx.open(stage.model).path
    units = stage.ready(stage.units(load_tokenizer(source), [*ctx.open(stage.data).rows()]), ctx)[:9]
    with joined(group, sharded=shard) as ranks:
        model = ranks.shard(load_model(source))
        found = Gradients(stage, model, 1, ranks).of(units, 3)
        grads = {n: full(p.grad) for n, p in model.named_parameters() if p.grad is not None}
        if ranks.main:
            save_file(grads, file)
    return found._asdict()


@pytest.mark.parametrize("make", [sft, dpo, kto])
@pytest.mark.parametrize(("size", "shard"), [(2, False), (4, False), (3, True)])
def test_several_ranks_have_the_loss_and_the_gradient_of_one(
    built: Path, tmp_path: Path, make: Any, size: int, shard: bool
) -> None:
    noisy = {"neftune": 5.0} if make is sft else {}
    stage = make(micro_tokens=40, **noisy)  # several micro-batches a rank, not as many on each
    one = gradient(stage, built, Group(), False, tmp_path / "one")
    several = gang(size, tmp_path / "out", lambda group: gradient(stage, built, group, shard, tmp_path / "several"))
    assert all(found == several[0] for found in several)
    assert several[0]["tokens"] == one["tokens"] and several[0]["loss"] == pytest.approx(one["loss"], abs=1e-6)
    assert several[0]["notes"] == pytest.approx(one["notes"], abs=1e-6)
    wanted, found = load_file(tmp_path / "one"), load_file(tmp_path / "several")
    assert wanted.keys() == found.keys()
    assert max(float((found[n] - wanted[n]).abs().max()) for n in wanted) < 1e-6


def answers(stage: GRPO, root: Path, group: Group) -> dict[str, Any]:
    """What a rank holds after answering one global batch."""
    ctx = context(root)
    source = ctx.open(stage.model).path
    rows, tokenizer = [*ctx.open(stage.data).rows()], load_tokenizer(source)
    with joined(group, sharded=False) as ranks:
        play = stage.rollout(load_model(source), tokenizer, rows, ranks)
        assert play is not None
        units, notes = play(stage.units(tokenizer, rows)[:5], 0)
    said = [[d.ids for d in u.documents] for u in units]
    return {"said": said, "marks": [v for u in units for m in u.marks for v in m], **notes}


@pytest.mark.parametrize("size", [2, 4])
def test_several_ranks_draw_the_answers_of_one_and_all_hold_all_of_them(built: Path, tmp_path: Path, size: int) -> None:
    stage = grpo(iterations=2, kl=0.1, micro_tokens=40)
    one = answers(stage, built, Group())
    several = gang(size, tmp_path, lambda group: answers(stage, built, group))
    assert all(found == several[0] for found in several)
    found = several[0]
    assert found.pop("marks") == pytest.approx(one.pop("marks"), abs=1e-5)
    assert found == one


def losses(path: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (path / "metrics.jsonl").read_text().splitlines()]


def trained(
    stage: Train, root: Path, out: Path, group: Group, shard: bool, stop_after: int = 0, every: float = 1e9
) -> Any:
    """A rank's whole run; with `stop_after`, a signal comes to the last rank in that step."""
    ctx = context(root, checkpoint_seconds=every, train=Training(ranks=group.size, shard=shard))
    ctx.group = group
    out.joinpath(".work").mkdir(parents=True, exist_ok=True)
    if stop_after and group.rank == group.size - 1:
        whole = Gradients.of

        def of(self: Gradients, units: Sequence[Unit], step: int = 0) -> Any:
            group.stop = step + 1 == stop_after
            return whole(self, units, step)

        Gradients.of = of  # type: ignore[method-assign]
    try:
        return train(stage, out, ctx)
    except Stopped as stopped:
        return str(stopped)


@pytest.mark.parametrize(("make", "size", "shard"), [(sft, 4, False), (dpo, 2, True), (grpo, 2, False)])
def test_ranks_that_were_stopped_go_on_to_the_same_bits(
    built: Path, tmp_path: Path, make: Any, size: int, shard: bool
) -> None:
    stage = make(steps=6)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    summary, *nothing = gang(size, tmp_path / "a", lambda group: trained(stage, built, whole, group, shard))
    assert nothing == [{}] * (size - 1)
    stopped = gang(size, tmp_path / "b", lambda group: trained(stage, built, cut, group, shard, stop_after=3))
    assert all("stopped by a signal after step 3 of 6" in told for told in stopped)
    assert len([*cut.glob(".work/step-00000003/*")]) == (size if shard else 1)
    assert gang(size, tmp_path / "c", lambda group: trained(stage, built, cut, group, shard))[0] == summary
    assert (whole / "model.safetensors").read_bytes() == (cut / "model.safetensors").read_bytes()
    assert losses(whole) == losses(cut)
    assert AutoModelForCausalLM.from_pretrained(whole).config.architectures == ["LlamaForCausalLM"]


@pytest.mark.parametrize(("make", "shard"), [(sft, False), (dpo, True)])
def test_a_rank_killed_at_any_moment_changes_no_bit_of_the_end(
    built: Path, tmp_path: Path, make: Any, shard: bool
) -> None:
    stage = make(steps=30)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    gang(2, tmp_path / "a", lambda group: trained(stage, built, whole, group, shard))
    killed(2, tmp_path / "b", lambda group: trained(stage, built, cut, group, shard, every=0.0), cut / ".work")
    assert not (cut / "metrics.jsonl").exists()
    gang(2, tmp_path / "c", lambda group: trained(stage, built, cut, group, shard))
    assert (whole / "model.safetensors").read_bytes() == (cut / "model.safetensors").read_bytes()
    assert losses(whole) == losses(cut)


def test_a_run_can_go_on_with_another_number_of_ranks(built: Path, tmp_path: Path) -> None:
    stage, out = sft(steps=6), tmp_path / "out"
    gang(3, tmp_path / "a", lambda group: trained(stage, built, out, group, True, stop_after=3))
    gang(2, tmp_path / "b", lambda group: trained(stage, built, out, group, False))
    alone = context(built).store.build(stage, context(built))
    mine, wanted = load_file(out / "model.safetensors"), load_file(alone.path / "model.safetensors")
    assert all(torch.allclose(mine[n], wanted[n], atol=1e-4) for n in wanted)
    assert losses(out) == pytest.approx(losses(alone.path), abs=1e-5)


@pytest.mark.parametrize(
    ("fit", "problem"),
    [({"global_batch": 1}, "a global batch of 1 rows for 2 ranks"), ({"optimizer": "muon"}, "Muon needs whole")],
)
def test_what_ranks_cannot_do_is_refused(built: Path, tmp_path: Path, fit: dict[str, Any], problem: str) -> None:
    def refused(group: Group) -> str:
        with pytest.raises(UsageError, match=problem) as found:
            trained(sft(**fit), built, tmp_path / "out", group, True)
        return str(found.value)

    assert all(problem in told for told in gang(2, tmp_path / "a", refused))


def test_what_draws_answers_is_not_sharded(built: Path, tmp_path: Path) -> None:
    stage, out = grpo(steps=2), tmp_path / "out"
    gang(2, tmp_path / "a", lambda group: trained(stage, built, out, group, True, every=0.0))
    assert losses(out) and (out / "model.safetensors").exists()


def test_ranks_that_cannot_meet_say_what_is_missing(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    with pytest.raises(UsageError, match="MASTER_ADDR and MASTER_PORT are not set"), joined(Group(0, 2), sharded=False):
        pass


def test_the_number_of_ranks_is_no_part_of_an_id() -> None:
    assert replace(sft()).id == sft().id and "ranks" not in json.dumps(sft().config())
