"""What each verb of the group `eval` does; nothing here prints."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from komainu import launch, settings
from komainu.candidate import others, panel, understood
from komainu.cli_verbs import Outcome
from komainu.cost import Costs
from komainu.errors import Incomplete, UsageError
from komainu.eval import offline
from komainu.eval.base import Answers, Lang
from komainu.eval.board import Board
from komainu.eval.evaluation import evaluation
from komainu.eval.given import Given
from komainu.eval.items import Items, Source
from komainu.eval.lines import cells, estimates, missing_lines, run_lines, table
from komainu.eval.room import Room, room_at, room_in
from komainu.eval.shelf import Shelf
from komainu.eval.suites import at_hand, choose
from komainu.fresh import asked_again
from komainu.models.base import Model
from komainu.models.calls import CallLog
from komainu.models.seeds import key_of
from komainu.plan import plan as plan_of
from komainu.settings import Settings
from komainu.stage import Stage, upstream_first
from komainu.store import Store
from komainu.train.directory import Directory

if TYPE_CHECKING:
    from komainu.cli_eval import Made, Wish

log = logging.getLogger("komainu")


class Wanted(NamedTuple):
    """A wish understood: settings, stage, the name of its result, how to get what is not at hand, what it costs, and
    the room there is for it, where that is known."""

    here: Settings
    target: Board
    name: str
    lacking: dict[str, str]
    unjudged: dict[str, str]
    costs: Costs
    room: Room | None = None


def wanted(wish: Wish, *, asks: bool) -> Wanted:
    """Everything that can be wrong with a wish is found here, before a model is asked.

    With `asks` a model of the hub is fetched, and a server is asked what it takes.
    """
    model, here, how = understood(wish.model, settings.load())
    users, here = others("--user", [wish.user] if wish.user else [], (model,), here, temperature=0.7, max_tokens=1024)
    judges, here = panel(wish.judge or here.judges, (model, *users), here)
    chosen = choose(wish.suite, wish.bench or ())
    if wish.items and wish.items.is_file() and len(chosen) > 1:
        raise UsageError(f"{wish.items} is one file, for one benchmark: say which with --bench, or give a folder")
    tasks, lacking, unjudged = at_hand(chosen, Shelf(here.shelves, wish.items), judged=bool(judges))
    tasks = [task.with_user(users[0] if users else None) for task in tasks]
    board = partial(
        evaluation, tasks=tasks, limit=wish.limit, judges=judges, accept=wish.accept_missing, runs=wish.runs
    )
    target = board(model, **how)
    room = room_of(target, here, said="rope" in how, asks=asks)
    if room and room.factor and "rope" not in how:
        target = board(replace(model, rope=room.model.rope), **how)
    judged = {"judges": joined(judges)} if any(task.bench.needs_judges for task in tasks) else {}
    parts = {"suite": wish.suite, "bench": "+".join(wish.bench or ()), "limit": wish.limit or "", **judged, **how}
    parts |= {"user": "+".join(user.name for user in users), "accept-missing": wish.accept_missing or ""}
    parts |= {"runs": wish.runs if wish.runs > 1 else ""}
    parts |= {"rope": how["rope"].factor if how["rope"] else "none"} if "rope" in how else {}
    name, target = asked_again(named(model, parts), target, wish.fresh, Store(here.root))
    return Wanted(here, target, name, lacking, unjudged, checked(target, here), room)


def room_of(target: Board, here: Settings, *, said: bool, asks: bool) -> Room | None:
    """The room of the model that is evaluated; None where nobody knows it before it is asked."""
    (entry,) = target.entries
    model, store = entry.scores[0].answers.model, Store(here.root)
    weights = model.weights
    if not isinstance(weights, Stage):
        endpoint = here.endpoints[model.name]
        return room_at(endpoint, target, said=said) if asks and endpoint.urls and not endpoint.start else None
    plan_of(weights, store).refuse()
    if isinstance(weights, Directory):
        return room_in(Path(weights.path), target, said=said)
    found = store.find(weights)
    if found is None and asks:
        with launch.open_context(here) as ctx:
            found = store.build(weights, ctx)
    return room_in(found.path, target, said=said) if found else None


def given(made: Made) -> Wanted:
    """The same for answers that were made elsewhere, which judges are to mark."""
    here, model = settings.load(), Model(name=made.name or made.file.stem)
    judges, here = panel(made.judge or here.judges, (model,), here)
    if not judges:
        raise UsageError("no judge is named: say --judge, or set `judges` in komainu.toml")
    tasks, *_ = at_hand(choose(None, [made.bench]), Shelf(here.shelves, made.items), judged=True)
    if not any(task.bench.needs_judges for task in tasks):
        raise UsageError(f"{made.bench} is scored by rule: komainu eval score {made.bench} {made.file}")
    if any(task.answers is not Answers for task in tasks):
        raise UsageError(f"the answers of {made.bench} are conversations; let `komainu eval run` have them")
    asked = [task._replace(answers=partial(Given, file=Source(path=str(made.file)))) for task in tasks]
    target = evaluation(model, asked, judges=judges, accept=made.accept_missing)
    parts = {"bench": made.bench, "judges": joined(judges), "accept-missing": made.accept_missing or ""}
    return Wanted(here, target, named(model, parts), {}, {}, checked(target, here))


def checked(target: Board, here: Settings) -> Costs:
    """What a target costs; raises UsageError for a problem in its wiring, and for a budget that cannot be kept."""
    whole = plan_of(target, Store(here.root))
    whole.refuse()
    costs = Costs(whole, Store(here.root), here)
    costs.refuse()
    return costs


def joined(judges: Sequence[Model]) -> str:
    return "+".join(sorted(judge.name for judge in judges))


def named(model: Model, parts: Mapping[str, Any]) -> str:
    return ",".join([f"eval {model.name}", *(f"{key}={part}" for key, part in parts.items() if part not in (None, ""))])


def run(wish: Wish) -> Outcome:
    """Ask, score, show; code 4 when a headline is withheld."""
    return built(wanted(wish, asks=True))


def judge(made: Made) -> Outcome:
    """The same for answers that were made elsewhere: only the judges are asked."""
    return built(given(made))


def built(want: Wanted) -> Outcome:
    here, target, name, lacking, unjudged, costs, room = want
    if told := room_lines(room):
        log.warning(*told)
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
        "room": room and room.json(),
        "rows": counted,
        "beside": [row for row in found["rows"] if row not in counted],
        "overall": part_of(whole, "overall"),
        "criteria": part_of(whole, "criteria"),
        "judges": part_of(whole, "judges", "asked_again", "by_rule", "steering", "prompt"),
        "tasks": found["tasks"],
        "not_at_hand": lacking,
        "not_judged": unjudged,
        "incomplete": [f"{part}: {each['withheld']}" for part, each in headline.items() if each and each["withheld"]],
    }
    return Outcome(
        payload,
        [*run_lines(payload), *room_lines(room), payload["path"]],
        Incomplete.code if payload["incomplete"] else 0,
    )


def part_of(whole: Mapping[tuple[str, Lang], Mapping[str, Any]], *parts: str) -> list[dict[str, Any]]:
    """Parts of the summaries of some scores, by bench and language, where there is the first of them."""
    there = ((key, each) for key, each in whole.items() if each.get(parts[0]))
    return [
        {"bench": bench, "language": lang, **{p: each[p] for p in parts if p in each}} for (bench, lang), each in there
    ]


def plan(wish: Wish) -> Outcome:
    """What would be asked, and how much of it has its answer already; nothing is sent."""
    return planned(wanted(wish, asks=False))


def plan_judge(made: Made) -> Outcome:
    return planned(given(made))


def planned(want: Wanted) -> Outcome:
    here, target, _, lacking, unjudged, costs, room = want
    asked = [*requests(target, here.root / launch.CALLS, costs)]
    left = sum(each["requests"] - each["answered"] for each in asked)
    model = target.entries[0].name
    lines = [", ".join(f"{key} {value}" for key, value in each.items()) for each in asked]
    judging = [e.requests for e in costs.estimates if e.requests and not isinstance(e.stage, Answers)]
    judged = [int(sum(ends)) for ends in zip(*judging, strict=True)]
    end = f"{model}: {left} requests to be sent" + (f"; its judges: {judged[0]} to {judged[1]}" if judged else "")
    more = {"not_at_hand": lacking, "not_judged": unjudged, "room": room and room.json()}
    return Outcome(
        {"model": model, "asked": asked, "to_send": left, "to_judges": judged or [0, 0], **more, **costs.json()},
        [*lines, *costs.lines(), *missing_lines(lacking, unjudged), *room_lines(room), end],
    )


def room_lines(room: Room | None) -> list[str]:
    return [line] if room and (line := room.line()) else []


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
                later = sum(asks.most for asks in answers.questions(costs.counts) or ()) - len(opening)
                known = len(log.known([*keys])) if calls.exists() else 0
                yield {
                    "bench": ", ".join(s.bench.title for s in scores if s.answers == answers and s.bench.averaged),
                    "rows": len(rows),
                    "requests": len(keys) + later,
                    "answered": known + (later if costs.built(answers) else 0),
                    **answers.sampled,
                }


def score(bench: str, file: Path, items: Path | None) -> Outcome:
    """The verdicts and the totals of answers made elsewhere; code 4 when a headline would be withheld."""
    (benchmark,) = choose(None, [bench]).values()
    found = offline.score(file, benchmark, Shelf(settings.load().shelves, items))
    several = all("mean" not in each for each in found["totals"].values())
    sets = found["totals"] if several else {bench: found["totals"]}
    totals = [(name, metric, *cells(each)) for name, some in sets.items() for metric, each in some.items()]
    whole = [(bench, name, *cells(each)) for name, each in estimates("", found.get("overall", {}))]
    rates = [(lang, metric, *cells(each)) for lang, some in found["habits"].items() for metric, each in some.items()]
    lines = [line for rows in (totals, whole, rates) if rows for line in (*table(rows), "")]
    lines += [f"incomplete: {why}" for why in found["incomplete"]]
    lines.append(f"{len(found['items'])} answers; items from {', '.join(found['source'])}")
    return Outcome(found, lines, Incomplete.code if found["incomplete"] else 0)
