"""SamplerSweep: which sampling settings keep quality up and leakage down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from komainu.errors import UsageError
from komainu.eval.base import Answers, Bench, Scores
from komainu.eval.board import Entry, differ, twice
from komainu.files import write_json
from komainu.models.base import Model
from komainu.rows import Score
from komainu.spec import Spec
from komainu.stage import Questions, Stage, Table, needs

if TYPE_CHECKING:
    from komainu.context import Context


class Cut(NamedTuple):
    """How the tail of the distribution is cut: top_p 1 and min_p 0 leave it whole."""

    top_p: float = 1.0
    min_p: float = 0.0


CUTS = (Cut(), Cut(top_p=0.9), Cut(min_p=0.1))
TEMPERATURES = (0.0, 0.2, 0.7, 1.0)


@dataclass(frozen=True, kw_only=True)
class Point(Spec):
    """One way to sample: the model with its settings, and what was measured of its answers.

    Quality is the mean of the `quality` scores on 0-100, higher is better; leakage that of the `leakage`
    scores, lower is better.
    """

    model: Model
    quality: tuple[Scores, ...]
    leakage: tuple[Scores, ...]

    @property
    def name(self) -> str:
        """`temperature 0.7, top_p 0.9`; a setting at its neutral value is left out."""
        cuts = (
            f"{k} {v:g}" for k, v, off in (("top_p", self.model.top_p, 1), ("min_p", self.model.min_p, 0)) if v != off
        )
        return ", ".join((f"temperature {self.model.temperature:g}", *cuts))


@dataclass(frozen=True, kw_only=True)
class SamplerSweep(Stage):
    """Writes `sweep.json`, also the summary: `points`, each with its settings, quality and leakage (mean, low,
    high on 0-100) and how they compare with the best; and `advice`.

    The advice is the point of best quality among those whose leakage is not distinguishable from the lowest
    (paired sign-flip tests at 95 %, Holm's correction over the points); ties go to the lower leakage, then to
    the lower temperature. One sample an item: a sweep is a look, not a proof.
    """

    makes: ClassVar[type] = Table
    version: ClassVar[int] = 2
    points: tuple[Point, ...]
    seed: int = 0

    def questions(self, rows: Callable[[Stage], int | None]) -> tuple[Questions, ...]:
        return ()  # it reads what others have asked

    def check(self) -> Iterator[str]:
        if not self.points:
            yield "SamplerSweep.points is empty; give it a Point for each setting"
            return
        yield from twice("points", (point.name for point in self.points))
        first = self.points[0]
        if not first.quality or not first.leakage:
            yield f"the point {first.name!r} needs scores of quality and of leakage"
        for point in self.points:
            for scores in (*point.quality, *point.leakage):
                yield from needs(self, f"points[{point.name!r}]", scores, Score)
                if scores.answers.model.original != point.model.original:
                    yield f"the point {point.name!r} has scores of another model or other settings"
            for field in ("quality", "leakage"):
                yield from differ(*(Entry(name=p.name, scores=getattr(p, field)) for p in (first, point)))

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.eval.sweep import sweep

        if wrong := list(self.check()):
            raise UsageError("; ".join(wrong))
        found = sweep(self, ctx)
        write_json(out / "sweep.json", found)
        return {"rows": len(self.points), **found}


def sampler_sweep(
    model: Model,
    items: Stage,
    *,
    quality: tuple[Bench, ...],
    leakage: tuple[Bench, ...],
    temperatures: Sequence[float] = TEMPERATURES,
    cuts: Sequence[Cut] = CUTS,
    seed: int = 0,
) -> SamplerSweep:
    """The sweep of `model` over temperatures × cuts on `items`; at temperature 0 no cut matters: one point."""
    points = []
    for temperature in temperatures:
        for cut in cuts if temperature else (Cut(),):
            sampled = replace(model, temperature=temperature, top_p=cut.top_p, min_p=cut.min_p)
            answers = Answers(model=sampled, items=items)
            marks = [tuple(Scores(answers=answers, bench=b) for b in benches) for benches in (quality, leakage)]
            points.append(Point(model=sampled, quality=marks[0], leakage=marks[1]))
    return SamplerSweep(points=tuple(points), seed=seed)
