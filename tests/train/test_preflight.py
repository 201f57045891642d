"""Bugs planted in rows, templates, tokenizers, weights and fits are told before the first step; clean data is not."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from komainu.errors import UsageError
from komainu.models.folder import load_tokenizer
from komainu.rows import Chat, Message, Pair, Row
from komainu.store import Store
from komainu.train.base import Fit, Train
from komainu.train.dpo import DPO
from komainu.train.losses.simpo import SimPO
from komainu.train.sft import SFT
from komainu.train.tokenizer import TEMPLATE
from komainu.train.weights import load_model, look
from tests.train.world import Chats, Pairs, base, context

SFT_STAGE = SFT(model=base(), data=Chats(), fit=Fit(lr=1e-3, global_batch=8, steps=4))
DPO_STAGE = DPO(model=base(), data=Pairs(), objective=SimPO(), fit=SFT_STAGE.fit)
CHATS, PAIRS = [*Chats().rows()], [*Pairs().rows()]
LONG = "犬と猫。" * 60


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    ctx = context(tmp_path_factory.mktemp("store"))
    return ctx.store.build(base(), ctx).path


@pytest.fixture
def model(clean: Path, tmp_path: Path) -> Path:
    """A copy of the model directory, to plant bugs in."""
    return Path(shutil.copytree(clean, tmp_path / "model"))


def chat(*turns: tuple[Any, str]) -> Chat:
    return Chat("planted", tuple(Message(role, text) for role, text in turns))


def pair(prompt: str = "犬は？", chosen: str = "いる", rejected: str = "いない") -> Pair:
    return Pair("planted", (Message("user", prompt),), chosen, rejected)


ROWS: dict[str, tuple[Row, str]] = {
    "last turn not trained": (
        chat(("user", "犬"), ("assistant", "猫"), ("user", "鳥")),
        "last message is of role user",
    ),
    "nothing to train": (chat(("user", "犬")), "last message is of role user"),
    "no turns": (chat(), "no messages"),
    "empty answer": (chat(("user", "犬"), ("assistant", " ")), "is empty"),
    "two user turns": (chat(("user", "犬"), ("user", "猫"), ("assistant", "鳥")), "after user comes assistant"),
    "assistant first": (chat(("assistant", "猫"), ("user", "鳥"), ("assistant", "犬")), "at the start"),
    "late system turn": (chat(("user", "犬"), ("system", "猫"), ("assistant", "鳥")), "is of role system"),
    "special token in a question": (chat(("user", "犬<|end|>"), ("assistant", "猫")), r"holds <\|end\|>"),
    "special token in an answer": (chat(("user", "犬"), ("assistant", "<|user|>猫")), r"holds <\|user\|>"),
    "too long": (chat(("user", "犬"), ("assistant", LONG)), r"tokens, the context holds 128; nothing is cut off"),
    "prompt too long": (chat(("user", LONG), ("assistant", "犬")), "its prompt alone is"),
    "an id twice": (Chat("chat-1", (Message("user", "犬"), Message("assistant", "猫"))), "2 rows have this id"),
    "chosen too long": (pair(chosen=LONG), r"chosen: \d+ tokens, the context holds 128"),
    "rejected too long": (pair(rejected=LONG), r"rejected: \d+ tokens, the context holds 128"),
    "pair's prompt too long": (pair(prompt=LONG), "its prompt alone is"),
    "equal answers": (pair(rejected="いる"), "same answer"),
    "equal but for spaces": (pair(rejected="いる\n"), "same answer"),
    "empty rejected": (pair(rejected=""), "rejected is empty"),
    "special token in rejected": (pair(rejected="いない<|pad|>"), r"holds <\|pad\|>"),
}


def seen(path: Path, rows: Sequence[Row], fit: Fit | None = None) -> None:
    stage: Train = DPO_STAGE if isinstance(rows[-1], Pair) else SFT_STAGE
    with tempfile.TemporaryDirectory() as root:
        look(replace(stage, fit=fit) if fit else stage, path, rows, Store(Path(root)))


@pytest.mark.parametrize("name", ROWS)
def test_a_planted_row_is_named(name: str, clean: Path) -> None:
    row, told = ROWS[name]
    rows = [*(PAIRS if isinstance(row, Pair) else CHATS), row]
    with pytest.raises(UsageError, match=rf"1 of 41 rows cannot be trained on:\n  row {row.id}: .*{told}"):
        seen(clean, rows)


def test_every_bad_row_is_named_at_once(clean: Path) -> None:
    bad = [
        replace_id(ROWS[name][0], f"bad-{i}") for i, name in enumerate(("empty answer", "two user turns", "no turns"))
    ]
    with pytest.raises(UsageError, match=r"3 of 43 rows") as found:
        seen(clean, [*CHATS, *bad])
    assert all(f"row bad-{i}:" in str(found.value) for i in range(3))


def test_rows_with_one_fault_are_told_together(clean: Path) -> None:
    bad = [Chat(f"bad-{i}", (Message("user", "犬"),)) for i in range(23)]
    with pytest.raises(
        UsageError, match=r"23 of 63 rows .*\n  rows bad-0, bad-1, .*bad-19, \.\.\. \(23 in all\): the last"
    ):
        seen(clean, [*CHATS, *bad])


def replace_id(row: Row, name: str) -> Row:
    assert isinstance(row, Chat)
    return Chat(name, row.messages)


def template(text: str) -> Callable[[Path], None]:
    def plant(path: Path) -> None:
        (path / "chat_template.jinja").write_text(text, encoding="utf-8")

    return plant


def settings(**values: Any) -> Callable[[Path], None]:
    def plant(path: Path) -> None:
        file = path / "tokenizer_config.json"
        file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), **values}), encoding="utf-8")

    return plant


def vocabulary(path: Path) -> None:
    file = path / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**config, "vocab_size": config["vocab_size"] - 3}), encoding="utf-8")


def normalizer(path: Path) -> None:
    file = path / "tokenizer.json"
    text = json.loads(file.read_text(encoding="utf-8"))
    text["normalizer"] = {"type": "Replace", "pattern": {"String": "猫"}, "content": "?"}
    file.write_text(json.dumps(text), encoding="utf-8")


def pointer(path: Path) -> None:
    (path / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")


def cut_short(path: Path) -> None:
    file = path / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def shard(path: Path) -> None:
    index = {"metadata": {}, "weight_map": {"lm_head.weight": "model-00002-of-00002.safetensors"}}
    (path / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


def context_of_8(path: Path) -> None:
    file = path / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "max_position_embeddings": 8}), encoding="utf-8")


def both(*plants: Callable[[Path], None]) -> Callable[[Path], None]:
    def plant(path: Path) -> None:
        for each in plants:
            each(path)

    return plant


BOS = "<|pad|>"
DIRECTORIES: dict[str, tuple[Callable[[Path], None], str]] = {
    "no template": (lambda path: (path / "chat_template.jinja").unlink(), "no chat template"),
    "drops the system turn": (
        template(TEMPLATE.replace("in messages", "in messages | rejectattr('role', 'equalto', 'system')")),
        "drops the system turn",
    ),
    "drops early turns": (template(TEMPLATE.replace("in messages", "in messages[-2:]")), "not prefix-stable"),
    "does not end the turn": (
        template(TEMPLATE.replace(" + '<|end|>'", "")),
        "could not stop|would never learn to stop",
    ),
    "ends the turn with words": (template(TEMPLATE.replace("'<|end|>' }}", "' 以上 <|end|>' }}")), "learn to stop"),
    "another generation prompt": (template(TEMPLATE.replace("{{- '<|assistant|>' }}", "{{- 'A:' }}")), "prefix-stable"),
    "rewrites the text": (
        template(TEMPLATE.replace("message.content", "message.content | replace('c', 'C')")),
        "rewrites",
    ),
    "BOS doubled": (
        both(settings(bos_token=BOS), template("{{- '<|pad|><|pad|>' }}" + TEMPLATE)),
        "begins with .* twice",
    ),
    "EOS not trained": (template(TEMPLATE.replace("<|end|>", "<|pad|>")), r"ends with <\|pad\|>, EOS is <\|end\|>"),
    "no EOS": (settings(eos_token=None), "no EOS token"),
    "another template for servers": (settings(chat_template="{{ messages }}"), "differ; keep one"),
    "tokenizer larger than embeddings": (vocabulary, "embeddings"),
    "tokenizer loses text": (normalizer, "does not give back"),
    "weights are a pointer": (pointer, "Git LFS pointer"),
    "weights cut short": (cut_short, "no whole safetensors file"),
    "a shard is missing": (shard, "lacks model-00002-of-00002"),
    "context of 8": (context_of_8, "the context holds 8"),
}


@pytest.mark.parametrize("name", DIRECTORIES)
def test_a_planted_fault_of_the_model_directory_is_told(name: str, model: Path) -> None:
    plant, told = DIRECTORIES[name]
    plant(model)
    with pytest.raises(UsageError, match=told):
        seen(model, [*Chats(system=name == "drops the system turn").rows()])


def change(path: Path, tensor: str, how: Callable[[torch.Tensor], torch.Tensor | None]) -> None:
    tensors = load_file(path / "model.safetensors")
    name = next(n for n in tensors if tensor in n)
    changed = how(tensors.pop(name))
    save_file(tensors if changed is None else {**tensors, name: changed}, path / "model.safetensors", {"format": "pt"})


WEIGHTS: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor | None], str]] = {
    "NaN": (lambda t: t.index_fill(0, torch.tensor([3]), float("nan")), "not finite"),
    "infinite": (lambda t: t.index_fill(0, torch.tensor([3]), float("inf")), "not finite"),
    "zeros": (torch.zeros_like, "all zeros"),
    "missing": (lambda t: None, "not in the files"),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_that_are_no_weights_are_told_by_name(name: str, model: Path) -> None:
    how, told = WEIGHTS[name]
    change(model, "layers.1.mlp.up_proj", how)
    with pytest.raises(UsageError, match=rf"layers\.1\.mlp\.up_proj\.weight .*{told}"):
        load_model(model)


FITS = {
    "fewer rows than a batch": (Fit(lr=1e-3, global_batch=41), "40 rows are fewer than global_batch=41"),
    "never past its warm-up": (Fit(lr=1e-3, global_batch=8, steps=4, warmup=0.9), "never gets past its warm-up"),
}


@pytest.mark.parametrize("name", FITS)
def test_a_fit_that_does_not_suit_the_rows_is_told(name: str, clean: Path) -> None:
    fit, told = FITS[name]
    with pytest.raises(UsageError, match=told):
        seen(clean, CHATS, fit)


def test_at_least_25_bugs_are_planted() -> None:
    assert len(ROWS) + len(DIRECTORIES) + len(WEIGHTS) + len(FITS) == 42


@pytest.mark.parametrize("system", [False, True])
def test_clean_data_is_let_through(system: bool, clean: Path, model: Path) -> None:
    for rows in (CHATS, [*Chats(system=system).rows()], PAIRS):
        seen(clean, rows)
    template("{{- '<|pad|>' }}" + TEMPLATE)(model)
    settings(bos_token=BOS)(model)
    seen(model, CHATS)
    load_model(clean)
    assert load_tokenizer(model).bos_token == BOS
