"""Stage: prompts with copies of benchmark items among them, as training data that was not looked at has them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.data.textbook.copies import near_copy
from komainu.files import write_rows
from komainu.rows import Chat
from komainu.stage import Stage, needs

if TYPE_CHECKING:
    from komainu.context import Context


@dataclass(frozen=True, kw_only=True)
class Contaminated(Stage):
    """The rows of `prompts`, a `share` of them replaced by copies of `items`: as they are, or with other spaces, widths
    or punctuation. meta.hidden says which; ids stay."""

    makes: ClassVar[type] = Chat
    prompts: Stage
    items: Stage
    share: float = 0.05
    seed: int = 0

    def check(self) -> Iterator[str]:
        yield from needs(self, "prompts", self.prompts, Chat)
        yield from needs(self, "items", self.items, Chat)
        if not 0 < self.share <= 1:
            yield f"Contaminated.share must be over 0 and at most 1, not {self.share}"

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        return rows(self.prompts)

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        items = [row for row in ctx.open(self.items).rows() if isinstance(row, Chat)]

        def rows() -> Iterator[Chat]:
            for row in ctx.open(self.prompts).rows():
                rng = random.Random(f"{self.seed}:{row.id}")
                if rng.random() < self.share:
                    item = rng.choice(items)
                    yield near_copy(rng, item, row.id).with_meta(hidden={"fault": "contamination", "of": item.id})
                elif isinstance(row, Chat):
                    yield row

        return {"rows": write_rows(out / "rows.jsonl", rows())}
