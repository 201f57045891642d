"""`komainu eval view` and `komainu eval export`: boards with their items and answers as a site, and for others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from komainu import settings
from komainu.cli_verbs import Outcome, human, node_of, sides, size
from komainu.errors import UsageError
from komainu.store import Store


def view(words: Sequence[str], out: Path) -> Outcome:
    """Write the site; asks nothing and builds nothing."""
    from komainu.eval.view.boards import gather
    from komainu.eval.view.site import write_site
    from komainu.pages.sites import INDEX

    store = Store(settings.load().root)
    words_of = sides(words)
    targets = [node_of(side[0], side[1:], store) for side in words_of]
    found = [node.artifact for node in targets if node.artifact]
    if len(found) < len(targets):
        missing = ", ".join(node.label for node in targets if not node.artifact)
        raise UsageError(f"{missing}: not built; `komainu run` builds it")
    counts = write_site(gather(store, found), store, " · ".join(" ".join(side) for side in words_of), out)
    page, files = out / INDEX, sum(1 for path in out.rglob("*") if path.is_file())
    payload = {"page": str(page), **counts._asdict(), "files": files, "bytes": size(out)}
    told = f"{counts.entries} models, {counts.columns} columns, {counts.items} items, {counts.answers} answers"
    return Outcome(payload, [f"{told}: {files} files, {human(payload['bytes'])}", f"page {page}"])


def export(target: str, values: Sequence[str], out: Path, developer: str) -> Outcome:
    """Write a board's runs and items in the schema of Every Eval Ever."""
    from komainu.eval.every_eval import export

    store = Store(settings.load().root)
    node = node_of(target, values, store)
    if node.artifact is None:
        raise UsageError(f"{node.label}: not built; `komainu run` builds it")
    files = export(node.artifact, store, out, developer)
    told = [str(path) for path in files]
    return Outcome({"files": told}, [*told, f"{len(files)} files in {out}"])
