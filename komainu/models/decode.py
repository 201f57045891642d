"""Generating answers for a batch of prompts at once: prefill, then a token a row and a step."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers.cache_utils import DynamicCache, DynamicLayer

from komainu.errors import UsageError
from komainu.models.base import Model
from komainu.models.sample import draw, uniforms

ROOM = 32  # steps for which a cache makes room at a time, at least
Watch = Callable[[int, int], None]  # which prompt, which token
SPARSE = 0.75  # the share of rows still going at which the finished ones are dropped


class Prompt(NamedTuple):
    """One row: token ids, how many tokens its answer may have, the seed of its randomness (below 2**63)."""

    ids: list[int]
    room: int
    seed: int


class Generated(NamedTuple):
    """The new token ids, the closing stop token included, and whether there was one."""

    ids: list[int]
    stopped: bool

    @property
    def said(self) -> list[int]:
        """The ids without the closing stop token."""
        return self.ids[:-1] if self.stopped else self.ids


class GrowingLayer(DynamicLayer):  # type: ignore[misc]  # transformers is untyped here
    """A key/value cache layer that writes into spare room, where DynamicLayer copies all it holds at every step."""

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        super().lazy_initialization(key_states, value_states)
        self.key_store, self.value_store = key_states[..., :0, :], value_states[..., :0, :]
        self.keys, self.values = self.key_store, self.value_store

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Add states [B, heads, new, dim]; returns all there are."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        used = self.keys.shape[-2]
        self.key_store = extended(self.key_store, used, key_states)
        self.value_store = extended(self.value_store, used, value_states)
        end = used + key_states.shape[-2]
        self.keys, self.values = self.key_store[..., :end, :], self.value_store[..., :end, :]
        return self.keys, self.values

    def reorder_cache(self, beam_idx: Tensor) -> None:
        """Keep these rows [n] of the batch."""
        end = self.keys.shape[-2]
        self.key_store = self.key_store.index_select(0, beam_idx)
        self.value_store = self.value_store.index_select(0, beam_idx)
        self.keys, self.values = self.key_store[..., :end, :], self.value_store[..., :end, :]


def extended(store: Tensor, used: int, new: Tensor) -> Tensor:
    """A store that holds its first `used` states and the new ones; a bigger one when they do not fit."""
    end = used + new.shape[-2]
    if end > store.shape[-2]:
        size = end + max(ROOM, end // 4)
        bigger = new.new_zeros((*new.shape[:-2], size, new.shape[-1]))
        bigger[..., :used, :] = store[..., :used, :]
        store = bigger
    store[..., used:end, :] = new
    return store


def cache_for(model: Any) -> Any:
    """The cache that fits the model's layers; sliding-window and recurrent ones stay transformers' own."""
    cache = DynamicCache(config=model.config)
    cache.layers = [GrowingLayer() if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache


class Batch:
    """The rows still being answered: what the next forward pass needs, and what is known of each row."""

    def __init__(self, model: Any, prompts: list[Prompt], device: torch.device) -> None:
        width = max(len(p.ids) for p in prompts)
        padded = [[0] * (width - len(p.ids)) + p.ids for p in prompts]
        self.inputs = torch.tensor(padded, device=device)
        lengths = torch.tensor([len(p.ids) for p in prompts], device=device)
        self.mask = (torch.arange(width, device=device) >= width - lengths[:, None]).long()
        self.positions = (self.mask.cumsum(-1) - 1).clamp(min=0)
        self.rows = torch.arange(len(prompts), device=device)
        self.room = torch.tensor([p.room for p in prompts], device=device)
        self.seeds = torch.tensor([p.seed for p in prompts], device=device)
        self.going = torch.ones(len(prompts), dtype=torch.bool, device=device)
        self.cache = cache_for(model)
        self.model = model
        takes = inspect.signature(model.forward).parameters
        self.options = {"logits_to_keep": 1} if "logits_to_keep" in takes else {}
        self.placed = "position_ids" in takes

    def logits(self) -> Tensor:
        """The next token's logits, float32 [B, V]."""
        where = {"position_ids": self.positions} if self.placed else {}
        out = self.model(
            input_ids=self.inputs,
            attention_mask=self.mask,
            past_key_values=self.cache,
            use_cache=True,
            **where,
            **self.options,
        )
        logits: Tensor = out.logits[:, -1].float()
        return logits

    def advance(self, tokens: Tensor) -> None:
        """Append the tokens [B]; drop the finished rows when they are many."""
        going = int(self.going.sum())
        if 0 < going <= SPARSE * len(self.going):
            left = self.going.nonzero()[:, 0]
            tokens = tokens[left]
            self.mask, self.positions, self.rows = self.mask[left], self.positions[left], self.rows[left]
            self.room, self.seeds, self.going = self.room[left], self.seeds[left], self.going[left]
            self.cache.reorder_cache(left)
        self.inputs = tokens[:, None]
        self.mask = torch.cat([self.mask, self.mask.new_ones((len(tokens), 1))], dim=-1)
        self.positions = self.positions[:, -1:] + 1


@torch.inference_mode()
def decode(
    model: Any, prompts: list[Prompt], stops: list[int], sampling: Model, watch: Watch | None = None
) -> list[Generated]:
    """One answer a prompt, each drawn with its own randomness; ends at a stop token or when its room is full.

    `watch` is told of every token as it comes, but not of the closing stop token. Raises UsageError when the model's
    logits are not numbers.
    """
    device = model.device
    batch = Batch(model, prompts, device)
    ends = torch.tensor(stops, device=device)
    out = torch.zeros((len(prompts), max(p.room for p in prompts)), dtype=torch.long, device=device)
    length = torch.zeros(len(prompts), dtype=torch.long, device=device)
    stopped = torch.zeros(len(prompts), dtype=torch.bool, device=device)
    for step in range(out.shape[1]):
        logits = batch.logits()
        if step == 0 and not bool(logits.isfinite().all()):
            raise UsageError(
                f"the weights of {sampling.name!r} give logits that are not finite: its training diverged"
                ": train it again with a lower `lr`"
            )
        tokens = draw(
            logits,
            uniforms(batch.seeds, step),
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            min_p=sampling.min_p,
        )
        ended = torch.isin(tokens, ends) & batch.going
        if watch is not None:
            heard = batch.going & ~ended
            for row, token in zip(batch.rows[heard].tolist(), tokens[heard].tolist(), strict=True):
                watch(row, token)
        out[batch.rows, step] = tokens
        length[batch.rows] += batch.going
        stopped[batch.rows] |= ended
        batch.going &= ~ended & (step + 1 < batch.room)
        if not bool(batch.going.any()):
            break
        batch.advance(tokens)
    rows = zip(out.tolist(), length.tolist(), stopped.tolist(), strict=True)
    return [Generated(ids[:n], done) for ids, n, done in rows]
