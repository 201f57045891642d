"""The whole of jp-ifeval: one model at five temperatures, in all, by type and by temperature."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.checks.instructions.asked import asked_of
from komainu.errors import UsageError
from komainu.eval.base import Answers
from komainu.eval.bench.jp_ifeval.bench import JpIFEval, JpIFEvalItems
from komainu.eval.bench.jp_ifeval.checks import CHECKS
from komainu.eval.ruling import missing
from komainu.files import write_json
from komainu.models.base import Model
from komainu.rows import Chat
from komainu.stage import Stage, Table, needs

if TYPE_CHECKING:
    from komainu.context import Context

TEMPERATURES = (0.0, 0.2, 0.5, 0.7, 1.0)
Verdicts = dict[str, list[float | None]]  # item id to its verdicts, one a temperature; None is missing


@dataclass(frozen=True, kw_only=True)
class JpIFEvalTable(Stage):
    """Writes `jp_ifeval.json`, also the summary: `strict` and `loose` (mean, n, items, missing, 95 % interval) over
    all answers, `by_temperature`, `by_type`, and `by_type_and_temperature`.

    The total and the temperatures count prompts: passed when all its instructions are followed. The types count
    instructions, each under its own name, so one prompt of two instructions stands under both. Everything but the
    totals is strict. Intervals over several temperatures are clustered by item.
    """

    makes: ClassVar[type] = Table
    answers: tuple[Answers, ...]

    def check(self) -> Iterator[str]:
        if not self.answers:
            yield "JpIFEvalTable.answers is empty; give it the answers at each temperature"
            return
        first, *others = self.answers
        for i, answers in enumerate(self.answers):
            yield from needs(self, f"answers[{i}]", answers, Chat)
        for answers in others:
            if answers.items.id != first.items.id:
                yield "JpIFEvalTable.answers are of different items; ask the same ones at each temperature"
            if replace(answers.model, temperature=first.model.temperature) != first.model:
                yield "JpIFEvalTable.answers are of different models or settings; only the temperature may differ"
        told = [answers.model.temperature for answers in self.answers]
        if len({*told}) != len(told):
            yield f"JpIFEvalTable.answers has a temperature twice, of {told}; give each once"

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        if wrong := list(self.check()):
            raise UsageError("; ".join(wrong))
        bench, marks = JpIFEval(), Marks()
        for answers in self.answers:
            chats = [r for r in ctx.open(answers).rows() if isinstance(r, Chat) and bench.applies(r)]
            if not chats:
                raise UsageError(f"no row of {answers.items.label} is an item of jp_ifeval; use JpIFEvalItems")
            for chat in chats:
                marks.add(chat, f"{answers.model.temperature:g}", bench)
        found = marks.table()
        write_json(out / "jp_ifeval.json", found)
        return {"rows": len(self.answers), "model": self.answers[0].model.name, **found}


class Marks:
    """Verdicts under their names, in the order they came."""

    def __init__(self) -> None:
        self.strict: Verdicts = {}
        self.loose: Verdicts = {}
        self.by_temperature: dict[str, Verdicts] = {}
        self.by_type: dict[str, Verdicts] = {}
        self.both: dict[str, dict[str, Verdicts]] = {}

    def add(self, chat: Chat, temperature: str, bench: JpIFEval) -> None:
        asked = asked_of(chat, CHECKS)
        lost = bool(missing(chat))
        strict, loose = ([None] * len(asked),) * 2 if lost else map(floats, bench.verdict(chat).values())
        put(self.strict, chat, whole(strict))
        put(self.loose, chat, whole(loose))
        put(self.by_temperature.setdefault(temperature, {}), chat, whole(strict))
        for one, mark in zip(asked, strict, strict=True):
            put(self.by_type.setdefault(one.id, {}), chat, mark)
            put(self.both.setdefault(one.id, {}).setdefault(temperature, {}), chat, mark)

    def table(self) -> dict[str, Any]:
        from komainu.eval.totals import estimate

        def told(verdicts: Verdicts) -> dict[str, Any]:
            return estimate(verdicts.values(), 1.0)

        return {
            "strict": told(self.strict),
            "loose": told(self.loose),
            "by_temperature": mapped(told, self.by_temperature),
            "by_type": mapped(told, self.by_type),
            "by_type_and_temperature": {name: mapped(told, self.both[name]) for name in sorted(self.both)},
        }


def put(verdicts: Verdicts, chat: Chat, mark: float | None) -> None:
    verdicts.setdefault(chat.id, []).append(mark)


def floats(verdicts: Iterable[bool]) -> list[float | None]:
    return [*map(float, verdicts)]


def whole(marks: Sequence[float | None]) -> float | None:
    """1 when all are followed, None when the answer is missing."""
    return None if None in marks else float(all(marks))


def mapped(told: Callable[[Verdicts], dict[str, Any]], groups: Mapping[str, Verdicts]) -> dict[str, Any]:
    return {name: told(groups[name]) for name in sorted(groups)}


def jp_ifeval(model: Model, limit: int = 0, temperatures: Sequence[float] = TEMPERATURES) -> JpIFEvalTable:
    """jp-ifeval of a model, with `limit` prompts (0: all) at each temperature; its other settings stay."""
    items = JpIFEvalItems(limit=limit)
    asked = (Answers(model=replace(model, temperature=t), items=items) for t in temperatures)
    return JpIFEvalTable(answers=tuple(asked))
