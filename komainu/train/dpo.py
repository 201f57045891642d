"""Direct preference optimisation (arXiv 2305.18290), sigmoid loss, reference log-probabilities from an artifact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from komainu.context import Context
from komainu.errors import UsageError
from komainu.rows import Pair, Row, Score
from komainu.train.base import Train, Unit
from komainu.train.reference import Reference
from komainu.train.render import chats_to_tokens, check_tokenizer, pair_to_chats

if TYPE_CHECKING:
    import torch

    from komainu.train.flat import Flat


@dataclass(frozen=True, kw_only=True)
class DPO(Train):
    """-log sigmoid(beta x (policy margin - reference margin)), mean over the global batch's pairs.

    `reference` holds the log-probabilities of the starting model on the same data. The prompt is computed once for
    chosen and rejected. Not covered here: other losses of the family.
    """

    eats = Pair
    reference: Reference
    beta: float = 0.1

    def check(self) -> Iterator[str]:
        yield from super().check()
        if self.reference.data.id != self.data.id:
            yield "DPO.reference was computed on other data than DPO.data: give both the same stage"
        if self.reference.model.id != self.model.id:
            yield "DPO.reference is of another model than DPO.model, where training starts: give both the same stage"

    def units(self, tokenizer: Any, rows: Sequence[Row]) -> list[Unit]:
        return pair_documents(tokenizer, self.model.label, [row for row in rows if isinstance(row, Pair)])

    def ready(self, units: list[Unit], ctx: Context) -> list[Unit]:
        known: dict[str, dict[str, float]] = {}
        for score in ctx.open(self.reference).rows():
            assert isinstance(score, Score) and score.value is not None
            known.setdefault(score.id, {})[score.metric] = score.value
        return [u._replace(reference=(known[u.id]["chosen"], known[u.id]["rejected"])) for u in units]

    def weight(self, units: Sequence[Unit]) -> float:
        return float(len(units))

    def loss(self, logps: torch.Tensor, flat: Flat, units: Sequence[Unit]) -> tuple[torch.Tensor, dict[str, float]]:
        from torch.nn.functional import logsigmoid

        from komainu.train.flat import sequence_sums

        sums = sequence_sums(logps, flat).view(-1, 2)
        reference = sums.new_tensor([u.reference for u in units])
        gain = self.beta * (sums - reference)
        margin = gain[:, 0] - gain[:, 1]
        notes = {
            "margin": float(margin.detach().sum()),
            "accuracy": float((margin > 0).sum()),
            "chosen_reward": float(gain[:, 0].detach().sum()),
        }
        return -logsigmoid(margin).sum(), notes


def pair_documents(tokenizer: Any, where: str, pairs: Sequence[Pair]) -> list[Unit]:
    """Each pair as two documents, chosen first; only the closing answer is a target."""
    system = any(m.role == "system" for p in pairs for m in p.prompt)
    check_tokenizer(tokenizer, where, system=system)
    if equal := [p.id for p in pairs if p.chosen == p.rejected]:
        raise UsageError(f"{len(equal)} pairs have equal answers and teach nothing; first: {', '.join(equal[:5])}")
    chats = [chat for pair in pairs for chat in pair_to_chats(pair)]
    tokens = [*chats_to_tokens(tokenizer, chats, last_only=True)]
    return [Unit(p.id, (c, r)) for p, c, r in zip(pairs, tokens[::2], tokens[1::2], strict=True)]
