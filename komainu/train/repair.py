"""Leak repair: words of another language made unlikely where they begin, right answers a little likelier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from komainu.checks.leakage import leaks
from komainu.checks.text import visible
from komainu.rows import Pair, Row
from komainu.train.base import Train, Unit
from komainu.train.documents import pair_documents
from komainu.train.render import pair_to_chats, refuse, texts

if TYPE_CHECKING:
    import torch

    from komainu.train.flat import Flat


@dataclass(frozen=True, kw_only=True)
class LeakRepair(Train):
    """Token-level unlikelihood (arXiv 1908.04319) on what leaked, beside the likelihood of the answer without leaks.

    Of a pair, rejected is an answer in which `komainu.checks.leakage.leaks` finds a leak, chosen one without. Its loss
    is `unlikely` times the mean of -log(1 - p) over the tokens with which leaked stretches begin, plus `reinforce`
    times the mean of -log p over the tokens of the chosen answer; the mean over the global batch's pairs.

    Only where a leak begins was another word to be had: the rest of it follows with a probability near 1, and as the
    gradient of -log(1 - p) grows with p, it would be nearly all that is learnt. What is right in the rejected answer
    is neither trained nor punished. A learning rate that served 8B models is 5e-6.

    metrics.jsonl has `leaked`, the mean probability of these tokens. Not covered: a leak that the check does not see.
    """

    version = 3  # only the first token of a leaked stretch counts; leaks as Leakage 3 finds them
    eats = Pair
    names = ("chosen", "rejected")
    unlikely: float = 1.0
    reinforce: float = 0.1

    def check(self) -> Iterator[str]:
        yield from super().check()
        if not self.unlikely > 0 or self.reinforce < 0:
            yield "LeakRepair.unlikely must be above 0, and reinforce not below 0"
        if self.fit.neftune:
            yield "LeakRepair.fit.neftune: noise is for SFT; the answers of a pair share their prompt's embeddings"

    def units(self, tokenizer: Any, rows: Sequence[Row]) -> list[Unit]:
        """Pairs; the chosen answer has no marks, the rejected one a 1 for each target with which a leak begins."""
        pairs = [row for row in rows if isinstance(row, Pair)]
        found = pair_documents(tokenizer, self.model.label, pairs)
        marks = [leaked(tokenizer, pair, unit) for pair, unit in zip(pairs, found, strict=True)]
        without = "its rejected answer has no leak, or meta.lang does not say in which language it should be"
        refuse([(u.id, without) for u, m in zip(found, marks, strict=True) if not any(m)], len(found))
        return [u._replace(marks=((), m)) for u, m in zip(found, marks, strict=True)]

    def weight(self, units: Sequence[Unit]) -> float:
        return float(len(units))

    def loss(self, logps: torch.Tensor, flat: Flat, units: Sequence[Unit]) -> tuple[torch.Tensor, dict[str, float]]:
        import torch

        shares: list[float] = []  # of each target in the mean over its answer
        bad: list[bool] = []
        for unit in units:
            chosen, rejected = unit.documents
            shares += [1 / chosen.targets] * chosen.targets + [m / sum(unit.marks[1]) for m in unit.marks[1]]
            bad += [False] * chosen.targets + [True] * rejected.targets
        share, is_bad = logps.new_tensor(shares, dtype=torch.float64), torch.tensor(bad, device=logps.device)
        now = logps.double()
        other = torch.log(-torch.expm1(now.clamp(max=-1e-7)))  # log(1 - p), finite where p is 1
        loss = -(share * torch.where(is_bad, self.unlikely * other, self.reinforce * now)).sum()
        return loss, {"leaked": float((share * is_bad * now.detach().exp()).sum())}


def leaked(tokenizer: Any, pair: Pair, unit: Unit) -> tuple[float, ...]:
    """1.0 for each target of the rejected answer with which a leak begins, else 0.0."""
    chat = pair_to_chats(pair)[1]
    said = visible(pair.rejected)
    (whole,), (before,) = texts(tokenizer, [chat.messages], prompt=False), texts(tokenizer, [pair.prompt], prompt=True)
    start = whole.index(said.strip(), len(before)) - said.index(said.strip())  # many templates trim a turn
    begins = [start + s.start for s in leaks(said, chat)]
    offsets = tokenizer(whole, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    first = {next(i for i, (_, end) in enumerate(offsets) if end > begin) for begin in begins}
    targets = enumerate(unit.documents[1].trained[1:], 1)  # the first token is never predicted
    return tuple(float(i in first) for i, is_target in targets if is_target)
