"""A model divided among ranks with FSDP2."""

from __future__ import annotations

from typing import Any

import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor


def shard(model: Any, ranks: int, device: torch.device) -> Any:
    """Divide a model by layers, each parameter along its first dimension; gradients are summed, not averaged."""
    mesh = init_device_mesh(device.type, (ranks,))
    blocks = {*(getattr(model, "_no_split_modules", None) or ())}
    for module in [m for m in model.modules() if type(m).__name__ in blocks]:
        fully_shard(module, mesh=mesh)
    fully_shard(model, mesh=mesh)
    for module in model.modules():
        if isinstance(module, FSDPModule):
            module.set_gradient_divide_factor(1.0)
            module.set_force_sum_reduction_for_comms(True)  # gloo cannot scale while it adds
    return model


def full(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor of which each rank may have a shard, whole on every rank."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def local(tensor: torch.Tensor) -> torch.Tensor:
    """What of a tensor lies on this rank."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def cut_as(parameter: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
    """A tensor that every rank has whole, cut as the parameter is."""
    if not isinstance(parameter, DTensor):
        return whole
    mesh, placements = parameter.device_mesh, parameter.placements
    return distribute_tensor(whole.to(parameter.device), mesh, placements, src_data_rank=None)
