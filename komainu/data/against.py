"""Step: a pair of an answer that keeps a rule and a sampled one that breaks it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from komainu.checks.base import Check
from komainu.checks.compose import Failure
from komainu.context import Context
from komainu.data.ask import answer, call_of, need_answer
from komainu.data.base import Dropped, Note, Step, windows
from komainu.data.filter import failures
from komainu.data.grid import entries_of
from komainu.data.lists import list_hash
from komainu.data.prefer import Candidate, paired
from komainu.data.template import fingerprint, render
from komainu.data.verdicts import lang_of
from komainu.errors import UsageError
from komainu.models.base import Model, Question
from komainu.rows import Chat, Message, Pair
from komainu.spec import Spec
from komainu.stage import Questions


@dataclass(frozen=True, kw_only=True)
class AskedFor(Spec):
    """Bad answers to order: `template` is filled with the prompt's last turn (`request`) and an entry of `list`.

    The prompt is the row's otherwise. Which entry is drawn from the seed and the row id, another one for each try.
    """

    version: ClassVar[int] = 2  # the entry was drawn as the request's wording is: each wording met four of seven
    model: Model
    template: str
    list: str
    tries: int = 2
    seed: int = 0

    def config(self, *, full: bool = True) -> dict[str, Any]:
        hashes = {"prompt": fingerprint(self.template), "list_hash": list_hash(f"{self.list}.tsv")}
        return super().config(full=full) | hashes

    def question(self, chat: Chat, time: int) -> tuple[Question, str]:
        """What is asked the `time`th time (0 the first), and the entry in it."""
        entries = entries_of(self.list)
        drawn = random.Random(f"{self.seed}:order:{chat.id}").sample(entries, len(entries))
        entry = drawn[time % len(drawn)][lang_of(chat)]
        *before, last = chat.prompt
        text = render(self.template, lang_of(chat), request=last.content, entry=entry)
        return Question((*before, Message("user", text)), time // len(drawn)), entry


@dataclass(frozen=True, kw_only=True)
class Against(Step):
    """The row's answer over an answer of `model` that fails `rule`, and no other of `checks`.

    Up to `samples` answers are asked for, and the first such one is taken. Where there is none, and `asked` is given,
    one is made to order; the pair's meta["asked_for"] then says what was ordered. meta["reasons"] says how the rejected
    answer fails. A row is dropped as `chosen_fails` when its own answer fails any of this, as `none_fails` when no
    answer was found. The notes count answers asked for, and the pairs that came of samples and of orders.
    """

    makes: ClassVar[type] = Pair
    model: Model
    rule: Check
    checks: tuple[Check, ...] = ()
    samples: int = 4
    asked: AskedFor | None = None

    def __post_init__(self) -> None:
        if self.samples < 0 or self.samples + (self.asked.tries if self.asked else 0) < 1:
            raise UsageError("Against needs `samples` of at least 1, or `asked` with `tries` of at least 1")

    def questions(self, fewest: int, most: int) -> tuple[Questions, ...]:
        sampled = Questions(self.model, 0, most * self.samples)
        return (sampled, Questions(self.asked.model, 0, most * self.asked.tries)) if self.asked else (sampled,)

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Pair | Dropped | Note]:
        made: Counter[str] = Counter()
        for window in windows(rows):
            failed = [failures(need_answer(chat, self), (self.rule, *self.checks)) for chat in window]
            worse: dict[int, Candidate] = {}
            for time in range(self.samples):
                open_ = [i for i, found in enumerate(failed) if not found and i not in worse]
                questions = [Question(window[i].prompt, time) for i in open_]
                self.take(ctx, self.model, window, open_, questions, worse)
                made["answers"] += len(open_)
            made["sampled"] += len(worse)
            for time in range(self.asked.tries if self.asked else 0):
                assert self.asked is not None
                open_ = [i for i, found in enumerate(failed) if not found and i not in worse]
                orders = [self.asked.question(window[i], time) for i in open_]
                before = set(worse)
                self.take(ctx, self.asked.model, window, open_, [question for question, _ in orders], worse)
                made["answers"] += len(open_)
                for i, (_, entry) in zip(open_, orders, strict=True):
                    if i in worse and i not in before:
                        worse[i] = worse[i]._replace(chat=worse[i].chat.with_meta(asked_for=entry))
                        made["asked_for"] += 1
            for i, chat in enumerate(window):
                yield self.settled(chat, failed[i], worse.get(i))
        pairs = {name: made[name] for name in ("sampled", "asked_for") if made[name]}
        yield Note({"answers": made["answers"], "pairs": pairs})

    def take(
        self,
        ctx: Context,
        model: Model,
        window: Sequence[Chat],
        places: Sequence[int],
        questions: Sequence[Question],
        worse: dict[int, Candidate],
    ) -> None:
        """Ask once for each of some rows, and keep what fails the rule alone."""
        replies = ctx.client.ask(model, questions)
        for i, question, reply in zip(places, questions, replies, strict=True):
            chat = answer(window[i], reply, model, question.sample)
            failed = failures(chat, (self.rule, *self.checks))
            if {each.name for each in failed} == {self.rule.name}:
                worse[i] = Candidate(chat, call_of(chat), -1.0, tuple(each.reason for each in failed))

    def settled(self, chat: Chat, failed: Sequence[Failure], worse: Candidate | None) -> Pair | Dropped:
        if failed:
            return Dropped(chat, f"chosen_fails: {failed[0].reason}")
        if worse is None:
            return Dropped(chat, "none_fails")
        found = paired(chat.id, Candidate(chat, call_of(chat), 0.0, ()), worse, self.rule.name)
        asked_for = worse.chat.meta.get("asked_for")
        return found.with_meta(asked_for=asked_for) if asked_for else found
