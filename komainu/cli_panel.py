"""What `komainu eval panel` does: scores of judges found, measured against a gold and against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from komainu import lineage, settings
from komainu.cli_verbs import Outcome
from komainu.errors import GateFailed, UsageError
from komainu.store import Artifact, Store

if TYPE_CHECKING:
    from komainu.cli_eval import Measured
    from komainu.eval.panel.reading import Read

MODEL = ("pearson", "spearman", "kendall", "pairs", "top_half", "slope", "bias")
ITEM = ("pearson", "spearman", "qwk", "icc", "exact", "within_1", "mae", "bias")


def panel(wish: Measured) -> Outcome:
    """Measure; code 3 when a judge is not what it was on the frozen answers."""
    from komainu.eval.panel import report
    from komainu.eval.panel.drift import Bounds
    from komainu.eval.panel.kin import read_kin
    from komainu.eval.panel.marks import sheet

    store = Store(settings.load().root)
    now = gathered(wish.sources, store, wish.metric)
    frozen = gathered(wish.canary or (), store, wish.metric)
    found = report.report(
        sheet(now.marks, wish.metric) if now.marks else None,
        now.duels,
        report.Wish(
            judges=tuple(wish.judge or ()),
            gold=wish.gold,
            kin=read_kin(wish.kin) if wish.kin else (),
            frozen=sheet(frozen.marks, wish.metric) if frozen.marks else None,
            bounds=Bounds(wish.shift, wish.kappa),
        ),
    )
    if now.torn:
        found["torn"] = now.torn
    return Outcome(found, lines(found), GateFailed.code if found.get("alarms") else 0)


def gathered(sources: Sequence[str], store: Store, metric: str) -> Read:
    """The marks and duels of files and of names or ids of the store."""
    from komainu.eval.panel.reading import Read, read
    from komainu.eval.panel.stored import duels, marks

    found, torn = Read([], []), 0
    for source in sources:
        if Path(source).is_file():
            some = read(Path(source))
            found.marks.extend(some.marks)
            found.duels.extend(some.duels)
            torn += some.torn
        else:
            for scores in scores_of(source, store):
                found.marks.extend(marks(store, scores, metric))
                found.duels.extend(duels(scores))
    return found._replace(torn=torn)


def scores_of(name: str, store: Store) -> list[Artifact]:
    """The scores by judges that a name or id of the store stands for, or that it was made from."""
    from komainu.eval.panel.stored import judged

    try:
        target = store.resolve(name)
    except UsageError as error:
        raise UsageError(f"{name!r}: give a file of marks or a result. It is no file, and {error}") from None
    nodes = lineage.upstream(lineage.from_record(target.ref, store))
    found = [node.artifact for node in nodes if node.artifact is not None and judged(node.artifact)]
    if not found:
        raise UsageError(
            f"{target.ref} has no scores by judges, and was made from none"
            "; name a result of `komainu eval run` or `eval judge` with --judge"
        )
    return found


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    if "judges" in found:
        gold = f"against {found['gold']}" if found["gold"] else "without a gold"
        counts = (f"{found[name]} {name}" for name in ("models", "items", "answers"))
        yield f"{', '.join(found['judges'])} {gold}: {', '.join(counts)}"
    for row in found.get("model_level", ()):
        yield from agreement_lines("models", row, row["models"], MODEL)
    for row in found.get("item_level", ()):
        yield from agreement_lines("answers", row, row["n"], ITEM)
    yield from bias_lines(found)
    yield from preference_lines(found)
    for row in found.get("failures", ()):
        told = f"missing  {where(row)}: {row['missing']} of {row['asked']}: {row['word']}"
        by = f"{row['difference']:+.3f} {span(row['interval'])} by {row['against']}" if row["p"] is not None else ""
        yield f"{told}, {by}, shift {row['shift']:+.3f}, p {row['p_holm']}" if by else told
    for row in found.get("drift", ()):
        moved = "" if row["shift"] is None else f", shift {row['shift']:+.3f} {span([row['low'], row['high']])}"
        yield f"drift    {row['judge']}: n {row['n']}{moved}, p {row['p_holm']}: {row['alarm'] or 'as it was'}"
    yield from (f"ALARM    {alarm}" for alarm in found.get("alarms", ()))


def agreement_lines(what: str, row: Mapping[str, Any], n: int, names: Sequence[str]) -> Iterator[str]:
    yield f"{what:<8} {where(row)}: n {n}{', too few' if not any(row[name] for name in names) else ''}"
    for name in names:
        if each := row[name]:
            spans = (f"{over} {span(each[over])}" for over in ("answers", "items", "models") if each.get(over))
            yield f"           {name:<9} {plain(each['value']):>7}  {'  '.join(spans)}".rstrip()


def bias_lines(found: Mapping[str, Any]) -> Iterator[str]:
    for row in found.get("length", ()):
        for name in ("score", "excess"):
            if each := row[name]:
                yield f"length   {where(row)}: {name} {each['value']:+.3f} {span(each['items'])} a doubling"
    for relation in ("family", "teacher"):
        for row in found.get(relation, ()):
            gaps = ", ".join(f"{judge} {plain(gap)}" for judge, gap in row["gap"].items())
            yield f"{relation:<8} {row['group']}: {row['models']} models against {row['others']}: {gaps}"
            for own in row["own"]:
                spans = f"items {span(own['items'])}  models {span(own['models'])}"
                yield f"           {own['judge']} itself {own['value']:+.3f}  {spans}  p {own['p']}"
    if told := found.get("no_kin"):
        yield f"kin      {told}"
    for row in found.get("position", ()):
        share = f"the first in {row['share'][0]:.3f} {span(row['share'][1:])}" if row["share"] else "no order effect"
        same = f"{row['consistent'][0]:.3f}" if row["consistent"] else "-"
        yield f"position {row['judge']}: {row['both']} in both orders, consistent {same}; {share}, p {row['p']}"


def preference_lines(found: Mapping[str, Any]) -> Iterator[str]:
    for row in found.get("wins", ()):
        counts = f"{row['wins_a']} to {row['wins_b']}, ties {row['ties']}, both bad {row['bad']}"
        rate = f"{row['rate'][0]:.3f} {span(row['rate'][1:])}, p {row['p_holm']}: " if row["rate"] else ""
        yield f"wins     {row['judge']}: {row['a']} against {row['b']}: {counts}: {rate}{row['word']}"
    for row in found.get("preferences", ()):
        told = [
            f"{name} {plain(row[name]['value'])} {span(row[name]['items'])}" for name in ("exact", "qwk") if row[name]
        ]
        if row["share"]:
            share = f"{row['share'][0]:.3f} {span(row['share'][1:])}"
            told.append(f"of {row['decided']} that both decide {share}, p {row['p']}")
        yield f"prefers  {row['judge']} as {row['gold']}: n {row['n']}{'; ' if told else ', too few'}{'; '.join(told)}"
    if torn := found.get("torn"):
        yield f"torn     {torn} votes in the middle of which a file ends are left out; they were not acknowledged"


def where(row: Mapping[str, Any]) -> str:
    return f"{row['judge']} on {row['bench']}" if row["bench"] else str(row["judge"])


def span(ends: Sequence[float] | None) -> str:
    return "-" if ends is None else f"[{ends[0]:.3f}, {ends[1]:.3f}]"


def plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
