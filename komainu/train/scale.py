"""The one learning-rate rule: from a known good setting to another size and batch."""

from __future__ import annotations


def scaled_lr(anchor: float, *, params: float, batch: float, at_params: float, at_batch: float) -> float:
    """anchor x sqrt(at_params / params) x batch / at_batch: the family's rule, one place for all sizes.

    `params` are the active parameters, `batch` the global batch in rows.
    """
    return float(f"{anchor * (at_params / params) ** 0.5 * batch / at_batch:.3g}")
