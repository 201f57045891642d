"""From transcripts to what a candidate won: a Score a text, anchor, order and judge; pairs of orders; the placement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from komainu.eval.bench.tl_bench.adaptive import Pairing
from komainu.eval.bench.tl_bench.anchors import AnchorSet
from komainu.eval.judge.base import Judged
from komainu.eval.judge.guard import fate
from komainu.rows import Chat, Score

if TYPE_CHECKING:
    from komainu.eval.bench.tl_bench.placing import Placement, Result

PLACES = ("first", "second")  # where the candidate's translation stands


def decided(bench: Judged, chat: Chat, theirs: str) -> tuple[float | None, str] | None:
    """What a translation wins without a judge, and why; None where a judge is asked.

    What has nothing to judge in it loses; a missing answer has no verdict; equal words are a tie.
    """
    if (found := fate(bench, chat)) is not None:
        return found
    return (0.5, "equal: word for word the anchor's") if chat.reply.split() == theirs.split() else None


def won(
    bench: Judged,
    judge: str,
    pairings: Iterable[Pairing],
    chats: Mapping[str, Chat],
    anchors: AnchorSet,
    transcripts: Iterable[Chat],
) -> Iterator[Score]:
    """What the candidate won in each pairing and order: 1, 0.5 or 0; the metric is `ANCHOR/first` or `ANCHOR/second`,
    by where its translation stood. None where the judge gave no verdict."""
    said = {(row.id, row.meta["anchor"], row.meta["place"]): row for row in transcripts}
    for item, anchor in pairings:
        ruled = decided(bench, chats[item], anchors.texts[item][anchor])
        for place in PLACES:
            metric = f"{anchor}/{place}"
            if ruled is not None:
                yield Score(item, metric, ruled[0], why=ruled[1])
                continue
            verdict = bench.read(said[item, anchor, place])
            first = verdict.values.get("first")
            if first is None:
                yield Score(item, metric, None, by=judge, why=f"missing: {verdict.wrong}")
            else:
                yield Score(item, metric, first if place == PLACES[0] else 1 - first, by=judge, why=verdict.reason)


def paired(scores: Iterable[Score]) -> dict[tuple[str, str, str], list[float | None]]:
    """What was won first and second by text, anchor and judge ("rule" where none was asked)."""
    found: dict[tuple[str, str, str], list[float | None]] = {}
    for score in scores:
        anchor, slash, place = score.metric.rpartition("/")
        if slash and place in PLACES:
            found.setdefault((score.id, anchor, score.by), []).append(score.value)
    return found


def results(scores: Iterable[Score]) -> list[Result]:
    """What counts: pairs with a verdict in both orders. One order alone would carry the judge's liking for a place."""
    from komainu.eval.bench.tl_bench.placing import Result

    return [
        Result(item, anchor, sum(there), float(len(there)))
        for (item, anchor, _), pair in paired(scores).items()
        if len(there := [value for value in pair if value is not None]) == len(pair)
    ]


def placed_among(anchors: AnchorSet, found: Sequence[Result], items: Iterable[str] | None = None) -> Placement | None:
    """The placement by some results; `items` are the texts whose duels of the anchors make the scale, all unless
    given. None without a result."""
    from komainu.eval.bench.tl_bench.placing import place

    kept = None if items is None else {*items}
    duels = (met.duels for met in anchors.met if kept is None or met.id in kept)
    return place(duels, found) if found else None
