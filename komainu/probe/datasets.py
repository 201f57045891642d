"""A few rows of each dataset for real, before the whole: what stays, what is asked, what that costs and how long.

The rows are chosen by their ids, a greater share has those of a smaller one. Every answer goes through the call cache,
so a run asks nothing that its probe has asked, and is booked to the dataset itself, so a budget counts it.

Not covered: what depends on how many rows there are (duplicates are found more often among all rows), models that
answer in this process, stages that are no datasets. Hours are of the calls alone, with as many on their way as the
endpoint may have: no failures, no waiting for the last answers of a window.
"""

from __future__ import annotations

import hashlib
import heapq
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

from komainu import launch
from komainu.context import Context
from komainu.cost import Costs, number
from komainu.data.base import Dataset
from komainu.data.stream import Stream
from komainu.errors import UsageError
from komainu.eval.stats.intervals import Estimate
from komainu.files import write_rows
from komainu.models.cache import Cached
from komainu.models.tally import Tallied, Tally
from komainu.plan import Plan
from komainu.probe.estimates import scaled, shown, stay, whole
from komainu.rows import Row
from komainu.settings import Settings
from komainu.stage import Questions, Stage, Weights, models_of, upstream_first
from komainu.store import Artifact, reference

HOUR = 3600.0


class Drawn(NamedTuple):
    """Rows of a stage that stand for all of them; `of`: how many there are, or may be."""

    rows: Artifact
    of: float


class Through(NamedTuple):
    """What a step let through."""

    step: str
    came: int
    went: int
    share: Estimate


class Ask(NamedTuple):
    """What a dataset will ask of a model, as far as its probe tells. `asked`: what the probe asked, known or not."""

    model: str
    asked: int
    requests: Estimate
    prompt_tokens: Estimate
    completion_tokens: Estimate
    money: Estimate | None
    hours: float | None


@dataclass(frozen=True)
class Probe:
    """What the probe of a dataset found, or why there is none."""

    stage: Stage
    came: int = 0
    of: float = 0.0
    steps: tuple[Through, ...] = ()
    rows: Estimate | None = None
    asks: tuple[Ask, ...] = ()
    why_not: str = ""

    def json(self) -> dict[str, Any]:
        stage = {"stage": reference(self.stage)}
        if self.why_not:
            return stage | {"not_probed": self.why_not}
        told = {"in": self.came, "of": round(self.of), "rows": self.rows}
        steps = [{"step": s.step, "in": s.came, "out": s.went, "share": s.share} for s in self.steps]
        return stage | told | {"steps": steps, "asks": [each._asdict() for each in self.asks]}

    def lines(self, currency: str) -> Iterator[str]:
        if self.why_not:
            yield f"no probe    {self.stage.label:<30} {self.why_not}"
            return
        yield f"probe       {self.stage.label:<30} {self.came} of {number(self.of)} rows"
        for step in self.steps:
            if step.went < step.came:
                yield f"            {step.step:<30} {step.went} of {step.came} stay, {shown(step.share.times(100))} %"
        if self.rows:
            yield f"            {'rows in the end':<30} {shown(self.rows)}"
        for ask in self.asks:
            tokens = f"{shown(ask.prompt_tokens)} + {shown(ask.completion_tokens)} tokens"
            money = f", {shown(ask.money)} {currency}" if ask.money and ask.money.high else ""
            hours = f", {ask.hours:.2g} hours or more" if ask.hours is not None else ""
            yield f"            {ask.model:<30} {shown(ask.requests)} questions, {tokens}{money}{hours}"


@dataclass
class Prober:
    """Probes the datasets of a plan, inputs first: one stands on the rows that the probe of another one has left."""

    share: float
    ctx: Context
    scratch: Path
    drawn: dict[str, Drawn] = field(default_factory=dict)

    def probe(self, dataset: Dataset) -> Probe:
        if reason := self.hindrance(dataset):
            return Probe(dataset, why_not=reason)
        sources = [self.rows_of(source) for source in dataset.sources]
        for other in dataset.inputs.values():
            if not isinstance(other, Dataset) or other.id not in self.drawn:
                self.ctx.store.build(other, self.ctx)
        out = self.scratch / dataset.id
        out.mkdir()
        booked = self.ctx.within(dataset)
        assert isinstance(booked.client, Cached), "a context that was opened asks through the call cache"
        client = Tallied(booked.client)
        summary = Stream(dataset.steps, replace(booked, client=client)).run([s.rows for s in sources], out)
        came, of = int(summary["in"]), sum(source.of for source in sources)
        shares, made = [], 1  # how many rows stand for one that came
        for step, told in zip(dataset.steps, summary["steps"], strict=True):
            made *= step.per_row
            possible = told["in"] * step.per_row
            shares.append(Through(told["step"], possible, told["out"], stay(told["out"], possible, made)))
        rows = stay(int(summary["rows"]), came * made, made).times(of * made)
        self.drawn[dataset.id] = Drawn(Artifact(out, {"summary": summary}), rows.mean)
        counts = {s.id: int(drawn.rows.summary["rows"]) for s, drawn in zip(dataset.sources, sources, strict=True)}
        bounds = dataset.questions(lambda source: counts[source.id])
        asks = tuple(self.ask(name, each, bounds, came, of) for name, each in client.tallies.items() if each.keys)
        return Probe(dataset, came, of, tuple(shares), rows, asks)

    def hindrance(self, dataset: Dataset) -> str:
        """Why a dataset cannot be probed; "" when it can."""
        if here := [model.name for model in models_of(dataset) if model.weights is not None]:
            return f"{here[0]} answers in this process, where an answer may depend on those beside it"
        sources = {source.id for source in dataset.sources}
        for other in dataset.inputs.values():
            probed = other.id in self.drawn and other.id in sources
            if not probed and self.ctx.store.find(other) is None and not cheap(other):
                return f"{other.label} is not built, and asks a model or trains one"
        return ""

    def rows_of(self, source: Stage) -> Drawn:
        if source.id not in self.drawn:
            whole = self.ctx.store.build(source, self.ctx)
            of = int(whole.summary["rows"])
            out = self.scratch / f"of-{source.id}"
            out.mkdir()
            kept = write_rows(out / "rows.jsonl", chosen(whole.rows(), ceil(self.share * of)))
            self.drawn[source.id] = Drawn(Artifact(out, {"summary": {"rows": kept}}), of)
        return self.drawn[source.id]

    def ask(self, name: str, tally: Tally, bounds: tuple[Questions, ...] | None, came: int, of: float) -> Ask:
        """What the probe's calls to a model say of those of the whole."""
        calls, own = len(tally.keys), [asked for asked in bounds or () if asked.model.name == name]
        fewest, most = sum(asked.fewest for asked in own), sum(asked.most for asked in own)
        requests = whole(calls, came, fewest / came, most / came, of)
        prompts, answers, money = (scaled(t, calls, requests) for t in (tally.prompt, tally.completion, tally.money))
        endpoint = self.ctx.settings.endpoints.get(name)
        hours = tally.seconds / calls * requests.mean / endpoint.concurrency / HOUR if endpoint else None
        return Ask(name, calls, requests, prompts, answers, None if tally.unpriced else money, hours)


def chosen(rows: Iterable[Row], count: int) -> list[Row]:
    """So many rows, in their order: those whose ids stand first by SHA-256."""
    placed = heapq.nsmallest(count, enumerate(rows), key=lambda each: hashlib.sha256(each[1].id.encode()).digest())
    return [row for _, row in sorted(placed, key=lambda each: each[0])]


def cheap(stage: Stage) -> bool:
    """Whether building a stage asks no model and trains none."""
    return not any(models_of(each) or issubclass(each.row_type, Weights) for each in upstream_first(stage))


def probe(planned: Plan, costs: Costs, settings: Settings, share: float) -> list[Probe]:
    """Probes of the plan's datasets that ask a model. Raises OverBudget as a run does; what was answered is kept."""
    if not 0 < share <= 1:
        raise UsageError(f"--probe is {share:g}; give the share of rows to probe: over 0, at most 1, as 0.01")
    planned.refuse()
    costs.refuse()
    found: list[Probe] = []
    with launch.open_context(settings) as ctx, tempfile.TemporaryDirectory() as scratch:
        launch.charge(ctx, costs.spent)
        prober = Prober(share, ctx, Path(scratch))
        for stage in planned.to_build:
            if isinstance(stage, Dataset) and models_of(stage):
                found.append(prober.probe(stage))
    return found
