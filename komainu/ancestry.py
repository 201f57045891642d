"""From one row of an artifact back to the source rows, and the calls and steps it came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from komainu.data.base import drops
from komainu.errors import UsageError
from komainu.kin import Kin, Meta, kin
from komainu.lineage import Node, from_record, upstream
from komainu.models.lookup import Lookup
from komainu.rows import Chat, Message, Pair, Row, decode
from komainu.store import Artifact, Store

Object = dict[str, Any]
ROWS = ("Chat", "Pair", "Score")


def ancestry(store: Store, target: Artifact, row: str, log: Lookup) -> Object:
    """Everything a row came from, as JSON, nearest first. Raises UsageError when the artifact has no such row.

    `stages`: each artifact on the way that has the row or one it was made of (`rows`), with the steps they went
    through; one without inputs is a source, and tells its config. `calls`: what was asked and said, and how it was
    sampled, where the log has it. `dropped`: why the target dropped the row. `gone`: inputs that are not in the store.
    A row is followed by its id and by meta["from"]: where two inputs have a row of one id, both are told, and `named`
    marks the calls that the row itself names.
    """
    root = from_record(target.ref, store)
    wanted: dict[str, set[str]] = {target.ref: {row}}
    stages: list[Object] = []
    calls: dict[tuple[str, ...], Object] = {}
    gone: list[str] = []
    lost = None
    for node in reversed(upstream(root)):
        names = wanted.get(node.ref)
        if names is None:
            continue
        if node.artifact is None:
            gone.append(node.ref)
            continue
        found = [(each, decode(line)) for each, line in kin(node.artifact) if each.id in names]
        if node is root and not found:
            lost = dropped(node.artifact, row)
            found = [(kin_of(lost[1]), lost[1])]
        if not found:
            continue
        for each, whole in found:
            for key, call in called(node, each, whole, log):
                calls.setdefault(key, {**call, "named": node is root})
        onwards = set().union(*(each.rows for each, _ in found))
        for other in node.inputs.values():
            if other.artifact is None or other.artifact.record["makes"] in ROWS:
                wanted.setdefault(other.ref, set()).update(onwards)
        if lost is None or node is not root:
            stages.append(stage(node, [each for each, _ in found]))
    return {
        "target": target.ref,
        "row": row,
        "dropped": lost[0] if lost else None,
        "stages": stages,
        "calls": [*calls.values()],
        "gone": gone,
    }


def dropped(artifact: Artifact, row: str) -> tuple[Object, Row]:
    """Which step of an artifact dropped a row, and why, with the row."""
    if (artifact.path / "dropped.jsonl").exists():
        for drop in drops(artifact):
            if drop.row.id == row:
                return {"step": drop.step, "reason": drop.reason}, drop.row
    raise UsageError(
        f"{artifact.ref} has no row {row!r}, and has dropped none of that id"
        f"; the ids of its rows are in {artifact.path / 'rows.jsonl'}"
    )


def kin_of(row: Row) -> Kin:
    return Kin(row.id, Meta(made_of=row.meta.get("from", [])) if isinstance(row, (Chat, Pair)) else Meta())


def stage(node: Node, rows: Sequence[Kin]) -> Object:
    assert node.artifact is not None, "only artifacts of the store are told of"
    steps = [step["step"] for step in node.artifact.summary.get("steps", []) if isinstance(step, dict)]
    return {
        "ref": node.ref,
        "stage": node.kind,
        "steps": steps,
        "rows": [
            {"id": r.id, "source": r.meta.source, "licence": r.meta.licence, "from": r.meta.made_of} for r in rows
        ],
        "origin": None if node.inputs else node.config,
    }


def called(node: Node, row: Kin, whole: Row, log: Lookup) -> Iterator[tuple[tuple[str, ...], Object]]:
    """The calls a row names, and that of an answer to an evaluation, which names none."""
    if not isinstance(whole, (Chat, Pair)):
        return
    prompt: tuple[Message, ...] = whole.prompt
    texts = (whole.reply,) if isinstance(whole, Chat) else (whole.chosen, whole.rejected)
    for place, name in enumerate(row.calls):
        model, _, sample = name.rpartition("/")[2].partition("#")
        text = texts[min(place, len(texts) - 1)]
        found = log.call(model, int(sample), prompt, text) if sample.isdigit() else None
        yield (name, *(m.content for m in prompt)), {"call": name, "row": row.id, "of": node.ref, "found": found}
    if not row.calls and isinstance(whole, Chat) and whole.answered and isinstance(node.config.get("model"), dict):
        model = log.model(node.config["model"])
        nth = int(whole.meta.get("sample", 0))
        if model and (found := log.call(model, nth, prompt, "")):
            name = f"call:{node.config['model']['name']}/{model}#{nth}"
            yield (name, *(m.content for m in prompt)), {"call": name, "row": row.id, "of": node.ref, "found": found}


def text(found: Object) -> Iterator[str]:
    """An ancestry as lines to read."""
    yield f"row {found['row']} of {found['target']}"
    if found["dropped"]:
        yield f"dropped by {found['dropped']['step']}: {found['dropped']['reason']}"
    for each in found["stages"]:
        steps = f" through {', '.join(each['steps'])}" if each["steps"] else ""
        yield f"{'source' if each['origin'] is not None else 'stage '} {each['ref']}{steps}"
        for row in each["rows"]:
            told = ", ".join(f"{key} {row[key]}" for key in ("source", "licence") if row[key])
            yield f"         row {row['id']}{f' ({told})' if told else ''}"
    for call in found["calls"]:
        yield f"{'call  ' if call['named'] else 'before'} {call['call']} of row {call['row']} of {call['of']}"
        if call["found"] is None:
            yield "         not in the call log"
            continue
        sampling = call["found"]["sampling"] or {}
        told = ", ".join(f"{k} {v}" for k, v in sampling.items() if isinstance(v, (int, float)) and k != "v")
        yield f"         sampling: {told}"
        yield f"         asked: {shortened(call['found']['messages'][-1][1])}"
        yield f"         said: {shortened(call['found']['text'])}"
    for ref in found["gone"]:
        yield f"gone   {ref}: not in the store any more"


def shortened(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= 100 else words[:100] + "..."
