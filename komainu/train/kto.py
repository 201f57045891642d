"""KTO: answers that are each wanted or not, without a counterpart (arXiv 2402.01306)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from komainu.context import Context
from komainu.rows import Chat, Score
from komainu.train.base import Each, Train, Unit
from komainu.train.documents import Documents, LabelledDocuments
from komainu.train.unpaired import UnpairedReference

if TYPE_CHECKING:
    import torch

    from komainu.train.flat import Flat


@dataclass(frozen=True, kw_only=True)
class KTO(Train):
    """Chats with meta["label"] true (wanted) or false; only the closing answer is trained.

    With r the log-ratio log(policy / reference) of an answer, the loss of a row is `desirable` (1 - sigmoid(beta
    (r - z0))), or `undesirable` (1 - sigmoid(beta (z0 - r))); a batch's loss is the mean over its rows. z0 is the mean
    of r over the rows' prompts with other rows' answers, not below 0 and without a gradient. It is taken of the whole
    global batch before the gradient is computed, so how the batch is cut changes nothing. Where the labels are
    not balanced, the paper chooses the weights so that wanted rows weigh 1 to 4/3 times what the others do in all.
    Not covered: APO's unpaired losses.
    """

    eats = Chat
    names = ("answer", "mismatched")
    reference: UnpairedReference
    beta: float = 0.1
    desirable: float = 1.0
    undesirable: float = 1.0

    def check(self) -> Iterator[str]:
        yield from super().check()
        if self.fit.neftune:
            yield "KTO.fit.neftune: noise is for SFT"
        for name in ("beta", "desirable", "undesirable"):
            if not getattr(self, name) > 0:
                yield f"KTO.{name} is {getattr(self, name)}; it must be above 0"
        yield from self.reference.unlike(self)

    @property
    def documents(self) -> Documents:
        return LabelledDocuments(seed=self.reference.seed)

    def ready(self, units: Sequence[Unit], ctx: Context) -> Sequence[Unit]:
        known: dict[str, dict[str, float]] = {}
        for score in ctx.open(self.reference).rows():
            assert isinstance(score, Score) and score.value is not None
            known.setdefault(score.id, {})[score.metric] = score.value
        return Each(units, lambda u: u._replace(numbers=(*u.numbers, *(known[u.id][name] for name in self.names))))

    def ahead(self, units: Sequence[Unit]) -> list[Unit]:
        return [u._replace(documents=u.documents[1:]) for u in units]

    def informed(self, units: Sequence[Unit], sums: Sequence[float]) -> list[Unit]:
        """Units of the own answer alone; their numbers are label, reference and z0."""
        z0 = max(0.0, sum(s - u.numbers[2] for s, u in zip(sums, units, strict=True)) / len(units))
        return [u._replace(documents=u.documents[:1], numbers=(*u.numbers[:2], z0)) for u in units]

    def weight(self, units: Sequence[Unit]) -> float:
        return float(len(units))

    def loss(self, logps: torch.Tensor, flat: Flat, units: Sequence[Unit]) -> tuple[torch.Tensor, dict[str, float]]:
        from komainu.train.flat import sequence_sums

        sums = sequence_sums(logps, flat)
        label, reference, z0 = sums.new_tensor([u.numbers for u in units]).unbind(1)
        gain = sums - reference
        sign = 2 * label - 1  # 1 - sigmoid(-x) is what an unwanted answer costs
        weights = label * self.desirable + (1 - label) * self.undesirable
        losses = weights * (1 - (sign * self.beta * (gain - z0)).sigmoid())
        right = (sign * (gain - z0)).detach() > 0
        return losses.sum(), {"z0": float(z0.sum()), "right": float(right.sum())}
