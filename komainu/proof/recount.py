"""Numbers again: a board and a sweep from score rows, never from the summaries that were recorded with them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from komainu.context import Context
from komainu.eval.base import Answers, Scores
from komainu.eval.bench.tl_bench.duels import TlDuels
from komainu.eval.board import Board
from komainu.eval.items import Items
from komainu.eval.judge.verdicts import Verdicts
from komainu.eval.sampler import SamplerSweep
from komainu.eval.standings import FILE, Standings
from komainu.models.base import Model, Question, Reply
from komainu.proof.restored import NoEvidence, Restorer
from komainu.rows import Chat, Score
from komainu.stage import Stage
from komainu.store import Artifact

KINDS = (Board, SamplerSweep, Standings, Scores, Answers, Items, Verdicts, TlDuels)


class Nobody:
    """In the place of models: a recount asks nothing."""

    batch_sensitive = False

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        raise AssertionError(f"a recount asked {model.name}")


@dataclass
class Recount(Context):
    """A context in which scores have the summary that their rows give. `differing` says where it is not the recorded.

    Every bench's mean, interval, n and missing, its tasks, and each judge's numbers are computed from the score rows
    and the answers' meta. Score rows are not made again from answers.
    """

    differing: list[str] = field(default_factory=list)
    _seen: dict[str, Artifact] = field(default_factory=dict)

    def open(self, stage: Stage) -> Artifact:
        found = super().open(stage)
        if not isinstance(stage, Scores):
            return found
        if found.ref not in self._seen:
            self._seen[found.ref] = self.recounted(stage, found)
        return self._seen[found.ref]

    def recounted(self, stage: Scores, found: Artifact) -> Artifact:
        try:
            chats = [row for row in stage.answered(self) if isinstance(row, Chat) and stage.bench.applies(row)]
            scores = [row for row in found.rows() if isinstance(row, Score)]
            summary = as_json({"rows": len(scores), **stage.numbers(chats, scores, self)})
        except FileNotFoundError as error:
            raise NoEvidence(f"there are no rows of {found.ref}, or of its answers: {error.filename}") from None
        except LookupError as error:
            raise NoEvidence(f"{found.ref} cannot be counted again: {error}") from None
        if summary != found.summary:
            self.differing.append(f"{found.ref}: its rows do not give the numbers of its record")
        return replace(found, record={**found.record, "summary": summary})


def board(ctx: Recount, ref: str) -> dict[str, Any]:
    """What board.json holds, from the score rows; raises NoEvidence when something is not there."""
    from komainu.eval import table

    stage = Restorer(ctx.store, KINDS).stage(ref)
    if not isinstance(stage, Board):
        raise NoEvidence(f"{ref} is no board that can be computed again")
    return same(ctx, stage, "board.json", table.board(stage, ctx))


def sweep(ctx: Recount, ref: str) -> dict[str, Any]:
    """What sweep.json holds, from the score rows; raises NoEvidence when something is not there."""
    from komainu.eval import sweep as sweeps

    stage = Restorer(ctx.store, KINDS).stage(ref)
    if not isinstance(stage, SamplerSweep):
        raise NoEvidence(f"{ref} is no sampler sweep that can be computed again")
    return same(ctx, stage, "sweep.json", sweeps.sweep(stage, ctx))


def standings(ctx: Recount, ref: str) -> dict[str, Any]:
    """What standings.json holds, from the score rows; raises NoEvidence when something is not there."""
    from komainu.eval.league.standings import standings as made

    stage = Restorer(ctx.store, KINDS).stage(ref)
    if not isinstance(stage, Standings):
        raise NoEvidence(f"{ref} holds no standings that can be computed again")
    boards = {each.place: board(ctx, each.place) for each in stage.boards}
    return same(ctx, stage, FILE, made(stage, boards, ctx.store))


def same(ctx: Recount, stage: Stage, name: str, found: dict[str, Any]) -> dict[str, Any]:
    """`found` as JSON; where the artifact's file says otherwise, that is noted."""
    found, file = as_json(found), ctx.open(stage).path / name
    if not file.exists() or json.loads(file.read_bytes()) != found:
        ctx.differing.append(f"{stage.place}/{name} is not what the score rows give")
    return found


def as_json(value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(value))
    return found
