"""Step: the chosen answer of a pair written anew by a stronger model, and kept where a scorer finds it better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from komainu.checks.base import Check
from komainu.context import Context
from komainu.data.ask import CALL, answer
from komainu.data.base import Dropped, Note, Step, windows
from komainu.data.filter import failures
from komainu.data.keys import folded
from komainu.data.marking import Marked, Scorer, marked, preferred
from komainu.errors import UsageError
from komainu.models.base import Model, Question
from komainu.rows import Chat, Message, Pair
from komainu.stage import Questions

OF_PAIR = {  # what a pair's meta says of its answers; `extra` and `shape` are those of the row in its file
    *("margin", "reasons", "focus", "chosen_by", "rejected_by", "marks", "all_marks", "marked_by", "aspects"),
    *("hidden", "extra", "shape"),
}


@dataclass(frozen=True, kw_only=True)
class Rechoose(Step):
    """`model` answers the pair's prompt; its answer takes the place of the chosen one, the rejected one stays.

    An answer that fails a check is asked for again up to `tries` - 1 times, then the pair is dropped with the reason.
    Both answers are marked by `scorer`, and the pair is kept where the new one is `margin` or more ahead. Else it is
    dropped: `equal` (both say the same), `unrated`, `no_margin`, or `outscored` where it is as far behind. With `swap`
    such a pair is turned round instead, if the old answer fails no check, and has meta["swapped"].
    meta["marks"] are the two marks. The notes count answers asked for and pairs turned round.
    """

    eats: ClassVar[type] = Pair
    makes: ClassVar[type] = Pair
    model: Model
    scorer: Scorer
    checks: tuple[Check, ...] = ()
    tries: int = 2
    margin: float = 1.0
    swap: bool = False

    def __post_init__(self) -> None:
        if self.tries < 1 or self.margin <= 0:
            raise UsageError("Rechoose needs `tries` of at least 1 and a `margin` over 0, or equals make pairs")

    def questions(self, fewest: int, most: int) -> tuple[Questions, ...]:
        answers = Questions(self.model, fewest, most * self.tries)
        return answers, Questions(self.scorer.model, 0, 2 * most * self.scorer.asks, about=True)

    def __call__(self, rows: Iterator[Pair], ctx: Context) -> Iterator[Pair | Dropped | Note]:
        made: Counter[str] = Counter(answers=0, swapped=0)
        for window in windows(rows):
            new, failed = self.answers(ctx, window, made)
            old = [before(pair) for pair in window]
            wanted = [i for i, chat in enumerate(new) if not failed[i] and folded(chat.reply) != folded(old[i].reply)]
            first = dict(zip(wanted, marked(self.scorer, [new[i] for i in wanted], ctx), strict=True))
            other = dict(zip(wanted, marked(self.scorer, [old[i] for i in wanted], ctx), strict=True))
            for i, pair in enumerate(window):
                if failed[i]:
                    yield Dropped(new[i], failed[i])
                elif i not in first:
                    yield Dropped(pair, "equal")
                else:
                    found = self.settled(pair, first[i], other[i]._replace(by=giver(pair)))
                    made["swapped"] += isinstance(found, Pair) and "swapped" in found.meta
                    yield found
        yield Note(dict(made))

    def answers(self, ctx: Context, window: Sequence[Pair], made: Counter[str]) -> tuple[list[Chat], list[str]]:
        """The model's answers, and what is wrong with each, "" with a sound one."""
        asked = [Chat(pair.id, pair.prompt, unpaired(pair)) for pair in window]
        latest, why = [*asked], ["asked"] * len(asked)
        for time in range(self.tries):
            left = [i for i, reason in enumerate(why) if reason]
            replies = ctx.client.ask(self.model, [Question(asked[i].prompt, time) for i in left])
            made["answers"] += len(left)
            for i, reply in zip(left, replies, strict=True):
                latest[i] = answer(asked[i], reply, self.model, time)
                found = failures(latest[i], self.checks)
                why[i] = found[0].reason if found else "" if latest[i].reply.strip() else "empty"
        return latest, why

    def settled(self, pair: Pair, new: Marked, old: Marked) -> Pair | Dropped:
        for each in (new, old):
            if each.verdict.found is None:
                return Dropped(pair, f"unrated: {each.verdict.wrong}")
        ahead = new.mark - old.mark
        if ahead >= self.margin:
            return preferred(pair.id, new, old, self.scorer)
        if -ahead < self.margin:
            return Dropped(pair, f"no_margin: {ahead:g}")
        if self.swap and not failures(old.chat, self.checks):
            return preferred(pair.id, old, new, self.scorer).with_meta(swapped=True)
        return Dropped(pair, f"outscored: {new.mark:g} by {old.mark:g}")


def unpaired(pair: Pair) -> dict[str, Any]:
    """What a pair's meta says of its prompt."""
    return {name: value for name, value in pair.meta.items() if name not in OF_PAIR}


def before(pair: Pair) -> Chat:
    """The rejected answer of a pair as a chat, with the label of its fault where there is one."""
    fault, meta = pair.meta.get("hidden", {}).get("rejected", ""), unpaired(pair)
    rows = [name for name in meta.get("from", []) if not name.startswith(CALL)]
    if calls := [giver(pair)] if giver(pair).startswith(CALL) else []:
        meta["from"] = [*rows, *calls]
    if fault:
        meta["hidden"] = {"fault": fault}
    return Chat(pair.id, (*pair.prompt, Message("assistant", pair.rejected)), meta)


def giver(pair: Pair) -> str:
    """Who gave the rejected answer of a pair: a call, or the file it came with."""
    return str(pair.meta.get("rejected_by") or pair.meta.get("source", ""))
