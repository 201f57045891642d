"""Stage: from several answers to each prompt, a preference pair: the best one over the worst one."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import fsum
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from komainu.checks.base import Check
from komainu.checks.text import visible
from komainu.context import Context
from komainu.data.ask import CALL, call_of
from komainu.data.base import DropLog, Dropped, word
from komainu.data.filter import CUT_OFF, failures
from komainu.data.keys import folded
from komainu.errors import UsageError, nearest
from komainu.files import write_rows
from komainu.rows import Chat, Pair
from komainu.spec import Spec
from komainu.stage import Stage, needs

WRONG = "wrong"  # the reason of an answer that is none of meta["references"]
OF_ANSWER = {"finish", "thinking", "hidden", "tries", "replaced", "samples", "best_of", "agree", "from"}


@dataclass(frozen=True, kw_only=True)
class Focus(Spec):
    """A kind of pair that is wanted: the rejected answer fails `reason` and the chosen one does not.

    `reason` is a check's name, "wrong" or "cut_off"; `cap` the most pairs of this kind (0: no limit).
    """

    reason: str
    cap: int = 0


class Candidate(NamedTuple):
    """An answer, who gave it (a call, or a stage), its grade and what is wrong with it."""

    chat: Chat
    by: str
    grade: float
    reasons: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        return [word(reason) for reason in self.reasons]


@dataclass(frozen=True, kw_only=True)
class Prefer(Stage):
    """Pairs from sets of answers to the same prompts; answers belong together by id (`<id>#0`, `<id>#1` by `<id>`).

    An answer's grade is `correct` if it is one of meta["references"], less the weight of each check it
    fails (`weights` by check name, 1.0 where it is not named; a cut-off answer fails "cut_off"). Chosen is
    the best, rejected the worst; with `focus` the worst that fails a wanted reason with room under its cap,
    tried in order. The chosen answer fails nothing, unless `clean` is False. A pair's meta has `margin`,
    `reasons` (what is wrong with the rejected answer), `focus` (what the pair is counted as), `from`,
    `chosen_by` and `rejected_by`.

    Prompts without a pair go to dropped.jsonl: `single` (one answer), `equal` (all say the same), `all_bad`
    (no clean answer), `no_margin`, `off_focus`, `over_cap`. Memory: all answers are held at once.
    """

    makes: ClassVar[type] = Pair
    answers: tuple[Stage, ...]
    checks: tuple[Check, ...]
    weights: dict[str, float] = field(default_factory=dict)
    correct: float = 1.0
    min_margin: float = 0.5
    clean: bool = True
    focus: tuple[Focus, ...] = ()

    def check(self) -> Iterator[str]:
        if not self.answers:
            yield "Prefer.answers is empty: give stages that make answered chats"
        for i, stage in enumerate(self.answers):
            yield from needs(self, f"answers[{i}]", stage, Chat)
        names = {check.name for check in self.checks} | {CUT_OFF}
        for name in sorted(set(self.weights) - names):
            yield f"Prefer.weights names {name!r}, which is no check of Prefer.checks{nearest(name, names)}"
        for name in sorted({f.reason for f in self.focus} - names - {WRONG}):
            yield f"Prefer.focus names {name!r}, which is no check of Prefer.checks{nearest(name, names | {WRONG})}"
        if self.min_margin <= 0:
            yield f"Prefer.min_margin is {self.min_margin}; it must be over 0, or equal answers make pairs"

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        """The most there can be when every set has an answer to every prompt of the largest."""
        counts = [rows(stage) for stage in self.answers]
        known = [count for count in counts if count is not None]
        most = max(known) if known and len(known) == len(counts) else None
        caps = [f.cap for f in self.focus]
        if most is None or not caps or not all(caps):
            return most
        return min(most, sum(caps))

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        groups = self.groups(ctx)
        made: Counter[str] = Counter()
        sides: Counter[str] = Counter()
        step = type(self).__name__
        with ctx.progress(len(groups), step) as bar, DropLog(out / "dropped.jsonl") as log:

            def pairs() -> Iterator[Pair]:
                for name, answers in groups.items():
                    bar.update()
                    row = self.pair(name, [self.judge(chat, by) for chat, by in answers], made)
                    if isinstance(row, Dropped):
                        log.add(step, row)
                    else:
                        made[row.meta["focus"]] += 1
                        sides[f"{model_of(row.meta['chosen_by'])} over {model_of(row.meta['rejected_by'])}"] += 1
                        yield row

            count = write_rows(out / "rows.jsonl", pairs())
        return {
            "rows": count,
            "in": len(groups),
            "answers": sum(map(len, groups.values())),
            "focus": dict(sorted(made.items())),
            "models": dict(sorted(sides.items())),
            "dropped": {step: dict(sorted(log.counts[step].items()))} if log.counts else {},
        }

    def groups(self, ctx: Context) -> dict[str, list[tuple[Chat, str]]]:
        """The answers to each prompt and who gave them, in the order of the sets; a repeated text once."""
        found: dict[str, list[tuple[Chat, str]]] = {}
        for stage in self.answers:
            for chat in ctx.open(stage).rows():
                assert isinstance(chat, Chat), "check() lets only stages of chats through"
                if not chat.answered:
                    raise UsageError(f"{chat.id} of {stage.label} has no answer; Prefer takes answered chats")
                group = found.setdefault(prompt_id(chat), [])
                if group and group[0][0].prompt != chat.prompt:
                    raise UsageError(
                        f"{chat.id} of {stage.label} has another prompt than {group[0][0].id}; "
                        "all sets of Prefer.answers must answer the same prompts under the same ids"
                    )
                group.append((chat, call_of(chat) or stage.label))
        return found

    def judge(self, chat: Chat, by: str) -> Candidate:
        failed = failures(chat, self.checks)
        grade = -fsum(self.weights.get(failure.name, 1.0) for failure in failed)
        reasons = [failure.reason for failure in failed]
        references = chat.meta.get("references", [])
        if references and self.correct:
            right = any(same(chat.reply, reference) for reference in references)
            grade += self.correct if right else 0.0
            if not right:
                reasons.append(WRONG)
        return Candidate(chat, by, grade, tuple(reasons))

    def pair(self, name: str, candidates: Sequence[Candidate], made: Counter[str]) -> Pair | Dropped:
        """The pair of one prompt, or why there is none."""
        first = candidates[0].chat
        if len(candidates) == 1:
            return Dropped(first, "single")
        best = max(candidates, key=lambda c: c.grade)  # max and min take the first of equals
        rest = [c for c in candidates if folded(c.chat.reply) != folded(best.chat.reply)]
        if not rest:
            return Dropped(first, "equal")
        if self.clean and best.reasons:
            return Dropped(best.chat, f"all_bad: {best.reasons[0]}")
        worse = [c for c in rest if best.grade - c.grade >= self.min_margin]
        if not worse:
            return Dropped(best.chat, f"no_margin: {best.grade - min(c.grade for c in rest):g}")
        if not self.focus:
            worst = min(worse, key=lambda c: c.grade)
            return paired(name, best, worst, worst.words[0] if worst.words else "")
        wanted = [(f, [c for c in worse if f.reason in c.words and f.reason not in best.words]) for f in self.focus]
        wanted = [(f, fitting) for f, fitting in wanted if fitting]
        for f, fitting in wanted:
            if not f.cap or made[f.reason] < f.cap:
                return paired(name, best, min(fitting, key=lambda c: c.grade), f.reason)
        return Dropped(best.chat, f"over_cap: {wanted[0][0].reason}" if wanted else "off_focus")


def paired(name: str, best: Candidate, worst: Candidate, kind: str) -> Pair:
    meta = {k: v for k, v in best.chat.meta.items() if k not in OF_ANSWER}
    sources = [best.chat.id, worst.chat.id, *best.chat.meta.get("from", []), *worst.chat.meta.get("from", [])]
    hidden = {"chosen": fault(best.chat), "rejected": fault(worst.chat)}
    meta |= {
        "margin": round(best.grade - worst.grade, 6),
        "reasons": list(worst.reasons),
        "focus": kind,
        "from": list(dict.fromkeys(sources)),
        "chosen_by": best.by,
        "rejected_by": worst.by,
    }
    if any(hidden.values()):
        meta["hidden"] = hidden
    return Pair(name, best.chat.prompt, best.chat.reply, worst.chat.reply, meta)


def fault(chat: Chat) -> str:
    return str(chat.meta.get("hidden", {}).get("fault", ""))


def prompt_id(chat: Chat) -> str:
    """The id of the prompt that one of several samples answers."""
    return chat.id.rpartition("#")[0] if "samples" in chat.meta else chat.id


def model_of(by: str) -> str:
    """The model's name in a call's name, or the stage's name."""
    return by.removeprefix(CALL).rpartition("/")[0] if by.startswith(CALL) else by


def same(reply: str, reference: str) -> bool:
    """Equal but for width and spaces, a <think> block left out."""
    return plain(visible(reply)) == plain(reference)


def plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())
