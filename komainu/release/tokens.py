"""How many tokens texts have for a released model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from komainu.models.folder import counter_of

Count = Callable[[Sequence[str]], int]


def counter(folder: Path) -> Count | None:
    """What counts the tokens of some texts by the folder's tokenizer.json; None where there is none.

    Each text for itself: what a chat template puts around it does not count.
    """
    file = folder / "tokenizer.json"
    if not file.exists():
        return None
    tokenizer = counter_of(file)
    return lambda texts: sum(map(len, tokenizer.encode_batch_fast([*texts], add_special_tokens=False)))
