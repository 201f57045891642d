"""What every training method shares: the numbers of the run, and the model it starts from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, overload

from komainu.context import Context
from komainu.errors import UsageError
from komainu.rows import Row
from komainu.spec import Spec
from komainu.stage import Stage, Weights, needs
from komainu.train.adapter import Adapter
from komainu.train.directory import Directory
from komainu.train.render import Tokens

if TYPE_CHECKING:
    import torch

    from komainu.store import Store
    from komainu.train.documents import Documents
    from komainu.train.flat import Flat
    from komainu.train.ranks import Ranks


@dataclass(frozen=True, kw_only=True)
class Fit(Spec):
    """How the optimiser runs. The batch is declared in rows; micro-batches follow from `micro_tokens`.

    With `pack` the batch is declared in packs: whole rows together, at most so many tokens, as few packs as best fit
    finds. That is how runs count that were made with sequences of a fixed length.
    `steps` 0 means as many as `epochs` come to. `warmup` is a share of the steps, `floor` the last
    learning rate as a share of the peak. `optimizer` "muon" takes Muon for the matrices inside the model: more
    learnt a step, a few matrix products more; the same learning rate serves. "adamw8bit" holds the moments of
    large matrices in 8 bits (bitsandbytes). `neftune` is the alpha of NEFTune's noise on the input embeddings; 0 is
    none. `order` "given" takes the rows as the data has them, every epoch alike: what a Mix has put in order (languages
    one after the other, short rows first) is learnt in that order.
    """

    lr: float
    global_batch: int = 128
    epochs: float = 1.0
    steps: int = 0
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    warmup: float = 0.03
    floor: float = 0.0
    weight_decay: float = 0.0
    optimizer: Literal["adamw", "adamw8bit", "muon"] = "adamw"
    betas: tuple[float, float] = (0.9, 0.98)
    max_norm: float = 1.0
    neftune: float = 0.0
    order: Literal["shuffled", "given"] = "shuffled"
    micro_tokens: int = 16384
    seed: int = 0
    pack: int = 0

    def config(self, *, full: bool = True) -> dict[str, Any]:
        """What has changed since is a version of its own: packs of `order` "given", which moments have 8 bits."""
        config = super().config(full=full)
        if self.optimizer == "adamw8bit":
            return config | {"v": 3}
        return config | {"v": 2} if self.pack and self.order == "given" else config

    def total_steps(self, units: int) -> int:
        """Optimiser steps: as declared, or what the epochs come to; `units` are those of an epoch, or its packs."""
        if units == 0:
            raise UsageError(
                "there is nothing to train on: the data has no rows"
                "; see what was dropped of it, and why: komainu data look"
            )
        return self.steps or max(1, round(self.epochs * units / self.global_batch))

    def warm_steps(self, steps: int) -> int:
        """How many of the steps the rate rises."""
        return max(1, round(self.warmup * steps))

    def problems(self) -> Iterator[str]:
        if not self.lr > 0:
            yield f"lr is {self.lr}; it must be above 0"
        if self.global_batch < 1 or self.micro_tokens < 1:
            yield "global_batch and micro_tokens must be at least 1"
        if self.pack < 0:
            yield f"pack is {self.pack}; it is the tokens of a pack, or 0"
        if self.steps < 0 or (self.steps == 0 and self.epochs <= 0):
            yield "steps, or epochs, must be above 0"
        if not 0 <= self.warmup < 1:
            yield f"warmup is {self.warmup}; it is a share of the steps, from 0 to under 1"
        if self.neftune < 0:
            yield f"neftune is {self.neftune}; it must not be below 0"
        if self.order not in ("shuffled", "given"):
            yield f"order is {self.order!r}; it is 'shuffled' or 'given'"


class Unit(NamedTuple):
    """What is drawn as one: a chat (one document), or several answers to one prompt, with the numbers its loss needs.

    `numbers` are the unit's: of a pair the reference sums of chosen and rejected. `marks` are each document's: of GRPO
    an advantage and log-probabilities.
    """

    id: str
    documents: tuple[Tokens, ...]
    numbers: tuple[float, ...] = ()
    marks: tuple[tuple[float, ...], ...] = ()


class Units(ABC, Sequence[Unit]):
    """Units that are made when they are asked for, so that no more than a few are in memory."""

    ids: Sequence[str]
    sizes: Sequence[int]  # tokens, what the documents of a unit share counted once

    @abstractmethod
    def made(self, place: int) -> Unit:
        """The unit at a place from 0 on."""

    @abstractmethod
    def suspects(self, context: int, bos: int | None, eos: int | None) -> Iterator[int]:
        """The places of all units that preflight could have something to say against, and maybe of others."""

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, at: int) -> Unit: ...
    @overload
    def __getitem__(self, at: slice) -> list[Unit]: ...
    def __getitem__(self, at: int | slice) -> Unit | list[Unit]:
        places = range(len(self))[at]
        return self.made(places) if isinstance(places, int) else [self.made(i) for i in places]


class Each(Units):
    """Every one of some units with something done to it, when it is asked for; what preflight looks at stays."""

    def __init__(self, units: Sequence[Unit], change: Callable[[Unit], Unit]) -> None:
        self.units, self.change = units, change
        self.ids = ids_of(units)

    def made(self, place: int) -> Unit:
        return self.change(self.units[place])

    def suspects(self, context: int, bos: int | None, eos: int | None) -> Iterator[int]:
        if isinstance(self.units, Units):
            return self.units.suspects(context, bos, eos)
        return iter(range(len(self)))


def ids_of(units: Sequence[Unit]) -> Sequence[str]:
    """The ids of units, none of them made for it."""
    return units.ids if isinstance(units, Units) else [u.id for u in units]


# answers a step's units with the model as it is: (units, step) -> what is trained on, and numbers worth logging
Rollout = Callable[[Sequence[Unit], int], tuple[list[Unit], dict[str, float]]]


@dataclass(frozen=True, kw_only=True)
class Train(Stage):
    """A stage that trains a model further. A new objective is one file: a Train with `units`, `weight` and `loss`."""

    makes = Weights
    parallel = True
    eats: ClassVar[type]  # the row it learns from
    names: ClassVar[tuple[str, ...]] = ("",)  # of a unit's documents
    even: ClassVar[bool] = False  # whether the loss is a sum in which every target's log-probability weighs the same

    model: Stage
    data: Stage
    fit: Fit
    adapter: Adapter | None = None  # what is trained in place of all weights

    @property
    def documents(self) -> Documents | None:
        """How rows become units, where that is all there is to it: then a store keeps what they came to."""
        return None

    def units(self, tokenizer: Any, rows: Sequence[Row]) -> list[Unit]:
        """The rows as token documents. Raises UsageError for rows, or a tokenizer, that cannot be trained with."""
        if self.documents is None:
            raise NotImplementedError(f"{type(self).__name__} needs documents, or units(tokenizer, rows)")
        return self.documents.units(tokenizer, self.model.label, rows)

    def ready(self, units: Sequence[Unit], ctx: Context) -> Sequence[Unit]:
        """The units with whatever else the loss needs, from other inputs."""
        return units

    def ahead(self, units: Sequence[Unit]) -> list[Unit]:
        """Units of one document each whose log-probabilities are needed before the loss of a global batch."""
        return []

    def informed(self, units: Sequence[Unit], sums: Sequence[float]) -> list[Unit]:
        """The units of a global batch, given those sums (without a gradient), one for each document of `ahead`."""
        return [*units]

    def examine(self, tokenizer: Any, context: int, units: Sequence[Unit]) -> None:
        """Raise UsageError for units that cannot be trained on as they are, or do not suit the fit."""
        from komainu.train.preflight import preflight

        preflight(tokenizer, context, units, self.fit, self.names)

    @property
    def uses(self) -> int:
        """How many steps one after the other learn from the same batch."""
        return 1

    def rollout(self, model: Any, tokenizer: Any, rows: Iterable[Row], ranks: Ranks) -> Rollout | None:
        """Makes the answers that an on-policy method learns from, each rank some; None where the data has them."""
        return None

    def weight(self, units: Sequence[Unit]) -> float:
        """What the summed loss of a global batch is divided by, however it is cut into micro-batches."""
        raise NotImplementedError(f"{type(self).__name__} needs weight(units)")

    def loss(self, logps: torch.Tensor, flat: Flat, units: Sequence[Unit]) -> tuple[torch.Tensor, dict[str, float]]:
        """The summed loss of a micro-batch from its target log-probabilities [T], and sums worth logging."""
        raise NotImplementedError(f"{type(self).__name__} needs loss(logps, flat, units)")

    def check(self) -> Iterator[str]:
        yield from needs(self, "model", self.model, Weights)
        yield from needs(self, "data", self.data, self.eats)
        yield from (f"{type(self).__name__}.fit: {p}" for p in self.fit.problems())
        if self.fit.optimizer == "adamw8bit" and find_spec("bitsandbytes") is None:
            yield f"{type(self).__name__}.fit.optimizer needs bitsandbytes: pip install 'komainu[quantised]'"
        if self.adapter is not None:
            yield from (f"{type(self).__name__}.adapter: {p}" for p in self.adapter.problems())
            if find_spec("peft") is None:
                yield f"{type(self).__name__}.adapter needs PEFT: pip install 'komainu[lora]'"
            if self.fit.optimizer == "muon":
                yield f"{type(self).__name__}.fit.optimizer: Muon is for whole matrices, not for an adapter; take AdamW"

    def bad_rows(self, store: Store) -> Iterator[str]:
        """Every row through the base's own tokenizer, where both can be had before anything is built."""
        source: Stage = self.model
        while isinstance(source, Train):
            source = source.model
        rows = self.data.peek()
        if rows is None or not isinstance(source, Directory) or any(source.check()):
            return
        from komainu.train.weights import look

        try:
            look(self, Path(source.path), rows, store)
        except UsageError as error:
            yield f"{type(self).__name__}: {error}"

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.train.loop import train

        return train(self, out, ctx)
