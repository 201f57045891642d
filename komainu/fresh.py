"""Asking afresh: the same target with another generation of answers, under ids of its own."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

from komainu.errors import UsageError, nearest
from komainu.models.base import Model
from komainu.recipe import Recipe
from komainu.stage import Stage, models_of, upstream_first
from komainu.store import Store, reference

S = TypeVar("S", bound=Stage)


def afresh(made: Recipe, wanted: str, store: Store) -> Recipe:
    """The recipe with the calls of `wanted` asked anew: every stage of that class, or the one of that id.

    The models of these stages get the first generation in which the target is not built, so a run that was stopped
    goes on where it was, and a finished one is asked again. The generation is part of the models' ids, hence of the
    calls' keys and of the ids of these stages and of all that is made from them: nothing old is overwritten, mixed in
    or lost. The name ends with `,fresh=STAGE#GENERATION`.
    """
    return Recipe(*asked_again(made.name, made.stage, wanted, store))


def asked_again(name: str, target: S, wanted: str, store: Store) -> tuple[str, S]:
    """The same of a stage and the name of its result; as they are when nothing is wanted."""
    if not wanted:
        return name, target
    stages = upstream_first(target)
    chosen = {s.id for s in stages if is_named(s, wanted)}
    if not chosen:
        raise UsageError(f"--fresh: there is no stage {wanted!r}{nearest(wanted, {type(s).__name__ for s in stages})}")
    if not any(models_of(s) for s in stages if s.id in chosen):
        raise UsageError(f"--fresh: {wanted} asks no model; name a stage that does")
    generation = 1
    while store.find(stage := regenerated(target, chosen, generation)):
        generation += 1
    assert isinstance(stage, type(target))
    return f"{name},fresh={wanted}#{generation}", stage


def is_named(stage: Stage, wanted: str) -> bool:
    """Whether a text means this stage: its class, its id or the beginning of it, or `stage/id`."""
    kind, _, name = wanted.rpartition("/")
    if kind:
        return reference(stage) == f"{kind.lower()}/{name}"
    return type(stage).__name__.lower() == wanted.lower() or (len(wanted) >= 4 and stage.id.startswith(wanted))


def regenerated(target: Stage, chosen: set[str], generation: int) -> Stage:
    """The target whose chosen stages hold models of that generation."""
    done: dict[str, Stage] = {}

    def stage(old: Stage) -> Stage:
        if old.id not in done:
            done[old.id] = spec(old, old.id in chosen)
        return done[old.id]

    def spec(old: Any, asks: bool) -> Any:
        new = {f.name: value(getattr(old, f.name), asks) for f in fields(old) if f.init}
        new = {name: v for name, v in new.items() if v is not getattr(old, name)}
        if isinstance(old, Model) and asks:
            new["generation"] = generation
        return replace(old, **new) if new else old

    def value(old: Any, asks: bool) -> Any:
        if isinstance(old, Stage):
            return stage(old)
        if hasattr(old, "__dataclass_fields__"):
            return spec(old, asks)
        if isinstance(old, (tuple, list)):
            found = [value(v, asks) for v in old]
            return old if all(a is b for a, b in zip(found, old, strict=True)) else type(old)(found)
        if isinstance(old, dict):
            mapped = {k: value(v, asks) for k, v in old.items()}
            return old if all(mapped[k] is old[k] for k in old) else mapped
        return old

    return stage(target)
