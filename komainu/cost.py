"""What a plan will ask and what that may cost, and what has been spent so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from komainu.errors import UsageError
from komainu.launch import CALLS
from komainu.models.calls import CallLog, Spent
from komainu.models.purse import MILLION
from komainu.models.route import unserved
from komainu.plan import Counts, Plan
from komainu.rows import Chat
from komainu.settings import Settings
from komainu.stage import Questions, Stage, models_of
from komainu.store import Store, reference

SAMPLE = 500  # rows of a source whose prompts are measured
PROMPT = (20.0, 2000.0)  # tokens of a prompt, where nothing is known of it
DENSE, SPARSE = 2, 6  # bytes of a token: the fewest and the most that are usual in both languages
TURN = 20  # tokens that a chat template may put around a message
SPREAD = 2.0  # what is to come takes half to twice the tokens of the model's calls so far


class Range(NamedTuple):
    low: float
    high: float

    def times(self, other: Range) -> Range:
        return Range(self.low * other.low, self.high * other.high)


@dataclass(frozen=True)
class Estimate:
    """What one stage will ask of one model. Ranges are totals; `requests` None: not known before it runs."""

    stage: Stage
    model: str
    requests: Range | None
    prompt_tokens: Range | None = None
    completion_tokens: Range | None = None
    money: Range | None = None

    def json(self) -> dict[str, Any]:
        names = ("requests", "prompt_tokens", "completion_tokens", "money")
        return {"stage": reference(self.stage), "model": self.model, **{n: getattr(self, n) for n in names}}


class Costs:
    """The estimates of a plan's stages to build, and the ledger so far."""

    def __init__(self, planned: Plan, store: Store, settings: Settings) -> None:
        self.planned, self.store, self.settings = planned, store, settings
        self.ledger = ledger_of(settings)
        self.counts = Counts({line.stage.id: a for line in planned.lines if (a := self.built(line.stage))}, set())
        bad = any(line.problems for line in planned.lines)  # what is wired wrongly may not be able to tell
        self.estimates = () if bad else tuple(e for stage in planned.to_build for e in self.of(stage))

    def built(self, stage: Stage) -> Any:
        return self.store.at(reference(stage))

    @property
    def spent(self) -> float:
        """What the stages of the target have cost so far."""
        refs = {reference(line.stage) for line in self.planned.lines}
        return sum(row.money for row in self.ledger if row.stage in refs)

    def of(self, stage: Stage) -> Iterator[Estimate]:
        """An estimate for each model that a stage asks; what it asks in several steps is one."""
        names = dict.fromkeys(m.name for m in models_of(stage))
        found = stage.questions(self.counts) if names else ()
        for name in names:
            if found is None:
                yield Estimate(stage, name, None)
            elif own := [asked for asked in found if asked.model.name == name]:
                yield self.estimate(stage, own)

    def estimate(self, stage: Stage, asked: list[Questions]) -> Estimate:
        """One estimate. What the stage has asked already, in a run that was stopped, is taken off."""
        ref, name = reference(stage), asked[0].model.name
        done = sum(row.calls for row in self.ledger if (row.stage, row.name) == (ref, name))
        requests = Range(*(max(0, sum(ends) - done) for ends in zip(*((q.fewest, q.most) for q in asked), strict=True)))
        before = [row for row in self.ledger if row.name == name]
        longest = max(q.model.max_tokens for q in asked)
        prompt = self.prompt(asked[0].source) or usual(before, "prompt_tokens") or Range(*PROMPT)
        answer = usual(before, "completion_tokens") or Range(1.0, longest)
        prompts, answers = requests.times(prompt), requests.times(Range(answer.low, min(answer.high, longest)))
        return Estimate(stage, name, requests, prompts, answers, self.price(name, prompts, answers))

    def price(self, name: str, prompts: Range, answers: Range) -> Range | None:
        """The money for so many tokens; nothing for a model that runs or is started here, None without a price."""
        price = self.settings.prices.get(name)
        if price is not None:
            sums = [p * price.input + a * price.output for p, a in zip(prompts, answers, strict=True)]
            return Range(*(x / MILLION for x in sums))
        endpoint = self.settings.endpoints.get(name)
        return None if endpoint and endpoint.urls else Range(0.0, 0.0)

    def prompt(self, source: Stage | None) -> Range | None:
        """Tokens of a prompt among the rows of a stage; None where there are none to look at."""
        if source is None:
            return None
        built = self.built(source)
        rows = built.rows() if built else source.peek()
        chats = [row for row in islice(rows or (), SAMPLE) if isinstance(row, Chat)]
        if not chats:
            return None
        size = sum(len(m.content.encode()) for chat in chats for m in chat.prompt) / len(chats)
        turns = sum(len(chat.prompt) for chat in chats) / len(chats)
        return Range(size / SPARSE, size / DENSE + TURN * turns)

    @property
    def money(self) -> Range | None:
        """The whole, where every part has a price."""
        parts = [e.money for e in self.estimates]
        if not parts or None in parts:
            return None
        return Range(sum(m.low for m in parts if m), sum(m.high for m in parts if m))

    def refuse(self) -> None:
        """Raise UsageError where nobody can answer, or a budget cannot be kept: a model at a `url` has no price."""
        if self.unserved:
            raise UsageError("nothing was started:\n" + "\n".join(f"  {told}" for told in self.unserved))
        if self.settings.budget is None:
            return
        asked = {m.name for stage in self.planned.to_build for m in models_of(stage)}
        served = {name for name in asked if (e := self.settings.endpoints.get(name)) and e.url}
        if missing := sorted(served - self.settings.prices.keys()):
            raise UsageError(
                f"a budget is set, but {', '.join(missing)} has no price: add [prices.{missing[0]!r}] with `input` and "
                "`output` to komainu.toml, 0 for a server of your own"
            )

    @property
    def unserved(self) -> list[str]:
        """`Stage id: why` of each model that is to be asked and that neither an endpoint nor the call log can answer.

        A log with any answer of a model may have them all: then it is seen when they are asked for.
        """
        known = {row.name for row in self.ledger if row.calls}
        asked = [e for e in self.estimates if e.model not in known and (e.requests is None or e.requests.high)]
        told = (f"{e.stage.label}: {why}" for e in asked if (why := self.lacking(e)))
        return [*dict.fromkeys(told)]

    def lacking(self, asked: Estimate) -> str:
        models = (m for m in models_of(asked.stage) if m.name == asked.model)
        return next(filter(None, (unserved(m, self.settings) for m in models)), "")

    def json(self) -> dict[str, Any]:
        return {
            "unserved": self.unserved,
            "asks": [e.json() for e in self.estimates],
            "money": self.money,
            "spent": self.spent,
            "budget": self.settings.budget,
            "currency": self.settings.currency,
        }

    def lines(self) -> Iterator[str]:
        yield from (f"warning: {told}" for told in self.unserved)
        for e in self.estimates:
            if e.requests is None or e.prompt_tokens is None or e.completion_tokens is None:
                yield f"asks        {e.stage.label:<30} {e.model}: how often is not known before it runs"
                continue
            tokens = f"{shown(e.prompt_tokens)} + {shown(e.completion_tokens)} tokens"
            price = f", {shown(e.money)} {self.settings.currency}" if e.money and e.money.high else ""
            yield f"asks        {e.stage.label:<30} {e.model}: {shown(e.requests)} questions, {tokens}{price}"
        if (self.money and self.money.high) or self.spent:
            cap = f", budget {self.settings.budget:g}" if self.settings.budget is not None else ""
            more = f"{shown(self.money)} {self.settings.currency} to come" if self.money else "no price for the rest"
            yield f"cost        {more}, {self.spent:.4g} spent{cap}"


def usual(before: list[Spent], column: str) -> Range | None:
    """Tokens of a call around the mean so far; None where none are known."""
    calls, tokens = sum(row.calls for row in before), sum(getattr(row, column) for row in before)
    return Range(tokens / calls / SPREAD, tokens / calls * SPREAD) if tokens else None


def ledger_of(settings: Settings) -> list[Spent]:
    """What each stage of the store has spent on each model so far, runs in progress included."""
    log = CallLog(settings.root / CALLS)
    try:
        return log.ledger()
    finally:
        log.close()


def spending(settings: Settings) -> tuple[dict[str, Any], list[str]]:
    """The ledger of the store as `komainu status` tells it: as JSON and as lines."""
    rows = ledger_of(settings)
    found = {"spent": [row._asdict() for row in rows], "currency": settings.currency}
    names = dict.fromkeys(row.name for row in rows)
    lines = []
    for name in names:
        own = [row for row in rows if row.name == name]
        calls, failed = sum(r.calls for r in own), sum(r.failures for r in own)
        tokens = f"{sum(r.prompt_tokens for r in own)} + {sum(r.completion_tokens for r in own)} tokens"
        priced = any(r.unpriced < r.calls for r in own)
        money = f", {sum(r.money for r in own):.4g} {settings.currency}" if priced else ""
        lines.append(f"asked       {name:<20} {calls:>5} calls, {failed} failed, {tokens}{money}")
    if any(row.unpriced < row.calls for row in rows):
        free = sum(row.unpriced for row in rows)
        without = f"; {free} calls of models without a price are not in it" if free else ""
        lines.append(f"spent       {sum(row.money for row in rows):.4g} {settings.currency} in all{without}")
    return found, lines


def shown(range: Range) -> str:
    """`12k-1.3M`, or one number where both ends are equal."""
    low, high = (number(x) for x in range)
    return low if low == high else f"{low}-{high}"


def number(x: float) -> str:
    for unit in ("", "k", "M"):
        if x < 1000 or unit == "M":
            return f"{x:.3g}{unit}"
        x /= 1000
    return ""
