"""What the verb `status` does: what runs where, how far it is, how long still, and what was spent."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

from komainu import settings
from komainu.cli_verbs import Outcome, human, size
from komainu.cost import ledger_of, spending
from komainu.errors import UsageError
from komainu.settings import Settings
from komainu.store import Store
from komainu.underway import builds, sweeps

PAUSE = 2.0  # seconds between two looks of --follow
SILENT = 60  # seconds without a sign of life that are worth telling
SHOWN = 4  # numbers of a step that are told
LEFT_OUT = {"tokens", "lr", "grad_norm"}  # numbers of a step that tell a reader nothing about how far it is
CLEAR = "\x1b[H\x1b[J"


def status(follow: bool, json: bool) -> Outcome:
    """What is under way, what was left unfinished, how much is built of each stage, and what was spent."""
    here = settings.load()
    if follow and json:
        raise UsageError("--follow goes on and on, --json prints one object: say one of them")
    if follow:
        return Outcome({}, [], then=lambda: watch(here))
    store = Store(here.root)
    built: dict[str, dict[str, int]] = {}
    for path in sorted(set(store.folders()) - set(store.unfinished())):
        row = built.setdefault(path.parent.name, {"artifacts": 0, "bytes": 0})
        row["artifacts"] += 1
        row["bytes"] += size(path)
    found = going(here) | {"built": built}
    spent, lines = spending(here)
    return Outcome({**found, **spent}, [*going_lines(found), *built_lines(found), *lines])


def going(here: Settings) -> dict[str, Any]:
    """What changes while a run works."""
    store = Store(here.root)
    found = [*builds(store, ledger_of(here))]
    return {
        "store": str(store.root),
        "building": [each for each in found if each["building"]],
        "unfinished": [each for each in found if not each["building"]],
        "sweeps": [*sweeps(store)],
        "currency": here.currency,
    }


def watch(here: Settings) -> None:
    """Tell again and again what is under way, until nothing is. On a terminal over what stood there before."""
    screen, before = sys.stdout.isatty(), ""
    try:
        while True:
            found = going(here)
            text = "".join(f"{line}\n" for line in going_lines(found))
            if screen or text != before:
                sys.stdout.write(CLEAR + text if screen else text)
                sys.stdout.flush()
            if not found["building"] and all(each["pid"] is None for each in found["sweeps"]):
                return
            before = text
            time.sleep(PAUSE)
    except KeyboardInterrupt:
        return


def going_lines(found: dict[str, Any]) -> Iterator[str]:
    for each in found["building"]:
        yield f"building    {each['ref']} {', '.join(parts(each, found['currency']))}".rstrip()
    for each in found["sweeps"]:
        where = "not running" if each["pid"] is None else f"in process {each['pid'] or '?'}"
        counts = ", ".join(f"{each[word]} {word.replace('_', ' ')}" for word in ("built", "failed", "pruned", "to_run"))
        yield f"sweep       {each['name']} {where}, points: {counts}"
    for each in found["unfinished"]:
        told = ", ".join(parts(each, found["currency"]))
        yield f"unfinished  {each['ref']} {told} (run the recipe again to go on)"
    if not found["building"]:
        yield f"nothing is being built in {found['store']}"


def built_lines(found: dict[str, Any]) -> Iterator[str]:
    for stage, row in found["built"].items():
        yield f"built       {stage:<20} {row['artifacts']:>5} artifacts {human(row['bytes']):>10}"


def parts(each: dict[str, Any], currency: str) -> Iterator[str]:
    """Where a build runs, since when, how far it is, how long still, what it has cost."""
    if each["pid"] is not None:
        yield f"in process {each['pid'] or '?'} for {span(each['seconds'])}"
    if "job" in each:
        yield f"as job {each['job']} {each['state']}"
    yield from far_parts(each["progress"] or {})
    if (quiet := each.get("quiet")) is not None and (not each["building"] or quiet >= SILENT):
        yield f"last heard of {span(quiet)} ago"
    if each.get("calls"):
        money = f" for {each['money']:.4g} {currency}" if each["unpriced"] < each["calls"] else ""
        yield f"{each['calls']} calls{money} so far"


def far_parts(progress: dict[str, Any]) -> Iterator[str]:
    """`step 120 of 900`, `loss 0.41`, `5300 tokens/s`, `about 3 min left`."""
    if "step" in progress:
        whole = f" of {progress['steps']}" if "steps" in progress else ""
        yield f"step {progress['step']}{whole}"
        known = {k: v for k, v in progress.items() if k not in {"step", "steps", "seconds_left", *LEFT_OUT}}
        speed = known.pop("tokens_per_s", None)
        yield from (f"{k} {round(v, 4) if isinstance(v, float) else v}" for k, v in [*known.items()][:SHOWN])
        if speed is not None:
            yield f"{speed:.0f} tokens/s"
    elif "done" in progress:
        yield f"{progress['what']} {progress['done']} of {progress['total'] or '?'}"
    if "seconds_left" in progress:
        yield f"about {span(progress['seconds_left'])} left"


def span(seconds: float) -> str:
    """`45 s`, `12 min`, `3.5 h`, `2.1 days`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"
