"""The one learning-rate rule: from a known good setting to another size and batch."""

from __future__ import annotations

from typing import NamedTuple


class Anchor(NamedTuple):
    """A learning rate that is known to be right for a model of `params` active parameters and a batch of rows."""

    lr: float
    params: float
    batch: float

    def at(self, params: float, batch: float) -> float:
        """lr x sqrt(own params / params) x batch / own batch, to three digits: the rule for all sizes, in one place."""
        return float(f"{self.lr * (self.params / params) ** 0.5 * batch / self.batch:.3g}")

    def known(self, lr: float, params: float, batch: float) -> Anchor:
        """The anchor, of the same size and batch, that gives `lr` elsewhere: what a sweep there says of it."""
        return self._replace(lr=float(f"{lr / (self.params / params) ** 0.5 / batch * self.batch:.3g}"))


SFT = Anchor(1e-5, params=8e9, batch=128)
DPO = Anchor(1.25e-7, params=8e9, batch=64)
