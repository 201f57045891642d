"""Card: the directory of a released model, with a model card of which every number is in the store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from komainu.errors import UsageError
from komainu.files import whole, write_json
from komainu.release import inherited, leaks, licences
from komainu.release.files import link_files, link_terms
from komainu.release.results import read_results
from komainu.release.words.choice import WORDS
from komainu.rows import Chat, Pair
from komainu.stage import Stage, Table, Weights, needs

if TYPE_CHECKING:
    from komainu.context import Context

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?")


@dataclass(frozen=True, kw_only=True)
class Card(Stage):
    """The files of `model` as they are (linked, not copied), `README.md` and `cells.json`.

    The README has the metadata that the hub reads, the scores of every entry of `board` with their intervals,
    what the paired comparisons decided, what it was trained on and how, and the advice of `sweep`, which
    generation_config.json has too. cells.json names for every score the artifacts it comes from; `.eval_results/` has a
    file for each benchmark of the hub. Weights that are not whole, and a template that is not the base's, are refused.
    `entry` is the board's name for this model; `data` the training sets; `base` the weights the training began with;
    `family` are cards of models of other sizes, for the table by size; `standings` the family's table over the models
    of other boards (`Standings`); `notes` what else the numbers do not cover, for example who the judges are; `readme`
    the language of README.md.

    `licence` must be one that the base's allows; the files with the base's terms travel, and a Llama's version is put
    before the name. A base that was trained here has none; then the text of `licence` is written, which is
    `licence_text` unless it is Apache 2.0. Rows under a licence that forbids the release, or under none, stop it;
    `allowed` are licences that were cleared by a person. No times, dates or paths: equal inputs, equal bytes.
    """

    makes: ClassVar[type] = Weights
    version: ClassVar[int] = 3
    name: str
    model: Stage
    base: Stage
    board: Stage
    data: tuple[Stage, ...]
    entry: str
    sweep: Stage | None = None
    family: tuple[Stage, ...] = ()
    standings: Stage | None = None
    languages: tuple[str, ...] = ("ja", "en")
    licence: str = "apache-2.0"
    licence_text: str = ""
    notes: tuple[str, ...] = ()
    readme: Literal["en", "ja"] = "en"
    allowed: tuple[str, ...] = ()

    def check(self) -> Iterator[str]:
        yield from needs(self, "model", self.model, Weights)
        yield from needs(self, "base", self.base, Weights)
        yield from needs(self, "board", self.board, Table)
        for field, stage in (("sweep", self.sweep), ("standings", self.standings)):
            if stage is not None:
                yield from needs(self, field, stage, Table)
        yield from (
            f"Card.family[{i}] must be a card, but it is {stage.label}"
            for i, stage in enumerate(self.family)
            if stage.place.partition("/")[0] != "card"
        )
        for i, stage in enumerate(self.data):
            if stage.row_type not in (Chat, Pair):
                yield f"Card.data[{i}] needs a stage that makes Chat or Pair, but {stage.label} makes something else"
        if not NAME.fullmatch(self.name):
            yield f"Card.name is {self.name!r}; use letters, digits, '.', '_', '-', and at most one '/'"
        if self.readme not in WORDS:
            yield f"Card.readme is {self.readme!r}; the README can be written in: {', '.join(WORDS)}"
        yield from self.check_entry()
        base = self.base.config()
        yield from licences.of_base(base, self.licence)
        yield from licences.of_others(self.model, self.base, self.licence)
        yield from licences.of_text(base, self.licence, self.licence_text)
        yield from licences.of_files(self.base)
        yield from licences.refused_sources(self.data, self.allowed)

    @property
    def title(self) -> str:
        """The official name."""
        return licences.title(self.name, self.base.config())

    def check_entry(self) -> Iterator[str]:
        """Whether the board's entry is about this model, as far as the wiring tells."""
        names = [entry.name for entry in getattr(self.board, "entries", ())]
        if not names:
            return
        if self.entry not in names:
            yield f"Card.entry is {self.entry!r}, but the entries of Card.board are: {', '.join(names)}"
            return
        here = f"entries[{names.index(self.entry)}]."
        scores = [stage for path, stage in self.board.inputs.items() if path.startswith(here)]
        answers = [stage.inputs["answers"] for stage in scores if "answers" in stage.inputs]
        asked = {w.id: w.label for a in answers if (w := a.inputs.get("model.weights"))}
        if others := [label for id, label in asked.items() if id != self.model.id]:
            yield (
                f"the scores of {self.entry!r} are of {', '.join(others)}, not of Card.model ({self.model.label}); "
                "name the entry of this model"
            )

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.release import weights
        from komainu.release.readme import beside, facts, readme

        if wrong := list(self.check()):
            raise UsageError("; ".join(wrong))
        results = read_results(ctx.open(self.board))
        results.known(self.entry)
        for stage in self.data:
            if wrong := [*licences.refused(ctx.open(stage).rows(), self.allowed)]:
                raise UsageError(f"{stage.label}: {'; '.join(wrong)}")
        files = link_files(ctx.open(self.model), out)
        own = licences.own_text(self.licence, self.licence_text)
        files += link_terms(ctx.open(self.base), out, own, getattr(self.base, "path", ""))
        inherited.refuse(out, ctx.open(self.base).path)
        with ctx.progress(None, "tensors") as bar:
            weights.refuse(out, bar.update)
        cells = results.cells()
        write_json(out / "cells.json", cells)
        known = facts(self, results, ctx, out)
        told = beside(self, known, out)
        for name, text in {"README.md": readme(self, known, ctx), **told}.items():
            (out / name).parent.mkdir(exist_ok=True)
            with whole(out / name) as handle:
                handle.write(text.encode())
        leaks.refuse(leaks.shown(out), leaks.known(ctx.settings))
        return {
            "name": self.name,
            "entry": self.entry,
            "files": sorted({*files, "README.md", "cells.json", *told}),
            "cells": len(cells),
            "measured": known.files,
            "headline": {part: results.headline[self.entry][part] for part in results.parts},
        }
