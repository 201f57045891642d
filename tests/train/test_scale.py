"""The rule of learning rates gives the published table, and shows the row of it that was copied by mistake."""

from __future__ import annotations

from typing import get_args

import pytest

from komainu.train.scale import DPO, SFT, Anchor
from recipes.shisa_v2 import PARAMS, Size, dpo_fit, sft_fit

# active parameters, learning rate of SFT at batch 128, of DPO at batch 64, as published
TABLE = {
    "270M": (0.27e9, 5.44e-5, 6.80e-7),
    "1B": (1e9, 2.83e-5, 3.54e-7),
    "3B": (3e9, 1.6e-5, 2.0e-7),
    "4B": (4e9, 1.41e-5, 1.77e-7),
    "8B": (8e9, 1e-5, 1.25e-7),
    "14B": (14e9, 7.56e-6, 9.45e-8),
    "30B-A3B": (3e9, 1.63e-5, 2.04e-7),
    "32B": (32e9, 8.16e-6, 1.02e-7),
    "70B": (70e9, 3.38e-6, 4.23e-8),
}


def off(found: float, anchor: Anchor, params: float) -> float:
    """How far a learning rate is from the rule's, as a share of it."""
    return abs(found / anchor.at(params, anchor.batch) - 1)


def test_the_published_table_follows_the_rule_but_for_the_row_copied_by_mistake() -> None:
    for anchor, column in ((SFT, 1), (DPO, 2)):
        wrong = [name for name, row in TABLE.items() if off(row[column], anchor, row[0]) > 0.025]
        exact = [name for name, row in TABLE.items() if off(row[column], anchor, row[0]) < 1e-9]
        assert wrong == ["32B"]
        assert exact == [name for name in TABLE if name not in ("3B", "32B")]  # 3B was rounded to two digits
    assert (SFT.at(32e9, 128), DPO.at(32e9, 64)) == (5.0e-6, 6.25e-8)
    assert (SFT.at(12e9, 128), DPO.at(12e9, 64)) == (8.16e-6, 1.02e-7)  # whose row the 32B got


@pytest.mark.parametrize(("batch", "lr"), [(64, 1.25e-7), (128, 2.5e-7), (256, 5e-7)])
def test_the_rate_grows_with_the_batch(batch: int, lr: float) -> None:
    assert DPO.at(8e9, batch) == lr


def test_every_size_of_the_family_differs_in_its_learning_rate_alone() -> None:
    assert set(get_args(Size)) == set(PARAMS)
    for make, anchor in ((sft_fit, SFT), (dpo_fit, DPO)):
        fits = {size: make(size, int(anchor.batch), 0).config() for size in PARAMS}
        rates = {size: fit.pop("lr") for size, fit in fits.items()}
        assert all(fit == fits["llama3.1-8b"] for fit in fits.values())
        assert len(set(rates.values())) == len(PARAMS) and rates["llama3.1-8b"] == anchor.lr
