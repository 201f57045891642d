"""What known accelerators have: memory, and dense bfloat16 operations a second, from their makers' data sheets."""

from __future__ import annotations

from typing import NamedTuple

from komainu.settings import DeviceName


class Device(NamedTuple):
    """Memory in bytes; bfloat16 operations a second, without sparsity."""

    memory: float
    flops: float


DEVICES: dict[DeviceName, Device] = {
    "l4": Device(24e9, 121e12),
    "l40s": Device(48e9, 362e12),
    "rtx4090": Device(24e9, 165e12),
    "rtx5090": Device(32e9, 210e12),
    "a100-40": Device(40e9, 312e12),
    "a100-80": Device(80e9, 312e12),
    "h100": Device(80e9, 989e12),
    "h200": Device(141e9, 989e12),
    "b200": Device(180e9, 2250e12),
    "mi300x": Device(192e9, 1307e12),
}
