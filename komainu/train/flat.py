"""Documents laid side by side without padding, and the log-probabilities of their targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from komainu.train.attention import Layout, layout
from komainu.train.head import in_chunks, is_last
from komainu.train.pieces import Segment
from komainu.train.render import Tokens


@dataclass(frozen=True)
class Flat:
    """N tokens of several documents; T of them are targets, predicted from the token before."""

    ids: torch.Tensor  # [1, N]
    layout: Layout
    rows: torch.Tensor  # [T] positions whose logits are needed
    targets: torch.Tensor  # [T] the token that should come next there
    owner: torch.Tensor  # [T] which document each target belongs to
    documents: int

    @property
    def tokens(self) -> int:
        return self.ids.shape[1]


def flatten(units: Sequence[Sequence[Tokens]], device: torch.device) -> Flat:
    """Lay the documents of some units one behind the other; nothing is padded, nothing sees another document.

    What the documents of one unit begin with alike is laid down once.
    """
    ids: list[int] = []
    segments: list[Segment] = []
    rows: list[int] = []
    targets: list[int] = []
    owner: list[int] = []
    count = 0
    for unit in units:
        prefix, before = len(ids), shared(unit)
        if before:
            ids.extend(unit[0].ids[:before])
            segments.append(Segment(prefix, before))
        for document in unit:
            start = len(ids)
            ids.extend(document.ids[before:])
            segments.append(Segment(start, len(document.ids) - before, prefix, before))
            for i in range(max(before, 1), len(document.ids)):
                if document.trained[i]:
                    rows.append(start + i - before - 1 if i > before else prefix + before - 1)
                    targets.append(document.ids[i])
                    owner.append(count)
            count += 1

    def tensor(values: list[int]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.long).to(device)

    placed = layout(segments, rows, device)
    return Flat(tensor(ids)[None], placed, tensor(rows), tensor(targets), tensor(owner), count)


def shared(unit: Sequence[Tokens]) -> int:
    """How many tokens the documents of a unit begin with alike, before anything is a target and one of them ends."""
    if len(unit) < 2:
        return 0
    most = min(min(len(d.ids) - 1, d.trained.index(True) if True in d.trained else len(d.ids)) for d in unit)
    first, *others = (d.ids[:most] for d in unit)
    return next((i for i in range(most) if any(other[i] != first[i] for other in others)), most)


def laid(unit: Sequence[Tokens]) -> int:
    """How many tokens a unit comes to, what its documents share counted once."""
    return sum(len(d.ids) for d in unit) - (len(unit) - 1) * shared(unit)


def target_logps(model: Any, flat: Flat, noise: torch.Tensor | None = None, even: bool = False) -> torch.Tensor:
    """[T] log-probability of each target, float32; logits are made at target positions only, some at a time.

    `noise` [1, N, width] is added to the input embeddings. `even` says that the loss is a sum in which all targets
    weigh the same. A model that does something with its logits has all of a micro-batch's at once.
    """
    given = {"position_ids": flat.layout.positions, "flat": flat.layout, "use_cache": False}
    with noisy(model, noise):
        if is_last(model):
            with in_chunks(model, flat.targets, even) as made:
                found: torch.Tensor = model(input_ids=flat.ids, logits_to_keep=flat.rows, **given).logits
            assert len(made) == 1 and made[0] is found, (
                f"{type(model).__name__} does something with its logits: name it in `is_last`"
            )
            return found[0, :, 0]
        logits = model(input_ids=flat.ids, logits_to_keep=flat.rows, **given).logits[0]
    return -F.cross_entropy(logits.float(), flat.targets, reduction="none")


@contextmanager
def noisy(model: Any, noise: torch.Tensor | None) -> Iterator[None]:
    """Add noise to what the embeddings give, within the model's own pass: outside of it a sharded model has none."""
    if noise is None:
        yield
        return
    hook = model.get_input_embeddings().register_forward_hook(lambda module, given, made: made + noise)
    try:
        yield
    finally:
        hook.remove()


def sequence_sums(logps: torch.Tensor, flat: Flat) -> torch.Tensor:
    """[documents] sum of target log-probabilities, in float64: float32 loses 1e-3 over 200 terms near -2000."""
    return logps.new_zeros(flat.documents, dtype=torch.float64).index_add(0, flat.owner, logps.double())
