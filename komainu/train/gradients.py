"""The gradient of a global batch, summed over micro-batches; a small model on a CPU has a process for each core."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from komainu.train.base import Train, Unit
from komainu.train.batches import micro_batches, runs
from komainu.train.flat import flatten, laid, sequence_sums, target_logps
from komainu.train.narrow import narrowed
from komainu.train.neftune import noise
from komainu.train.partners import Part, Partner, share
from komainu.train.precision import mixed
from komainu.train.ranks import Ranks, split

SMALL = 30_000_000  # parameters under which two cores do more on two micro-batches than on one matrix


class Found(NamedTuple):
    """What some micro-batches came to: summed loss, tokens, and sums worth logging."""

    loss: float
    tokens: int
    notes: dict[str, float]

    def plus(self, other: Found) -> Found:
        notes = {k: v + other.notes[k] for k, v in self.notes.items()}
        return Found(self.loss + other.loss, self.tokens + other.tokens, notes)

    def beside(self, other: Found) -> Found:
        """Of parts that only looked: their notes are sums by unit id."""
        return Found(0.0, self.tokens + other.tokens, self.notes | other.notes)


class Cut(NamedTuple):
    """Into how many micro-batches a global batch was cut, over all ranks, and how full they are."""

    micro_batches: int
    tokens: int
    most: int  # tokens of a micro-batch

    def json(self) -> dict[str, float]:
        return {"micro_batches": self.micro_batches, "fill": round(self.tokens / (self.micro_batches * self.most), 4)}


class Gradients:
    """Computes gradients for a stage's loss. The order of summation is fixed: equal runs, equal bits.

    Each of several ranks takes its share of the batch, and every rank ends with the gradient of the whole.

    On a CPU with a small model every operation is too short to share out among threads (two threads are slower than
    one), and Python lets only one thread at a time prepare them. So each core gets a process: this one and its
    forks look at the same weights and each takes every n-th micro-batch. Elsewhere than on Linux there is one.
    """

    def __init__(self, stage: Train, model: Any, threads: int, ranks: Ranks | None = None) -> None:
        self.stage, self.model, self.ranks = stage, model, ranks or Ranks()
        self.params = [p for p in model.parameters() if p.requires_grad]
        self.device = self.params[0].device
        small = self.device.type == "cpu" and sum(p.numel() for p in model.parameters()) < SMALL
        forks = small and sys.platform == "linux" and self.ranks.size == 1
        self.cores = (threads or os.cpu_count() or 1) if forks else 1
        self.partners: list[Partner] = []
        self.cut = Cut(1, 0, 1)  # of the last batch
        if small:
            torch.set_num_threads(1)
        if self.cores > 1:
            share(self.params)
            for _ in range(1, self.cores):
                self.partners.append(Partner(self.params, self.part, self.partners))

    def of(self, units: Sequence[Unit], step: int = 0) -> Found:
        """Leave the gradient of a step's global batch in `.grad`; returns its loss, tokens and notes, weighted."""
        units = self.stage.informed(units, self.look(self.stage.ahead(units), step))
        weight = self.stage.weight(units)
        found = self.shared(units, weight, step, ahead=False)
        self.ranks.add(self.params)
        loss, tokens, *notes = self.ranks.sums([found.loss, found.tokens, *found.notes.values()])
        return Found(loss / weight, int(tokens), {k: v / weight for k, v in zip(found.notes, notes, strict=True)})

    def shared(self, units: Sequence[Unit], weight: float, step: int, *, ahead: bool) -> Found:
        """What the micro-batches of this rank come to, shared out among the cores."""
        parts, idle = self.parts(units)
        shares = [Part(weight, step, tuple(parts[i :: self.cores]), ahead) for i in range(min(self.cores, len(parts)))]
        busy = self.partners[: len(shares) - 1]
        for partner, part in zip(busy, shares[1:], strict=True):
            partner.ask(part)
        found = Found(*self.part(shares[0]))
        for partner in busy:
            theirs = Found(*partner.answer())
            found = found.beside(theirs) if ahead else found.plus(theirs)
        for _ in range(idle):
            self.idle(parts[0], ahead)
        return found

    def look(self, units: Sequence[Unit], step: int) -> list[float]:
        """Summed log-probability of each unit (one document), without a gradient; the same on all ranks."""
        if not units:
            return []
        placed = [u._replace(id=str(i)) for i, u in enumerate(units)]  # a batch across two epochs may have a row twice
        found = self.shared(placed, 1.0, step, ahead=True).notes
        return self.ranks.sums([found.get(u.id, 0.0) for u in placed])

    def parts(self, units: Sequence[Unit]) -> tuple[list[tuple[Unit, ...]], int]:
        """The micro-batches of this rank, and how many more another rank has where they must be as many."""
        shares = split(units, self.ranks.size) if self.ranks.size > 1 else [units]
        lots = [self.lots(share) for share in shares]
        mine = lots[self.ranks.rank]
        self.cut = Cut(sum(map(len, lots)), sum(laid(u.documents) for u in units), self.stage.fit.micro_tokens)
        return mine, max(map(len, lots)) - len(mine) if self.ranks.sharded else 0

    def lots(self, units: Sequence[Unit]) -> list[tuple[Unit, ...]]:
        """A share of a batch as micro-batches: as few as best fit finds, or an even part for each core."""
        sizes = [laid(unit.documents) for unit in units]
        cut = micro_batches if sum(sizes) > self.stage.fit.micro_tokens else runs
        return [tuple(lot) for lot in cut(units, self.size(sizes))]

    def idle(self, batch: Sequence[Unit], ahead: bool) -> None:
        """A pass that adds nothing: sharded ranks exchange weights in every pass, so all must make as many."""
        flat = flatten([u.documents for u in batch[:1]], self.device)
        with torch.set_grad_enabled(not ahead), mixed(self.device):
            logps = target_logps(self.model, flat)
        if not ahead:
            torch.autograd.backward(logps.sum() * 0.0)

    def size(self, sizes: Sequence[int]) -> int:
        """Tokens of a micro-batch: as the stage declares, or an even share for each core."""
        return min(self.stage.fit.micro_tokens, -(-sum(sizes) // self.cores) + max(sizes) // 2)

    def part(self, part: Part) -> Found:
        """Add the gradients of some micro-batches to `.grad`, or only look at them."""
        first, *others = part.batches
        if part.ahead:
            found = self.seen(first)
            for batch in others:
                found = found.beside(self.seen(batch))
            return found
        found = self.one(first, part)
        for batch in others:
            found = found.plus(self.one(batch, part))
        return found

    @torch.no_grad()
    def seen(self, batch: Sequence[Unit]) -> Found:
        """Sums of log-probabilities of units of one document each, by unit id."""
        flat = flatten([u.documents for u in batch], self.device)
        with mixed(self.device):
            sums = sequence_sums(target_logps(self.model, flat), flat).tolist()
        return Found(0.0, flat.tokens, dict(zip([u.id for u in batch], sums, strict=True)))

    def one(self, batch: Sequence[Unit], part: Part) -> Found:
        flat = flatten([u.documents for u in batch], self.device)
        added = self.noise(batch, part.step)
        with narrowed(self.model, flat.rows):
            with mixed(self.device):
                logps = target_logps(self.model, flat, added, self.stage.even)
            summed, notes = self.stage.loss(logps, flat, batch)
            (summed / part.weight).backward()  # type: ignore[no-untyped-call]
        return Found(float(summed.detach()), flat.tokens, notes)

    def noise(self, batch: Sequence[Unit], step: int) -> torch.Tensor | None:
        if not self.stage.fit.neftune:
            return None
        return noise(batch, self.model.get_input_embeddings().embedding_dim, self.stage.fit, step, self.device)

    def close(self) -> None:
        for partner in self.partners:
            partner.close()
