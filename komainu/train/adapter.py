"""Low-rank adapters: how much of a model is trained, and in which form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from komainu.spec import Spec

Bits = Literal["", "nf4"]  # how frozen layers are held; "" is as they are


@dataclass(frozen=True, kw_only=True)
class Adapter(Spec):
    """LoRA (arXiv 2106.09685) beside a model's linear layers, which stay as they are; `dora`: DoRA (arXiv 2402.09353).

    A layer's output gets alpha / rank times B A x added. `targets` are the last parts of the layers' names; () is all
    linear layers but the head. `quantised` "nf4" holds the frozen layers in four bits while training (QLoRA, arXiv
    2305.14314), with bitsandbytes; what is merged at the end is the base as it was. Not covered: dropout, whose luck no
    row owns; adapters of embeddings; other kinds of PEFT.
    """

    rank: int = 16
    alpha: float = 32.0
    targets: tuple[str, ...] = ()
    dora: bool = False
    quantised: Bits = ""

    def problems(self) -> Iterator[str]:
        if self.rank < 1:
            yield f"rank is {self.rank}; it must be at least 1"
        if tables := sorted({*self.targets} & {"lm_head", "embed_tokens"}):
            yield f"targets hold {', '.join(tables)}; adapters are for the layers between the embeddings"
        if not self.alpha > 0:
            yield f"alpha is {self.alpha}; it must be above 0"
        yield from missing(self.quantised)


def missing(quantised: Bits) -> Iterator[str]:
    """What is not installed that layers in so few bits need."""
    if quantised and find_spec("bitsandbytes") is None:
        yield f"quantised {quantised!r} needs bitsandbytes: pip install 'komainu[quantised]'"
