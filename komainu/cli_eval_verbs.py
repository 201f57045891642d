"""What each verb of the group `eval` does; nothing here prints."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_type_hints

from komainu import launch, settings
from komainu.candidate import candidate
from komainu.cli_verbs import Outcome
from komainu.convert import convert
from komainu.cost import Costs
from komainu.errors import Incomplete, UsageError, nearest
from komainu.eval import offline
from komainu.eval.base import SAMPLING, Answers, Lang
from komainu.eval.bench.shaberi.base import JUDGE_TOKENS
from komainu.eval.board import Board
from komainu.eval.evaluation import evaluation
from komainu.eval.items import Items
from komainu.eval.shelf import Shelf
from komainu.eval.suites import PART, SUITES, Benchmark, at_hand, benchmarks, by_name
from komainu.models.base import Model
from komainu.models.calls import CallLog
from komainu.models.seeds import key_of
from komainu.plan import plan as plan_of
from komainu.recipe import split
from komainu.settings import Settings
from komainu.stage import upstream_first
from komainu.store import Store

if TYPE_CHECKING:
    from komainu.cli_eval import Wish

SETTABLE = ("name", "key", *SAMPLING)  # what may be said of a model behind its word
NUMBERS = ("mean", "95 % interval", "n", "missing")


class Wanted(NamedTuple):
    """A wish understood: settings, stage, the name of its result, how to get what is not at hand, what it costs."""

    here: Settings
    target: Board
    name: str
    lacking: dict[str, str]
    unjudged: dict[str, str]
    costs: Costs


def wanted(wish: Wish) -> Wanted:
    """Everything that can be wrong with a wish is found here, before a model is asked."""
    model, here, how = understood(wish.model, settings.load())
    judges, here = panel(wish.judge or here.judges, model, here)
    chosen = choose(wish.suite, wish.bench or ())
    if wish.items and wish.items.is_file() and len(chosen) > 1:
        raise UsageError(f"{wish.items} is one file, for one benchmark: say which with --bench, or give a folder")
    tasks, lacking, unjudged = at_hand(chosen, Shelf(here.shelves, wish.items), judged=bool(judges))
    target = evaluation(model, tasks, wish.limit, judges, accept=wish.accept_missing, runs=wish.runs, **how)
    planned = plan_of(target, Store(here.root))
    planned.refuse()
    costs = Costs(planned, Store(here.root), here)
    costs.refuse()
    judged = {"judges": "+".join(judge.name for judge in judges)} if any(t.bench.needs_judges for t in tasks) else {}
    parts = {"suite": wish.suite, "bench": "+".join(wish.bench or ()), "limit": wish.limit or "", **judged, **how}
    parts |= {"runs": wish.runs if wish.runs > 1 else "", "accept-missing": wish.accept_missing or ""}
    name = ",".join([f"eval {model.name}", *(f"{key}={part}" for key, part in parts.items() if part not in (None, ""))])
    return Wanted(here, target, name, lacking, unjudged, costs)


def understood(words: Sequence[str], here: Settings) -> tuple[Model, Settings, dict[str, Any]]:
    """The model that some words mean, the settings with which it is asked, and what is said of its sampling."""
    if not words:
        raise UsageError("no model is named")
    word, *said = words
    given = split(said)
    model, there = candidate(word, here, name=given.pop("name", ""), key=given.pop("key", ""))
    return model, there, {key: told(key, text) for key, text in given.items()}


def panel(words: Sequence[str], model: Model, here: Settings) -> tuple[list[Model], Settings]:
    """The judges that are named, and the settings with which they and `model` are asked.

    Raises UsageError where one name would stand for two servers.
    """
    judges: list[Model] = []
    for text in words:
        try:
            judge, there, how = understood(shlex.split(text), here)
        except ValueError as error:
            raise UsageError(f"--judge {text!r}: {error}") from None
        known = {model.name, *(each.name for each in judges)}
        if judge.name in known and there.endpoints.get(judge.name) != here.endpoints.get(judge.name):
            raise UsageError(f"two models are called {judge.name!r}; give the judge a name: --judge '{text} name=...'")
        judges.append(replace(judge, **{"max_tokens": JUDGE_TOKENS, **how}))
        here = there
    return judges, here


def told(key: str, text: str) -> Any:
    if key not in SETTABLE:
        raise UsageError(f"of a model {key!r} cannot be said{nearest(key, SETTABLE)}")
    return convert(text, get_type_hints(Model)[key], key)


def choose(suite: str | None, names: Sequence[str]) -> dict[str, Benchmark]:
    """The benchmarks of a suite (all, when none is said); only those of the names when there are any."""
    known = benchmarks(SUITES[suite or "all"])
    others = {} if suite else benchmarks(by_name)
    for name in names:
        if name not in known | others:
            raise UsageError(f"the suite {suite or 'all'} has no benchmark {name!r}{nearest(name, known | others)}")
    return {name: benchmark for name, benchmark in (known | others).items() if name in names} if names else known


def run(wish: Wish) -> Outcome:
    """Ask, score, show; code 4 when a headline is withheld."""
    here, target, name, lacking, unjudged, costs = wanted(wish)
    (entry,) = target.entries
    with launch.open_context(here) as ctx:
        launch.charge(ctx, costs.spent)
        artifact = ctx.store.build(target, ctx)
        ctx.store.name(name, target)
        whole = {(s.bench.title, s.bench.language): ctx.open(s).summary for s in reversed(entry.scores)}
    found = json.loads((artifact.path / "board.json").read_bytes())
    headline = {part: each for part, each in found["headline"][0].items() if part != "entry"}
    heads = {(s.bench.title, s.bench.language) for s in entry.scores if s.bench.averaged}
    counted = [row for row in found["rows"] if (row["bench"], row["language"]) in heads]
    payload = {
        "model": entry.name,
        "name": name,
        "ref": artifact.ref,
        "path": str(artifact.path),
        "headline": headline,
        "rows": counted,
        "beside": [row for row in found["rows"] if row not in counted],
        **{part: part_of(whole, part) for part in ("overall", "judges")},
        "tasks": found["tasks"],
        "not_at_hand": lacking,
        "not_judged": unjudged,
        "incomplete": [f"{part}: {each['withheld']}" for part, each in headline.items() if each and each["withheld"]],
    }
    return Outcome(payload, run_lines(payload), Incomplete.code if payload["incomplete"] else 0)


def part_of(whole: Mapping[tuple[str, Lang], Mapping[str, Any]], part: str) -> list[dict[str, Any]]:
    """What the summaries of some scores, by bench and language, have under one name."""
    return [{"bench": b, "language": lang, part: each[part]} for (b, lang), each in whole.items() if each.get(part)]


def run_lines(found: Mapping[str, Any]) -> Iterator[str]:
    for part, each in found["headline"].items():
        every = (*found["not_at_hand"], *found["not_judged"])
        lacking = [n for n in every if part == "avg" or n.removeprefix(PART) in benchmarks(SUITES[part])]
        without = f"  (without {', '.join(lacking)})" if lacking else ""
        if each and each["withheld"]:
            yield f"{part:<4} withheld, {each['worst']:.1f} to {each['best']:.1f} of 100: {each['withheld']}{without}"
        elif each:
            told = f"  ({each['accepted']})" if each["accepted"] else ""
            yield f"{part:<4} {each['mean']:.1f} [{each['low']:.1f}, {each['high']:.1f}] of 100{told}{without}"
    whole = [{**of, "metric": name, **e} for of in found["overall"] for name, e in estimates("", of["overall"])]
    judges = [{**of, "metric": name, **e} for of in found["judges"] for name, e in by_judge(of["judges"])]
    for rows in filter(None, (found["rows"], found["beside"], whole, judges)):
        yield ""
        yield from table([(each["bench"], each["language"], each["metric"], *cells(each)) for each in rows])
    yield ""
    yield from missing_lines(found["not_at_hand"], found["not_judged"])
    yield found["path"]


def by_judge(told: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each judge's estimate of each metric, and the mean of the judges' means: `score by NAME`, `score balanced`."""
    for metric, found in told.items():
        yield from ((f"{metric} by {name}", each) for name, each in found["by"].items())
        yield f"{metric} balanced", {"mean": found["balanced"]}


def estimates(name: str, told: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The estimates in what a bench tells of its whole set, and the shares without an interval, by their paths:
    `categories/NLI`, `mbpp/plus@1`."""
    if "low" in told:
        yield name, told
    for key, value in told.items():
        path = f"{name}/{key}" if name else key
        if isinstance(value, dict):
            yield from estimates(path, value)
        elif isinstance(value, float) and "low" not in told:
            yield path, {"mean": value}


def missing_lines(lacking: Mapping[str, str], unjudged: Mapping[str, str]) -> Iterator[str]:
    yield from (f"not at hand: {name}: {how}" for name, how in lacking.items())
    yield from (f"not asked: {name}: {how}" for name, how in unjudged.items())


def plan(wish: Wish) -> Outcome:
    """What would be asked, and how much of it has its answer already; nothing is sent."""
    here, target, _, lacking, unjudged, costs = wanted(wish)
    asked = [*requests(target, here.root / launch.CALLS, costs)]
    left = sum(each["requests"] - each["answered"] for each in asked)
    model = target.entries[0].name
    lines = [", ".join(f"{key} {value}" for key, value in each.items()) for each in asked]
    judging = [e.requests for e in costs.estimates if e.requests and not isinstance(e.stage, Answers)]
    judged = [int(sum(ends)) for ends in zip(*judging, strict=True)]
    end = f"{model}: {left} requests to be sent" + (f"; its judges: {judged[0]} to {judged[1]}" if judged else "")
    lack = {"not_at_hand": lacking, "not_judged": unjudged}
    return Outcome(
        {"model": model, "asked": asked, "to_send": left, "to_judges": judged or [0, 0], **lack, **costs.json()},
        [*lines, *costs.lines(), *missing_lines(lacking, unjudged), end],
    )


def requests(target: Board, calls: Path, costs: Costs) -> Iterator[dict[str, Any]]:
    """Each set of answers: its benches, rows and requests, the requests that have an answer, and the sampling.

    What is asked after other answers is known only by its number, so it counts as answered when all of them are.
    """
    scores = target.entries[0].scores
    with closing(CallLog(calls)) as log:
        for answers in upstream_first(target):
            if isinstance(answers, Answers) and isinstance(answers.items, Items):
                rows = answers.items.rows()
                opening = answers.opening(rows)
                keys = {key_of(model, question) for model, question in opening}
                later = max(0, (costs.counts(answers) or 0) - len(opening))
                known = len(log.known([*keys])) if calls.exists() else 0
                yield {
                    "bench": ", ".join(s.bench.title for s in scores if s.answers == answers and s.bench.averaged),
                    "rows": len(rows),
                    "requests": len(keys) + later,
                    "answered": known + (later if costs.built(answers) else 0),
                    **answers.sampled,
                }


def score(bench: str, file: Path, items: Path | None) -> Outcome:
    """The verdicts and the totals of answers made elsewhere."""
    (benchmark,) = choose(None, [bench]).values()
    found = offline.score(file, benchmark, Shelf(settings.load().shelves, items))
    several = all("mean" not in each for each in found["totals"].values())
    sets = found["totals"] if several else {bench: found["totals"]}
    totals = [(name, metric, *cells(each)) for name, some in sets.items() for metric, each in some.items()]
    whole = [(bench, name, *cells(each)) for name, each in estimates("", found.get("overall", {}))]
    rates = [(lang, metric, *cells(each)) for lang, some in found["habits"].items() for metric, each in some.items()]
    lines = [line for rows in (totals, whole, rates) if rows for line in (*table(rows), "")]
    return Outcome(found, [*lines, f"{len(found['items'])} answers; items from {', '.join(found['source'])}"])


def cells(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Mean, interval, n and missing of an estimate; a dash for what it has not."""
    mean, low, high = (found.get(name) for name in ("mean", "low", "high"))
    interval = "-" if low is None or high is None else f"[{low:.4f}, {high:.4f}]"
    return ("-" if mean is None else f"{mean:.4f}", interval, *(str(found.get(name, "-")) for name in ("n", "missing")))


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of names and the cells of an estimate as lines with a heading; names to the left, numbers to the right."""
    names = len(rows[0]) - len(NUMBERS)
    every = [(*("" for _ in range(names)), *NUMBERS), *rows]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    for row in every:
        left = (f"{cell:<{width}}" for cell, width in zip(row[:names], widths[:names], strict=True))
        right = (f"{cell:>{width}}" for cell, width in zip(row[names:], widths[names:], strict=True))
        yield "  ".join((*left, *right))
