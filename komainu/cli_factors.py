"""What `komainu eval board --sweep` does: what varied in a sweep, what it did, and what each point cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from komainu import settings
from komainu.cli_verbs import Outcome
from komainu.errors import UsageError
from komainu.files import whole
from komainu.lineage import Node, from_record, upstream
from komainu.store import Store
from komainu.sweeps.record import Point, Shelf, Sweep, described

if TYPE_CHECKING:
    from komainu.cli_eval import Sheet
    from komainu.eval.factors import Tried
    from komainu.eval.league.found import Number

TOKENS = ("prompt_tokens", "completion_tokens")


def effects(sheet: Sheet) -> Outcome:
    """Effects, settings, points and costs; with --page as a page too."""
    from komainu.eval.factors import Factors, analysed

    if sheet.csv or sheet.markdown or sheet.targets or sheet.sort:
        raise UsageError("--sweep goes with --filter, --accept-missing, --page and --json alone")
    store = Store(settings.load().root)
    shelf = Shelf(store.root)
    made = shelf.find(sheet.sweep)
    states = [*shelf.states(made)]
    built = [point for point, state, _ in states if state == "built"]
    tried, entry = read(store, built, sheet.filter or [])
    found = analysed(factors := Factors(tried, made.varied, sheet.accept_missing))
    own, shared = costs(store, made, built)
    numbers = dict(zip((point.ref for point in built), factors.numbers(), strict=True))
    payload = {
        "name": made.name,
        "id": made.id,
        "entry": entry,
        "factors": {name: [*levels] for name, levels in made.varied.items()},
        **found,
        "points": [
            {
                "name": point.name,
                "values": {name: point.values[name] for name in made.varied},
                "ref": point.ref,
                "state": state,
                **numbers.get(point.ref, {}),
                "cost": own.get(point.ref),
                **({"outcome": described(told)} if told else {}),
            }
            for point, state, told in states
        ],
        "shared": shared,
        "currency": settings.load().currency,
    }
    payload["notes"] = notes(payload)
    more = []
    if sheet.page:
        from komainu.release.factors import page

        with whole(sheet.page) as handle:
            handle.write(page(payload).encode())
        payload["page"] = str(sheet.page)
        more = [f"page {sheet.page}"]
    return Outcome(payload, [*lines(payload), *more])


def read(store: Store, built: Sequence[Point], wanted: Sequence[str]) -> tuple[list[Tried], str]:
    """The points with the numbers of one entry of their boards: the one that is wanted, else the last that all have."""
    from komainu.eval.factors import Tried
    from komainu.eval.league.found import numbers
    from komainu.eval.versus import Entrant, key_of, rows_of
    from komainu.eval.versus import read as column

    if not built:
        raise UsageError("no point of this sweep is built yet; run it: komainu sweep")
    by = {point.ref: [*numbers(store, [point.ref])] for point in built}
    entry = chosen(by, wanted)
    found = []
    for point in built:
        mine = [n for n in by[point.ref] if n.model == entry or not entry]
        columns = {key_of(n): column(n, rows) for n in mine if (rows := rows_of(store, n))}
        found.append(Tried({k: v for k, v in point.values.items()}, Entrant(point.name, columns)))
    return found, entry


def chosen(by: Mapping[str, Sequence[Number]], wanted: Sequence[str]) -> str:
    """The entry that is looked at; "" where each point has one only, whatever its name."""
    names = [[*dict.fromkeys(n.model for n in some)] for some in by.values()]
    if not wanted and all(len(some) == 1 for some in names):
        return ""
    common = [name for name in names[0] if all(name in some for some in names)]
    matching = [name for name in common if all(word.casefold() in name.casefold() for word in wanted)]
    exact = [name for name in matching if name in wanted] or matching
    if not exact or (wanted and len(exact) > 1):
        raise UsageError(f"--filter must name one of the entries that all points have: {', '.join(common) or 'none'}")
    return exact[-1]


def costs(store: Store, made: Sweep, built: Sequence[Point]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What each point cost beside what several points share, and what that cost, once: from the records."""
    seen: dict[str, Node] = {}
    under = {point.ref: upstream(from_record(point.ref, store, seen)) for point in built}
    users = Counter(node.ref for nodes in under.values() for node in nodes)
    own = {ref: cost([node for node in nodes if users[node.ref] == 1]) for ref, nodes in under.items()}
    several = {node.ref: node for nodes in under.values() for node in nodes if users[node.ref] > 1}
    return own, cost([*several.values()])


def cost(nodes: Sequence[Node]) -> dict[str, Any]:
    """Seconds, tokens and money of some artifacts; money is None where a call had no price."""
    records = [node.artifact.record for node in nodes if node.artifact]
    spent = [each for record in records for each in record.get("spent", {}).values()]
    priced = [each["money"] for each in spent if "money" in each]
    return {
        "stages": len(records),
        "seconds": round(sum(record["seconds"] for record in records), 3),
        "calls": sum(each["calls"] for each in spent),
        "tokens": sum(each[name] for each in spent for name in TOKENS),
        "money": round(sum(priced), 9) if len(priced) == len(spent) else None,
    }


def notes(found: dict[str, Any]) -> list[str]:
    told = []
    seeds = ", ".join(found["seeds"])
    if not found["seeds"]:
        told.append(
            "one run of each setting: the intervals know of the items alone, so a difference that they show may be the "
            "luck of a training; vary seed to know more"
        )
    else:
        told.append(f"{seeds}: runs, whose differences are luck; intervals hold what items and what runs add")
    counts = Counter(point["state"] for point in found["points"])
    for state in ("failed", "pruned", "to run"):
        if counts[state]:
            told.append(f"{counts[state]} points are not in this: {state}")
    if counts["pruned"]:
        told.append("pruned points were the worse ones on their loss, so effects are those among the survivors")
    compared = [e["response"] == found["lead"] for e in found["effects"] if e["effect"] is not None]
    first, rest = sum(compared), len(compared) - sum(compared)
    told.append(f"p corrected (Holm) over {first} effects on {found['lead'].upper()}, and over {rest} on all else")
    return told


def lines(found: dict[str, Any]) -> Iterator[str]:
    built = sum(point["state"] == "built" for point in found["points"])
    entry = f", entry {found['entry']}" if found["entry"] else ""
    yield f"{found['name']} {found['id']}: {built} of {len(found['points'])} points{entry}"
    for name, levels in found["factors"].items():
        yield f"  {name}: {', '.join(levels)}"
    yield from ("", f"what it did, on {found['lead'].upper()} (points of 100):")
    lead = [e for e in found["effects"] if e["response"] == found["lead"]]
    rest = [e for e in found["effects"] if e["response"] != found["lead"] and e["word"] in ("better", "worse")]
    yield from table([("factor", "from", "to", "effect", "95 %", "p", "", "blocks", "runs"), *map(effect, lead)])
    if rest:
        yield from ("", "decided on others:")
        yield from table([(e["response"], *effect(e)) for e in rest])
    yield from ("", "settings, best first; those that share a group are not distinguishable:")
    yield from table([("group", "setting", "mean", "95 %", "runs"), *map(setting, found["settings"])])
    yield from ("", "points:")
    yield from table(
        [("point", "state", "mean", "seconds", "tokens", found["currency"]), *map(of_point, found["points"])]
    )
    shared = found["shared"]
    yield f"beside these {shared['seconds']:.1f} s and {shared['tokens']} tokens for {shared['stages']} shared stages"
    yield from (f"- {note}" for note in found["notes"])


def effect(e: dict[str, Any]) -> tuple[str, ...]:
    if e["effect"] is None:
        return (e["factor"], e["from"], e["to"], "-", "", "", e["word"], "0", "0")
    ends = f"[{e['low']:+.2f}, {e['high']:+.2f}]"
    told = (f"{e['effect']:+.2f}", ends, f"{e['p_adjusted']:.3g}", e["word"], str(e["blocks"]), str(e["runs"]))
    return (e["factor"], e["from"], e["to"], *told)


def setting(s: dict[str, Any]) -> tuple[str, ...]:
    letters = "".join(chr(ord("a") + n - 1) if n <= 26 else f"({n})" for n in s["groups"])
    if s["mean"] is None:
        return ("", s["setting"], "-", "", str(s["runs"]))
    return (letters, s["setting"], f"{s['mean']:.2f}", f"[{s['low']:.2f}, {s['high']:.2f}]", str(s["runs"]))


def of_point(p: dict[str, Any]) -> tuple[str, ...]:
    name = " ".join(f"{key}={value}" for key, value in p["values"].items()) or p["name"]
    if p["state"] != "built":
        return (name, p["state"], p.get("outcome", {}).get("kind", ""), "", "", "")
    cost, mean = p["cost"], p.get("mean")
    money = "" if cost["money"] is None else f"{cost['money']:.4g}"
    return (name, "built", "-" if mean is None else f"{mean:.2f}", f"{cost['seconds']:.1f}", str(cost["tokens"]), money)


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as their widest cell."""
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    yield from ("  " + "  ".join(f"{cell:<{w}}" for cell, w in zip(row, wide, strict=True)).rstrip() for row in rows)
