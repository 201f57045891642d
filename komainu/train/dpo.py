"""Direct preference optimisation: one frame for the losses of its family, the reference an artifact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from komainu.context import Context
from komainu.rows import Pair, Score
from komainu.train.base import Each, Train, Unit
from komainu.train.documents import Documents, PairDocuments
from komainu.train.losses.base import Loss, Side
from komainu.train.losses.sigmoid import Sigmoid
from komainu.train.reference import Reference

if TYPE_CHECKING:
    import torch

    from komainu.train.flat import Flat

SIGMOID = Sigmoid()


@dataclass(frozen=True, kw_only=True)
class DPO(Train):
    """A loss on each pair of answers, mean over the global batch's pairs; the prompt is computed once for both.

    `reference` holds the log-probabilities of the starting model on the same data; a loss without one takes None.
    `sft` weighs an added term, the mean negative log-probability a token of the chosen answer (arXiv 2404.19733).
    Losses of unpaired answers are elsewhere: see KTO.
    """

    version = 2  # the loss has become a spec of its own
    eats = Pair
    names = ("chosen", "rejected")
    reference: Reference | None = None
    objective: Loss = SIGMOID
    sft: float = 0.0

    def check(self) -> Iterator[str]:
        yield from super().check()
        name = type(self.objective).__name__
        yield from (f"DPO.objective {name}: {p}" for p in self.objective.problems())
        if self.fit.neftune:
            yield "DPO.fit.neftune: noise is for SFT; the answers of a pair share their prompt's embeddings"
        if self.sft < 0:
            yield f"DPO.sft is {self.sft}; it must not be below 0"
        if self.reference is None:
            if self.objective.referenced:
                yield f"DPO needs a reference for {name}: Reference(model=..., data=...) of the same model and data"
        elif not self.objective.referenced:
            yield f"DPO.reference is not needed for {name}: leave it out, it would be computed for nothing"
        else:
            yield from self.reference.unlike(self)

    @property
    def documents(self) -> Documents:
        return PairDocuments()

    def ready(self, units: Sequence[Unit], ctx: Context) -> Sequence[Unit]:
        if self.reference is None:
            return units
        known: dict[str, dict[str, float]] = {}
        for score in ctx.open(self.reference).rows():
            assert isinstance(score, Score) and score.value is not None
            known.setdefault(score.id, {})[score.metric] = score.value
        return Each(units, lambda u: u._replace(numbers=(known[u.id]["chosen"], known[u.id]["rejected"])))

    def weight(self, units: Sequence[Unit]) -> float:
        return float(len(units))

    def loss(self, logps: torch.Tensor, flat: Flat, units: Sequence[Unit]) -> tuple[torch.Tensor, dict[str, float]]:
        from komainu.train.flat import sequence_sums

        sums = sequence_sums(logps, flat).view(-1, 2)
        tokens = sums.new_tensor([[d.targets for d in u.documents] for u in units])
        reference = sums.new_tensor([u.numbers or (0.0, 0.0) for u in units])
        chosen, rejected = (Side(sums[:, i], tokens[:, i], reference[:, i]) for i in (0, 1))
        margin = self.objective.margin(chosen, rejected).detach()
        notes = {
            "margin": float(margin.sum()),
            "accuracy": float((margin > 0).sum()),
            "chosen_reward": float(self.objective.reward(chosen).detach().sum()),
        }
        return (self.objective.of(chosen, rejected) - self.sft * chosen.means).sum(), notes
