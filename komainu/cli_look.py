"""`komainu data look`: a set of rows as a static site."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from komainu import settings
from komainu.cli_verbs import Outcome, human, is_recipe, node_of, size
from komainu.errors import UsageError, nearest
from komainu.store import Artifact, Store

if TYPE_CHECKING:
    from komainu.data.look.sources import Source


def look(words: Sequence[str], out: Path) -> Outcome:
    """Write the site; asks nothing and builds nothing."""
    from komainu.data.look.site import write_site
    from komainu.pages.sites import INDEX

    source = source_of(words[0], words[1:], Store(settings.load().root))
    counts = write_site(source, out)
    files = sum(1 for path in out.rglob("*") if path.is_file())
    payload = {"page": str(out / INDEX), **counts._asdict(), "files": files, "bytes": size(out)}
    told = ", ".join(f"{n} {what.replace('_', ' ')}" for what, n in counts._asdict().items() if n or what == "rows")
    return Outcome(payload, [f"{told}: {files} files, {human(payload['bytes'])}", f"page {out / INDEX}"])


def source_of(target: str, values: Sequence[str], store: Store) -> Source:
    """A name or id of the store; else files, as `ChatFile` takes them; else a recipe with settings."""
    from komainu.data.check.reading import located
    from komainu.data.look.sources import filed, stored

    if not values and (found := resolved(target, store)):
        return stored(store, found, target)
    if not values:
        try:
            located(target)
            return filed(target)
        except UsageError as error:
            if not is_recipe(target, store):
                known = f"{store.root} has no artifact {target!r}{nearest(target, store.names())}"
                raise UsageError(f"{known}; nor are there files: {error}") from None
    node = node_of(target, values, store)
    if node.artifact is None:
        raise UsageError(f"{node.label}: not built; `komainu run` builds it")
    return stored(store, node.artifact, " ".join((target, *values)))


def resolved(target: str, store: Store) -> Artifact | None:
    try:
        return store.resolve(target)
    except UsageError:
        return None
