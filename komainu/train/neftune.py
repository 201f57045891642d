"""NEFTune (arXiv 2310.05914): uniform noise on the input embeddings while training."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch

from komainu.train.base import Fit, Unit

CPU = torch.device("cpu")


def noise(units: Sequence[Unit], width: int, fit: Fit, step: int, device: torch.device = CPU) -> torch.Tensor:
    """[1, N, width] what is added to the embeddings of units of one document each, laid one behind the other.

    Uniform in +-alpha / sqrt(L x width), L the document's own tokens, however the batch is cut or packed. A
    document's noise follows from (seed, step, row id), so that a resumed run draws it again. It is drawn on the device
    that uses it: a CPU would take as long for it as a GPU for the pass. A GPU's numbers are others than a CPU's.
    """
    drawn = []
    for unit in units:
        (document,) = unit.documents
        key = hashlib.sha256(f"neftune:{fit.seed}:{step}:{unit.id}".encode()).digest()[:8]
        dice = torch.Generator(device).manual_seed(int.from_bytes(key) >> 1)
        most = fit.neftune / (len(document.ids) * width) ** 0.5
        drawn.append((2 * torch.rand(len(document.ids), width, generator=dice, device=device) - 1) * most)
    return torch.cat(drawn)[None]
