"""All that is told of a panel: agreement with a gold, biases, missing verdicts, drift."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from komainu.errors import UsageError
from komainu.eval.panel.drift import Bounds, drift
from komainu.eval.panel.failures import failures
from komainu.eval.panel.kin import Kin, kin_bias
from komainu.eval.panel.length import length_bias
from komainu.eval.panel.levels import item_level, model_level
from komainu.eval.panel.marks import GOLDS, PANEL, Sheet, gold_of, reference
from komainu.eval.panel.position import Duel, position_bias
from komainu.eval.panel.preferences import preferences, wins

Object = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked of some marks: the judges of the panel (all but the gold when none are said) and the gold; what is
    known of families and teachers; earlier marks of the same answers."""

    judges: tuple[str, ...] = ()
    gold: str = ""
    kin: tuple[Kin, ...] = ()
    frozen: Sheet | None = None
    bounds: Bounds = field(default_factory=Bounds)
    seed: str = "0"


NO_KIN = "no family and no teacher has a judge of its own, a judge that is not its own, and two models on either side"


def report(sheet: Sheet | None, duels: Sequence[Duel], wish: Wish) -> Object:
    """The sections that the marks and duels allow, as JSON; see docs/panel.md."""
    voters = {duel.judge for duel in duels}
    found: Object = {} if sheet is None else marked(sheet, wish, voters)
    if duels:
        found["wins"] = wins(duels)
        voter = next((name for name in (wish.gold, *GOLDS) if name in voters), "")
        if rows := preferences(duels, sheet, voter, wish.seed) if voter else []:
            found["preferences"] = rows
        found["position"] = position_bias(duels)
    if not found:
        raise UsageError("there is nothing to look at: no judge has scored anything; name a result that was judged")
    return found


def marked(sheet: Sheet, wish: Wish, voters: Collection[str] = ()) -> Object:
    """What the scores of answers tell. The gold may be one that has voted and scored nothing."""
    gold = gold_of(sheet, "" if wish.gold in voters and wish.gold not in sheet.judges else wish.gold)
    judges = panel_of(sheet, gold, wish.judges)
    found: Object = {
        "judges": list(judges),
        "gold": gold or None,
        "benches": list(sheet.benches),
        "models": len(sheet.models),
        "items": len({*sheet.items}),
        "answers": len(sheet.answers),
    }
    if gold:
        found["model_level"] = [*model_rows(sheet, judges, gold, wish.seed)]
        found["item_level"] = [*item_rows(sheet, judges, gold, wish.seed)]
    found["length"] = [*length_rows(sheet, judges, gold, wish.seed)]
    for relation in ("family", "teacher"):
        if rows := kin_bias(sheet, judges, wish.kin, relation, wish.seed) if wish.kin and len(judges) > 1 else []:
            found[relation] = rows
    if wish.kin and not {"family", "teacher"} & found.keys():
        found["no_kin"] = NO_KIN
    found["failures"] = failures(sheet, judges, gold, wish.seed)
    if wish.frozen is not None:
        found["drift"] = drift(wish.frozen, sheet, wish.seed, wish.bounds)
        found["alarms"] = [f"{row['judge']}: {row['alarm']}" for row in found["drift"] if row["alarm"]]
    return found


def panel_of(sheet: Sheet, gold: str, wanted: Sequence[str]) -> tuple[str, ...]:
    """The judges of the panel."""
    for judge in wanted:
        sheet.of(judge)
    if gold in wanted:
        raise UsageError(f"{gold!r} is the gold; it cannot be a judge of the panel too")
    judges = tuple(wanted or (judge for judge in sheet.judges if judge != gold))
    if not judges:
        raise UsageError(f"there is only {gold!r}, the gold; nothing is left to measure against it")
    return judges


def columns(sheet: Sheet, judges: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """The panel's mean, where there are several judges, and each judge."""
    if len(judges) > 1:
        yield PANEL, sheet.mean(judges)
    yield from ((judge, sheet.of(judge)) for judge in judges)


def model_rows(sheet: Sheet, judges: Sequence[str], gold: str, seed: str) -> Iterator[Object]:
    views: dict[str, tuple[str, ...]] = {bench: (bench,) for bench in sheet.benches}
    if len(views) > 1:
        views["all"] = sheet.benches
    for judge, scores in columns(sheet, judges):
        for name, benches in views.items():
            yield {"judge": judge, "bench": name, **model_level(sheet, sheet.of(gold), scores, benches, seed)}


def item_rows(sheet: Sheet, judges: Sequence[str], gold: str, seed: str) -> Iterator[Object]:
    for judge, scores in columns(sheet, judges):
        for bench in sheet.benches:
            only = sheet.only(bench, scores)
            yield {"judge": judge, "bench": bench, **item_level(sheet, sheet.of(gold), only, seed)}


def length_rows(sheet: Sheet, judges: Sequence[str], gold: str, seed: str) -> Iterator[Object]:
    for judge in judges:
        beside = reference(sheet, judges, judge, gold)
        for bench in sheet.benches:
            only = sheet.only(bench, sheet.of(judge))
            found = length_bias(sheet, only, beside.scores, f"{seed}:{judge}:{bench}")
            if any(found.values()):
                yield {"judge": judge, "bench": bench, "against": beside.against, **found}
