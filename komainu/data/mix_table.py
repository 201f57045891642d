"""What is in a mix: rows, tokens and their shares, by part and by language, source, licence and task."""

from __future__ import annotations

from collections import Counter
from typing import Any

from komainu.rows import Chat, Pair

COLUMNS = ("source", "lang", "task", "licence")
BY = ("lang", "source", "licence")
Kind = tuple[str, ...]


class MixTable:
    """Counts rows as they are written; `with_tokens` counts tokens too."""

    def __init__(self, *, with_tokens: bool) -> None:
        self.with_tokens = with_tokens
        self.rows: Counter[Kind] = Counter()
        self.tokens: Counter[Kind] = Counter()
        self.part_rows: Counter[int] = Counter()
        self.part_tokens: Counter[int] = Counter()

    def add(self, part: int, row: Chat | Pair, tokens: int) -> None:
        kind = tuple(str(row.meta.get(column, "")) for column in COLUMNS)
        self.rows[kind] += 1
        self.tokens[kind] += tokens
        self.part_rows[part] += 1
        self.part_tokens[part] += tokens

    def summary(self, parts: list[dict[str, Any]]) -> dict[str, Any]:
        """`rows`, `tokens`; `parts` with what was taken of each; `mix` by all columns; `by` one column at a time."""
        made = []
        for i, part in enumerate(parts):
            taken = self.part_rows[i]
            epochs = {"epochs": round(taken / part["there"], 4)} if part["there"] else {}
            tokens = {"tokens": self.part_tokens[i]} if self.with_tokens else {}
            made.append({**part, "rows": taken, **epochs, **tokens})
        by = {column: self.by(COLUMNS.index(column)) for column in BY}
        kinds = [
            {**dict(zip(COLUMNS, k, strict=True)), **self.share(n, self.tokens[k])}
            for k, n in sorted(self.rows.items())
        ]
        return {"rows": self.rows.total(), **self.total(), "parts": made, "mix": kinds, "by": by}

    def total(self) -> dict[str, int]:
        return {"tokens": self.tokens.total()} if self.with_tokens else {}

    def by(self, at: int) -> dict[str, dict[str, float]]:
        rows, tokens = Counter[str](), Counter[str]()
        for kind, n in self.rows.items():
            rows[kind[at]] += n
            tokens[kind[at]] += self.tokens[kind]
        return {value: self.share(n, tokens[value]) for value, n in sorted(rows.items())}

    def share(self, rows: int, tokens: int) -> dict[str, float]:
        """Rows and tokens with their shares of the mix."""
        found: dict[str, float] = {"rows": rows, "share": round(rows / self.rows.total(), 4)}
        if self.with_tokens:
            found |= {"tokens": tokens, "token_share": round(tokens / max(self.tokens.total(), 1), 4)}
        return found
