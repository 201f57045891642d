"""How much memory a training process takes at its peak, part by part, from the sizes of the model."""

from __future__ import annotations

from typing import NamedTuple

from komainu.train.adapter import Adapter
from komainu.train.architecture import BLOCK, Architecture

WORD, HALF = 4, 2  # bytes of a float32 and of a bfloat16
STATE = {"adamw": 8.0, "adamw8bit": 2 + 8 / BLOCK, "muon": 4.0}  # bytes of an optimiser's state a parameter, and scales
FOUR_BITS = 0.516  # bytes of a weight in nf4, its scales quantised too
KEPT = 1 << 24  # exponentials that a loss may keep whose targets do not all weigh the same
CHUNK = 3 * 4 * (1 << 22)  # bytes of the logits that exist at a time, and of what is made of them
PROCESS = {"cpu": 0.5e9, "gpu": 1.2e9}  # the interpreter and its libraries; a GPU's own context and workspaces
PEFT = 0.05e9  # what an adapter's library adds to it
PAGES = 1.05  # what an allocator holds of memory over what is asked of it


class Run(NamedTuple):
    """What of a training run decides its memory, beside the model: `tokens` of the largest micro-batch, and whether
    there are several in a step; how many ranks share the weights; which optimiser and adapter."""

    tokens: int
    targets: float  # the share of the tokens that is predicted
    several: bool
    gpu: bool
    even: bool = True  # every target weighs the same
    recompute: bool = False
    ranks: int = 1
    sharded: bool = False
    optimizer: str = "adamw"
    adapter: Adapter | None = None


class Memory(NamedTuple):
    """Bytes of one process at its peak."""

    weights: float
    gradients: float
    optimiser: float
    activations: float
    logits: float
    process: float

    @property
    def total(self) -> float:
        return sum(self)

    def json(self) -> dict[str, float]:
        return {**{name: round(value) for name, value in self._asdict().items()}, "total": round(self.total)}


def needed(model: Architecture, run: Run) -> Memory:
    """The peak of a process: at the end of the last micro-batch's way forward, or while its gradients come to be.

    Weights, gradients and the optimiser's state are float32, computation is float32 on a CPU and bfloat16 by autocast
    on a GPU, whose copies of the weights are counted with them; what an adapter leaves frozen is held as `halve` holds
    it. Not covered: masks of shared prompts, Muon's stacks of matrices, the processes that a small model has for each
    core, fragmentation beyond PAGES.
    """
    trained = model.params if run.adapter is None else model.adapted(run.adapter)
    share = run.ranks if run.sharded else 1
    weights = held(model, run) / share + copied(model, run)
    gathered = WORD * (model.matrices + 2 * model.table) if run.sharded else 0  # a layer at a time, and the tables
    summed = WORD * trained if run.ranks > 1 and not run.sharded else 0  # gradients side by side, for the ranks' sum
    gradients = WORD * trained / share
    activations, logits = kept(model, run), logits_of(model, run)
    if not run.several:  # gradients come while activations go
        activations, logits = (
            max(0.0, part - gradients * part / (activations + logits)) for part in (activations, logits)
        )
    return Memory(
        PAGES * (weights + gathered),
        PAGES * (gradients + summed),
        PAGES * state(model, run, trained) / share,
        PAGES * activations,
        PAGES * logits,
        PROCESS["gpu" if run.gpu else "cpu"] + (PEFT if run.adapter else 0),
    )


def held(model: Architecture, run: Run) -> float:
    """Bytes of the weights, an adapter's among them."""
    if run.adapter is None:
        return WORD * model.params
    frozen = HALF if halved(run) else WORD
    inner = model.layers * model.matrices * (FOUR_BITS if run.adapter.quantised else frozen)
    head = 0 if model.tied else frozen * model.table
    return inner + WORD * (model.table + model.adapted(run.adapter)) + head


def halved(run: Run) -> bool:
    """Whether frozen matrices are held in bfloat16, as a GPU computes with them."""
    return run.gpu and not run.sharded and run.adapter is not None and not (run.adapter.dora or run.adapter.quantised)


def copied(model: Architecture, run: Run) -> float:
    """Bytes of the bfloat16 copies that a GPU computes with, of the weights that are not held so."""
    if not run.gpu:
        return 0
    if halved(run):
        assert run.adapter is not None
        return HALF * (model.adapted(run.adapter) + (model.table if model.tied else 0))
    return HALF * (model.matrices + model.table if run.recompute else model.params)


def state(model: Architecture, run: Run, trained: int) -> float:
    """Bytes of the optimiser's state; what Muon or 8 bits are not for has AdamW's."""
    special = {"adamw": 0, "adamw8bit": model.in_blocks(run.adapter), "muon": model.layers * model.matrices}
    return STATE[run.optimizer] * special[run.optimizer] + STATE["adamw"] * (trained - special[run.optimizer])


def kept(model: Architecture, run: Run) -> float:
    """Bytes of what is kept of all layers for the way back, and of one layer's gradients on it.

    A layer keeps its input, both normalised inputs before and after their weights (residuals are float32), queries,
    keys, values and what attention gives, twice, since it is laid out anew; and of the feed-forward part the gate
    before and after its function, the other side, and their product.
    """
    size = HALF if run.gpu else WORD
    normed = 2 if run.adapter is not None else 3  # a frozen norm keeps nothing for its own gradient
    narrow = 2 * normed * model.hidden * WORD
    if run.gpu:
        narrow = 2 * model.hidden * ((normed - 1) * WORD + HALF)
    wide = size * (3 * model.queries + 2 * model.keys + 4 * model.feed_forward)
    layer = narrow + wide
    back = size * (3 * model.feed_forward + 2 * model.hidden)
    inputs = WORD * model.hidden
    whole = layer + model.layers * inputs if run.recompute else model.layers * layer
    return run.tokens * (whole + back + 3 * inputs)


def logits_of(model: Architecture, run: Run) -> float:
    """Bytes of the head: some logits at a time, or few enough exponentials, the targets' hidden states, and the
    gradient of its weights, twice."""
    tables = 0 if run.adapter is not None else 2 * WORD * model.table
    numbers = run.tokens * run.targets * model.vocabulary
    exponentials = WORD * numbers if not run.even and numbers <= KEPT else 0
    return CHUNK + tables + exponentials + 2 * WORD * run.tokens * run.targets * model.hidden
