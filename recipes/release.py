"""From your own files to a released model: training as in finetune.py, the same items for the base and what was made
of it, a sweep of the sampling, and the folder that goes to the hub.

komainu run recipes/release.py:release name=OWNER/NAME base=OWNER/BASE@COMMIT licence=mit chats=chats.jsonl rows=mit
komainu run recipes/release.py:release name=OWNER/NAME base=DIR licence=llama3.1 pairs=pairs.jsonl rows=mit readme=ja
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

from komainu import settings
from komainu.errors import UsageError
from komainu.eval.base import Answers, Lang
from komainu.eval.bench.leakage import LeakageRate
from komainu.eval.board import Board, Entry
from komainu.eval.evaluation import evaluation
from komainu.eval.sampler import SamplerSweep, sampler_sweep
from komainu.eval.shelf import Shelf
from komainu.eval.suites import Task, at_hand, choose
from komainu.models.base import Model
from komainu.release.card import Card
from komainu.stage import Stage
from komainu.train.base import Fit
from komainu.train.directory import model_at
from recipes.finetune import trained

FIT = Fit(lr=1e-5, global_batch=128, epochs=3.0)  # of an 8B model; DPO takes it at 1/80
SWEPT = 100  # items for each setting of the sweep


def release(
    name: str,
    base: str,
    licence: str,
    chats: str = "",
    pairs: str = "",
    rows: str = "unknown",
    bench: tuple[str, ...] = ("jp-ifeval", "ifeval"),
    readme: Literal["en", "ja"] = "en",
) -> Card:
    """The card of a model that is made of `base` with `chats`, `pairs` or both, under the base's `licence`.

    `rows` is the licence of your files. `bench` are names of benchmarks that rules score; their items are found as
    `komainu eval run` finds them. For other settings of the training, or judges, change a copy of this file.
    """
    start = model_at(base, licence)
    made = [*trained(start, FIT, chats, pairs, rows)]
    if not made:
        raise UsageError("release needs chats=FILE, pairs=FILE or both: a model that was not trained is the base's")
    tasks = ruled(bench)
    names = ("base", *(type(stage).__name__ for stage in made))
    entries = [entry for one, stage in zip(names, (start, *made), strict=True) for entry in asked(one, stage, tasks)]
    return Card(
        name=name,
        model=made[-1],
        base=start,
        board=Board(entries=tuple(entries)),
        data=tuple(stage.inputs["data"] for stage in made),
        entry=names[-1],
        sweep=swept(Model(name=names[-1], weights=made[-1]), tasks),
        licence=licence,
        readme=readme,
    )


def ruled(bench: Sequence[str]) -> list[Task]:
    """The tasks of all these benchmarks. Raises UsageError where items are missing or judges would be needed."""
    found = at_hand(choose(None, bench), Shelf(settings.load().shelves))
    judged = dict.fromkeys(found.unjudged, "models mark its answers; name judges in a copy of this recipe")
    for one, why in {**found.lacking, **judged}.items():
        raise UsageError(f"{one} cannot be asked: {why}, or leave it out of bench=")
    return found.tasks


def asked(name: str, weights: Stage, tasks: Sequence[Task]) -> tuple[Entry, ...]:
    return evaluation(Model(name=name, weights=weights), tasks).entries


def swept(model: Model, tasks: Sequence[Task]) -> SamplerSweep | None:
    """How to sample it, on the first benchmark that asks each item once; none where there is no such benchmark."""
    for task in (task for task in tasks if task.answers is Answers):
        items = task.items.limited(SWEPT)
        some = items.rows()
        rates = (LeakageRate(language=language, headline=False) for language in get_args(Lang))
        leaks = tuple(rate for rate in rates if any(map(rate.applies, some)))
        if leaks:
            capped = replace(model, max_tokens=task.max_tokens)
            return sampler_sweep(capped, items, quality=(task.bench,), leakage=leaks)
    return None
