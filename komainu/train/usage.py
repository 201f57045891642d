"""How much of what its devices can compute a training makes use of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from komainu.errors import UsageError
from komainu.settings import Training
from komainu.train.architecture import Architecture
from komainu.train.base import Train, Unit
from komainu.train.devices import DEVICES
from komainu.train.flat import laid


class Usage(NamedTuple):
    """Model FLOPs utilisation (MFU; arXiv 2204.02311, appendix B): what the model itself asks for, over what is there.

    Nothing computed again is counted, a prompt that answers share once, attention as far back as a token looks, and
    logits where they are trained. Not covered: drawing answers, and passes that a loss needs beforehand.
    """

    architecture: Architecture
    passes: int  # there, and back for what goes in and for the weights
    flops: float  # of all devices, a second

    def share(self, units: Sequence[Unit], seconds: float) -> float:
        """Of a step that learnt from these units."""
        return self.operations(units) / seconds / self.flops

    def operations(self, units: Sequence[Unit]) -> float:
        tokens = back = targets = 0
        for unit in units:
            sizes = [len(document.ids) for document in unit.documents]
            once = laid(unit.documents)
            shared = (sum(sizes) - once) // max(1, len(sizes) - 1)
            tokens += once
            back += sum(map(looks, sizes)) - (len(sizes) - 1) * looks(shared)
            targets += sum(document.targets for document in unit.documents)
        return self.passes * tokens * self.architecture.forward(back / tokens, targets / tokens)


def looks(n: int) -> int:
    """At how many tokens those of a document look back, each at itself too."""
    return n * (n + 1) // 2


def usage(stage: Train, config: Mapping[str, Any], here: Training, ranks: int) -> Usage | None:
    """None where the settings name no device, or the model is of a kind whose sizes are not known."""
    if not here.device:
        return None
    try:
        architecture = Architecture.of_config(config, stage.label)
    except UsageError:
        return None
    return Usage(architecture, 3 if stage.adapter is None else 2, DEVICES[here.device].flops * ranks)
