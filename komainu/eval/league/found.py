"""The numbers of many models, as the store has them: on boards, and in sets of scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from komainu.errors import UsageError
from komainu.eval.columns import LIMIT
from komainu.eval.measured import Way
from komainu.store import Artifact, Store

BOARD = "board.json"
OLDER = "does not tell how it was measured: an older version of komainu made it; run it again, which asks nothing"


class Number(NamedTuple):
    """One metric of one bench for one model. `row` is as a board has it; `accept` the share that may be missing."""

    model: str
    weights: str  # the id of the model without how it is sampled
    result: str  # the name or the id under which it was found
    bench: str
    language: str
    metric: str
    way: Way
    accept: float
    row: dict[str, Any]

    @property
    def rope(self) -> int:
        """The factor of the model's RoPE scaling; 0 without."""
        return int(self.row.get("sampling", {}).get("rope", 0))


def numbers(store: Store, targets: Sequence[str] = (), older: list[str] | None = None) -> Iterator[Number]:
    """Every number that counts in an average, of the results that `targets` name; without any, of all named results.

    A result is a board, what was made from one (a report, a card), or a set of scores; a target may also be what was
    made from sets of scores (an import), or a model: its numbers in all named results. A number comes once. Raises
    UsageError for a target that is none, and for a result that does not tell how it was measured; where nobody named
    it, its name is added to `older` instead, where that is given.
    """
    seen: dict[str, set[str]] = {}
    for name, artifact, model in results(store, targets):
        taken = seen.setdefault(artifact.ref, set())
        if {"", model} & taken:
            continue
        board = is_board(artifact)
        found = msgspec.json.decode((artifact.path / BOARD).read_bytes()) if board else artifact.summary
        if "measured" in found:
            every = of_board(name, found) if board else of_scores(name, artifact.ref, found)
            yield from (each for each in every if (not model or each.model == model) and each.model not in taken)
        elif older is not None and (model or not targets):
            older.append(name)
        else:
            raise UsageError(f"{name!r} ({artifact.ref}) {OLDER}")
        taken.add(model)


def results(store: Store, targets: Sequence[str]) -> Iterator[tuple[str, Artifact, str]]:
    """The boards and scores that are meant, each with the name under which it is found, and the model of which alone
    its numbers are meant, if any."""
    if not targets:
        yield from ((name, found, "") for name, found in named(store))
    for target in targets:
        try:
            artifact = store.resolve(target)
        except UsageError:
            own = [(name, found, target) for name, found in named(store) if target in models(found)]
            if not own:
                raise
            yield from own
            continue
        inputs = (store.at(ref) for ref in artifact.inputs.values())
        found = result(store, artifact)
        several = [found] if found else [each for each in inputs if each and is_scores(each)]
        if not several:
            kinds = "a board, a report or card of one, or scores"
            raise UsageError(f"{target!r} is {artifact.ref}, which has no scores; name {kinds} (`komainu ls`)")
        yield from ((target, each, "") for each in several)


def named(store: Store) -> Iterator[tuple[str, Artifact]]:
    """All named results."""
    artifacts = ((name, store.at(ref)) for name, ref in store.names().items())
    yield from ((name, found) for name, artifact in artifacts if artifact and (found := result(store, artifact)))


def models(artifact: Artifact) -> set[str]:
    """Whose numbers a board or a set of scores holds."""
    if not is_board(artifact):
        return {artifact.summary["model"]} if "model" in artifact.summary else set()
    return {row["entry"] for row in msgspec.json.decode((artifact.path / BOARD).read_bytes())["rows"]}


def result(store: Store, artifact: Artifact) -> Artifact | None:
    """The board or the scores that an artifact is, or the board that it was made from."""
    if is_board(artifact) or is_scores(artifact):
        return artifact
    board = artifact.inputs.get("board")
    return store.at(board) if board else None


def is_scores(artifact: Artifact) -> bool:
    return artifact.record["makes"] == "Score" and "metrics" in artifact.summary


def is_board(artifact: Artifact) -> bool:
    return (artifact.path / BOARD).is_file()


def of_board(name: str, found: dict[str, Any]) -> Iterator[Number]:
    for row in found["rows"]:
        if row["averaged"]:
            way = found["measured"][f"{row['bench']} ({row['language']})"]
            what = (row["bench"], row["language"], row["metric"])
            yield Number(row["entry"], row["weights"], name, *what, way, max(LIMIT, found["accept"]), row)


def of_scores(name: str, ref: str, told: dict[str, Any]) -> Iterator[Number]:
    """The numbers in the summary of scores that stand on no board."""
    for metric, found in told["metrics"].items():
        judges = told.get("judges", {}).get(metric)
        row = {
            **found,
            **bounds(found, told),
            **({"balanced": judges["balanced"], "judges": judges["by"]} if judges else {}),
            **{key: told[key] for key in ("higher_is_better", "bottom", "top")},
            **({"own": told["own"]} if "own" in told and metric == next(iter(told["metrics"])) else {}),
            "sampling": told["sampling"],
            "scores": ref,
        }
        what = (told["bench"], told["language"], metric)
        yield Number(told["model"], told["weights"], name, *what, told["measured"], LIMIT, row)


def bounds(found: dict[str, Any], told: dict[str, Any]) -> dict[str, float]:
    """The mean if all that is missing were the worst, and the best: of a mean over verdicts."""
    ends = (told["bottom"], told["top"]) if told["higher_is_better"] else (told["top"], told["bottom"])
    total = found["n"] * (found["mean"] or 0.0)
    every = max(1, found["n"] + found["missing"])
    return {name: (total + found["missing"] * end) / every for name, end in zip(("worst", "best"), ends, strict=True)}


def licence(store: Store, number: Number) -> str:
    """The licence of the weights that a model's numbers come from, "" where the store does not know it."""
    artifact = store.at(number.row["scores"])
    for field in ("answers", "model.weights"):
        artifact = store.at(ref) if artifact and (ref := artifact.inputs.get(field)) else None
    while artifact is not None:
        if told := artifact.record["config"].get("licence"):
            return str(told)
        artifact = store.at(ref) if (ref := artifact.inputs.get("model")) else None
    return ""
