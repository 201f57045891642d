"""What `komainu sweep` does: a recipe at every combination of some values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from komainu import recipe, settings
from komainu.cli_verbs import Outcome, counts, shorten
from komainu.cost import Costs, Range, shown
from komainu.errors import UsageError
from komainu.plan import Plan
from komainu.plan import plan as plan_of
from komainu.settings import Settings
from komainu.stage import Stage
from komainu.store import Store
from komainu.sweeps import run as runs
from komainu.sweeps.points import combinations, factors
from komainu.sweeps.queue import Queue, Watch, classes
from komainu.sweeps.record import Point, Shelf, Sweep, described

if TYPE_CHECKING:
    from komainu.cli import Swept

FAILED = 1
SHOWN = 5  # failed points of a class that are named


def sweep(wish: Swept) -> Outcome:
    """Check every point, run those that are neither built nor settled; code 1 when a point failed."""
    here = settings.load()
    store, shelf = Store(here.root), Shelf(here.root)
    made, stages = swept(wish)
    planned = together(stages, store)
    planned.refuse()
    Costs(planned, store, here).refuse()
    start, at_once = placed(wish, here, planned)
    watch = halving(wish.halve, store, stages)

    shelf.keep(made)
    forget(shelf, made, wish.retry or [])
    if watch is not None:
        watch.replay(point for point, state, _ in shelf.states(made) if state in ("built", "pruned"))
    Queue(store, made, stages, start, at_once, watch).run()
    payload = {**told(shelf, made), "path": str(shelf.place(made))}
    return Outcome(payload, lines(payload), FAILED if payload["failed"] else 0)


def plan(wish: Swept) -> Outcome:
    """The points and the stages under them, each once; code 2 when the sweep would be refused."""
    here = settings.load()
    store = Store(here.root)
    made, stages = swept(wish)
    planned = together(stages, store)
    costs = Costs(planned, store, here)
    users = Counter(line.stage.place for stage in stages.values() for line in plan_of(stage, store).lines)
    payload = {
        **told(Shelf(here.root), made),
        "store": str(here.root),
        "jobs": placed(wish, here, planned)[1],
        "stages": [{**line.json(), "points": users[line.stage.place]} for line in planned.lines],
        "to_build": len(planned.to_build),
        "problems": planned.problems,
        "warnings": [*planned.warnings],
        **costs.json(),
    }
    return Outcome(payload, plan_text(payload, planned, costs, users), 2 if planned.problems else 0)


def plan_text(found: dict[str, Any], planned: Plan, costs: Costs, users: Mapping[str, int]) -> Iterator[str]:
    for point in found["points"]:
        yield f"{point['state']:<10}  {point['name']} -> {point['ref']}"
    yield "shared by several points, each built once:"
    for line in planned.lines:
        if users[line.stage.place] > 1:
            yield f"{line.state:<10}  {line.stage.label:<30} for {users[line.stage.place]} points"
    shared = sum(users[line.stage.place] > 1 for line in planned.lines)
    yield f"{shared} shared stages, {len(planned.lines) - shared} of one point each; {counts(planned, 'to build')}"
    yield from asked(costs)
    yield f"sweep {found['name']}: {len(found['points'])} points, {found['jobs']} at once"
    yield from (f"warning: {warning}" for warning in planned.warnings)
    if planned.problems:
        yield f"{len(planned.problems)} problems; nothing can be started:"
        yield from (f"  {problem}" for problem in planned.problems)


def asked(costs: Costs) -> Iterator[str]:
    """What will be asked of each model, over all points, and what that may cost."""
    for model in dict.fromkeys(e.model for e in costs.estimates):
        some = [e for e in costs.estimates if e.model == model]
        known = [e.requests for e in some if e.requests is not None]
        low, high = (sum(ends) for ends in zip(*known, strict=True)) if known else (0, 0)
        open_ones = f", and for {len(some) - len(known)} stages it is not known" if len(known) < len(some) else ""
        yield f"asks        {model}: {shown(Range(low, high))} questions{open_ones}"
    yield from (line for line in costs.lines() if line.startswith("cost"))


def swept(wish: Swept) -> tuple[Sweep, dict[str, Stage]]:
    """The sweep, and the target of each point by its ref."""
    some = factors(wish.values or [])
    values = combinations(some)
    made = recipe.load_each(wish.target, [[f"{k}={v}" for k, v in each.items()] for each in values])
    stages = {each.stage.place: each.stage for each in made}
    points = tuple(Point(each, m.name, m.stage.place) for each, m in zip(values, made, strict=True))
    name = wish.name or wish.target.rpartition(":")[2]
    return Sweep(name, wish.target, {f.name: f.levels for f in some}, points), stages


def together(stages: Mapping[str, Stage], store: Store) -> Plan:
    """One plan of all points. A stage that one point needs is to be built, though another would not need it."""
    found: dict[str, Any] = {}
    warnings: dict[str, None] = {}
    for stage in stages.values():
        planned = plan_of(stage, store)
        warnings.update(dict.fromkeys(planned.warnings))
        for line in planned.lines:
            before = found.get(line.stage.place)
            if before is None or before.state == "not needed":
                found[line.stage.place] = line
    return Plan(tuple(found.values()), tuple(warnings))


def placed(wish: Swept, here: Settings, planned: Plan) -> tuple[runs.Start, int]:
    """What starts a run, and how many there are at once."""
    if wish.slurm:
        from komainu.sweeps import slurm

        slurm.keyless(planned.to_build, here)
        return slurm.starter(here, here.root), wish.jobs or slurm.AT_ONCE
    places = runs.places(here, wish.jobs)
    return runs.starter(places), places.at_once


def halving(first: int, store: Store, stages: Mapping[str, Stage]) -> Any:
    if not first:
        return None
    try:
        from komainu.sweeps.halving import Halving
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed, which --halve needs: pip install 'komainu[sweep]'") from None

    watch = Halving(store.root, stages, first)
    if not any(watch.trained.values()):
        raise UsageError("--halve stops trainings, but no point of this sweep has a training of its own; leave it out")
    _: Watch = watch
    return watch


def forget(shelf: Shelf, made: Sweep, retry: Sequence[str]) -> None:
    """Let points that failed, or were pruned, run again. Raises UsageError for a class that none of them has."""
    settled = [(point, outcome) for point, _, outcome in shelf.states(made) if outcome]
    known = {outcome.kind for _, outcome in settled} | ({"all"} if retry else set())
    if wrong := [kind for kind in retry if kind not in known]:
        raise UsageError(f"no point failed with {wrong[0]!r}; there is: {', '.join(sorted(known))}")
    for point, outcome in settled:
        if outcome.kind in retry or ("all" in retry and outcome.state == "failed"):
            shelf.tell(made, point, None)


def told(shelf: Shelf, made: Sweep) -> dict[str, Any]:
    """A sweep as it stands: its points, and how many are in which state."""
    states = [*shelf.states(made)]
    failed = classes([(point, o) for point, _, o in states if o and o.state == "failed"])
    many = Counter(state for _, state, _ in states)
    return {
        "name": made.name,
        "id": made.id,
        "target": made.target,
        "factors": {name: [*levels] for name, levels in made.factors.items()},
        "points": [
            {"name": p.name, "values": p.values, "ref": p.ref, "state": s, **({"outcome": described(o)} if o else {})}
            for p, s, o in states
        ],
        **{state.replace(" ", "_"): many[state] for state in ("built", "failed", "pruned", "to run")},
        "classes": {kind: [point.name for point, _ in some] for kind, some in failed.items()},
    }


def lines(found: dict[str, Any]) -> Iterator[str]:
    told = ", ".join(f"{found[state]} {state}" for state in ("built", "failed", "pruned") if found[state])
    yield f"{found['name']} {found['id']}: {len(found['points'])} points: {told}"
    by = {point["name"]: point for point in found["points"]}
    for point in found["points"]:
        if point["state"] == "pruned":
            yield shorten(f"pruned  {point['name']}: {point['outcome']['why']}")
    for kind, names in found["classes"].items():
        yield f"failed  {kind}: {len(names)} points"
        yield from (shorten(f"  {name}: {by[name]['outcome']['why']}") for name in names[:SHOWN])
        if len(names) > SHOWN:
            yield f"  and {len(names) - SHOWN} more"
    if found["classes"]:
        yield f"to run failed points again: --retry {next(iter(found['classes']))}, or --retry all"
    yield f"what varied, and what it did: komainu eval board --sweep {found['name']}"
