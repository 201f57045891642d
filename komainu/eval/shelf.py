"""Where the items of published sets lie: at a path that is given, in the folders of items, or on the hub."""

from __future__ import annotations

import logging
import os
import socket
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from komainu.errors import UsageError
from komainu.eval.items import Source

log = logging.getLogger("komainu")
PATIENCE = 5.0  # seconds for the hub to take a connection


class NotAtHand(UsageError):
    """The items of a set are nowhere; the message says how to get them."""


@dataclass(frozen=True)
class Shelf:
    """Finds a set by the names its files are known by.

    First at `given`: a file stands for any set, a folder is searched at any depth. Then in `folders`, the same way,
    one after the other. Last the hub, at the pinned revision, if the set is there. Of two files of one name the one
    nearer to the top of a folder is taken, then the first by path; hidden folders are not looked into.
    """

    folders: tuple[Path, ...] = ()
    given: Path | None = None

    def source(self, *names: str, home: str, hub: Source | None = None) -> Source:
        """The source of a set that is a file called one of `names` (the hub's comes first); `home`: who publishes it.

        Raises NotAtHand when it is nowhere, and UsageError for a folder that does not exist.
        """
        return self.found(names) or self.fetched(hub, names[0], f"file {' or '.join(names)}", home)

    def folder(self, *files: str, home: str, up: int = 0, hub: Source | None = None, name: str = "") -> Source:
        """The source of a set that is a folder: the one, or the one `up` above it, that has any of `files`, each by its
        name or its folder's and its own (`test/a.json`). `name` is one of its files on the hub."""
        return self.found(files, up) or self.fetched(hub, name, f"folder with {files[0]}", home)

    def found(self, names: Sequence[str], up: int | None = None) -> Source | None:
        """The local source: what is given, or the first file there is in the first place that has any."""
        if self.given and self.given.is_file():
            return Source(path=str(self.given))
        path = next((files[name] for files in self.listings for name in names if name in files), None)
        return None if path is None else Source(path=str(path if up is None else path.parents[up]))

    def fetched(self, hub: Source | None, name: str, what: str, home: str) -> Source:
        """The hub's source when it has the set; raises NotAtHand otherwise."""
        why = fetched(hub, name) if hub else ""
        if hub and not why:
            return hub
        raise NotAtHand(
            f"there is no {what} in {', '.join(map(str, self.places)) or 'any folder of items'}{why}; get it from "
            f"{home} and name its folder: with --items, in `items` of komainu.toml or in KOMAINU_ITEMS"
        )

    @property
    def places(self) -> list[Path]:
        return [*([self.given] if self.given else []), *self.folders]

    @cached_property
    def listings(self) -> list[dict[str, Path]]:
        return [listing(place) for place in self.places]


def listing(folder: Path) -> dict[str, Path]:
    """The files under a folder by their names, and by their names with the folder they are in."""
    if not folder.is_dir():
        raise UsageError(
            f"{folder}: there is no such folder of items; mend --items, `items` in komainu.toml, or KOMAINU_ITEMS"
        )
    found: dict[str, Path] = {}
    for path in sorted(files_under(folder), key=lambda p: (len(p.parts), p)):
        found.setdefault(path.name, path)
        found.setdefault(f"{path.parent.name}/{path.name}", path)
    return found


def files_under(folder: Path) -> Iterator[Path]:
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(at, name) for name in names)


def fetched(hub: Source, name: str) -> str:
    """Fetch a file of the hub unless it is here already; "" when that went well, else why it did not."""
    try:
        from huggingface_hub import constants, try_to_load_from_cache
    except ModuleNotFoundError:
        return "; to fetch it from the hub, pip install huggingface_hub"
    if isinstance(try_to_load_from_cache(hub.repo, name, revision=hub.revision, repo_type="dataset"), str):
        return ""
    if not reachable(constants.ENDPOINT):
        return f" and the hub, which has it in {hub.repo}, cannot be reached"
    log.info("fetch %s of %s", name, hub.repo)
    try:
        hub.file(name)
    except (OSError, ValueError) as error:
        return f" and the hub does not give it: {str(error).splitlines()[0]}"
    return ""


def reachable(url: str) -> bool:
    """Whether a server takes connections, told at once: the hub's client tries for half a minute.

    Behind a proxy only a request could tell, so then the answer is yes.
    """
    parts = urlsplit(url)
    if urllib.request.getproxies().get(parts.scheme):
        return True
    try:
        socket.create_connection((parts.hostname or "", parts.port or 443), PATIENCE).close()
    except OSError:
        return False
    return True
