"""From one number of a board down to the rows behind it: scores, answers, weights, training data, row ids."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from komainu.errors import UsageError, nearest
from komainu.lineage import Node, upstream
from komainu.rows import Chat, Score
from komainu.store import Artifact

KEY = ("entry", "bench", "language", "metric")
EXCERPT = 60  # characters of a reply that are shown
FEW = 5  # rows and ids that are shown; --json has them all


class Named(msgspec.Struct):
    """A row of which only the id is read."""

    id: str


def trace(root: Node, cell: str) -> dict[str, Any]:
    """Everything behind `entry/bench/language/metric` of a board in the tree of `root`, as JSON.

    number: the board's row; scores: one per item and judge with the reply it judges; verdicts (the judges' words),
    answers, weights and data: artifacts, weights from the last trained to the first; data with every row id. Raises
    UsageError for an unknown cell.
    """
    board, number = find_cell(root, cell)
    nodes = {n.ref: n for n in upstream(root)}
    scores = nodes[number.get("scores") or number["ref"]]
    answers = scores.inputs.get("answers")
    if answers is None:
        raise UsageError(f"{scores.ref} has no `answers`; only scores of answers can be traced")
    weights, data = training(answers)
    return {
        "cell": cell,
        "number": {k: v for k, v in number.items() if k not in KEY},
        "board": board.ref,
        "scores": {"ref": scores.ref, "rows": [*judged(opened(scores), opened(answers), number["metric"])]},
        "verdicts": [node.ref for path, node in scores.inputs.items() if path.startswith(("verdicts", "duels"))],
        "answers": {"ref": answers.ref, "rows": (opened(answers).summary.get("rows"))},
        "weights": [{"ref": n.ref, "stage": n.kind} for n in weights],
        "data": [described(n) for n in data],
    }


def find_cell(root: Node, cell: str) -> tuple[Node, dict[str, Any]]:
    """The board that has a cell, and its row."""
    known: dict[str, tuple[Node, dict[str, Any]]] = {}
    for node in upstream(root):
        if node.artifact and (file := node.artifact.path / "board.json").exists():
            for row in json.loads(file.read_bytes())["rows"]:
                known["/".join(str(row[k]) for k in KEY)] = (node, row)
    if not known:
        raise UsageError(f"there is no board under {root.label}, or it is not built; run it first")
    if cell not in known:
        raise UsageError(f"no cell {cell!r} ({'/'.join(KEY)}){nearest(cell, known)}")
    return known[cell]


def makes(node: Node) -> str:
    return str(node.artifact.record["makes"]) if node.artifact else ""


def opened(node: Node) -> Artifact:
    if node.artifact is None:
        raise UsageError(f"{node.ref} is gone from the store; run the recipe again")
    return node.artifact


def judged(scores: Artifact, answers: Artifact, metric: str) -> Iterator[dict[str, Any]]:
    """The score rows of a metric, each with the replies it was given for."""
    replies: dict[str, list[str]] = {}
    for row in answers.rows():
        if isinstance(row, Chat):
            replies.setdefault(row.id, []).append(row.reply)
    rows = [row for row in scores.rows() if isinstance(row, Score) and row.metric == metric]
    many, nth = Counter(row.id for row in rows), Counter[str]()
    for row in rows:
        said = replies.get(row.id, [""])
        reply = said[nth[row.id] * len(said) // many[row.id]]  # samples in the order asked, for each all its judges
        nth[row.id] += 1
        yield {"id": row.id, "value": row.value, "by": row.by, "why": row.why, "reply": reply}


def training(answers: Node) -> tuple[list[Node], list[Node]]:
    """The weights that answered and those they were trained from, last first; the row artifacts they learnt from."""
    weights: dict[str, Node] = {}
    data: dict[str, Node] = {}

    def visit(node: Node) -> None:
        for each in node.inputs.values():
            if makes(each) in ("Table", "Page"):  # a card's evaluation: nothing was learnt from it
                continue
            if each.artifact is None or makes(each) in ("Chat", "Pair"):
                data[each.ref] = each
            elif each.ref not in weights:
                if makes(each) == "Weights":
                    weights[each.ref] = each
                visit(each)

    for path, each in answers.inputs.items():
        if path.startswith("model"):
            weights[each.ref] = each
            visit(each)
    return [*weights.values()], [*data.values()]


def described(node: Node) -> dict[str, Any]:
    """An artifact of rows, with every row id and what it was made from; rows None when it is gone from the store."""
    if node.artifact is None:
        return {"ref": node.ref, "rows": None, "made_from": [], "ids": []}
    file = node.artifact.path / "rows.jsonl"
    ids = [*ids_of(file.read_bytes().splitlines())] if file.exists() else []
    return {"ref": node.ref, "rows": len(ids), "made_from": [n.ref for n in node.inputs.values()], "ids": ids}


def ids_of(lines: Sequence[bytes]) -> Iterator[str]:
    """Only the id of each row is decoded: about a microsecond a row."""
    decoder = msgspec.json.Decoder(Named)
    return (decoder.decode(line).id for line in lines)


def text(found: dict[str, Any]) -> Iterator[str]:
    """A trace as lines to read."""
    number = found["number"]
    value = number.get("mean", number.get("value"))
    low, high = number.get("low"), number.get("high")
    interval = f" [{low:.4g}, {high:.4g}]" if low is not None and high is not None else ""
    shown = "withheld" if value is None else f"{value:.4g}"
    yield f"{found['cell']} = {shown}{interval}, n {number.get('n')}, missing {number.get('missing', 0)}"
    yield f"board    {found['board']}"
    rows = found["scores"]["rows"]
    yield f"scores   {found['scores']['ref']}: {len(rows)} rows"
    for row in rows[:FEW]:
        by = "" if row["by"] == "rule" else f" by {row['by']}"
        why = f" ({shortened(row['why'])})" if row["why"] else ""
        yield f"           {row['id']}: {row['value']}{by}{why} {shortened(row['reply'])!r}"
    if found["verdicts"]:
        yield f"verdicts {', '.join(found['verdicts'])}"
    yield f"answers  {found['answers']['ref']}: {found['answers']['rows']} rows"
    chain = " <- ".join(w["ref"] for w in found["weights"])
    yield f"weights  {chain or 'none of ours: the model is served by others'}"
    for data in found["data"]:
        if data["rows"] is None:
            yield f"data     {data['ref']}: gone from the store"
            continue
        more = ", ..." if data["rows"] > FEW else ""
        yield f"data     {data['ref']}: {data['rows']} rows: {', '.join(data['ids'][:FEW])}{more}"
        if data["made_from"]:
            yield f"           made from {', '.join(data['made_from'])}"


def shortened(text: str) -> str:
    """A text on one line, cut to EXCERPT characters."""
    text = " ".join(text.split())
    return text if len(text) <= EXCERPT else text[:EXCERPT] + "..."
