"""The store against a model of it: any order of building, crashing, naming, losing and collecting."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from komainu.seal import changes
from komainu.stage import Stage, upstream_first
from komainu.store import reference
from tests.core_fakes import Join, Source, context, runs


class StoreMachine(RuleBasedStateMachine):
    """`built` and `named` are what must be there."""

    stages: Bundle[Stage] = Bundle("stages")

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.ctx = context(self.root / "store")
        self.store = self.ctx.store
        self.built: set[str] = set()
        self.named: dict[str, str] = {}
        self.inputs: dict[str, set[str]] = {}
        self.ran = 0

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @initialize(target=stages)
    def first(self) -> Stage:
        return Source(n=1)

    @rule(target=stages, n=st.integers(0, 4))
    def source(self, n: int) -> Stage:
        return Source(n=n)

    @rule(target=stages, a=stages, b=stages)
    def join(self, a: Stage, b: Stage) -> Stage:
        return Join(parts=(a, b))

    @rule(stage=stages)
    def build(self, stage: Stage) -> None:
        missing = self.missing(stage)
        self.store.build(stage, self.ctx)
        self.ran += len(missing)
        self.built |= missing

    @rule(stage=stages)
    def crash(self, stage: Stage) -> None:
        """The first Join that has to be built raises after it has written its rows."""
        missing = self.missing(stage)
        (self.store.root / "fail").touch()
        try:
            self.store.build(stage, self.ctx)
            self.built |= missing
            assert not any(ref.startswith("join/") for ref in missing)
        except ConnectionError:
            self.built |= {f"{p.parent.name}/{p.name}" for p in self.store.folders() if (p / "record.json").exists()}
        finally:
            (self.store.root / "fail").unlink()
        self.ran = len(runs(self.store.root))

    @rule(stage=stages, name=st.sampled_from(["a", "b/c", ".d"]))
    def name(self, stage: Stage, name: str) -> None:
        if reference(stage) in self.built:
            self.store.name(name, stage)
            self.named[name] = reference(stage)

    @rule(stage=stages)
    def lose(self, stage: Stage) -> None:
        """A directory is removed by hand."""
        shutil.rmtree(self.store.place(stage), ignore_errors=True)
        self.built.discard(reference(stage))

    @rule()
    def collect(self) -> None:
        kept, todo = set[str](), [*self.named.values()]
        while todo:
            ref = todo.pop()
            if ref in self.built and ref not in kept:
                kept.add(ref)
                todo.extend(self.inputs[ref])
        removed = {a.ref for a in self.store.gc()}
        assert removed == self.built - kept
        self.built = kept
        assert self.store.unfinished() == []

    def missing(self, stage: Stage) -> set[str]:
        """What a build must make: found by walking down from the target through what is not there."""
        for each in upstream_first(stage):
            self.inputs[reference(each)] = {reference(s) for s in each.inputs.values()}
        found, todo = set[str](), [reference(stage)]
        while todo:
            ref = todo.pop()
            if ref not in self.built and ref not in found:
                found.add(ref)
                todo.extend(self.inputs[ref])
        return found

    @invariant()
    def the_store_holds_what_was_built_and_all_of_it_verifies(self) -> None:
        there = [*self.store.ls()]
        assert {a.ref for a in there} == self.built
        assert all([*changes(a.path)] == [] for a in there)

    @invariant()
    def nothing_ran_that_was_there(self) -> None:
        assert len(runs(self.store.root)) == self.ran

    @invariant()
    def names_are_what_they_were_set_to(self) -> None:
        assert self.store.names() == self.named


StoreMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestStore = StoreMachine.TestCase
