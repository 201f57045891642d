"""What a run would do, and everything wrong with it that can be seen before it starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_type_hints

from komainu.convert import describe, fits
from komainu.errors import Drift, UsageError
from komainu.settings import Settings
from komainu.stage import Stage, Weights, held, upstream_first, wiring
from komainu.store import Artifact, Store, lacking

if TYPE_CHECKING:
    from komainu.holdout import Said

State = Literal["built", "to build", "not needed", "refused"]


class Line(NamedTuple):
    """One stage of a plan. `rows` None: not known before it runs."""

    stage: Stage
    state: State
    rows: int | None
    problems: tuple[str, ...]
    sketch: str = ""  # what it hands to a program of others

    def json(self) -> dict[str, Any]:
        sketch = {"sketch": self.sketch} if self.sketch else {}
        return sketch | {
            "stage": type(self.stage).__name__,
            "id": self.stage.id,
            "makes": self.stage.row_type.__name__,
            "state": self.state,
            "rows": self.rows,
            "problems": [*self.problems],
        }


@dataclass(frozen=True)
class Plan:
    """Every stage under a target, inputs first."""

    lines: tuple[Line, ...]
    warnings: tuple[str, ...] = ()  # `Stage id: what`, of what nobody has looked at

    @property
    def problems(self) -> list[str]:
        """`Stage id: what is wrong`, each once."""
        return [f"{line.stage.label}: {problem}" for line in self.lines for problem in line.problems]

    @property
    def to_build(self) -> list[Stage]:
        return [line.stage for line in self.lines if line.state == "to build"]

    def on(self, here: Settings) -> Plan:
        """The plan with what the settings of this machine say of the stages to build."""
        counts = {line.stage.id: line.rows for line in self.lines}
        return replace(self, lines=tuple(placed(line, here, counts) for line in self.lines))

    def refuse(self) -> None:
        """Raise UsageError with every problem when there is one."""
        if self.problems:
            raise UsageError("nothing was started:\n" + "\n".join(f"  {p}" for p in self.problems))


def placed(line: Line, here: Settings, counts: dict[str, int | None]) -> Line:
    """A line with why it cannot run here, or with what it will hand to a program of others."""
    if line.state != "to build" or line.problems:
        return line
    if wrong := (*line.stage.misplaced(here),):
        return line._replace(problems=wrong)
    return line._replace(sketch=line.stage.sketch(here, lambda stage: counts.get(stage.id)))


def plan(target: Stage, store: Store) -> Plan:
    """What building `target` would do: what is built, what would be built, row counts, and every problem."""
    order = upstream_first(target)
    problems: dict[str, list[str]] = {s.id: [*mistyped(s)] for s in order}
    if sound := not any(problems.values()):  # a check may take it that fields hold what they say
        for stage, problem in wiring(target):
            problems[stage.id].append(problem)
    built: dict[str, Artifact] = {}
    refused = set()
    for stage in order:
        try:
            if found := store.find(stage):
                built[stage.id] = found
        except UsageError as error:
            refused.add(stage.id)
            problems[stage.id].append(f"{'drift: ' if isinstance(error, Drift) else ''}{error}")
    for stage in order if sound else ():
        if stage.id not in built and not problems[stage.id]:
            problems[stage.id].extend(stage.bad_rows(store))
    warnings: list[str] = []
    if not any(problems.values()):
        for stage, text, fatal in trained_on_tests(target, order, built):
            (problems[stage.id] if fatal else warnings).append(text if fatal else f"{stage.label}: {text}")
    states: dict[str, State] = {**dict.fromkeys(built, "built"), **dict.fromkeys(refused, "refused")}
    for stage in lacking(order, target, {s.id for s in order} - built.keys() - refused):
        states[stage.id] = "to build"
    counts = Counts(built, {i for i, found in problems.items() if found})
    return Plan(
        tuple(Line(s, states.get(s.id, "not needed"), counts(s), tuple(dict.fromkeys(problems[s.id]))) for s in order),
        tuple(warnings),
    )


def trained_on_tests(target: Stage, order: Sequence[Stage], built: Mapping[str, Artifact]) -> Iterator[Said]:
    """What is to be said of training and test together; nothing is loaded for it where nothing is trained."""
    if any(stage.id not in built and stage.row_type is Weights for stage in order):
        from komainu.holdout import holdout

        yield from holdout(target, built)


class Counts:
    """The row count of a stage: of its artifact, or what it expects of its inputs' counts; None when unknown.

    A stage with a problem is not asked: what is wired wrongly may not be able to answer.
    """

    def __init__(self, built: dict[str, Artifact], bad: set[str]) -> None:
        known = {i: rows_of(a.summary) for i, a in built.items()}
        self.known: dict[str, int | None] = {**dict.fromkeys(bad), **known}

    def __call__(self, stage: Stage) -> int | None:
        if stage.id not in self.known:
            self.known[stage.id] = stage.expected(self)
        return self.known[stage.id]


def rows_of(summary: dict[str, Any]) -> int | None:
    """The row count that a summary tells."""
    rows = summary.get("rows")
    return rows if isinstance(rows, int) else None


def mistyped(stage: Stage) -> Iterator[str]:
    """Fields of a stage, and of the specs it holds, whose values are not of the annotated type."""
    for spec in held(stage):
        kind: type = type(spec)
        hints = hints_of(kind)
        for f in fields(spec):
            value = getattr(spec, f.name)
            if f.name in hints and not fits(value, hints[f.name]):
                given = f"a {type(value).__name__} ({shorten(repr(value), 60, placeholder='...')})"
                yield f"{type(spec).__name__}.{f.name} must be {describe(hints[f.name])}, not {given}"


@cache
def hints_of(kind: type) -> dict[str, Any]:
    """The field types of a spec class; {} where an annotation names what only a type checker can see."""
    try:
        return get_type_hints(kind)
    except NameError:
        return {}
