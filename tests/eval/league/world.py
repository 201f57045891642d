"""Boards as they lie in a store, with the numbers a test wants."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from komainu.context import Context
from komainu.eval.family import PARTS, Shown
from komainu.eval.league.found import Number
from komainu.files import write_json
from komainu.stage import Stage, Table
from tests.core_fakes import context

HOW = {"items": "Items 1", "sampling": "temperature 0"}
TOPS = {"elyza": 5.0, "livebench": 1.0, "rp_bench": 5.0}  # of the benches' own scales, where they are not those shown


def row(model: str, shown: Shown, value: float, *, n: int = 100, missing: int = 0, **more: Any) -> dict[str, Any]:
    """A board's row; `value` in the column's unit, the interval a hundredth of it wide to either side."""
    top = TOPS.get(shown.key, shown.unit)
    mean = value * top / shown.unit
    reach, share = 0.01 * top, missing / (n + missing)
    ends = {"mean": mean, "low": max(0.0, mean - reach), "high": min(top, mean + reach)}
    return {
        "entry": model,
        "model": model,
        "weights": f"id of {model}",
        "bench": shown.bench,
        "language": "en" if shown.key in ("mixeval", "livebench", "ifeval", "evalplus") else "ja",
        "metric": shown.metric,
        **ends,
        **({"own": {**ends, "lacking": ""}} if shown.own else {}),
        "n": n,
        "missing": missing,
        "worst": mean * (1 - share),
        "best": mean * (1 - share) + top * share,
        "higher_is_better": True,
        "bottom": 0.0,
        "top": top,
        "averaged": True,
        "scores": f"scores/{model}-{shown.key}",
        "answers": f"answers/{model}",
        **more,
    }


def board_of(rows: Sequence[dict[str, Any]], way: Mapping[str, str] = HOW, accept: float = 0.0) -> dict[str, Any]:
    """What board.json holds, as far as a table reads it."""
    names = {f"{r['bench']} ({r['language']})": dict(way) for r in rows}
    return {"accept": accept, "measured": names, "rows": [*rows]}


def numbers(rows: Sequence[dict[str, Any]], way: Mapping[str, str] = HOW, result: str = "board") -> list[Number]:
    return [
        Number(r["entry"], r["weights"], result, r["bench"], r["language"], r["metric"], dict(way), 0.005, r)
        for r in rows
    ]


def full(model: str, values: Mapping[str, float]) -> list[dict[str, Any]]:
    """The rows of a model with every part of the family's table: values by key, a tenth of the unit where not given."""
    return [row(model, shown, values.get(shown.key, shown.unit / 10)) for shown in PARTS]


@dataclass(frozen=True, kw_only=True)
class Given(Stage):
    """A board that is given, as JSON."""

    makes: ClassVar[type] = Table
    text: str
    board: Stage | None = None

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        if self.text:
            write_json(out / "board.json", json.loads(self.text))
        return {}


def stored(root: Path, name: str, board: Mapping[str, Any]) -> Context:
    """A store that has a board under a name."""
    ctx = context(root)
    stage = Given(text=json.dumps(board))
    ctx.store.build(stage, ctx)
    ctx.store.name(name, stage)
    return ctx
