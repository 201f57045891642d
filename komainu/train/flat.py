"""Documents laid side by side without padding, and the log-probabilities of their targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from komainu.train.attention import Layout, layout
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


def flatten(documents: Sequence[Tokens], device: torch.device) -> Flat:
    """Lay documents one behind the other; nothing is padded, nothing sees another document."""
    ids: list[int] = []
    rows: list[int] = []
    targets: list[int] = []
    owner: list[int] = []
    for n, document in enumerate(documents):
        offset = len(ids)
        ids.extend(document.ids)
        for i in range(1, len(document.ids)):
            if document.trained[i]:
                rows.append(offset + i - 1)
                targets.append(document.ids[i])
                owner.append(n)

    def tensor(values: list[int]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.long).to(device)

    lengths = [len(d.ids) for d in documents]
    return Flat(
        tensor(ids)[None], layout(lengths, device), tensor(rows), tensor(targets), tensor(owner), len(documents)
    )


def target_logps(model: Any, flat: Flat) -> torch.Tensor:
    """[T] log-probability of each target, float32; logits are made at target positions only."""
    logits = model(
        input_ids=flat.ids,
        position_ids=flat.layout.positions,
        flat=flat.layout,
        use_cache=False,
        logits_to_keep=flat.rows,
    ).logits[0]
    return -F.cross_entropy(logits.float(), flat.targets, reduction="none")


def sequence_sums(logps: torch.Tensor, flat: Flat) -> torch.Tensor:
    """[documents] sum of target log-probabilities, in float64: float32 loses 1e-3 over 200 terms near -2000."""
    return logps.new_zeros(flat.documents, dtype=torch.float64).index_add(0, flat.owner, logps.double())


def micro_batches(documents: Sequence[Sequence[Tokens]], max_tokens: int) -> Iterator[tuple[int, int]]:
    """Cut consecutive units (each one or more documents) into runs of at most `max_tokens`, as (start, stop)."""
    start, used = 0, 0
    for i, unit in enumerate(documents):
        size = sum(len(d.ids) for d in unit)
        if i > start and used + size > max_tokens:
            yield start, i
            start, used = i, 0
        used += size
    if start < len(documents):
        yield start, len(documents)
