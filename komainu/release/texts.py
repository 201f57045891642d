"""Whether a loaded GGUF file splits texts into its model's tokens."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from komainu.errors import GateFailed, UsageError
from komainu.rows import Chat, Row

OTHERWISE = 0.005  # the share of texts that may come out in other tokens where the splitting is not the tokenizer's own
WINDOW = 1000  # texts that are split together


def expected(tokenizer: Any, rows: Iterable[Row], path: Path) -> Path:
    """A line of JSON for each turn of the chats: its text, and the tokens that the model's tokenizer makes of it."""
    texts = (turn.content for row in rows if isinstance(row, Chat) for turn in row.messages)
    with path.open("w", encoding="utf-8") as file:
        while window := [*islice(texts, WINDOW)]:
            made = tokenizer(window, add_special_tokens=False)["input_ids"]
            file.writelines(json.dumps(each) + "\n" for each in zip(window, made, strict=True))
    return path


def agreed(told: dict[str, Any], *, own: bool) -> dict[str, Any]:
    """What outside/gguf_answers.py tells of the texts, where they hold: none may come out in other tokens (`own`), or
    no more than OTHERWISE. Raises UsageError where there is no text."""
    count, otherwise = told["read"], told["otherwise"]
    if not count:
        raise UsageError("`texts` of GGUF has no turn to split: give a stage with chats")
    if otherwise > (0 if own else OTHERWISE * count):
        most = "none" if own else f"one in {round(1 / OTHERWISE)}"
        raise GateFailed(
            f"the GGUF file makes other tokens than the model of {otherwise} of {count} texts, where {most} may differ"
            f": {told['such_as'][0]!r}; do not use it: llama.cpp does not have this tokenizer"
        )
    return told
