"""pass@k, the chance that one of k answers is right, without bias from more of them (Chen et al. 2021, 2107.03374)."""

from __future__ import annotations

from math import comb


def pass_at_k(n: int, right: int, k: int) -> float:
    """1 - C(n - right, k) / C(n, k), of `n` answers to one item `right` ones; 1 <= k <= n."""
    assert 0 <= right <= n and 1 <= k <= n, (n, right, k)
    return 1 - comb(n - right, k) / comb(n, k)
