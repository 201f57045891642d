"""Dialogue: answers that are whole talks between the candidate and a simulated user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from komainu.eval.base import Answers, sampling
from komainu.eval.bench.rp_bench.items import Scenario, scenario_of
from komainu.eval.bench.rp_bench.partner import ITSELF, SILENT, Partner, fault
from komainu.eval.judge.guard import ruled
from komainu.eval.ruling import missing, with_reply
from komainu.files import write_rows
from komainu.models.base import Model, Question, Reply, Request
from komainu.rows import Chat, Message
from komainu.spec import Spec
from komainu.stage import Questions, Stage, Weights, needs

if TYPE_CHECKING:
    from komainu.context import Context


@dataclass
class Talk:
    """One talk so far: the item's system turn aside, user and candidate in turn."""

    item: Chat
    sample: int
    scenario: Scenario
    lines: list[Message]
    last: Reply = field(default_factory=lambda: Reply(""))
    stopped: str = ""  # why it ended before its last turn
    faults: list[list[Any]] = field(default_factory=list)  # turn, and what was wrong with the simulated user's line

    @property
    def turn(self) -> int:
        """The turn it is in, from 1."""
        return (len(self.lines) + 1) // 2

    @property
    def so_far(self) -> tuple[Message, ...]:
        """What the candidate is asked with."""
        return (*(m for m in self.item.messages if m.role == "system"), *self.lines)

    def user(self, text: str, thinking: str) -> None:
        self.lines.append(line("user", text, thinking))

    def reply(self, reply: Reply) -> None:
        """Take the candidate's reply. One that is none ends the talk at the turn before, unless it is the first; one
        that is empty or an error ends it there."""
        chat = with_reply(self.item, reply, None)
        if (why := missing(chat)) and self.turn > 1:
            self.lines.pop()
            self.stopped = f"candidate: {reply.finish}"
            return
        self.last = reply
        self.lines.append(line("assistant", reply.text, reply.thinking))
        if why or (why := ruled(chat)):
            self.stopped = f"candidate: {reply.finish if reply.withheld else why.partition(':')[0]}"

    def row(self, numbered: bool) -> Chat:
        meta = dict(with_reply(self.item, self.last, self.sample if numbered else None).meta)
        meta["turns"] = self.turn
        meta |= {"stopped": self.stopped} if self.stopped else {}
        meta |= {"user_faults": self.faults} if self.faults else {}
        return Chat(self.item.id, self.so_far, meta)


@dataclass(frozen=True, kw_only=True)
class Dialogue(Answers):
    """Chat rows: each scenario played to the end by `model` and the simulated user of `partner`, `samples` times.

    All talks go on together: the users of all are asked at once, then the candidates. A user's line that cannot be used
    is asked for once more; if the second cannot be used either, the user waits in silence (`SILENT`). A talk whose next
    reply or line the provider will not give is kept as far as it came; a reply with nothing in it ends it, and is its
    last. meta: `turns` that were played, `stopped` when the talk ended early, `user_faults`; the thinking of a turn is
    in its `extra`, sent to nobody.
    """

    partner: Partner = ITSELF

    def check(self) -> Iterator[str]:
        yield from super().check()
        if self.partner.model and isinstance(self.partner.model.weights, Stage):
            yield from needs(self, "partner.model.weights", self.partner.model.weights, Weights)
        if self.temperatures:
            yield "Dialogue.temperatures is set; a talk is held at one temperature, that of its model"

    @property
    def how(self) -> tuple[Spec, ...]:
        return (self.partner,)

    @property
    def user(self) -> Model:
        """Who plays the user."""
        return self.partner.model or self.model

    def questions(self, rows: Callable[[Stage], int | None]) -> tuple[Questions, ...] | None:
        """The fewest are those of talks that run to their end; one that stops early asks fewer."""
        n, turns = self.expected(rows), self.partner.turns
        if n is None:
            return None
        lines = n * (turns - 1)
        ours, users = (self.model, n * turns, n * turns), (self.user, lines, 2 * lines)
        return tuple(Questions(*asked, self.items) for asked in (ours, users))

    def requests(self, items: Sequence[Chat]) -> Iterator[Request]:
        """Where the candidate plays the user too, what that takes is told as well."""
        lines = (self.partner.turns - 1) * (self.model.max_tokens + self.user.max_tokens)
        for item in items:
            said = [m for m in item.messages if m.role != "system"]
            while len(said) < 2 * self.partner.turns - 1:
                said.append(line("user" if said[-1].role == "assistant" else "assistant", ".", ""))
            talk = Talk(item, 0, scenario_of(item), said)
            yield Request(item.id, Question(talk.so_far), lines + self.model.max_tokens)
            if self.user == self.model:
                asked = self.partner.asked(talk.scenario, said[:-1], "out_of_role")
                yield Request(item.id, Question(asked), lines)

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        items = self.read_items(ctx)
        talks = [
            Talk(item, sample, scenario_of(item), [m for m in item.messages if m.role != "system"])
            for sample in range(self.samples)
            for item in items
        ]
        finish: Counter[str] = Counter()
        with ctx.progress(len(talks) * self.partner.turns, f"talks of {self.model.name}") as bar:
            for turn in range(self.partner.turns):
                if turn:
                    self.users_speak([talk for talk in talks if not talk.stopped], ctx)
                going = [talk for talk in talks if not talk.stopped]
                questions = [Question(talk.so_far, talk.sample) for talk in going]
                for talk, reply in zip(going, ctx.client.ask(self.model, questions), strict=True):
                    finish[reply.finish] += 1
                    talk.reply(reply)
                    bar.update()
        faults = Counter(why for talk in talks for _, why in talk.faults)
        return {
            "rows": write_rows(out / "rows.jsonl", (talk.row(self.samples > 1) for talk in talks)),
            "items": len(items),
            "samples": self.samples,
            "model": self.model.name,
            "sampling": self.sampled,
            "user": self.user.name,
            "user_sampling": sampling(self.user),
            "finish": dict(sorted(finish.items())),
            "turns": {str(n): k for n, k in sorted(Counter(talk.turn for talk in talks).items())},
            "stopped": dict(sorted(Counter(talk.stopped for talk in talks if talk.stopped).items())),
            "user_faults": dict(sorted(faults.items())),
            "user_silent": sum(m.content == SILENT and m.role == "user" for talk in talks for m in talk.lines),
        }

    def users_speak(self, talks: Sequence[Talk], ctx: Context) -> None:
        """The next user's line of each talk: asked for, once more where it cannot be used, then silence."""
        unusable = self.speak([(talk, "") for talk in talks], ctx)
        for talk, _ in self.speak(unusable, ctx):
            talk.user(SILENT, "")

    def speak(self, asked: Sequence[tuple[Talk, str]], ctx: Context) -> list[tuple[Talk, str]]:
        """Ask for the next user's line of some talks, each with what was wrong with the one before ("" for nothing);
        returns those whose line cannot be used, and why."""
        questions = [Question(self.partner.asked(talk.scenario, talk.lines, why), talk.sample) for talk, why in asked]
        unusable = []
        for (talk, _), reply in zip(asked, ctx.client.ask(self.user, questions), strict=True):
            if reply.withheld:
                talk.stopped = f"user: {reply.finish}"
            elif why := fault(reply.text, talk.scenario, talk.lines):
                talk.faults.append([talk.turn + 1, why])
                unusable.append((talk, why))
            else:
                talk.user(reply.text, reply.thinking)
        return unusable


def line(role: Any, text: str, thinking: str) -> Message:
    return Message(role, text, {"thinking": thinking} if thinking else {})
