"""A recorded stage as the value it was: from its record's config, checked to give that very config and id again."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass, field, fields
from typing import Any

from komainu.errors import UsageError
from komainu.leaves import as_recorded
from komainu.spec import Spec
from komainu.stage import PACKAGE, Stage, source
from komainu.store import Artifact, Store
from komainu.stored import Stored


class NoEvidence(UsageError):
    """Something that a number rests on is not there, or cannot be read as what made it."""

    code = 3


@dataclass(frozen=True, kw_only=True)
class Named(Stored):
    """An artifact that stays a reference, called as its stage is."""

    @property
    def label(self) -> str:
        return f"{self.artifact.record['stage']} {self.artifact.id}"


@dataclass(frozen=True)
class Restorer:
    """Restores stages of the classes `kinds` and their specs; other stages stay references.

    Classes are looked for in the modules of komainu that a record names as its sources, and nowhere else: a record
    cannot make other code run. Raises NoEvidence for a class of another package, a missing record, and a config that
    the class of today does not give again.
    """

    store: Store
    kinds: tuple[type, ...]
    _seen: dict[str, Stage] = field(default_factory=dict)

    def stage(self, ref: str) -> Stage:
        """The stage at `stage/id`."""
        if ref not in self._seen:
            self._seen[ref] = self._stage(self.artifact(ref))
        return self._seen[ref]

    def artifact(self, ref: str) -> Artifact:
        if (found := self.store.at(ref)) is None:
            raise NoEvidence(f"there is no record of {ref}")
        return found

    def _stage(self, artifact: Artifact) -> Stage:
        kind = class_of(artifact.record["config"], artifact)
        if kind is None or not issubclass(kind, self.kinds):
            return Named(artifact=artifact)
        made = self.value(artifact.record["config"], artifact)
        recorded = artifact.record["config"]
        if as_recorded(made.config(), recorded) != recorded or made.id != artifact.id:
            raise NoEvidence(f"{artifact.ref} was made by another version of {kind.__name__}")
        assert isinstance(made, Stage), f"{kind} is no stage"
        return made

    def value(self, found: Any, of: Artifact) -> Any:
        """A value of a config: specs and stages as such, lists as tuples."""
        if isinstance(found, list):
            return tuple(self.value(each, of) for each in found)
        if not isinstance(found, dict):
            return found
        if found.keys() == {"stage"}:
            refs = {ref.rpartition("/")[2]: ref for ref in of.inputs.values()}
            if found["stage"] not in refs:
                raise NoEvidence(f"{of.ref} holds a stage {found['stage']} that is not among its inputs")
            return self.stage(refs[found["stage"]])
        inner = {
            key: self.value(each, of) for key, each in found.items() if "is" not in found or key not in ("is", "v")
        }
        if "is" not in found:
            return inner
        if (kind := class_of(found, of)) is None:
            raise NoEvidence(f"{of.ref} was made with {found['is']}, which is not a class of {PACKAGE}")
        try:
            own = {f.name for f in fields(kind)}  # a config may tell more: checked below
            return kind(**{key: each for key, each in inner.items() if key in own})
        except (TypeError, ValueError, AttributeError, UsageError) as error:
            raise NoEvidence(f"{of.ref}: {found['is']} cannot be made again: {error}") from None


def class_of(config: dict[str, Any], of: Artifact) -> type[Spec] | None:
    """The class that a config names, among the modules of komainu that its record names; None for any other."""
    name = str(config.get("is"))
    for module in of.record.get("sources", {}):
        inside = module.split(".")[0] == PACKAGE
        if inside and re.search(rf"^class {re.escape(name)}\b", source(module), re.MULTILINE):
            found = getattr(importlib.import_module(module), name, None)
            if isinstance(found, type) and issubclass(found, Spec):
                return found
    return None
