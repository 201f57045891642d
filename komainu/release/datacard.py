"""DataCard: a set of chats or pairs as a directory that a hub takes, with a card of where every row comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.errors import UsageError
from komainu.files import whole
from komainu.licences import Rule, conflict
from komainu.release import leaks
from komainu.rows import Chat, Pair
from komainu.stage import Page, Stage

if TYPE_CHECKING:
    from komainu.context import Context

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
REMEDY = "Leave them out, publish under another licence, or put this one into DataCard.allowed if you have the right to"


@dataclass(frozen=True, kw_only=True)
class DataCard(Stage):
    """README.md and data/train-*.parquet of the rows of `data`, as `datasets.load_dataset` reads them.

    Columns are id, messages (of a pair: prompt, chosen, rejected), source, licence, language, and meta as JSON; a
    teacher's fault labels stay here. The README has the metadata that the hub reads, rows by source, licence and
    language, every step with what it dropped and why, the models that wrote the rows, and samples. `terms` says of a
    model, by its name, what is to be said of its output; well-known ones need none.

    Rows that cannot be published under `licence` stop it, as does a key or a local path in any file; `allowed` are
    licences that were cleared by a person. No times or paths: equal inputs, equal bytes (of one version of pyarrow).
    """

    makes: ClassVar[type] = Page
    name: str
    data: Stage
    licence: str
    about: str = ""
    terms: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    @property
    def rule(self) -> Rule:
        return Rule(partial(conflict, release=self.licence), REMEDY, self.allowed)

    def check(self) -> Iterator[str]:
        if self.data.row_type not in (Chat, Pair):
            yield f"DataCard.data needs chats or pairs, but {self.data.label} makes {self.data.row_type.__name__}"
        if not NAME.fullmatch(self.name):
            yield f"DataCard.name is {self.name!r}; give owner/name, of letters, digits, '.', '_' and '-'"
        if not self.licence.strip():
            yield "DataCard.licence is empty; name the licence that the set is to be published under"
        yield from self.rule.of_sources([self.data])

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.release.data_files import Seen, write
        from komainu.release.data_readme import readme

        for problem in self.check():
            raise UsageError(problem)
        data, known = ctx.open(self.data), leaks.known(ctx.settings)
        for problem in self.rule.of_rows(data.rows()):
            raise UsageError(f"{self.data.label}: {problem}")
        seen = Seen()
        with ctx.progress(int(data.summary["rows"]), "write") as bar:
            files = write(out / "data", seen.through(data.rows(), known, bar.update), int(data.summary["rows"]))
        with whole(out / "README.md") as handle:
            handle.write(readme(self, data, seen, ctx.store).encode())
        leaks.refuse({"README.md": (out / "README.md").read_bytes()}, known)
        return {"name": self.name, "rows": seen.rows, "files": ["README.md", *files], "models": sorted(seen.models)}
