"""`komainu plan --probe`: a plan, and what a share of each dataset's rows has shown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from komainu import settings
from komainu.cli_verbs import Outcome, plan, planned_of
from komainu.cost import Costs
from komainu.store import Store


def probe(
    target: str, values: Sequence[str], fresh: str, rows: int, share: float, budget: float | None = None
) -> Outcome:
    """What `plan` tells before anything is asked, then the probes."""
    from komainu.probe.datasets import probe as probe_of

    told = plan(target, values, fresh, rows)
    here = settings.load() if budget is None else settings.capped(settings.load(), budget)
    store = Store(here.root)
    _, planned = planned_of(target, values, fresh, store)
    found = probe_of(planned, Costs(planned, store, here), here, share)
    told.payload["probe"] = [each.json() for each in found]
    return told._replace(lines=chain(told.lines, *(each.lines(here.currency) for each in found)))
