"""The ranks that train one model together: which units each takes, and sums over all of them."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist

from komainu.context import Group
from komainu.errors import UsageError
from komainu.train.base import Unit
from komainu.train.flat import laid
from komainu.train.shards import full, shard


def split(units: Sequence[Unit], ranks: int) -> list[list[Unit]]:
    """A global batch as a share for each rank: the largest unit first to whoever has fewest tokens.

    Every rank computes all shares alike. Within a share the units keep their order. With as many units as ranks, or
    more, no share is empty.
    """
    sizes = [laid(unit.documents) for unit in units]
    loads, owner = [0] * ranks, [0] * len(units)
    for i in sorted(range(len(units)), key=lambda i: -sizes[i]):
        owner[i] = loads.index(min(loads))
        loads[owner[i]] += sizes[i]
    return [[u for u, o in zip(units, owner, strict=True) if o == rank] for rank in range(ranks)]


class Ranks:
    """One of `size` processes with the same model, or with a shard of it each (`sharded`: FSDP2).

    Sums run in an order that the number of ranks alone decides (gloo reduces in a ring), so a run that was stopped and
    went on with as many ranks has the same bits on a CPU. Another number of ranks adds in another order.
    """

    def __init__(self, rank: int = 0, size: int = 1, *, sharded: bool = False) -> None:
        self.rank, self.size, self.sharded = rank, size, sharded and size > 1
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @property
    def main(self) -> bool:
        """Whether this is the one that writes files."""
        return self.rank == 0

    @property
    def memory_gb(self) -> float:
        """The most memory that this process has held so far, in GB: of its GPU, as torch counts it, else of its own."""
        cuda = self.device.type == "cuda"
        held = torch.cuda.max_memory_allocated() if cuda else 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return round(held / 1e9, 2)

    def sums(self, values: Sequence[float]) -> list[float]:
        """Each value summed over the ranks, in float64."""
        if self.size == 1:
            return [*values]
        tensor = torch.tensor([*values], dtype=torch.float64, device=self.device)
        dist.all_reduce(tensor)
        found: list[float] = tensor.tolist()
        return found

    def pooled(self, mine: Mapping[int, Sequence[float]], count: int) -> list[list[float]]:
        """Rows 0 to `count` - 1, of which each rank has some, all on every rank; float64 holds token ids exactly."""
        if self.size == 1:
            return [[*mine[i]] for i in range(count)]
        lengths = [int(n) for n in self.sums([len(mine[i]) if i in mine else 0 for i in range(count)])]
        flat = [v for i, n in enumerate(lengths) for v in (mine[i] if i in mine else [0.0] * n)]
        values = iter(self.sums(flat))
        return [[next(values) for _ in range(n)] for n in lengths]

    def add(self, params: Sequence[torch.nn.Parameter]) -> None:
        """Sum the gradients of unsharded parameters over the ranks, float32, in one go."""
        if self.size == 1 or self.sharded:
            return
        grads = [p.grad for p in params if p.grad is not None]
        assert len(grads) == len(params), "every trained parameter has a gradient on every rank"
        flat = torch.cat([g.reshape(-1) for g in grads])
        dist.all_reduce(flat)
        for grad, summed in zip(grads, torch.split(flat, [g.numel() for g in grads]), strict=True):
            grad.copy_(summed.view_as(grad))

    def any(self, *mine: bool) -> list[bool]:
        """Whether any rank says so, for each question; the same answers on every rank."""
        return [found > 0 for found in self.sums([float(said) for said in mine])]

    def wait(self) -> None:
        """Until all ranks are here."""
        if self.size > 1:
            self.sums([0.0])

    def shard(self, model: Any) -> Any:
        """The model, divided among the ranks where they are to hold a shard each."""
        if not self.sharded:
            return model
        return shard(model, self.size, self.device)

    def gathered(self, model: Any) -> dict[str, torch.Tensor] | None:
        """The trained weights of a sharded model, whole, by name, on the first rank; None where the model has them."""
        if not self.sharded:
            return None
        weights = {}
        for name, parameter in model.named_parameters():
            if not parameter.requires_grad:
                continue
            whole = full(parameter.detach())  # every rank takes part
            if self.main:
                weights[name] = whole.cpu()
        return weights


@contextmanager
def joined(group: Group, *, sharded: bool) -> Iterator[Ranks]:
    """Meet the other ranks at MASTER_ADDR:MASTER_PORT, as torchrun sets them: NCCL on GPUs, gloo on CPUs."""
    if group.size == 1:
        yield Ranks()
        return
    if not {"MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys():
        raise UsageError(f"{group.size} ranks cannot meet: MASTER_ADDR and MASTER_PORT are not set, as torchrun does")
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(group.local)
    dist.init_process_group("nccl" if cuda else "gloo", rank=group.rank, world_size=group.size)
    try:
        yield Ranks(group.rank, group.size, sharded=sharded)
    finally:
        dist.destroy_process_group()
