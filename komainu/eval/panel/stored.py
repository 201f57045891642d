"""Marks from the store: the scores that judges gave the answers of a model, and those answers."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator

from komainu.errors import UsageError
from komainu.eval.panel.marks import Mark
from komainu.eval.panel.position import Duel, Side
from komainu.rows import Chat, Score
from komainu.store import Artifact, Store

PLACES: dict[str, tuple[Side, Side]] = {"first": ("first", "second"), "second": ("second", "first")}  # its own, theirs


def judged(scores: Artifact) -> bool:
    """Whether judges gave these scores."""
    return scores.record["makes"] == "Score" and "judges" in scores.summary


def duels(scores: Artifact) -> Iterator[Duel]:
    """The comparisons of an artifact of scores that are what a model won, by opponent and place (`ANCHOR/first`)."""
    judges = {name for told in scores.summary["judges"].values() for name in told["by"]}
    model = scores.summary["model"]
    for row in scores.rows():
        if isinstance(row, Score) and row.by in judges:
            anchor, slash, place = row.metric.rpartition("/")
            if slash and place in PLACES:
                own, theirs = PLACES[place]
                first, second = (model, anchor) if own == "first" else (anchor, model)
                winner: Side = own if row.value == 1 else theirs if row.value == 0 else "tie"
                yield Duel(
                    row.id, row.by, first, second, None if row.value is None else winner, scores.summary["bench"]
                )


def marks(store: Store, scores: Artifact, metric: str = "") -> Iterator[Mark]:
    """The marks of an artifact of scores, of a criterion too where `metric` names it; what was scored by rule, before a
    judge saw it, is none."""
    told = scores.summary["judges"]
    wanted = {metric} if metric else {*scores.summary["metrics"]}
    answers = store.at(scores.inputs.get("answers", ""))
    if answers is None:
        raise UsageError(f"the answers of {scores.ref} are not in {store.root}; run its recipe again")
    said: dict[str, dict[tuple[str, str], deque[Score]]] = defaultdict(lambda: defaultdict(deque))
    for row in scores.rows():
        if isinstance(row, Score) and row.metric in wanted & told.keys() and row.by in told[row.metric]["by"]:
            said[row.id][row.by, row.metric].append(row)
    seen: Counter[str] = Counter()
    several = {id for id, n in Counter(row.id for row in answers.rows()).items() if n > 1}
    for chat in answers.rows():
        if isinstance(chat, Chat) and chat.id in said:
            seen[chat.id] += 1
            sample = str(seen[chat.id]) if chat.id in several else ""
            asked = chat.meta.get("verdicts")  # of an answer that only some of the judges have seen
            for (judge, metric), waiting in said[chat.id].items():
                if waiting and (asked is None or judge in asked):
                    score = waiting.popleft()
                    yield Mark(
                        model=scores.summary["model"],
                        item=chat.id,
                        judge=judge,
                        score=score.value,
                        bench=scores.summary["bench"],
                        metric=metric,
                        sample=sample,
                        length=len(chat.reply),
                        top=scores.summary["top"],
                        at=scores.ref,
                    )
