"""How many tokens texts have for a released model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tokenizers import Tokenizer

from komainu.errors import UsageError

Count = Callable[[Sequence[str]], int]


def counter(folder: Path) -> Count | None:
    """What counts the tokens of some texts by the folder's tokenizer.json; None where there is none.

    Each text for itself: what a chat template puts around it does not count.
    """
    file = folder / "tokenizer.json"
    if not file.exists():
        return None
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # tokenizers raises nothing more exact
        raise UsageError(f"tokenizer.json of the model cannot be read: {error}; get it again") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda texts: sum(map(len, tokenizer.encode_batch_fast([*texts], add_special_tokens=False)))
