"""TlDuels: what one judge says of a candidate's translations beside the anchors', word for word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.eval.base import Answers
from komainu.eval.bench.tl_bench.adaptive import Adaptive, Pairing, schedule
from komainu.eval.bench.tl_bench.anchors import AnchorSet, load
from komainu.eval.bench.tl_bench.asking import compared, entered, within
from komainu.eval.bench.tl_bench.bench import TlBench
from komainu.eval.bench.tl_bench.won import placed_among, results, won
from komainu.eval.judge.verdicts import accounts
from komainu.files import write_objects, write_rows
from komainu.models.base import Model
from komainu.rows import Chat
from komainu.stage import Questions, Stage

if TYPE_CHECKING:
    from komainu.context import Context
    from komainu.eval.bench.tl_bench.placing import Placement


@dataclass(frozen=True, kw_only=True)
class TlDuels(Stage):
    """Chat rows: the transcripts of a judge that compares each translation with the anchors', in both orders.

    meta: `anchor` and `place` (where the candidate's stood) beside what `Verdicts` keeps. `pairings.jsonl` has all
    pairings that were to be compared, in order: those of an answer that loses by rule, or that is word for word the
    anchor's, are there and have no transcript, as no judge was asked.
    """

    makes: ClassVar[type] = Chat
    answers: Answers
    bench: TlBench
    judge: Model
    seed: int = 0

    def check(self) -> Iterator[str]:
        yield from (f"TlDuels.bench: {problem}" for problem in self.bench.problems())
        if len(self.answers.rounds) > 1:
            yield "TlDuels.answers has several answers to a text; a candidate has one translation of each"

    def questions(self, rows: Callable[[Stage], int | None]) -> tuple[Questions, ...] | None:
        n = rows(self.answers)
        if n is None:
            return None
        most = 2 * n * len(self.bench.anchors.names)
        fewest = min(most, 2 * max(n, self.bench.adaptive.first)) if self.bench.adaptive else most
        return (Questions(self.judge, fewest, 2 * most, self.answers),)

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        anchors = load(ctx.open(self.bench.anchors).path)
        chats = within(entered(self.bench, ctx.open(self.answers).rows()), anchors)
        if self.bench.adaptive:
            pairings, rows = self.adapted(self.bench.adaptive, chats, anchors, ctx)
        else:
            pairings = [Pairing(item, anchor) for item in chats for anchor in anchors.names]
            rows = compared(self.bench, self.judge, pairings, chats, anchors, self.seed, ctx)
        write_objects(out / "pairings.jsonl", (pairing._asdict() for pairing in pairings))
        return {
            "rows": write_rows(out / "rows.jsonl", rows),
            "bench": self.bench.title,
            "judge": self.judge.name,
            "pairings": len(pairings),
            "possible": len(chats) * len(anchors.names),
            **accounts(self.bench, rows),
        }

    def adapted(
        self, how: Adaptive, chats: Mapping[str, Chat], anchors: AnchorSet, ctx: Context
    ) -> tuple[list[Pairing], list[Chat]]:
        """Rounds of pairings, each chosen by what the ones before it said, until every text was asked about and the
        interval is narrow enough."""
        plan = schedule([*chats], anchors.names, self.seed)
        pairings: list[Pairing] = []
        rows: list[Chat] = []
        placed: Placement | None = None
        while batch := plan.take(how.batch if placed else how.first, placed.gains() if placed else None):
            pairings += batch
            rows += compared(self.bench, self.judge, batch, chats, anchors, self.seed, ctx)
            found = results(won(self.bench, self.judge.name, pairings, chats, anchors, rows))
            placed = placed_among(anchors, found)
            if placed and placed.width <= how.width and len(pairings) >= len(chats):
                break
        return pairings, rows
