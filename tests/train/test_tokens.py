"""Rows are tokenised once, and what is trained on is the same as if they were not kept."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from komainu.context import Context
from komainu.errors import UsageError
from komainu.models.folder import load_tokenizer
from komainu.rows import Chat, Message, Row
from komainu.store import DERIVED
from komainu.train import documents as documents_module
from komainu.train import loop, tokens
from komainu.train.base import Fit, Train, Unit
from komainu.train.documents import ChatDocuments, TextDocuments
from komainu.train.dpo import DPO
from komainu.train.heldout import HeldOut
from komainu.train.reference import Reference
from komainu.train.render import Tokens, chats_to_tokens
from komainu.train.sft import SFT
from komainu.train.tokens import Stored, kept, place, units_of, write
from tests.train.world import Chats, Pairs, base, context

FIT = Fit(lr=1e-3, global_batch=8, steps=3)
SFT_STAGE = SFT(model=base(), data=Chats(), fit=FIT)
REFERENCE = Reference(model=base(), data=Pairs())
DPO_STAGE = DPO(model=base(), data=Pairs(), reference=REFERENCE, fit=FIT)
CHATS = [*Chats().rows()]


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    found = context(tmp_path)
    for stage in (base(), Chats(), Pairs()):
        found.store.build(stage, found)
    return found


def files(ctx: Context) -> list[Path]:
    return sorted((ctx.store.root / DERIVED).rglob("*.safetensors"))


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each call of the renderer gets from now on."""
    found: list[int] = []

    def render(tokenizer: Any, chats: Sequence[Chat], **how: Any) -> list[Tokens]:
        found.append(len(chats))
        return chats_to_tokens(tokenizer, chats, **how)

    monkeypatch.setattr(documents_module, "chats_to_tokens", render)
    return found


DOCUMENTS = st.lists(st.tuples(st.integers(0, 2**31 - 1), st.booleans()), max_size=9)
NUMBERS = st.lists(st.floats(allow_nan=False), max_size=2)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=4), DOCUMENTS, DOCUMENTS), max_size=7), NUMBERS, st.integers(1, 5))
def test_what_is_read_is_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[Any], numbers: list[float], window: int
) -> None:
    def document(row: str, pairs: list[tuple[int, bool]]) -> Tokens:
        return Tokens(row, [i for i, _ in pairs], [t for _, t in pairs])

    wanted = [Unit(row, (document(row, a), document(row, b)), (*numbers,)) for row, a, b in drawn]
    parts = []
    folder = tmp_path_factory.mktemp("file")
    for i in range(0, max(1, len(wanted)), window):
        parts.append(folder / f"{i}.safetensors")
        save_file(tokens.arrays(wanted[i : i + window]), parts[-1])
    tokens.join(folder / "all.safetensors", parts, {})
    found = Stored(folder / "all.safetensors")
    assert [*found] == wanted and found[1:3] == wanted[1:3] and [*found.ids] == [u.id for u in wanted]
    flat = [d for u in wanted for d in u.documents]
    assert found.lengths.tolist() == [len(d.ids) for d in flat] and found.targets.tolist() == [d.targets for d in flat]

    def suspect(d: Tokens) -> bool:
        trained = [i for i, t in zip(d.ids, d.trained, strict=True) if t]
        return not d.targets or len(d.ids) > 5 or d.ids[:2] == [1, 1] or trained[-1] != 2

    assert [*found.suspects(5, 1, 2)] == [i for i, u in enumerate(wanted) if any(map(suspect, u.documents))]


@pytest.mark.parametrize("stage", [SFT_STAGE, DPO_STAGE, base()], ids=["sft", "dpo", "base"])
def test_a_model_trained_from_the_file_has_the_bytes_of_one_trained_without(
    ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: Train
) -> None:
    made = ctx.store.build(stage, ctx)
    kept = (made.path / "model.safetensors").read_bytes()
    shutil.rmtree(made.path)

    def in_memory(stage: Train, tokenizer: Any, ctx: Context) -> Sequence[Unit]:
        return stage.units(tokenizer, [*ctx.open(stage.data).rows()])

    monkeypatch.setattr(loop, "units_of", in_memory)
    assert (ctx.store.build(stage, ctx).path / "model.safetensors").read_bytes() == kept


def test_trainings_on_the_same_rows_tokenise_them_once_whatever_they_start_from(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counted(monkeypatch)
    ctx.store.build(SFT_STAGE, ctx)
    assert calls == [40]
    trained = replace(SFT_STAGE, fit=replace(FIT, lr=2e-3))
    ctx.store.build(replace(trained, model=SFT_STAGE), ctx)
    ctx.store.build(HeldOut(model=SFT_STAGE, data=Chats()), ctx)
    assert calls == [40], "the same tokenizer, saved again with the model, has the same tokens"
    ctx.store.build(DPO_STAGE, ctx)
    ctx.store.build(replace(DPO_STAGE, fit=trained.fit), ctx)
    assert calls == [40, 80], "a reference and its DPO share what they read"
    assert sorted(file.parent.name for file in files(ctx)) == sorted([base().data.id, Chats().id, Pairs().id])


def test_another_template_another_use_or_other_code_has_another_file(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = load_tokenizer(ctx.store.place(base()))
    found = {place(ctx.store, SFT_STAGE, tokenizer), place(ctx.store, replace(base(), data=Chats()), tokenizer)}
    found.add(place(ctx.store, replace(SFT_STAGE, data=Chats(n=41)), tokenizer))
    tokenizer.chat_template += " "
    found.add(place(ctx.store, SFT_STAGE, tokenizer))
    monkeypatch.setattr(tokens, "module_hash", lambda name: f"changed {name}")
    found.add(place(ctx.store, SFT_STAGE, tokenizer))
    assert len(found) == 5


def test_making_that_was_stopped_goes_on_and_comes_to_the_same_bytes(
    ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents_module, "WINDOW", 7)
    tokenizer = load_tokenizer(ctx.store.place(base()))
    make = partial(ChatDocuments().units, tokenizer, "here")
    tried: list[str] = []

    def stopping(rows: Sequence[Row]) -> list[Unit]:
        tried.append(rows[0].id)
        if len(tried) == 4:
            raise KeyboardInterrupt
        return make(rows)

    whole, stopped = tmp_path / "whole.safetensors", tmp_path / "stopped.safetensors"
    write(whole, ChatDocuments(), make, CHATS)
    with pytest.raises(KeyboardInterrupt):
        write(stopped, ChatDocuments(), stopping, CHATS)
    assert not stopped.exists()
    write(stopped, ChatDocuments(), stopping, CHATS)
    assert stopped.read_bytes() == whole.read_bytes()
    assert tried == ["chat-0", "chat-7", "chat-14", "chat-21", "chat-21", "chat-28", "chat-35"]
    assert [*tmp_path.glob("*.part*")] == []


def test_rows_that_are_others_under_the_same_id_are_tokenised_anew(
    ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counted(monkeypatch)
    tokenizer = load_tokenizer(ctx.store.place(base()))
    ahead = kept(ctx.store, SFT_STAGE, tokenizer, CHATS)  # as a plan does, before the rows' artifact is there
    assert [*units_of(SFT_STAGE, tokenizer, ctx)] == [*ahead] and calls == [40]
    shutil.rmtree(ctx.store.place(Chats()))
    monkeypatch.setattr(Chats, "rows", lambda stage: iter(CHATS[:12]))
    ctx.store.build(Chats(), ctx)
    assert len(units_of(SFT_STAGE, tokenizer, ctx)) == 12 and calls == [40, 12]


def test_parts_of_other_rows_are_not_gone_on_with(
    ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents_module, "WINDOW", 7)
    file, make = (
        tmp_path / "t.safetensors",
        partial(ChatDocuments().units, load_tokenizer(ctx.store.place(base())), "here"),
    )

    def stopping(rows: Sequence[Row]) -> list[Unit]:
        if rows[0].id == "chat-14":
            raise KeyboardInterrupt
        return make(rows)

    with pytest.raises(KeyboardInterrupt):
        write(file, ChatDocuments(), stopping, CHATS)
    write(file, ChatDocuments(), make, CHATS[5:])
    assert [*Stored(file).ids] == [chat.id for chat in CHATS[5:]]


def test_bad_rows_of_all_windows_are_named_at_once_and_nothing_is_kept_as_done(
    ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents_module, "WINDOW", 7)
    make = partial(ChatDocuments().units, load_tokenizer(ctx.store.place(base())), "here")
    empty = [Chat(f"empty-{i}", (Message("user", "犬"), Message("assistant", " "))) for i in range(2)]
    rows = [empty[0], *CHATS[:20], empty[1], CHATS[3]]
    for _ in range(2):
        with pytest.raises(UsageError) as error:
            write(tmp_path / "t.safetensors", ChatDocuments(), make, rows)
        assert "3 of 23 rows" in str(error.value) and "chat-3: 2 rows have this id" in str(error.value)
        assert "rows empty-0, empty-1: " in str(error.value)
    write(tmp_path / "texts.safetensors", TextDocuments(), make, [*CHATS, CHATS[3]])


def test_tokens_of_rows_that_are_gone_are_collected_with_them(ctx: Context) -> None:
    ctx.store.build(SFT_STAGE, ctx)
    ctx.store.name("kept", Pairs())
    ctx.store.build(REFERENCE, ctx)
    assert len(files(ctx)) == 3
    ctx.store.gc()
    assert [file.parent.name for file in files(ctx)] == [Pairs().id]


def test_a_stage_that_makes_its_units_itself_is_asked_for_them(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = load_tokenizer(ctx.store.place(base()))
    own = SFT_STAGE.units(tokenizer, CHATS)[:3]
    monkeypatch.setattr(SFT, "units", lambda stage, tokenizer, rows: own)
    assert units_of(SFT_STAGE, tokenizer, ctx) == own
    assert Chats().id not in {file.parent.name for file in files(ctx)}
