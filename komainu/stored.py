"""Stored: what is in the store already, as an input of something new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from komainu.errors import UsageError
from komainu.rows import Chat, Pair, Score
from komainu.stage import Page, Stage, Table, Weights
from komainu.store import Artifact

if TYPE_CHECKING:
    from komainu.context import Context

KINDS: dict[str, type] = {kind.__name__: kind for kind in (Chat, Pair, Score, Weights, Page, Table)}


@dataclass(frozen=True, kw_only=True)
class Stored(Stage):
    """An artifact in the place of the stage that made it: same id, same folder, and what it was made from stays known.

    So a model that is evaluated by its name keeps its chain down to the training rows. It is never built again.
    """

    artifact: Artifact = field(compare=False)

    def config(self, *, full: bool = True) -> dict[str, Any]:
        config: dict[str, Any] = self.artifact.record["config"]
        return config

    @cached_property
    def id(self) -> str:
        return self.artifact.id

    @property
    def place(self) -> str:
        return self.artifact.ref

    @property
    def row_type(self) -> type:
        return KINDS[self.artifact.record["makes"]]

    @property
    def inputs(self) -> dict[str, Stage]:
        return {}

    @property
    def label(self) -> str:
        return self.artifact.ref

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        found = self.artifact.summary.get("rows")
        return found if isinstance(found, int) else None

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        raise UsageError(f"{self.artifact.ref} has gone from the store; run the recipe that made it again")
