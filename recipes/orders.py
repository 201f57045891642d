"""What SFT is given and when, on the demo's world: order, languages, curriculum, stages, shares, NEFTune.

komainu run recipes/orders.py:languages size=xs seed=0
"""

from __future__ import annotations

from dataclasses import replace

from komainu.data.arrange import Arrange
from komainu.data.base import Dataset
from komainu.data.mix import Mix, Part
from komainu.eval.board import Board
from komainu.stage import Stage
from komainu.train.sft import SFT
from recipes.methods import Much, Name, World, world

EASY = ("repeat", "plain", "polite", "counting", "bullets", "json", "language", "limits")  # then the other tasks


def given(sft: SFT, data: Stage) -> SFT:
    """SFT that takes the rows as they stand."""
    return replace(sft, data=data, fit=replace(sft.fit, order="given"))


def once(here: World) -> SFT:
    """SFT that sees every row once, so that an order is one and decides nothing else."""
    return replace(here.sft, fit=replace(here.sft.fit, steps=0, epochs=1.0))


def languages(size: Name = "xs", seed: int = 0, effort: Much = "short") -> Board:
    """Answers in Japanese first, in English first, and both by turns."""
    here = world(size, seed, effort)
    sft = once(here)
    first = {
        f"{lang} first": Dataset(sources=(here.data,), steps=(Arrange(by="lang", first=(lang,)),))
        for lang in ("ja", "en")
    }
    return here.board(by_turns=given(sft, here.data), **{name: given(sft, data) for name, data in first.items()})


def curriculum(size: Name = "xs", seed: int = 0, effort: Much = "short") -> Board:
    """Short rows first; easy tasks first; no order."""
    here = world(size, seed, effort)
    sft = once(here)
    easy = Dataset(sources=(here.data,), steps=(Arrange(by="task", first=EASY),))
    short = replace(here.data, order="length")
    return here.board(shuffled=given(sft, here.data), short=given(sft, short), easy=given(sft, easy))


def stages(size: Name = "xs", seed: int = 0, effort: Much = "short") -> Board:
    """All at once, or first everything and then the core tasks, with as many steps in all."""
    here = world(size, seed, effort)
    steps = here.sft.fit.steps
    first = replace(here.sft, fit=replace(here.sft.fit, steps=steps - steps // 3))
    core = Mix(parts=here.data.parts[1:], seed=seed)
    second = SFT(model=first, data=core, fit=replace(here.sft.fit, lr=here.sft.fit.lr / 3, steps=steps // 3))
    return here.board(at_once=here.sft, first=first, second=second)


def shares(size: Name = "xs", seed: int = 0, effort: Much = "short") -> Board:
    """How much of the data is core tasks and sums: a quarter, half, three quarters of as many rows."""
    here = world(size, seed, effort)
    talk, *rest = here.data.parts
    rows = here.effort.core
    mixes = {
        f"rest {share:g}": Mix(parts=(replace(talk, weight=1 - share), *spread(rest, share)), n=rows, seed=seed)
        for share in (0.25, 0.5, 0.75)
    }
    return here.board(**{name: replace(here.sft, data=mix) for name, mix in mixes.items()})


def spread(parts: list[Part], share: float) -> tuple[Part, ...]:
    """A share over several parts alike."""
    return tuple(replace(part, weight=share / len(parts)) for part in parts)


def noise(size: Name = "xs", seed: int = 0, effort: Much = "short", alpha: float = 5.0) -> Board:
    """NEFTune (arXiv 2310.05914) beside none."""
    here = world(size, seed, effort)
    return here.board(plain=here.sft, noisy=replace(here.sft, fit=replace(here.sft.fit, neftune=alpha)))
