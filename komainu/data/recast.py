"""Step: a pair of an answer in the register asked for and the same answer rewritten in another one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from komainu.checks.base import Check
from komainu.checks.in_register import InRegister
from komainu.checks.same_content import SameContent
from komainu.context import Context
from komainu.data.ask import answer, call_of, need_answer
from komainu.data.ask_register import Wording, wordings
from komainu.data.base import Dropped, Note, Step, windows
from komainu.data.filter import failures
from komainu.data.lists import list_hash
from komainu.data.prefer import Candidate, paired
from komainu.data.template import fingerprint, render
from komainu.data.verdicts import lang_of
from komainu.errors import UsageError
from komainu.models.base import Model, Question
from komainu.rows import Chat, Message, Pair
from komainu.stage import Questions


@dataclass(frozen=True, kw_only=True)
class Recast(Step):
    """The row's answer, in the register of meta["register"], over the same in another register, which `model` writes.

    The other register is drawn by seed and row id from those of the language. A rewriting must be in it (`InRegister`),
    say the same (`SameContent`) and pass `checks`; one that does not is asked for again, `tries` times in all, then the
    row is dropped with the last reason. A row whose own answer fails is dropped as `chosen_fails`. The pair's
    meta["rejected_register"] is the other register. The notes count rewritings asked for and pairs by registers.
    """

    makes: ClassVar[type] = Pair
    version: ClassVar[int] = 2  # the other register was drawn as the one asked for is: two of six pairs never came
    model: Model
    checks: tuple[Check, ...] = ()
    template: str = "recast"
    tries: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.tries < 1:
            raise UsageError(f"Recast.tries is {self.tries}; ask for at least 1 rewriting")

    def config(self, *, full: bool = True) -> dict[str, Any]:
        hashes = {"prompt": fingerprint(self.template), "list": list_hash("registers.jsonl")}
        return super().config(full=full) | hashes

    def questions(self, fewest: int, most: int) -> tuple[Questions, ...]:
        return (Questions(self.model, 0, most * self.tries, about=True),)

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Pair | Dropped | Note]:
        made: Counter[str] = Counter()
        asked = 0
        for window in windows(rows):
            why: dict[int, str] = {}
            worse: dict[int, Chat] = {}
            for i, chat in enumerate(window):
                found = failures(need_answer(chat, self), (InRegister(), *self.checks))
                reason = found[0].reason if found else "no register" if not self.others(chat) else ""
                why |= {i: f"chosen_fails: {reason}"} if reason else {}
            left = [i for i in range(len(window)) if i not in why]
            for time in range(self.tries):
                asked += len(left)
                why |= self.take(ctx, window, left, time, worse)
                left = [i for i in left if i not in worse]
            for i, chat in enumerate(window):
                if i not in worse:
                    yield Dropped(chat, why[i])
                    continue
                pair = self.pair(chat, worse[i])
                made[f"{chat.meta['register']} over {pair.meta['rejected_register']}"] += 1
                yield pair
        yield Note({"answers": asked, "pairs": dict(sorted(made.items()))})

    def others(self, chat: Chat) -> list[Wording]:
        """The registers of the row's language but the one it asks for; none where it asks for none."""
        among = [each for each in wordings() if each.lang == chat.meta.get("lang")]
        asked = chat.meta.get("register")
        return [each for each in among if each.register != asked] if asked in {e.register for e in among} else []

    def take(
        self, ctx: Context, window: Sequence[Chat], places: Sequence[int], time: int, worse: dict[int, Chat]
    ) -> dict[int, str]:
        """Have some answers rewritten; keep what is right in `worse`, and return why the others are not."""
        drawn = [random.Random(f"{self.seed}:other:{window[i].id}").choice(self.others(window[i])) for i in places]
        questions = [
            Question((Message("user", self.asked(window[i], other)),), time)
            for i, other in zip(places, drawn, strict=True)
        ]
        why: dict[int, str] = {}
        replies = ctx.client.ask(self.model, questions)
        for i, other, reply in zip(places, drawn, replies, strict=True):
            found = answer(window[i], reply, self.model, time)
            found = found.with_meta(register=other.register, original=window[i].reply)
            failed = failures(found, (InRegister(), SameContent(), *self.checks))
            if failed or not reply.text.strip():
                why[i] = failed[0].reason if failed else "empty"
            else:
                worse[i] = found
        return why

    def asked(self, chat: Chat, other: Wording) -> str:
        return render(self.template, lang_of(chat), register=other.name, text=chat.reply)

    def pair(self, chat: Chat, other: Chat) -> Pair:
        wrong = InRegister()(other.with_meta(register=chat.meta["register"]))
        best, worst = Candidate(chat, call_of(chat), 0.0, ()), Candidate(other, call_of(other), -1.0, (wrong,))
        return paired(chat.id, best, worst, InRegister().name).with_meta(rejected_register=other.meta["register"])
