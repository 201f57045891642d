"""What each verb of the command line does; nothing here prints."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from komainu import launch, lineage, recipe, settings, trace
from komainu.compare import compare
from komainu.cost import Costs
from komainu.doctor.findings import findings
from komainu.elsewhere import Ranks
from komainu.errors import Incomplete, UsageError
from komainu.fresh import afresh
from komainu.plan import Plan
from komainu.plan import plan as plan_of
from komainu.stage import upstream_first
from komainu.store import Artifact, Store
from komainu.workload import Workloads

SETTING = re.compile(r"[A-Za-z_]\w*=")
WIDTH = 160  # characters of one line of a summary
WORDS = {"ok": "ok", "lacks": "--", "bad": "!!"}


class Outcome(NamedTuple):
    """What a verb found: as JSON, as lines to read, the exit code, and what is to be done once that is printed."""

    payload: dict[str, Any]
    lines: Iterable[str]
    code: int = 0
    then: Callable[[], object] | None = None


def run(target: str, values: Sequence[str], fresh: str = "", budget: float | None = None) -> Outcome:
    """Check everything, build what is missing, name the result."""
    here = settings.load() if budget is None else settings.capped(settings.load(), budget)
    made, planned = planned_of(target, values, fresh, Store(here.root))
    planned = planned.on(here)
    planned.refuse()
    costs = Costs(planned, Store(here.root), here)
    costs.refuse()

    with launch.open_context(here) as ctx:
        launch.charge(ctx, costs.spent)
        ctx.elsewhere = Ranks(here, target, values, fresh)
        artifact = ctx.store.build(made.stage, ctx)
        ctx.store.name(made.name, made.stage)
        records = (found for each in upstream_first(made.stage) if (found := ctx.store.find(each)))  # not all need be
        incomplete = [what for found in records for what in found.summary.get("incomplete", [])]
    page = artifact.path / "report.html"
    payload = {
        "name": made.name,
        "ref": artifact.ref,
        "path": str(artifact.path),
        **({"page": str(page)} if page.exists() else {}),
        "built": len(planned.to_build),
        **({"incomplete": incomplete} if incomplete else {}),
        "summary": artifact.summary,
    }
    lines = [f"{made.name}: {counts(planned, 'built')}", str(artifact.path)]
    lines += [shorten(f"  {key}: {json.dumps(value, ensure_ascii=False)}") for key, value in artifact.summary.items()]
    lines += [f"page {page}"] if page.exists() else []
    lines += [f"incomplete: {what}" for what in incomplete]
    return Outcome(payload, lines, Incomplete.code if incomplete else 0)


def plan(target: str, values: Sequence[str], fresh: str = "", rows: int = 0) -> Outcome:
    """What a run would do and may cost, and `rows` rows of each training; code 2 when it would be refused."""
    here = settings.load()
    made, planned = planned_of(target, values, fresh, Store(here.root))
    planned = planned.on(here)
    costs = Costs(planned, Store(here.root), here)
    ranks, trains = Ranks(here, target, values, fresh), Workloads(planned, Store(here.root), here)
    payload = {
        "name": made.name,
        "store": str(here.root),
        "stages": [line.json() for line in planned.lines],
        "to_build": len(planned.to_build),
        "problems": planned.problems,
        "warnings": [*planned.warnings],
        **costs.json(),
        **trains.json(),
        **({"scripts": scripts} if (scripts := ranks.scripts(planned.to_build)) else {}),
    }
    told = chain(costs.lines(), trains.lines())
    lines = chain(plan_lines(made.name, planned, told), ranks.plan_lines(planned.to_build))
    if rows:
        from komainu.train import shown

        found = [*shown.below(made.stage, Store(here.root), rows)]
        payload["rows"] = [each.json() for each in found]
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        lines = chain(lines, *(each.lines(colour=colour) for each in found))
    return Outcome(payload, lines, 2 if planned.problems else 0)


def planned_of(target: str, values: Sequence[str], fresh: str, store: Store) -> tuple[recipe.Recipe, Plan]:
    """A recipe with settings, asked afresh if wanted, and its plan."""
    made = recipe.load(target, values)
    if fresh:
        made = afresh(made, fresh, store)
    return made, plan_of(made.stage, store)


def plan_lines(name: str, planned: Plan, told: Iterable[str]) -> Iterator[str]:
    for line in planned.lines:
        makes = line.stage.row_type.__name__
        rows = f"{'?' if line.rows is None else line.rows} rows" if makes in ("Chat", "Pair", "Score") else ""
        yield f"{line.state:<10}  {line.stage.label:<30} {makes:<8} {rows:>14}".rstrip()
        yield from (f"            {text}" for text in line.sketch.splitlines())
    yield from told
    yield f"{name}: {counts(planned, 'to build')}"
    yield from (f"warning: {warning}" for warning in planned.warnings)
    if planned.problems:
        yield f"{len(planned.problems)} problems; nothing can be started:"
        yield from (f"  {problem}" for problem in planned.problems)


def counts(planned: Plan, word: str) -> str:
    """`3 stages to build, 5 reused`."""
    reused = sum(1 for line in planned.lines if line.state == "built")
    return f"{len(planned.to_build)} stages {word}, {reused} reused"


def why(target: str, values: Sequence[str], cell: str) -> Outcome:
    """The tree under a target, or one number of its board down to row ids."""
    root = node_of(target, values, Store(settings.load().root))
    if not cell:
        return Outcome(lineage.tree(root), lineage.why(root))
    found = trace.trace(root, cell)
    return Outcome(found, trace.text(found))


def node_of(target: str, values: Sequence[str], store: Store) -> lineage.Node:
    """The provenance of a recipe with settings, or of what a name or id of the store stands for."""
    if is_recipe(target, store):
        return lineage.from_stage(recipe.load(target, values).stage, store)
    if values:
        raise UsageError(
            f"{target!r} is no recipe.py:function, so it takes no settings: {' '.join(values)}"
            "; leave them out, or name the recipe"
        )
    return lineage.from_record(store.resolve(target).ref, store)


def is_recipe(target: str, store: Store) -> bool:
    return (":" in target or target.endswith(".py")) and target not in store.names()


def diff(targets: Sequence[str]) -> Outcome:
    """What differs between two targets, each with its settings behind it."""
    two = sides(targets)
    if len(two) != 2:
        raise UsageError(
            f"diff compares two targets, not {len(two)}: {', '.join(side[0] for side in two)}"
            "; say A [key=value]... B [key=value]..."
        )
    store = Store(settings.load().root)
    a, b = (node_of(side[0], side[1:], store) for side in two)
    found = compare(a, b)
    return Outcome({"a": a.ref, "b": b.ref, **found.json()}, found.text())


def sides(words: Sequence[str]) -> list[list[str]]:
    """Several targets, each with its settings behind it."""
    found: list[list[str]] = []
    for word in words:
        if not SETTING.match(word):
            found.append([word])
        elif found:
            found[-1].append(word)
        else:
            raise UsageError(f"{word!r} comes before any target; say A [key=value]... B [key=value]...")
    return found


def ls(unnamed: bool, remove: bool) -> Outcome:
    """Names and artifacts; with `unnamed` only what no name reaches, with `remove` gone afterwards."""
    store = Store(settings.load().root)
    if remove and not unnamed:
        raise UsageError("--remove goes with --unnamed: only what no name reaches is ever removed")
    artifacts = store.unreached() if unnamed else [*store.ls()]
    names = store.names()
    listed = [described(a, names) for a in artifacts]
    left = [{"ref": ref_of(p), "bytes": size(p)} for p in store.unfinished()]
    if remove:
        gone = {a.ref for a in store.gc()}
        listed = [a for a in listed if a["ref"] in gone]
    total = sum(a["bytes"] for a in [*listed, *left])
    payload: dict[str, Any] = {"store": str(store.root), "artifacts": listed, "unfinished": left, "bytes": total}
    payload |= {"removed": True} if remove else {} if unnamed else {"names": names}
    return Outcome(payload, ls_lines(payload))


def ls_lines(found: dict[str, Any]) -> Iterator[str]:
    yield from (f"{name:<30} -> {ref}" for name, ref in found.get("names", {}).items())
    for a in found["artifacts"]:
        rows = "" if a["rows"] is None else f"{a['rows']} rows"
        yield f"{a['ref']:<30} {rows:>14} {human(a['bytes']):>10}  {', '.join(a['names'])}".rstrip()
    yield from (f"{u['ref']:<30} {'unfinished':>14} {human(u['bytes']):>10}" for u in found["unfinished"])
    what = "removed" if found.get("removed") else "in"
    yield f"{what} {found['store']}: {len(found['artifacts'])} artifacts, {human(found['bytes'])}"


def described(artifact: Artifact, names: dict[str, str]) -> dict[str, Any]:
    """An artifact as `ls` shows it."""
    return {
        "ref": artifact.ref,
        "makes": artifact.record["makes"],
        "rows": artifact.summary.get("rows"),
        "bytes": size(artifact.path),
        "names": [name for name, ref in names.items() if ref == artifact.ref],
    }


def doctor() -> Outcome:
    """What the machine has and lacks; code 3 when something must be mended."""
    found = [*findings(settings.load())]
    lines: list[str] = []
    for f in found:
        lines.append(f"{WORDS[f.state]}  {f.name:<20} {f.text}")
        if f.advice:
            lines.append(f"    {'':<20} -> {f.advice}")
    bad = [f.name for f in found if f.state == "bad"]
    lacks = any(f.state == "lacks" for f in found)
    ready = "ready to run" + ("; -- is missing, which matters only to what needs it" if lacks else "")
    lines.append(f"to be mended: {', '.join(bad)}" if bad else ready)
    return Outcome({"findings": [f._asdict() for f in found], "bad": bad}, lines, 3 if bad else 0)


def ref_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def size(path: Path) -> int:
    """Bytes of all files under a folder; one that goes away meanwhile counts nothing."""
    total = 0
    for file in path.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:
            continue
    return total


def human(n: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if n < 1024:
            return f"{n:.0f} {unit}" if unit == "B" else f"{n:.1f} {unit}"
        n /= 1024
    return f"{n:.1f} TiB"


def shorten(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 3] + "..."
