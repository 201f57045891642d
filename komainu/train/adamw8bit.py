"""AdamW whose two moments are held in 8 bits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from bitsandbytes import functional

from komainu.train.architecture import BLOCK
from komainu.train.shards import cut_as, local

CHUNK = 1 << 20  # numbers of a shard that a CPU brings to float32 at a time; a GPU's kernel needs none


class AdamW8bit(torch.optim.AdamW):
    """AdamW in float32 but for the moments of large matrices: 8 bits a number, and a scale for every 256 of a row.

    Codes are bitsandbytes' dynamic ones, the update its kernel (Dettmers et al. 2021, arXiv 2110.02861). Matrices whose
    rows are not whole blocks, vectors, and those of `whole` have float32 moments: the paper leaves embeddings so, and
    Hugging Face's Trainer too. A block never leaves its row and a shard is of whole rows, so one process and any
    number of ranks hold the same codes. Not covered: more than 2^31 numbers of one matrix in a process.
    """

    def __init__(self, groups: list[dict[str, Any]], whole: set[int], **how: Any) -> None:
        """`whole`: ids of parameters that keep float32 moments."""
        super().__init__(groups, **how)
        self.whole = whole
        self.codes: dict[torch.device, tuple[torch.Tensor, torch.Tensor]] = {}

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None and p.ndim == 2 and p.shape[1] % BLOCK == 0 and id(p) not in self.whole:
                    self.update(p, group)
                    p.grad = None
        return super().step(closure)

    def update(self, p: torch.Tensor, group: dict[str, Any]) -> None:
        state = self.state[p]
        if not state:
            state["step"] = 0
            for moment in "12":
                state[f"moment{moment}"] = torch.zeros_like(p, dtype=torch.uint8)
                scales = torch.zeros(p.shape[0], p.shape[1] // BLOCK, device=p.device)
                state[f"scale{moment}"] = cut_as(p, scales)
        state["step"] += 1
        names = ("moment1", "moment2", "scale1", "scale2")
        assert p.grad is not None
        here = [local(part.detach()) for part in (p.grad, p, *(state[name] for name in names))]
        for g, weights, first, second, scale1, scale2 in pieces(here):
            functional.optimizer_update_8bit_blockwise(
                "adam",
                g,
                weights,
                first,
                second,
                *group["betas"],
                beta3=0.0,
                alpha=0.0,
                eps=group["eps"],
                step=state["step"],
                lr=group["lr"],
                qmap1=self.codes_on(g.device)[0],
                qmap2=self.codes_on(g.device)[1],
                absmax1=scale1.view(-1),
                absmax2=scale2.view(-1),
                weight_decay=group["weight_decay"],
            )

    def codes_on(self, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """What a code stands for: of the first moment, which has a sign, and of the second."""
        if device not in self.codes:
            signed, unsigned = (functional.create_dynamic_map(signed=signed).to(device) for signed in (True, False))
            self.codes[device] = signed, unsigned
        return self.codes[device]


def pieces(parts: list[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Rows of all parts together: on a CPU some at a time, on a GPU all at once; nothing of an empty shard."""
    grad = parts[0]
    rows = len(grad)
    each = max(1, CHUNK // grad.shape[1]) if grad.device.type == "cpu" else max(1, rows)
    for at in range(0, rows, each):
        yield [part[at : at + each] for part in parts]
