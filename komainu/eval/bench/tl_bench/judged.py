"""A new version of the anchors: translations by any models, compared two at a time by a judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from komainu.errors import UsageError
from komainu.eval.base import Answers
from komainu.eval.bench.tl_bench.adaptive import Pairing
from komainu.eval.bench.tl_bench.anchors import Anchors, AnchorSet, Met
from komainu.eval.bench.tl_bench.asking import compared, entered
from komainu.eval.bench.tl_bench.bench import TlBench
from komainu.eval.bench.tl_bench.won import results, won
from komainu.eval.judge.guard import fate
from komainu.eval.judge.verdicts import accounts
from komainu.files import write_rows
from komainu.models.base import Model
from komainu.rows import Chat
from komainu.stage import Questions, Stage

if TYPE_CHECKING:
    from komainu.context import Context


@dataclass(frozen=True, kw_only=True)
class JudgedAnchors(Anchors):
    """The anchor set of some models' answers: every two compared on every text by `judge`, in both orders.

    Each anchor needs a translation of every text. `transcripts.jsonl` has what the judge said; a pair of orders with a
    verdict missing is left out, and counted in the summary.
    """

    answers: tuple[Answers, ...]
    judge: Model
    seed: int = 0

    def config(self, *, full: bool = True) -> dict[str, Any]:
        """With the hashes of the judge's prompts: another prompt makes other anchors."""
        asked = TlBench().config()
        return super().config(full=full) | {name: asked[name] for name in ("prompt", "again")}

    def check(self) -> Iterator[str]:
        if len(self.answers) < 2:
            yield "JudgedAnchors.answers needs the answers of at least two models"
        for name, n in Counter(self.names).items():
            if n > 1:
                yield f"JudgedAnchors.answers has {n} models called {name!r}; each anchor needs a name of its own"
        if len({answers.items.id for answers in self.answers}) > 1:
            yield "JudgedAnchors.answers are to different items; all anchors translate the same texts"
        if any(len(answers.rounds) > 1 for answers in self.answers):
            yield "JudgedAnchors.answers has several answers to a text; an anchor has one translation of each"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(answers.model.name for answers in self.answers)

    def questions(self, rows: Callable[[Stage], int | None]) -> tuple[Questions, ...] | None:
        n = rows(self.answers[0])
        asked = None if n is None else n * len(self.answers) * (len(self.answers) - 1)
        return None if asked is None else (Questions(self.judge, asked, 2 * asked, self.answers[0]),)

    def read(self, ctx: Context) -> AnchorSet:
        return self.met(ctx)[0]

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        found, said = self.met(ctx)
        write_rows(out / "transcripts.jsonl", said)
        return {**self.written(found, out), "judge": self.judge.name, **accounts(TlBench(), said)}

    def met(self, ctx: Context) -> tuple[AnchorSet, list[Chat]]:
        """The set, and the transcripts of all its comparisons."""
        bench = TlBench()
        chats = {answers.model.name: entered(bench, ctx.open(answers).rows()) for answers in self.answers}
        for name, own in chats.items():
            for item, chat in own.items():
                if (found := fate(bench, chat)) is not None:
                    raise UsageError(f"{name!r} cannot be an anchor: {item!r}: {found[1]}; an anchor has every text")
        texts = {item: {name: own[item].reply for name, own in chats.items()} for item in chats[self.names[0]]}
        alone = AnchorSet(texts, ())
        met: list[Met] = []
        said: list[Chat] = []
        for a, b in combinations(self.names, 2):
            pairings = [Pairing(item, b) for item in texts]
            rows = compared(bench, self.judge, pairings, chats[a], alone, self.seed, ctx)
            said += (row.with_meta(anchors=[a, b]) for row in rows)
            fought = results(won(bench, self.judge.name, pairings, chats[a], alone, rows))
            met += (Met(r.item, a, b, r.won, r.of - r.won) for r in fought)
        return AnchorSet(texts, tuple(met)), said
