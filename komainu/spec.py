"""Identity. A Spec says what a thing is; where and how it runs is never part of it."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar

from komainu.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A frozen value that takes part in identity.

    A field equal to its default is left out of the id, so a new knob does not disown old runs.
    The full config is recorded beside every output, so a changed default is caught there.
    A field made with `where()` says where something lies and is in neither.
    """

    version: ClassVar[int] = 1  # bump when the same config would give another output

    def config(self, *, full: bool = True) -> dict[str, Any]:
        """The JSON form of this value; with full=False only what departs from the defaults."""
        kept = {
            f.name: canonical(getattr(self, f.name), full=full, at=f"{type(self).__name__}.{f.name}")
            for f in fields(self)
            if not f.metadata.get("where") and (full or getattr(self, f.name) != default_of(f))
        }
        return {"is": type(self).__name__, "v": self.version, **kept}

    def ref(self, *, full: bool) -> dict[str, Any]:
        """How a config that holds this spec writes it down."""
        return self.config(full=full)

    @cached_property
    def id(self) -> str:
        """Twelve hex digits of the SHA-256 of the shortened config: equal ids, equal choices."""
        text = json.dumps(self.config(full=False), sort_keys=True, ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def where(default: str = "") -> Any:
    """A dataclass field that says where something lies; it takes no part in identity."""
    return field(default=default, metadata={"where": True}, compare=False)


def default_of(f: Field[Any]) -> Any:
    """The default of a dataclass field, or MISSING (equal to nothing) when it has none."""
    return f.default_factory() if f.default_factory is not MISSING else f.default


def canonical(value: Any, *, full: bool, at: str = "value") -> Any:
    """The JSON form of a config value; refuses what has no stable form across processes."""
    if isinstance(value, Spec):
        return value.ref(full=full)
    if isinstance(value, (tuple, list)):
        return [canonical(v, full=full, at=f"{at}[{i}]") for i, v in enumerate(value)]
    if isinstance(value, dict) and all(isinstance(k, str) for k in value):
        return {k: canonical(v, full=full, at=f"{at}[{k!r}]") for k, v in value.items()}
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.12g}") + 0.0  # 2e-05 / 10 is the same choice as 2e-06, -0.0 as 0.0
    if value is None or isinstance(value, (str, int, bool)):
        return value
    raise UsageError(
        f"{at} has no stable identity: {value!r} ({type(value).__name__}). "
        "Use a str, finite number, bool, None, tuple, dict with str keys, or Spec; "
        "machine settings belong in komainu.toml."
    )
